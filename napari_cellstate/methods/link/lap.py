"""Our own linker: the likeliest links, given how the cells of this very movie move, look and divide."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from napari_cellstate.core.families import Linker, Linking
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import CONFIDENCE, MERGED, make_links

if TYPE_CHECKING:
    import pandas as pd

    from napari_cellstate.core.pins import Pins
    from napari_cellstate.methods.link._frames import Motion
    from napari_cellstate.methods.link._points import Points
    from napari_cellstate.methods.link._second import Found


@register
class LapLinker(Linker):
    """Link the cells so that all links of a frame together are the likeliest (exact sparse assignment).

    Where a cell will be next is learned from the movie: what all cells do together (drift, jumps of the stage),
    how much of its past steps a cell repeats, how heavy the tails are, and how much size, shape and brightness
    change within a cell and differ between cells. A second assignment joins ends of tracks to later starts and
    appearing cells to their mothers. Two cells whose outlines are one for some frames part again: that is a gap, not
    a division (where areas are known). Costs are log-likelihoods, so nothing needs a weight.

    Notes
    -----
    `confidence` compares solutions under the learned model: it ranks links for review and is not a calibrated
    probability.
    """

    kind: ClassVar[str] = "lap"
    version: ClassVar[int] = 3
    title: ClassVar[str] = "Likeliest links, with gaps and divisions"

    search_range: float = setting(
        0.0,
        "Search range",
        unit="px",
        ge=0,
        step=1.0,
        estimated=True,
        help="How far a cell may be from where it is expected in the next frame; more follows wilder cells and makes "
        "more wrong links where cells are crowded. 0 estimates it from the cells.",
    )
    divisions: bool = setting(
        True,
        "Divisions",
        help="Look for divisions: a cell that appears beside one that moved aside. How often cells divide and how far "
        "apart daughters are is learned; without it every cell that appears is new.",
    )

    merges: bool = setting(
        False,
        "Merges",
        rare=True,
        help="Mark tracks that seem to end in another cell: one that is as large afterwards as both were before. The "
        "other track goes on; the mark stands in the table of tracks and in the queue of Review. Needs areas.",
    )

    def estimated(self, cells: pd.DataFrame, movie: Movie) -> Self:
        """The same method with a search range read from the cells, where it was 0."""
        if self.search_range > 0:
            return self
        from napari_cellstate.methods.link._points import points_of

        reach = self._learned(points_of(cells)[0]).reach
        return self.model_copy(update={"search_range": reach})

    def link(self, cells: pd.DataFrame, movie: Movie, runtime: Runtime) -> pd.DataFrame:
        """Link the cells of one movie; frames without cells count as missing frames.

        Returns
        -------
        A link table with the further column `CONFIDENCE`, and with `MERGED` where merges are looked for; `cost` is the
        distance of the two cells in px. Column z of the cells, if there is one, is a third dimension.
        """
        return self.linked(cells, movie, runtime).links

    def linked(self, cells: pd.DataFrame, movie: Movie, runtime: Runtime, pins: Pins | None = None) -> Linking:
        """Learn from the movie once, and link; pins are taken as given, and the cells around them link accordingly."""
        from napari_cellstate.methods.link._points import points_of

        dropped = pins.dropped if pins is not None else np.empty(0, np.int64)
        kept = np.setdiff1d(np.arange(len(cells)), dropped)
        if not len(kept):
            return Linking(make_links([], [], []), self)
        points, order = points_of(cells.iloc[kept])
        order = kept[order]
        motion = self._learned(points)
        found = self._passes(points, motion, runtime, pins.among(order) if pins else None)
        one = found.links
        source, target = order[one.source], order[one.target]
        moved = points.at[one.target] - points.at[one.source]
        links = make_links(source, target, np.sqrt((moved**2).sum(axis=1)))
        links[CONFIDENCE] = one.sure[np.lexsort((target, source))]  # the order that make_links gives
        if self.merges:
            ended = np.full(len(cells), np.nan)
            ended[order[found.merges.target]] = order[found.merges.source]
            links[MERGED] = ended[links["target"]]
        return Linking(links, self.model_copy(update={"search_range": motion.reach}))

    def _passes(self, points: Points, motion: Motion, runtime: Runtime, pins: Pins | None) -> Found:
        from napari_cellstate.methods.link._frames import link_frames
        from napari_cellstate.methods.link._held import Held
        from napari_cellstate.methods.link._second import second_pass

        held = Held.of(points, pins) if pins else None
        near = max(2 * motion.reach, points.spacing)  # of a mother and the daughter that was not linked
        first = link_frames(points, motion, near if self.divisions else 0.0, runtime.progress, held=held)
        return second_pass(
            points,
            first,
            motion,
            near,
            self.max_gap,
            runtime.progress,
            divisions=self.divisions,
            merges=self.merges,
            held=held,
        )

    def _learned(self, points: Points) -> Motion:
        """What the movie teaches; the same for an estimated search range as for none."""
        from napari_cellstate.methods.link._learn import learn

        motion = learn(points)
        reach = max(round(motion.reach, 1), 0.1)
        if self.search_range > 0 and self.search_range != reach:
            motion, reach = learn(points, self.search_range), self.search_range
        return replace(motion, reach=reach)
