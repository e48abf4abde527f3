"""Scores of tracks in files against true tracks in files."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.metrics.graphs import CellPairs, TrackGraph, covered
from napari_cellstate.metrics.linking import edge_score, match_cells
from napari_cellstate.metrics.tracking import complete_tracks, corrections, divisions, idf1

if TYPE_CHECKING:
    import pandas as pd

    from napari_cellstate.core.movie import FrameSource

Ints = NDArray[np.int64]

TOLERANCES = (0, 1, 2)
"""Frames that a division may be early or late."""


@dataclass(frozen=True, eq=False)
class _Side:
    """Tracks of one file: frame, label, y, x, track and parent of each cell; masks where there are."""

    path: Path
    cells: pd.DataFrame
    masks: FrameSource | None = None

    def graph(self) -> TrackGraph:
        return TrackGraph.of(self.cells["frame"], self.cells["track"], self.cells["parent"])


def score_files(
    result: Path | str, truth: Path | str, *, radius: float = 0.0, progress: Progress = silent
) -> dict[str, Any]:
    """Score tracks against true tracks.

    Parameters
    ----------
    result, truth : a folder of the Cell Tracking Challenge (masks and ``res_track.txt`` or ``man_track.txt``, also
        one that has it in a folder ``TRA``), or a table of tracks.
    radius : px, for tables: cells nearer than this may be the same. 0 takes half the median distance of a true cell
        to its nearest neighbour. Between two folders cells are the same where the found one covers more than half
        of the true one.

    Returns
    -------
    Scores by name, None where the truth has nothing to score: det, tra, lnk, idf1, complete_tracks, edge_precision,
    edge_recall, edge_f1, division_f1 (by tolerance in frames), and counts.

    Raises
    ------
    InputError
        What the readers refuse; masks of different shape or number of frames; a result and a truth without a frame
        in common.
    """
    if not (np.isfinite(radius) and radius >= 0):
        raise InputError(f"radius {radius}; expected a distance in px, or 0 to read it from the truth")
    with ExitStack() as opened:
        found, true = (_read(Path(path), opened, progress) for path in (result, truth))
        return _scores(found, true, radius, progress)


def _scores(found: _Side, true: _Side, radius: float, progress: Progress) -> dict[str, Any]:
    pairs, matching = _pairs(found, true, radius, progress)
    ours, theirs = found.graph(), true.graph()
    count = corrections(ours, theirs, pairs)
    single = pairs.single()
    links = edge_score(
        found.cells, _links(ours), true.cells, _links(theirs), pairs=np.column_stack([single.found, single.true])
    )
    split = {tolerance: divisions(ours, theirs, pairs, tolerance) for tolerance in TOLERANCES}
    return {
        "det": _known(count.det),
        "tra": _known(count.tra),
        "lnk": _known(count.lnk),
        "idf1": _known(idf1(ours, theirs, pairs)),
        "complete_tracks": _known(complete_tracks(ours, theirs, pairs)),
        "edge_precision": _known(links.precision),
        "edge_recall": _known(links.recall),
        "edge_f1": _known(links.f1),
        "division_f1": {str(tolerance): _known(one.f1) for tolerance, one in split.items()},
        "counts": {
            "cells": len(ours.frame),
            "true_cells": count.cells,
            "links": links.predicted,
            "true_links": links.true,
            "divisions": split[0].found,
            "true_divisions": split[0].true,
            "cells_to_split": count.split,
            "cells_missed": count.missed,
            "cells_invented": count.invented,
            "links_extra": count.extra,
            "links_lacking": count.lacking,
            "links_changed": count.changed,
        },
        "matching": matching,
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _links(graph: TrackGraph) -> pd.DataFrame:
    import pandas as pd

    source, target, _ = graph.edges()
    return pd.DataFrame({"source": source, "target": target})


def _read(path: Path, opened: ExitStack, progress: Progress) -> _Side:
    from napari_cellstate.formats.ctc import read_ctc
    from napari_cellstate.formats.tracks import read_tracks

    if not path.is_dir():
        return _Side(path, read_tracks(path).points)
    folder = path / "TRA" if (path / "TRA").is_dir() else path
    tracks = read_ctc(folder)
    opened.callback(tracks.masks.close)
    return _Side(path, _cells(tracks.masks, tracks.tracks, folder, progress), tracks.masks)


def _cells(masks: FrameSource, tracks: pd.DataFrame, folder: Path, progress: Progress) -> pd.DataFrame:
    """Centre of every outline, with its track and parent."""
    import pandas as pd

    parent = dict(zip(tracks["L"].tolist(), tracks["P"].tolist(), strict=True))
    parts = []
    for t in range(masks.shape[0]):
        progress(t, masks.shape[0], f"read {folder.name}")
        frame = masks.read(t, 0)
        rows, columns = np.nonzero(frame)
        label, at = np.unique(frame[rows, columns].astype(np.int64), return_inverse=True)
        alien = [one for one in label.tolist() if one not in parent]
        if alien:
            raise InputError(f"{folder}: number {alien[0]} is in the mask of frame {t}, but no line lists this track")
        area = np.bincount(at, minlength=len(label))
        y, x = (np.bincount(at, part, len(label)) / area for part in (rows, columns))
        mothers = [parent[one] for one in label.tolist()]
        parts.append(
            pd.DataFrame({"frame": t, "label": label, "y": y, "x": x, "track": label, "parent": mothers}).astype(
                {"frame": np.int64, "parent": np.int64}
            )
        )
    return pd.concat(parts, ignore_index=True)


def _pairs(found: _Side, true: _Side, radius: float, progress: Progress) -> tuple[CellPairs, str]:
    if found.masks is not None and true.masks is not None:
        return _by_overlap(found, true, progress), "overlap over half of the true cell"
    if not set(found.cells["frame"]) & set(true.cells["frame"]):
        frames = ", ".join(f"{side.path.name}: {side.cells['frame'].min()} to {side.cells['frame'].max()}"
                           for side in (found, true) if len(side.cells))  # fmt: skip
        raise InputError(f"{found.path}: no frame in common with {true.path} ({frames}); count the frames alike")
    radius = radius or _half_spacing(true.cells)
    match = match_cells(found.cells, true.cells, radius)
    rows = np.flatnonzero(match >= 0)
    return CellPairs(rows, match[rows]), f"distance up to {radius:.3g} px"


def _by_overlap(found: _Side, true: _Side, progress: Progress) -> CellPairs:
    assert found.masks is not None and true.masks is not None
    ours, theirs = found.masks.shape, true.masks.shape
    if ours != theirs:
        raise InputError(f"{found.path}: masks of {ours} (T, C, Y, X), but {true.path} has {theirs}; they must agree")
    rows = [_row_of(side.cells) for side in (found, true)]
    pairs: list[tuple[int, int]] = []
    for t in range(ours[0]):
        progress(t, ours[0], "match")
        a, b = covered(found.masks.read(t, 0), true.masks.read(t, 0))
        pairs += [(rows[0][t, one], rows[1][t, other]) for one, other in zip(a.tolist(), b.tolist(), strict=True)]
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return CellPairs(both[:, 0], both[:, 1])


def _row_of(cells: pd.DataFrame) -> dict[tuple[int, int], int]:
    keys = zip(cells["frame"].tolist(), cells["label"].tolist(), strict=True)
    return {key: row for row, key in enumerate(keys)}


def _half_spacing(cells: pd.DataFrame) -> float:
    from scipy.spatial import KDTree

    nearest = []
    for _, frame in cells.groupby("frame"):
        at = frame[["y", "x"]].to_numpy(np.float64)
        if len(at) > 1:
            nearest.append(KDTree(at).query(at, 2)[0][:, 1])
    return float(np.median(np.concatenate(nearest))) / 2 if nearest else 10.0


def score_text(scores: dict[str, Any]) -> str:
    """A table for the terminal."""
    names = {
        "det": "DET", "tra": "TRA", "lnk": "LNK", "idf1": "IDF1", "complete_tracks": "complete tracks (F1)",
        "edge_precision": "links, precision", "edge_recall": "links, recall", "edge_f1": "links, F1",
    }  # fmt: skip
    rows = [(title, scores[name]) for name, title in names.items()]
    for tolerance, value in scores["division_f1"].items():
        rows.append((f"divisions, F1, within {tolerance} frames", value))
    lines = [f"{title:32}{'-' if value is None else format(value, '.4f')}" for title, value in rows]
    count = scores["counts"]
    lines.append(f"{count['cells']} cells, {count['links']} links, {count['divisions']} divisions; true: "
                 f"{count['true_cells']}, {count['true_links']}, {count['true_divisions']}")  # fmt: skip
    return "\n".join([*lines, f"cells matched by {scores['matching']}"])
