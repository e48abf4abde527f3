"""How well found cells agree with true ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class SegmentationScore:
    """Cells found, invented and missed.

    Attributes
    ----------
    true_positives : found cells that match a true one.
    false_positives : found cells that match none.
    false_negatives : true cells that nothing matches.
    mean_iou : intersection over union, mean over matched cells; NaN where there are none.

    Notes
    -----
    Cells of one movie resemble each other: the spread of the score between movies, not the number of cells, says
    how sure it is.
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    mean_iou: float

    @property
    def precision(self) -> float:
        """Share of found cells that are true; 1 where none is found."""
        found = self.true_positives + self.false_positives
        return self.true_positives / found if found else 1.0

    @property
    def recall(self) -> float:
        """Share of true cells that are found; 1 where there are none."""
        true = self.true_positives + self.false_negatives
        return self.true_positives / true if true else 1.0

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); 1 where there is nothing to find and nothing found."""
        cells = 2 * self.true_positives + self.false_positives + self.false_negatives
        return 2 * self.true_positives / cells if cells else 1.0


@dataclass(frozen=True, eq=False)
class Match(SegmentationScore):
    """Score of one frame, and which cells match.

    Attributes
    ----------
    pairs : (N, 2) int64, label found and true label, sorted.
    """

    pairs: Ints


def match(pred: Array, truth: Array, iou: float = 0.5) -> Match:
    """Match the cells of a frame by intersection over union.

    Parameters
    ----------
    pred, truth : (Y, X) labels, 0 is background.
    iou : pairs below it do not match, 0 < iou <= 1.

    Returns
    -------
    The matching with the most pairs, and among these with the largest sum of IoU. From 0.5 on hardly a cell has
    a choice; below it one may.

    Raises
    ------
    InputError
        Labels of different shapes, or `iou` out of bounds.
    """
    if not 0 < iou <= 1:
        raise InputError(f"segmentation score: iou = {iou}; expected more than 0 and at most 1")
    if pred.shape != truth.shape:
        raise InputError(f"segmentation score: labels of {pred.shape} and {truth.shape} px; they must be of one frame")
    all_pairs = Overlaps.of(pred, truth)
    near = np.flatnonzero(all_pairs.iou >= iou)
    chosen = near[_assign(all_pairs.row[near], all_pairs.column[near], all_pairs.iou[near])]
    pairs = np.stack([all_pairs.found[all_pairs.row[chosen]], all_pairs.true[all_pairs.column[chosen]]], axis=1)
    n = len(pairs)
    mean = float(all_pairs.iou[chosen].mean()) if n else float("nan")
    return Match(n, len(all_pairs.found) - n, len(all_pairs.true) - n, mean, pairs)


def f1(pred: Array, truth: Array, iou: float = 0.5) -> float:
    """F1 of one frame; see `match`."""
    return match(pred, truth, iou).f1


def segmentation_score(
    pred_frames: Iterable[Array], truth_frames: Iterable[Array], iou: float = 0.5
) -> SegmentationScore:
    """Score of many frames: cells are counted over all of them, so that a frame weighs as much as it has cells.

    Raises
    ------
    InputError
        One side has more frames than the other, or what `match` refuses.
    """
    counts, total = np.zeros(3, np.int64), 0.0
    for nth, (pred, truth) in enumerate(zip_longest(pred_frames, truth_frames)):
        if pred is None or truth is None:
            longer = "found" if truth is None else "true"
            raise InputError(f"segmentation score: only the {longer} labels have a frame {nth}; give as many of both")
        frame = match(pred, truth, iou)
        counts += (frame.true_positives, frame.false_positives, frame.false_negatives)
        total += frame.mean_iou * frame.true_positives if frame.true_positives else 0.0
    mean = total / int(counts[0]) if counts[0] else float("nan")
    return SegmentationScore(int(counts[0]), int(counts[1]), int(counts[2]), mean)


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Every pair of a found and a true cell that share a pixel.

    Attributes
    ----------
    found, true : labels of all cells, sorted.
    row, column : (N,) positions in `found` and `true`.
    iou : (N,) intersection over union.
    """

    found: Ints
    true: Ints
    row: Ints
    column: Ints
    iou: Floats

    @classmethod
    def of(cls, pred: Array, truth: Array) -> Overlaps:
        """Count shared pixels; only pairs that occur take space."""
        (found, found_at), (true, true_at) = _compact(pred), _compact(truth)
        both = (found_at > 0) & (true_at > 0)
        key = (found_at[both] - 1) * max(len(true), 1) + true_at[both] - 1
        key, shared = np.unique(key, return_counts=True)
        row, column = key // max(len(true), 1), key % max(len(true), 1)
        found_area = np.bincount(found_at, minlength=len(found) + 1)[1:]
        true_area = np.bincount(true_at, minlength=len(true) + 1)[1:]
        return cls(found, true, row, column, shared / (found_area[row] + true_area[column] - shared))


def _compact(labels: Array) -> tuple[Ints, Ints]:
    """Labels of all cells, sorted, and for each pixel 1 + its place among them, 0 for background."""
    flat = np.asarray(labels).ravel()
    pixel = np.flatnonzero(flat)
    values = flat[pixel]
    number = np.unique(values)
    at = np.zeros(flat.size, np.int64)
    at[pixel] = np.searchsorted(number, values) + 1
    return number.astype(np.int64), at


def _assign(row: Ints, column: Ints, iou: Floats) -> Ints:
    """Which of the pairs to take: most pairs first, then the largest sum of IoU; no row or column twice."""
    if len(np.unique(row)) == len(row) and len(np.unique(column)) == len(column):
        return np.arange(len(row))
    from scipy.optimize import linear_sum_assignment

    rows, at_row = np.unique(row, return_inverse=True)
    columns, at_column = np.unique(column, return_inverse=True)
    worth = np.zeros((len(rows), len(columns)))
    worth[at_row, at_column] = len(row) + iou
    nth = np.full(worth.shape, -1)
    nth[at_row, at_column] = np.arange(len(row))
    chosen = nth[linear_sum_assignment(worth, maximize=True)]
    return np.asarray(np.sort(chosen[chosen >= 0]), np.int64)
