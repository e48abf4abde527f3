"""Every name on disk, once.

An experiment is a folder::

    experiment.json  recipe.toml  edits.jsonl  lock  log.txt
    movies/NAME/labels.zarr  cells.parquet  links.parquet  features.parquet  records/STAGE.json
    behavior.h5ad  dynamics/*.parquet  records/STAGE.json
    given/NAME.ome.tif  given/NAME_labels.ome.tif  given/NAME_tracks.csv   only what had no file of its own
    models/KEY/weights.safetensors  config.json  history.csv
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from napari_cellstate.core.errors import InputError

FORMAT = "napari-cellstate experiment"
FORMAT_VERSION = 1
SUFFIX = ".cellstate"

_FORBIDDEN = re.compile(r"[^\w\-. ()+=,@#%&]", re.UNICODE)
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


@dataclass(frozen=True)
class MoviePaths:
    """Where the results of one movie are."""

    folder: Path

    @property
    def labels(self) -> Path:
        """Labels, zarr (T, Y, X) uint32, one frame a chunk."""
        return self.folder / "labels.zarr"

    @property
    def own_labels(self) -> Path:
        """The segmenter's own labels of frames that were corrected by hand, FRAME.npz."""
        return self.folder / "labels.own"

    @property
    def part(self) -> Path:
        """Labels in the making; never read by anything but the segment stage."""
        return self.folder / ".labels.part"

    @property
    def measured_part(self) -> Path:
        """Cells of the frames that a movie had before it grew; never read by anything but the measure stage."""
        return self.folder / ".measured.part"

    @property
    def cells(self) -> Path:
        """Cell table."""
        return self.folder / "cells.parquet"

    @property
    def links(self) -> Path:
        """Link table."""
        return self.folder / "links.parquet"

    @property
    def own_links(self) -> Path:
        """Links as the linker made them, kept where they were corrected by hand."""
        return self.folder / "links.own"

    @property
    def dropped(self) -> Path:
        """Rows of the cell table that are no cells, where there are such."""
        return self.folder / "dropped.parquet"

    @property
    def features(self) -> Path:
        """Feature table, px and frames."""
        return self.folder / "features.parquet"

    def record(self, stage: str) -> Path:
        """What a stage did."""
        return self.folder / "records" / f"{stage}.json"


@dataclass(frozen=True)
class Paths:
    """Where everything of an experiment is."""

    root: Path

    @property
    def experiment(self) -> Path:
        """The movies and what the user said about them."""
        return self.root / "experiment.json"

    @property
    def recipe(self) -> Path:
        """Methods and settings of every stage."""
        return self.root / "recipe.toml"

    @property
    def edits(self) -> Path:
        """The journal of corrections by hand."""
        return self.root / "edits.jsonl"

    @property
    def behavior(self) -> Path:
        """The behaviour table, pooled over all movies."""
        return self.root / "behavior.h5ad"

    @property
    def lock(self) -> Path:
        """Held by the one process that writes."""
        return self.root / "lock"

    @property
    def log(self) -> Path:
        """What was done when, for people."""
        return self.root / "log.txt"

    def dynamics(self, table: str) -> Path:
        """One of the tables of the dynamics stage."""
        return self.root / "dynamics" / f"{table}.parquet"

    @property
    def balance(self) -> Path:
        """Whether transitions are balanced, of all tracks and of each condition."""
        return self.root / "dynamics" / "balance.json"

    @property
    def given(self) -> Path:
        """Images, labels and tracks that were only in memory when they were added."""
        return self.root / "given"

    def model(self, key: str) -> Path:
        """Folder of a net that was trained here; `key` is of its method, settings and inputs."""
        return self.root / "models" / key

    def crops(self, key: str) -> Path:
        """Crops that the net of this key is being trained on; there only meanwhile."""
        return self.root / "models" / f".{key}.crops"

    def movie(self, name: str) -> MoviePaths:
        """Folder of one movie."""
        check_name(name)
        return MoviePaths(self.root / "movies" / name)

    def record(self, stage: str) -> Path:
        """What a pooled stage did."""
        return self.root / "records" / f"{stage}.json"


def check_name(name: str) -> None:
    """Raise InputError unless `name` is safe as the name of a folder, on every system."""
    bad = _FORBIDDEN.search(name)
    if not name.strip(". ") or name != name.strip() or bad or len(name.encode()) > 120 or name.lower() in _RESERVED:
        what = f"{bad.group()!r} in it" if bad else "this"
        raise InputError(
            f"movie name {name!r}: a name cannot have {what}; use letters, digits, blanks and -_.()+=,@#%& "
            "(at most 120 bytes)"
        )


def free_name(wanted: str, taken: set[str]) -> str:
    """A safe name like the wanted one that is not taken yet (names differ by more than case)."""
    base = _FORBIDDEN.sub("_", wanted).strip(". ") or "movie"
    base = base.encode()[:100].decode(errors="ignore").strip()
    if base.lower() in _RESERVED:
        base += "_"
    lower = {name.lower() for name in taken}
    name, nth = base, 2
    while name.lower() in lower:
        name, nth = f"{base}_{nth}", nth + 1
    return name
