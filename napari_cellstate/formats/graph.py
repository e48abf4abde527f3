"""From a graph of cells to tracks: what TrackMate and GEFF hold."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.given import GivenTracks
from napari_cellstate.core.tables import make_links
from napari_cellstate.core.tracks import Tracks

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_ANY_GAP = 2**40
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class CellGraph:
    """Cells and who follows whom, as a file has them.

    Attributes
    ----------
    frame : (N,), from 0.
    position : (N, 2), y and x, px.
    source, target : (E,) row numbers, in time.
    name : (N,) what the file calls the track of a cell; only that of a track's first cell is used.
    label : (N,) number of the cell in its frame, or None.
    others : further columns of numbers.
    """

    frame: Ints
    position: Floats
    source: Ints
    target: Ints
    name: Sequence[str | int]
    label: Ints | None = None
    others: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def tracks_of(
    graph: CellGraph, where: str, id_name: str, *, dt_s: float | None = None, pixel_size_um: float | None = None
) -> GivenTracks:
    """Cut a graph at its divisions.

    A track goes over gaps, and ends where it divides; a daughter is a track of its own with a parent. The first track
    of a name keeps it, further ones are called NAME/2, NAME/3, ... Our tracks hold no merges and no division into
    more than two: of several sources the nearest is kept, of several targets the two nearest (distance over frames);
    a warning is logged that counts what was cut.

    Raises
    ------
    InputError
        A link inside one frame or backward in time; positions that are not finite; two cells with one label.
    """
    import pandas as pd

    if not len(graph.frame):
        raise InputError(f"{where}: no cells in it; expected at least one track")
    label = graph.label if graph.label is not None and _numbers_cells(graph.frame, graph.label) else None
    order = np.lexsort((np.arange(len(graph.frame)) if label is None else label, graph.frame))
    frame = graph.frame[order]
    if label is None:
        label = np.empty(len(frame), np.int64)
        label[order] = np.arange(1, len(frame) + 1) - np.searchsorted(frame, frame)
    cells = pd.DataFrame({"frame": frame, "label": label[order]})
    cells["y"], cells["x"] = graph.position[order].T
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    links = _tidy(rank[graph.source], rank[graph.target], cells, where)
    tracks = Tracks(cells, links, _ANY_GAP, where=where)
    points = cells.assign(track=tracks.track, parent=tracks.parents[tracks.track])
    for name, values in graph.others.items():
        if name not in points.columns:
            points[name] = values[order]
    _, first = np.unique(tracks.track, return_index=True)
    return GivenTracks(points, id_name, _ids([graph.name[at] for at in order[first]]), dt_s, pixel_size_um)


def _numbers_cells(frame: Ints, label: Ints) -> bool:
    """Whether labels number the cells of each frame: from 1, each once."""
    pairs = np.stack([frame, label], axis=1)
    return bool(label.min() >= 1 and label.max() < 2**32 and len(np.unique(pairs, axis=0)) == len(pairs))


def _ids(names: list[str | int]) -> tuple[str | int, ...]:
    count: dict[str | int, int] = {}
    ids: list[str | int] = []
    for name in names:
        count[name] = count.get(name, 0) + 1
        ids.append(name if count[name] == 1 else f"{name}/{count[name]}")
    return tuple(ids)


def _tidy(source: Ints, target: Ints, cells: pd.DataFrame, where: str) -> pd.DataFrame:
    """Links that our tracks can hold: each pair once, one source a cell, at most two targets."""
    if not len(source):
        return make_links(source, target)
    pairs = np.unique(np.stack([source, target], axis=1), axis=0)
    frame, at = cells["frame"].to_numpy(), cells[["y", "x"]].to_numpy()
    steps = frame[pairs[:, 1]] - frame[pairs[:, 0]]
    if (steps <= 0).any():
        first, second = pairs[np.argmax(steps <= 0)]
        raise InputError(
            f"{where}: a link from frame {frame[first]} to frame {frame[second]}; expected links forward in time"
        )
    distance = np.hypot(*(at[pairs[:, 1]] - at[pairs[:, 0]]).T)
    pairs, distance, steps = _nearest(pairs, distance, steps, end=1, most=1, what="merges", where=where)
    pairs, distance, steps = _nearest(pairs, distance, steps, end=0, most=2, what="third daughters", where=where)
    return make_links(pairs[:, 0], pairs[:, 1], distance)


def _nearest(
    pairs: Ints, distance: Floats, steps: Ints, *, end: int, most: int, what: str, where: str
) -> tuple[Ints, Floats, Ints]:
    """Keep the `most` nearest links of each cell at one end; say how many are lost."""
    order = np.lexsort((pairs[:, 1 - end], distance, steps, pairs[:, end]))
    cell = pairs[order, end]
    starts = np.searchsorted(cell, cell)
    keep = order[np.arange(len(cell)) - starts < most]
    lost = len(pairs) - len(keep)
    if lost:
        log.warning("%s: %s links are left out, since our tracks hold no %s (the nearest are kept)", where, lost, what)
    keep.sort()
    return pairs[keep], distance[keep], steps[keep]
