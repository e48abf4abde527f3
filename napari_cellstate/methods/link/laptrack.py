"""laptrack's linear assignment, where it is installed (pip install laptrack)."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_cellstate.core.method import register, setting
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import join, make_links
from napari_cellstate.methods.link.reach import ReachingLinker

if TYPE_CHECKING:
    import pandas as pd


class LaptrackLinker(ReachingLinker):
    """Nearest cells, then gaps and divisions by a second assignment (Jaqaman et al. 2008, doi:10.1038/nmeth.1237)."""

    kind: ClassVar[str] = "laptrack"
    title: ClassVar[str] = "Nearest cells, gaps and divisions (laptrack)"

    daughter_range: float = setting(
        0.0,
        "Daughter range",
        unit="px",
        ge=0,
        step=1.0,
        help="How far from its mother a second daughter is looked for; 0 finds no divisions.",
    )

    def link(self, cells: pd.DataFrame, movie: Movie, runtime: Runtime) -> pd.DataFrame:
        """Link the cells of one movie; laptrack itself cannot be stopped on its way."""
        runtime.progress(0, 1, "link")
        if not len(cells):
            return make_links([], [], [])
        import pandas as pd
        from laptrack import LapTrack

        method = self.estimated(cells, movie)
        tracker = LapTrack(
            cutoff=method.search_range**2,
            gap_closing_cutoff=method.search_range**2 if method.max_gap else False,
            gap_closing_max_frame_count=max(method.max_gap, 1),
            splitting_cutoff=method.daughter_range**2 if method.daughter_range else False,
        )
        table = pd.DataFrame({"t": cells["frame"], "y": cells["y"], "x": cells["x"], "row": np.arange(len(cells))})
        found, split, _ = tracker.predict_dataframe(table, ["y", "x"], frame_col="t", only_coordinate_cols=False)
        found = found.reset_index(drop=True).sort_values("row")
        track, frame = found["track_id"].to_numpy(np.int64), cells["frame"].to_numpy(np.int64)
        source, target = join(frame, track)
        order = np.lexsort((frame, track))
        known, first, count = np.unique(track[order], return_index=True, return_counts=True)
        ends = dict(zip(known.tolist(), zip(order[first], order[first + count - 1], strict=True), strict=True))
        families = zip(split["parent_track_id"], split["child_track_id"], strict=True) if len(split) else ()
        for mother, daughter in families:
            source, target = np.append(source, ends[mother][1]), np.append(target, ends[daughter][0])
        at = cells[["y", "x"]].to_numpy(np.float64)
        runtime.progress(1, 1, "link")
        return make_links(source, target, np.hypot(*(at[target] - at[source]).T))


if find_spec("laptrack") is not None:
    register(LaptrackLinker)
