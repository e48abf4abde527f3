"""Crocker-Grier linking with trackpy: the nearest cells of the next frame, all of a frame at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_cellstate.core.method import register, setting
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import make_links
from napari_cellstate.methods.link.reach import ReachingLinker

if TYPE_CHECKING:
    import pandas as pd


@register
class TrackpyLinker(ReachingLinker):
    """Link each cell to the next frame's so that the sum of squared displacements is least.

    A cell that finds no partner within the search range costs its square, as in Crocker and Grier 1996
    (doi:10.1006/jcis.1996.0217). Candidates and the memory of missing cells are trackpy's; the choice among them
    is an exact assignment in the order of the cells, so that no group of cells is too large and equal input gives
    equal links.
    """

    kind: ClassVar[str] = "trackpy"
    title: ClassVar[str] = "Nearest cells (trackpy)"

    search_range: float = setting(
        0.0,
        "Search range",
        unit="px",
        ge=0,
        step=1.0,
        estimated=True,
        help="How far a cell may move from one frame to the next; more follows faster cells and makes more wrong "
        "links where cells are crowded. 0 estimates it from the cells.",
    )

    def link(self, cells: pd.DataFrame, movie: Movie, runtime: Runtime) -> pd.DataFrame:
        """Link the cells of one movie; frames without cells count as missing frames."""
        if not len(cells):
            return make_links([], [], [])
        from trackpy.linking import Linker as FrameLinker

        method = self.estimated(cells, movie)
        frame, at = cells["frame"].to_numpy(), cells[["y", "x"]].to_numpy(np.float64)
        frames = range(int(frame[0]), int(frame[-1]) + 1)
        bounds = np.searchsorted(frame, np.arange(frames.start, frames.stop + 1))
        linker = FrameLinker(method.search_range, memory=self.max_gap, link_strategy=_assign)
        last: dict[Any, int] = {}  # by trackpy's track object: its numbers are shared between all linkers of a process
        pairs: list[tuple[int, int]] = []
        for done, t in enumerate(frames):
            runtime.progress(done, len(frames), "link")
            rows = np.arange(bounds[done], bounds[done + 1])
            step = linker.next_level if done else linker.init_level
            step(at[rows], t, {"row": rows.tolist()})
            for point in linker.hash.points:
                row = point.extra_data["row"]
                if point.track in last:
                    pairs.append((last[point.track], row))
                last[point.track] = row
        runtime.progress(len(frames), len(frames), "link")
        source, target = np.array(pairs, np.int64).reshape(-1, 2).T
        return make_links(source, target, np.hypot(*(at[target] - at[source]).T))


def _assign(sources: set[Any], targets: set[Any], reach: float, max_size: int) -> tuple[list[Any], list[Any]]:
    """Best links of a group of points that compete for each other; trackpy's own strategies give up on large ones.

    Returns
    -------
    Points of the frame before and of this frame, side by side; None opposite a point that has no partner.
    """
    if len(sources) <= 1 and len(targets) <= 1:
        return [*sources] or [None], [*targets] or [None]
    from scipy.optimize import linear_sum_assignment

    # sets of points iterate in the order of their addresses in memory
    before = sorted(sources, key=_row)
    after = sorted(targets, key=_row)
    number = {point: n for n, point in enumerate(after)}
    gain = np.zeros((len(before), len(after)))
    for n, point in enumerate(before):
        for candidate, distance in point.forward_cands:
            gain[n, number[candidate]] = max(reach**2 - distance**2, 0.0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    partner: dict[int, int] = {
        row: column for row, column in zip(rows.tolist(), columns.tolist(), strict=True) if gain[row, column] > 0
    }
    taken = set(partner.values())
    spare = [point for n, point in enumerate(after) if n not in taken]
    linked: list[Any] = [after[partner[n]] if n in partner else None for n in range(len(before))]
    return before + [None] * len(spare), linked + spare


def _row(point: Any) -> int:
    return int(point.extra_data["row"])
