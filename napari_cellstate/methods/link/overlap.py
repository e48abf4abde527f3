"""Links by overlap of outlines: for movies so dense in time that a cell covers where it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Linker
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import make_links
from napari_cellstate.methods.link._assign import assign

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@register
class OverlapLinker(Linker):
    """Link cells whose outlines overlap most, all of a frame at once (exact assignment).

    A cell that lies mostly inside the outline of an earlier one, which goes on in another cell, is its second
    daughter. Cells that find nothing in the next frame are looked for in the frames after it.
    """

    kind: ClassVar[str] = "overlap"
    title: ClassVar[str] = "Most overlap (dense sampling)"
    reads_labels: ClassVar[bool] = True

    least: float = setting(
        0.2,
        "Least overlap",
        ge=0.01,
        le=1.0,
        step=0.05,
        help="Area in common over the area of both together that a link needs; less follows faster cells and makes "
        "more wrong links.",
    )
    inside: float = setting(
        0.5,
        "Daughter inside mother",
        ge=0.0,
        le=1.0,
        step=0.05,
        rare=True,
        help="Share of a second daughter that must lie inside its mother's outline; 0 finds no divisions.",
    )

    def link(self, cells: pd.DataFrame, movie: Movie, runtime: Runtime) -> pd.DataFrame:
        """Link the cells of one movie.

        Raises
        ------
        InputError
            The movie has no outlines.
        """
        if not len(cells):
            return make_links([], [], [])
        if movie.labels is None:
            raise InputError(
                f"movie {movie.name}: link method 'overlap' needs outlines, but only a track table was given; add the "
                "movie with --labels too, or choose another link method"
            )
        run = _Run(cells, movie, self)
        frames = np.unique(run.frame)
        for nth, t in enumerate(frames.tolist()):
            runtime.progress(nth, len(frames), "link")
            for later in range(t + 1, t + 2 + self.max_gap):
                run.step(t, later)
        runtime.progress(len(frames), len(frames), "link")
        target = np.flatnonzero(run.before >= 0)
        source = run.before[target]
        at = cells[["y", "x"]].to_numpy(np.float64)
        return make_links(source, target, np.hypot(*(at[target] - at[source]).T))


@dataclass
class _Pairs:
    """Overlapping cells: rows, area in common, areas of the one and of the other."""

    source: Ints
    target: Ints
    common: Floats
    one: Floats
    other: Floats


class _Run:
    """Links of one movie in the making: `before` is the row that each cell follows, `after` how many follow it."""

    def __init__(self, cells: pd.DataFrame, movie: Movie, method: OverlapLinker) -> None:
        self.frame, self.label = cells["frame"].to_numpy(np.int64), cells["label"].to_numpy(np.int64)
        self.movie, self.method = movie, method
        self.before, self.after = np.full(len(cells), -1), np.zeros(len(cells), np.int64)
        self._planes: dict[int, Ints] = {}
        self._area = np.zeros(len(cells))

    def step(self, t: int, later: int) -> None:
        """Link what is still open in frame t to what is still open in a later frame."""
        low, high = np.searchsorted(self.frame, [t, t + 1])
        first, last = np.searchsorted(self.frame, [later, later + 1])
        if first == last or not (self.after[low:high] == 0).any() or not (self.before[first:last] < 0).any():
            return
        pairs = self._overlaps(t, later)
        open_ = (self.after[pairs.source] == 0) & (self.before[pairs.target] < 0)
        iou = pairs.common / (pairs.one + pairs.other - pairs.common)
        good = np.flatnonzero(open_ & (iou >= self.method.least))
        shape = (int(high - low), int(last - first))
        chosen = good[assign(pairs.source[good] - low, pairs.target[good] - first, iou[good], shape)]
        self.before[pairs.target[chosen]] = pairs.source[chosen]
        self.after[pairs.source[chosen]] = 1
        if later == t + 1 and self.method.inside > 0:
            self._divide(pairs)

    def _divide(self, pairs: _Pairs) -> None:
        """Give a second daughter to cells that go on in one, the most overlapping first."""
        share = pairs.common / pairs.other
        order = np.lexsort((pairs.target, pairs.source, -share))
        for at in order[share[order] >= self.method.inside].tolist():
            mother, daughter = int(pairs.source[at]), int(pairs.target[at])
            if self.after[mother] == 1 and self.before[daughter] < 0:
                self.before[daughter] = mother
                self.after[mother] = 2

    def _overlaps(self, t: int, later: int) -> _Pairs:
        one, other = self._plane(t), self._plane(later)
        if one.shape != other.shape:
            raise InputError(
                f"movie {self.movie.name}: labels of frame {t} are {one.shape}, of frame {later} {other.shape} px"
            )
        both = np.flatnonzero((one >= 0) & (other >= 0))
        n = len(self.frame)
        code, common = np.unique(one.ravel()[both] * n + other.ravel()[both], return_counts=True)
        source, target = code // n, code % n
        return _Pairs(source, target, common.astype(np.float64), self._area[source], self._area[target])

    def _plane(self, t: int) -> Ints:
        """Row of the cell at each pixel of a frame, -1 for none; the frames that may be asked for again are kept."""
        if t not in self._planes:
            labels = self.movie.labels
            if labels is None:
                raise AssertionError("checked before")
            for old in [known for known in self._planes if known < t - 1 - self.method.max_gap]:
                del self._planes[old]
            plane = np.asarray(labels.read(t, 0), np.int64)
            low, high = np.searchsorted(self.frame, [t, t + 1])
            at = np.minimum(low + np.searchsorted(self.label[low:high], plane), high - 1)
            self._planes[t] = np.where((plane > 0) & (self.label[at] == plane), at, -1)
            count = np.bincount(self._planes[t][self._planes[t] >= 0] - low, minlength=high - low)
            self._area[low:high] = count
        return self._planes[t]
