"""Links from labels that already say which cell is which."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_cellstate.core.families import Linker
from napari_cellstate.core.method import register
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import join, make_links

if TYPE_CHECKING:
    import pandas as pd


@register
class LabelIdsLinker(Linker):
    """The same label in a later frame is the same cell.

    For labels that were tracked already. Of labels numbered anew in each frame it makes nonsense, so it is used
    only where a user asks for it.
    """

    kind: ClassVar[str] = "label-ids"
    title: ClassVar[str] = "Label numbers are tracks"

    def link(self, cells: pd.DataFrame, movie: Movie, runtime: Runtime) -> pd.DataFrame:
        """Link each cell to the next of its label, however many frames later; tracks end at gaps over `max_gap`."""
        runtime.progress(0, 1, "link")
        frame, label = cells["frame"].to_numpy(np.int64), cells["label"].to_numpy(np.int64)
        source, target = join(frame, label)
        at = cells[["y", "x"]].to_numpy(np.float64)
        runtime.progress(1, 1, "link")
        return make_links(source, target, np.hypot(*(at[target] - at[source]).T))
