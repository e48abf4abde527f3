"""Corrected links: the linker's own are kept beside them, so that every correction can be taken back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_cellstate.core.apply_links import EditedLinks, apply_link_edits, cells_without, links_without
from napari_cellstate.core.digest import digest
from napari_cellstate.core.edits import Edit, digest_with, records
from napari_cellstate.core.families import Linker
from napari_cellstate.core.link_edits import LinkAgain, LinkEdit
from napari_cellstate.core.method import parse
from napari_cellstate.core.pins import pins_of
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import check_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.experiment.label_frames import opened_for
from napari_cellstate.experiment.stages.base import Correction
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.formats.tables import write_parquet
from napari_cellstate.methods import available

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellstate.experiment.paths import MoviePaths

OWN = "own"
"""Name of the linker's own table; one made around corrections is named by their digest."""

NEEDED = ("frame", "label", "y", "x", "area")
"""Columns of the cell table that links and their corrections are about."""


@dataclass(frozen=True)
class _Amended:
    """Corrected links, the links they were made of where those are to be kept, and what there is to say."""

    found: EditedLinks
    words: tuple[str, ...]
    summary: dict[str, Any]
    base: tuple[str, pd.DataFrame] | None = None


def amend_links(
    experiment: Experiment, movie: str, before: tuple[Edit, ...], after: tuple[Edit, ...], resolved: dict[str, Any]
) -> Correction:
    """Links with another list of corrections; the last few are kept in mind, so that undoing need not make them."""
    paths = experiment.movie_paths(movie)
    edits = tuple(edit for edit in after if isinstance(edit, LinkEdit))
    place = _own(paths) if _own(paths).exists() else paths.links
    own = experiment.recall.table(place)

    def work_out(_: object) -> _Amended:
        if edits and after[:-1] == before and not isinstance(edits[-1], LinkAgain) and _has(experiment, movie, before):
            return _one_more(experiment, movie, edits[-1], resolved)
        return _all_anew(experiment, movie, own, edits, resolved)

    made = experiment.recall.of(place, work_out, ("corrected", digest_with(digest(resolved), edits)))

    def write() -> None:
        paths.own_links.mkdir(exist_ok=True)
        if not _own(paths).exists():
            write_parquet(own, _own(paths))
        if made.base is not None:
            write_parquet(made.base[1], paths.own_links / f"{made.base[0]}.parquet")
        write_parquet(made.found.links, paths.links)
        experiment.recall.put_table(paths.links, made.found.links)
        write_dropped(experiment, paths, made.found.dropped)

    return Correction(write, made.words, made.summary, made.found)


def _one_more(experiment: Experiment, movie: str, edit: LinkEdit, resolved: dict[str, Any]) -> _Amended:
    """On the links on disk: the other corrections need not be applied again."""
    paths = experiment.movie_paths(movie)
    cells, links = experiment.recall.table(paths.cells, NEEDED), experiment.recall.table(paths.links)
    found = apply_link_edits(cells, links, [edit], experiment.dropped(movie), experiment.planes(movie))
    before = (experiment.record("link", movie) or {}).get("lost_edits", ())
    return _amended(experiment, movie, found, (*before, *(edit.words() for _ in found.lost[:1])), resolved)


def _all_anew(
    experiment: Experiment, movie: str, own: pd.DataFrame, edits: tuple[LinkEdit, ...], resolved: dict[str, Any]
) -> _Amended:
    """On the linker's own links."""
    cells = experiment.recall.table(experiment.movie_paths(movie).cells, NEEDED)
    name, base, kept = _base(experiment, movie, own, edits, resolved)
    found = apply_link_edits(cells, base, edits, plane=experiment.planes(movie))
    lost = {one.edit for one in found.lost}
    words = tuple(edit.words() for nth, edit in enumerate(edits) if nth in lost)
    amended = _amended(experiment, movie, found, words, resolved)
    return amended if kept else replace(amended, base=(name, base))


def _amended(
    experiment: Experiment, movie: str, found: EditedLinks, words: tuple[str, ...], resolved: dict[str, Any]
) -> _Amended:
    """With the tracks; the cells that are left are kept in mind."""
    path, gone = experiment.movie_paths(movie).cells, found.dropped
    cells = experiment.recall.table(path, NEEDED)
    left = experiment.recall.of(path, lambda _: cells_without(cells, gone), ("without", gone.tobytes()))
    links = links_without(found.links, gone, len(cells))
    tracks = Tracks(left, links, int(resolved["max_gap"]), f"movie {movie}")
    return _Amended(replace(found, tracks=tracks), words, summary_of(tracks))


def lost_links(experiment: Experiment, movie: str, edits: tuple[Edit, ...]) -> tuple[str, ...]:
    """Corrections that fit no cell of the cell table as it is now."""
    given = [edit for edit in edits if isinstance(edit, LinkEdit)]
    _, lost = pins_of(experiment.cells(movie), given, experiment.planes(movie))
    numbers = {one.edit for one in lost}
    return tuple(edit.words() for nth, edit in enumerate(given) if nth in numbers)


def forget_own_links(experiment: Experiment, movie: str) -> None:
    """There are new links: what was kept of the old ones is of no use."""
    paths = experiment.movie_paths(movie)
    shutil.rmtree(paths.own_links, ignore_errors=True)
    paths.dropped.unlink(missing_ok=True)


def write_dropped(experiment: Experiment, paths: MoviePaths, dropped: NDArray[np.int64]) -> None:
    """Write which rows of the cell table are no cells; no file where all are."""
    import pandas as pd

    if len(dropped):
        table = pd.DataFrame({"cell": dropped})
        write_parquet(table, paths.dropped)
        experiment.recall.put_table(paths.dropped, table)
    else:
        paths.dropped.unlink(missing_ok=True)


def summary_of(tracks: Tracks) -> dict[str, Any]:
    """Links, tracks, divisions; typical step (px a frame), size (px) and share of cells that divide in a frame."""
    links = tracks.links
    source, target = links["source"].to_numpy(), links["target"].to_numpy()

    def over(name: str) -> NDArray[Any]:  # all links first: choosing the near ones of many arrays takes longer
        values = tracks.cells[name].to_numpy()
        return np.asarray(values.take(target) - values.take(source))

    near, dy, dx = over("frame") == 1, over("y"), over("x")
    steps = np.sqrt(dy * dy + dx * dx)[near]
    divisions = int((np.bincount(source, minlength=1) == 2).sum())
    found: dict[str, Any] = {"links": len(links), "tracks": tracks.n_tracks, "divisions": divisions}
    area = tracks.cells["area"].to_numpy(np.float64) if "area" in tracks.cells.columns else np.empty(0)
    if np.isfinite(area).any():
        found["typical_size_px"] = round(2 * float(np.sqrt(np.nanmedian(area) / np.pi)), 3)
    if len(steps):
        found |= {
            "typical_step_px": round(float(np.median(steps)), 3),
            "divisions_per_cell_and_frame": round(divisions / len(steps), 6),
        }
    return found


def _has(experiment: Experiment, movie: str, edits: tuple[Edit, ...]) -> bool:
    """Whether the links on disk are those with these corrections; not so after a kill."""
    from napari_cellstate.experiment.keys import edited_key, own_key  # keys know the stages

    record = experiment.record("link", movie)
    return record is not None and record["key"] == edited_key(own_key(record), edits)


def _own(paths: MoviePaths) -> Path:
    return paths.own_links / f"{OWN}.parquet"


def _base(
    experiment: Experiment, movie: str, own: pd.DataFrame, edits: tuple[LinkEdit, ...], resolved: dict[str, Any]
) -> tuple[str, pd.DataFrame, bool]:
    """Links that the corrections are applied to, their name, and whether they are on disk already."""
    again = [nth for nth, edit in enumerate(edits) if isinstance(edit, LinkAgain)]
    if not again:
        return OWN, own, True
    pinned = edits[: again[-1]]
    name = digest(records(pinned))
    path = experiment.movie_paths(movie).own_links / f"{name}.parquet"
    if path.exists():
        return name, experiment.recall.table(path), True
    cells = experiment.cells(movie)
    method = cast("Linker", parse(available("link"), resolved, f"movie {movie}: link record"))
    with opened_for(experiment, movie, method) as seen:
        links = method.linked(cells, seen, Runtime(), pins_of(cells, pinned, experiment.planes(movie))[0]).links
    check_links(cells, links, f"movie {movie}: links")
    return name, links, False
