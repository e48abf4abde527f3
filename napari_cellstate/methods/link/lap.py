"""Our linker: exact assignment of cells between frames, by how this movie's cells move and look."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from napari_cellstate.core.families import Linker
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import make_links

if TYPE_CHECKING:
    import pandas as pd


@register
class LapLinker(Linker):
    kind: ClassVar[str] = "lap"
    title: ClassVar[str] = "Exact assignment with gaps and divisions"

    search_range: float = setting(0.0, "Search range", unit="px", ge=0, step=1.0, estimated=True, help="How far.")

    def link(self, cells: pd.DataFrame, movie: Movie, runtime: Runtime) -> pd.DataFrame:
        if not len(cells):
            return make_links([], [], [])
        from napari_cellstate.methods.link._frames import link_frames
        from napari_cellstate.methods.link._learn import learn, points_of

        points, order = points_of(cells)
        motion = learn(points, self.search_range)
        self.__dict__["_m"] = motion
        from napari_cellstate.methods.link._learn import spacing
        near = max(2 * motion.reach, spacing(points))
        first = link_frames(points, motion, near, runtime.progress)
        from napari_cellstate.methods.link._learn import _log_volume, spacing
        from napari_cellstate.methods.link._second import second_pass
        links, law = second_pass(points, first, motion, _log_volume(points), max_gap=self.max_gap, near=near, division_rate=0., divisions=True, progress=runtime.progress)
        self.__dict__["_l"] = law
        s, t = links.source, links.target
        out = make_links(order[s], order[t], np.hypot(*(points.at[t] - points.at[s]).T))
        k = np.lexsort((order[t], order[s]))
        out["confidence"] = links.sure[k]
        return out
