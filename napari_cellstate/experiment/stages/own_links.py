"""Corrected links: the linker's own are kept beside them, so that every correction can be taken back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_cellstate.core.apply_links import EditedLinks, apply_link_edits, cells_without, links_without
from napari_cellstate.core.digest import digest
from napari_cellstate.core.edits import Edit, records
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


def amend_links(experiment: Experiment, movie: str, before: tuple[Edit, ...], after: tuple[Edit, ...]) -> Correction:
    """Links with another list of corrections."""
    paths = experiment.movie_paths(movie)
    edits = [edit for edit in after if isinstance(edit, LinkEdit)]
    cells = experiment.recall.table(paths.cells, NEEDED)
    own = experiment.recall.table(_own(paths) if _own(paths).exists() else paths.links)
    plane = experiment.planes(movie)
    name, base, kept = OWN, own, True
    if edits and after[:-1] == before and not isinstance(edits[-1], LinkAgain) and _has(experiment, movie, before):
        on_disk = experiment.recall.table(paths.links)  # one more: the others need not be applied again
        found = apply_link_edits(cells, on_disk, edits[-1:], experiment.dropped(movie), plane)
        words = (*_lost_before(experiment, movie), *(edits[-1].words() for _ in found.lost[:1]))
    else:
        name, base, kept = _base(experiment, movie, own, edits)
        found = apply_link_edits(cells, base, edits, plane=plane)
        lost = {one.edit for one in found.lost}
        words = tuple(edit.words() for nth, edit in enumerate(edits) if nth in lost)

    def write() -> None:
        paths.own_links.mkdir(exist_ok=True)
        if not _own(paths).exists():
            write_parquet(own, _own(paths))
        if not kept:
            write_parquet(base, paths.own_links / f"{name}.parquet")
        write_parquet(found.links, paths.links)
        experiment.recall.put_table(paths.links, found.links)
        write_dropped(experiment, paths, found.dropped)

    tracks = _tracks(experiment, movie, found)
    return Correction(write, words, summary_of(tracks), replace(found, tracks=tracks))


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


def _lost_before(experiment: Experiment, movie: str) -> tuple[str, ...]:
    return tuple((experiment.record("link", movie) or {}).get("lost_edits", ()))


def _max_gap(experiment: Experiment, movie: str) -> int:
    record = experiment.record("link", movie)
    return int(record["resolved"]["max_gap"]) if record else 0


def _tracks(experiment: Experiment, movie: str, found: EditedLinks) -> Tracks:
    """What corrected links make of the cells, of which those that are left are kept in mind."""
    path, gone = experiment.movie_paths(movie).cells, found.dropped
    cells = experiment.recall.table(path, NEEDED)
    left = experiment.recall.of(path, lambda _: cells_without(cells, gone), ("without", gone.tobytes()))
    return Tracks(left, links_without(found.links, gone, len(cells)), _max_gap(experiment, movie), f"movie {movie}")


def _own(paths: MoviePaths) -> Path:
    return paths.own_links / f"{OWN}.parquet"


def _base(
    experiment: Experiment, movie: str, own: pd.DataFrame, edits: list[LinkEdit]
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
    record, cells = experiment.record("link", movie), experiment.cells(movie)
    if record is None:
        raise AssertionError("only a stage that was done is corrected")
    method = cast("Linker", parse(available("link"), record["resolved"], f"movie {movie}: link record"))
    with opened_for(experiment, movie, method) as seen:
        links = method.linked(cells, seen, Runtime(), pins_of(cells, pinned, experiment.planes(movie))[0]).links
    check_links(cells, links, f"movie {movie}: links")
    return name, links, False
