"""The experiment: it holds and fetches; it never computes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from napari_cellstate.core import atomic
from napari_cellstate.core.apply_links import without
from napari_cellstate.core.behavior import POSTERIOR
from napari_cellstate.core.edits import History
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.looks import Looks
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.paths import FORMAT, FORMAT_VERSION, MoviePaths, Paths
from napari_cellstate.experiment.recall import Recall

if TYPE_CHECKING:
    import pandas as pd
    import zarr
    from anndata import AnnData
    from numpy.typing import NDArray

_MOST_RECORDS, _MOST_PLANES = 1024, 4


class Experiment:
    """A folder with movies (by reference), their results and what all movies share.

    The object is a handle without state: what it gives is what is on disk now.

    Parameters
    ----------
    path : the folder; it must be an experiment (`Experiment.create` makes one).
    """

    def __init__(self, path: str | Path) -> None:
        self.root = Path(path).resolve()
        self.paths = Paths(self.root)
        self.recall = Recall()
        """What was read before, for what is asked at every gesture."""
        self.records = Recall(most=_MOST_RECORDS)
        """Records that were read before: some are long."""
        self._planes = Recall(most=_MOST_PLANES)
        self._read()

    @classmethod
    def create(cls, path: str | Path) -> Experiment:
        """Make an empty experiment; the folder must not exist, or be empty."""
        root = Path(path)
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise InputError(f"{root} exists already and is not empty; give another name, or remove it first")
        root.mkdir(parents=True, exist_ok=True)
        _write_entries(Paths(root.resolve()), ())
        return cls(root)

    def __repr__(self) -> str:
        return f"Experiment({str(self.root)!r}, {len(self.movies)} movies)"

    # what the user gave

    @property
    def movies(self) -> tuple[MovieEntry, ...]:
        """All movies, in the order in which they were added, described as the corrections by hand say."""
        from napari_cellstate.experiment.edits.describe_movie import described, describes

        entries = self._read()
        return described(entries, self.history) if describes(self.paths.edits) else entries

    def entry(self, name: str) -> MovieEntry:
        """One movie's entry."""
        for entry in self.movies:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.movies) or "none"
        raise InputError(f"{self.root}: no movie {name!r}; there are: {known}")

    def set_movies(self, entries: tuple[MovieEntry, ...]) -> None:
        """Replace the list of movies; what corrections by hand say of them stays a correction."""
        from napari_cellstate.experiment.edits.describe_movie import as_given

        _write_entries(self.paths, as_given(entries, self._read(), self.movies))

    def movie(self, name: str, *, pixels: bool = True) -> Movie:
        """Open a movie; whoever asks closes it.

        Parameters
        ----------
        pixels : False for what needs only what is known about it; its files may then be elsewhere.

        Raises
        ------
        InputError
            A file was moved, changed or cannot be read.
        """
        from napari_cellstate.experiment.opening import open_entry

        return open_entry(self.entry(name), self.root, pixels=pixels)

    # results of one movie

    def movie_paths(self, name: str) -> MoviePaths:
        """Where the results of a movie are."""
        return self.paths.movie(name)

    def labels(self, name: str) -> zarr.Array[Any]:
        """Labels, (T, Y, X) uint32, lazily read."""
        import zarr

        path = self._there(self.paths.movie(name).labels, "segment")
        return zarr.open_array(path, mode="r")

    def planes(self, name: str) -> Callable[[int], NDArray[np.uint32]] | None:
        """What gives the labels of a frame, (Y, X); the last few are kept. None where there are no masks."""
        folder = self.paths.movie(name).labels
        if not folder.exists():
            return None
        labels = self.labels(name)

        def read(t: int) -> NDArray[np.uint32]:
            chunk = folder / labels.metadata.encode_chunk_key((t, 0, 0))  # a frame is one file
            return self._planes.of(chunk, lambda _: np.asarray(labels[t], np.uint32))

        return read if labels.chunks == (1, *labels.shape[1:]) else lambda t: np.asarray(labels[t], np.uint32)

    def cells(self, name: str) -> pd.DataFrame:
        """Cell table."""
        return _parquet(self._there(self.paths.movie(name).cells, "measure"))

    def links(self, name: str) -> pd.DataFrame:
        """Link table."""
        return _parquet(self._there(self.paths.movie(name).links, "link"))

    def dropped(self, name: str) -> NDArray[np.int64]:
        """Rows of the cell table that were said to be no cells, ascending."""
        path = self.paths.movie(name).dropped
        return self.recall.table(path)["cell"].to_numpy(np.int64) if path.exists() else np.empty(0, np.int64)

    def tracks(self, name: str) -> Tracks:
        """Cells and links, read as tracks; what was said to be no cell is left out."""
        record = self.record("link", name)
        links = self.links(name)
        if record is None:
            raise InputError(f"{self.root}: movie {name} has links without a record of them; run the link stage again")
        tables = without(self.cells(name), links, self.dropped(name))
        return Tracks(*tables, record["resolved"]["max_gap"], where=f"movie {name}")

    def features(self, name: str) -> pd.DataFrame:
        """Feature table, px and frames."""
        return _parquet(self._there(self.paths.movie(name).features, "features"))

    # results of all movies

    @property
    def behavior(self) -> AnnData:
        """The behaviour table (see `core.behavior`)."""
        import anndata

        return anndata.read_h5ad(self._there(self.paths.behavior, "embed"))

    @property
    def windows(self) -> AnnData:
        """The behaviour table without features and embeddings: obs, and the posterior of the states.

        Enough for whatever looks at states over time, and read in a fifth of the time.
        """
        import anndata
        import h5py
        from anndata.io import read_elem

        with h5py.File(self._there(self.paths.behavior, "embed")) as file:
            kept = [name for name in file["obsm"] if name == POSTERIOR]
            obsm = {name: np.asarray(read_elem(file["obsm"][name])) for name in kept}
            return anndata.AnnData(obs=read_elem(file["obs"]), obsm=obsm)

    def dynamics(self, table: str) -> pd.DataFrame:
        """A table of the dynamics stage, by its name in `experiment.stages.dynamics.TABLES`."""
        return _parquet(self._there(self.paths.dynamics(table), "dynamics"))

    @property
    def balance(self) -> dict[str, Any]:
        """Detailed balance of all tracks, and under "conditions" of each; see `dynamics.balance.Balance`."""
        found: dict[str, Any] = json.loads(self._there(self.paths.balance, "dynamics").read_text(encoding="utf-8"))
        return found

    # provenance

    @property
    def looks(self) -> Looks:
        """Names and colours of the states, where the user gave any."""
        from napari_cellstate.experiment.edits.state_looks import looks_of

        return looks_of(self.history)

    @property
    def history(self) -> History:
        """Corrections by hand that are in force, and those that were undone."""
        from napari_cellstate.experiment.edits import KINDS
        from napari_cellstate.experiment.journal import read_journal

        return self.recall.of(self.paths.edits, lambda path: read_journal(path, KINDS))

    def record(self, stage: str, movie: str | None = None) -> dict[str, Any] | None:
        """What a stage did, or None where it has not been done."""
        path = self.paths.record(stage) if movie is None else self.paths.movie(movie).record(stage)
        if not path.exists():
            return None
        return dict(self.records.of(path, _record))

    def _there(self, path: Path, stage: str) -> Path:
        if not path.exists():
            raise InputError(f"{path} is not there yet; do the {stage} stage first: napari-cellstate run {self.root}")
        return path

    def _read(self) -> tuple[MovieEntry, ...]:
        path = self.paths.experiment
        if not path.is_file():
            raise InputError(f"{self.root} is not an experiment (no {path.name} in it); make one: napari-cellstate new")
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            version = content["format_version"]
            if content["format"] != FORMAT or not isinstance(version, int):
                raise ValueError(f"format {content['format']!r}, version {version!r}")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: not a readable experiment file: {error}") from None
        if version > FORMAT_VERSION:
            raise InputError(
                f"{path}: made by a newer version (format {version}; this one reads up to {FORMAT_VERSION}); "
                "update napari-cellstate"
            )
        try:
            entries = tuple(MovieEntry(**entry) for entry in content["movies"])
        except (KeyError, TypeError, ValidationError) as error:
            raise InputError(f"{path}: the list of movies is damaged: {error}") from None
        for entry in entries:
            self.paths.movie(entry.name)
        return entries


def as_experiment(experiment: Experiment | str | Path) -> Experiment:
    """Open an experiment by path, or give back an open one."""
    return experiment if isinstance(experiment, Experiment) else Experiment(experiment)


def _record(path: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not readable as JSON ({error}); remove it, and the stage is done again") from None
    return record


def _parquet(path: Path) -> pd.DataFrame:
    from napari_cellstate.formats.tables import read_parquet

    return read_parquet(path)


def _write_entries(paths: Paths, entries: tuple[MovieEntry, ...]) -> None:
    content = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "movies": [entry.model_dump(mode="json") for entry in entries],
    }
    atomic.write_text(paths.experiment, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
