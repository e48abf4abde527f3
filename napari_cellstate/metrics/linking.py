"""How well links agree with true links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.tables import join

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class LinkScore:
    """Links found beside true links; a division is a cell with two targets.

    Attributes
    ----------
    predicted, true : number of links.
    common : links whose both cells match the cells of one true link.
    predicted_matched, true_matched : links between matched cells.
    predicted_divisions, true_divisions, common_divisions : likewise for divisions; one is common where mother and
        both daughters match, so a division found a frame early is not.

    Notes
    -----
    `precision`, `recall` and `f1` count every link: one of a cell that was missed is a missed link. Where only the
    linking is in question and not the finding of the cells, `matched_f1` leaves the links of unmatched cells out.
    """

    predicted: int
    true: int
    common: int
    predicted_matched: int
    true_matched: int
    predicted_divisions: int
    true_divisions: int
    common_divisions: int

    @property
    def precision(self) -> float:
        """Share of the found links that are true, NaN where none was found."""
        return _ratio(self.common, self.predicted)

    @property
    def recall(self) -> float:
        """Share of the true links that were found, NaN where there are none."""
        return _ratio(self.common, self.true)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, NaN where there is no link at all."""
        return _ratio(2 * self.common, self.predicted + self.true)

    @property
    def matched_f1(self) -> float:
        """As `f1`, of links between matched cells only."""
        return _ratio(2 * self.common, self.predicted_matched + self.true_matched)

    @property
    def division_f1(self) -> float:
        """Harmonic mean of precision and recall of divisions, NaN where there is none at all."""
        return _ratio(2 * self.common_divisions, self.predicted_divisions + self.true_divisions)


def edges_from_tracks(frame: ArrayLike, track: ArrayLike, parent: ArrayLike | None = None) -> tuple[Ints, Ints]:
    """Links that follow from a track number for each cell.

    Parameters
    ----------
    frame, track : (N,) int, in any order of rows.
    parent : (N,) int, the same in all rows of a track; 0, or a track that is not there, for none.

    Returns
    -------
    source, target : (M,) row numbers; each cell to the next of its track, each parent's last to its daughter's first.

    Raises
    ------
    InputError
        A track that is twice in one frame.
    """
    frame, track = np.asarray(frame, np.int64), np.asarray(track, np.int64)
    source, target = join(frame, track)
    twice = np.flatnonzero(frame[source] == frame[target])
    if len(twice):
        at = target[twice[0]]
        raise InputError(f"row {at}: track {track[at]} is twice in frame {frame[at]}; a track has one cell a frame")
    if parent is None or not len(frame):
        return source, target
    order = np.lexsort((frame, track))
    known, starts, count = np.unique(track[order], return_index=True, return_counts=True)
    ends, mother = starts + count - 1, np.asarray(parent, np.int64)[order][starts]
    at = np.minimum(np.searchsorted(known, mother), len(known) - 1)
    has = (known[at] == mother) & (mother != 0)
    return np.append(source, order[ends[at[has]]]), np.append(target, order[starts[has]])


def match_cells(pred_cells: pd.DataFrame, truth_cells: pd.DataFrame, radius: float) -> Ints:
    """True cell of each predicted cell, by the distance of their centres.

    Parameters
    ----------
    pred_cells, truth_cells : frame, y and x, in any order of rows.
    radius : greatest distance of a match, px.

    Returns
    -------
    (len(pred_cells),) row numbers of `truth_cells`, -1 for none. Within each frame as many cells as can be are
    matched, and of those matchings the one with the least sum of squared distances is taken.
    """
    from scipy.optimize import linear_sum_assignment

    found = np.full(len(pred_cells), -1, np.int64)
    pred_frame, truth_frame = pred_cells["frame"].to_numpy(), truth_cells["frame"].to_numpy()
    pred_at, truth_at = pred_cells[["y", "x"]].to_numpy(np.float64), truth_cells[["y", "x"]].to_numpy(np.float64)
    for t in np.intersect1d(pred_frame, truth_frame):
        here, there = np.flatnonzero(pred_frame == t), np.flatnonzero(truth_frame == t)
        square = ((pred_at[here, None] - truth_at[None, there]) ** 2).sum(-1)
        near = np.asarray(square <= radius**2)
        too_far = (min(square.shape) + 1) * (radius**2 + 1.0)  # dearer than all matches of the frame together
        rows, columns = linear_sum_assignment(np.where(near, square, too_far))
        kept = near[rows, columns]
        found[here[rows[kept]]] = there[columns[kept]]
    return found


def match_labels(pred_cells: pd.DataFrame, truth_cells: pd.DataFrame) -> Ints:
    """True cell of each predicted cell, by frame and label, for cells of one segmentation; -1 for none."""
    import pandas as pd

    truth = pd.MultiIndex.from_frame(truth_cells[["frame", "label"]])
    return np.asarray(truth.get_indexer(pd.MultiIndex.from_frame(pred_cells[["frame", "label"]])), np.int64)


def edge_score(
    pred_cells: pd.DataFrame,
    pred_links: pd.DataFrame,
    truth_cells: pd.DataFrame,
    truth_links: pd.DataFrame,
    *,
    radius: float | None = None,
    pairs: ArrayLike | None = None,
) -> LinkScore:
    """Compare links with true links.

    Parameters
    ----------
    pred_cells, truth_cells : frame, label, y, x; rows in any order.
    pred_links, truth_links : source and target, row numbers of their cells.
    radius : cells are matched by distance up to so many px (`match_cells`); without it by frame and label, for
        cells of one segmentation (`match_labels`).
    pairs : (M, 2) row numbers of cells that match, predicted and true, such as by overlap; replaces both.

    Raises
    ------
    InputError
        A cell that is in two of the `pairs`.
    """
    if pairs is not None:
        match = _match_of_pairs(np.asarray(pairs, np.int64).reshape(-1, 2), len(pred_cells))
    elif radius is not None:
        match = match_cells(pred_cells, truth_cells, radius)
    else:
        match = match_labels(pred_cells, truth_cells)
    has_match = np.zeros(len(truth_cells), np.bool_)
    has_match[match[match >= 0]] = True
    pred, true = _ends(pred_links), _ends(truth_links)
    translated = match[pred]
    matched = np.asarray((translated >= 0).all(axis=1), np.bool_)
    pred_families = _families(np.where(matched[:, None], translated, -1), pred[:, 0])
    true_families = _families(true, true[:, 0])
    return LinkScore(
        predicted=len(pred),
        true=len(true),
        common=len(set(map(tuple, translated[matched].tolist())) & set(map(tuple, true.tolist()))),
        predicted_matched=int(matched.sum()),
        true_matched=int(np.count_nonzero(has_match[true].all(axis=1))),
        predicted_divisions=len(pred_families),
        true_divisions=len(true_families),
        common_divisions=len(set(pred_families) & set(true_families)),
    )


def _match_of_pairs(pairs: Ints, n: int) -> Ints:
    for column, whose in ((0, "predicted"), (1, "true")):
        cell, count = np.unique(pairs[:, column], return_counts=True)
        if len(cell) and count.max() > 1:
            raise InputError(
                f"pairs: {whose} cell {cell[count.argmax()]} is in {count.max()} pairs; expected each cell once"
            )
    match = np.full(n, -1, np.int64)
    match[pairs[:, 0]] = pairs[:, 1]
    return match


def _ends(links: pd.DataFrame) -> Ints:
    """Source and target of each link, (M, 2)."""
    return np.asarray(links[["source", "target"]].to_numpy(np.int64))


def _families(ends: Ints, source: Ints) -> list[tuple[int, ...]]:
    """Mother and daughters of every division; `ends` may be translated, `source` says which links belong together."""
    order = np.lexsort((ends[:, 1], source))
    ends, source = ends[order], source[order]
    _, first, count = np.unique(source, return_index=True, return_counts=True)
    return [
        (int(ends[at, 0]), *(int(cell) for cell in ends[at : at + n, 1]))
        for at, n in zip(first.tolist(), count.tolist(), strict=True)
        if n > 1
    ]


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
