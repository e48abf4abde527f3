"""What is around a cell over a window: density, distances, contacts, and motion beside its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.units import Feature
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods.features.paths import mean

if TYPE_CHECKING:
    from napari_cellstate.core.tracks import Tracks

Floats = NDArray[np.float64]

FEATURES = (
    Feature(
        "local_density",
        "Mean over time of the sum of 1 / distance^2 to all other cells of the frame; less than 1 px counts as 1 px.",
        length=-2,
        source="Kimmel et al. 2018, PLoS Comput Biol 14:e1005927 (local cell density)",
        pooled=False,
        note="Cells at the border of the image have half of theirs outside it; so does every column here.",
    ),
    Feature(
        "nearest_distance",
        "Mean distance to the nearest other cell, middle to middle.",
        length=1,
        pooled=False,
        note="Large cells are never near, and a cell split in two by its mask always is.",
    ),
    Feature(
        "nearest_least",
        "Least such distance within the window.",
        length=1,
        pooled=False,
        note="Falls with the number of frames.",
    ),
    Feature(
        "neighbours",
        "Mean number of other cells within the radius.",
        pooled=False,
        note="Missed cells are not counted, and crowds hide most.",
    ),
    Feature(
        "neighbour_alignment",
        "Mean cosine between the cell's step and the mean step of its neighbours: 1 with them, -1 against.",
        pooled=False,
        note="Stage drift makes it high.",
    ),
    Feature(
        "relative_speed",
        "Mean speed against the mean step of its neighbours: free of stage drift where there are many.",
        length=1,
        time=-1,
        pooled=False,
        note="With one neighbour it is as much the neighbour's speed.",
    ),
    Feature(
        "contact",
        "Mean part of the cell's border with another cell at most 2 px away.",
        pooled=False,
        note="As good as the masks: missing without them, and where touching cells were outlined as one it reads 0.",
    ),
    Feature(
        "contacts",
        "Mean number of cells that are so near.",
        pooled=False,
        note="As good as the masks; a cell at the border of the image has contacts that are not seen.",
    ),
)
"""Columns of `Neighbours`, in order.

None is pooled: where a cell is should explain what it does, so it must not help to say what that is.
"""


@register
class Neighbours(FeatureSet):
    """Density, distances to other cells, contacts, motion beside the neighbours', whether these are tracked or not.

    Notes
    -----
    Nothing here changes when the movie is turned. Neighbouring cells see each other, so they are not independent.
    """

    kind: ClassVar[str] = "neighbours"
    title: ClassVar[str] = "Cells around"
    version: ClassVar[int] = 2
    looks_around: ClassVar[bool] = True
    measures: ClassVar[tuple[str, ...]] = ("contact", "contacts")
    measures_help: ClassVar[bool] = True

    radius: float = setting(
        50.0,
        "Radius",
        unit="px",
        gt=0,
        step=5.0,
        help="Cells nearer than this are neighbours; two or three cell diameters.",
    )

    def features(self) -> tuple[Feature, ...]:
        """What each of its columns is, in order."""
        return FEATURES

    def describe(self, windows: Windows, runtime: Runtime) -> Floats:
        """Describe every window, (len(windows), 8), in px and frames, NaN where a feature is not defined."""
        around = np.append(self._around(windows, runtime), np.full((1, 5), np.nan), axis=0)
        density, nearest, count, alignment, relative = np.moveaxis(around[windows.cell], -1, 0)
        least = np.where(np.isfinite(nearest), nearest, np.inf).min(axis=1, initial=np.inf)
        least = np.where(np.isfinite(least), least, np.nan)
        columns = [mean(density), mean(nearest), least, mean(count), mean(alignment), mean(relative)]
        columns += [mean(windows.values(name)) for name in self.measures]
        return np.stack(columns, axis=-1)

    def _around(self, windows: Windows, runtime: Runtime) -> Floats:
        """What is around each cell, (len(cells), 5), filled for cells of a window."""
        from napari_cellstate.methods.features._neighbours.around import fill_around

        tracks = windows.tracks
        cells = tracks.cells
        frame = cells["frame"].to_numpy()
        y, x = (cells[axis].to_numpy(np.float64) for axis in ("y", "x"))
        moved = _steps(tracks)
        wanted = np.zeros(len(cells), bool)
        wanted[windows.cell[windows.cell >= 0]] = True
        out = np.full((len(cells), 5), np.nan)
        begins = np.flatnonzero(np.diff(frame, prepend=-1))  # cells are sorted by frame
        for nth, (begin, stop) in enumerate(zip(begins, [*begins[1:], len(frame)], strict=True)):
            runtime.progress(nth, len(begins), "features (neighbours)")
            here = slice(begin, stop)
            if wanted[here].any():
                fill_around(y[here], x[here], moved[here, 0], moved[here, 1], wanted[here], self.radius, out[here])
        runtime.progress(len(begins), len(begins), "features (neighbours)")
        return out


def _steps(tracks: Tracks) -> Floats:
    """Step of each cell to the next frame of its track, (len(cells), 2), NaN where there is none."""
    frame, at = tracks.cells["frame"].to_numpy(), tracks.cells[["y", "x"]].to_numpy(np.float64)
    order = np.lexsort((frame, tracks.track))
    follows = (np.diff(tracks.track[order]) == 0) & (np.diff(frame[order]) == 1)
    moved = np.full(at.shape, np.nan)
    moved[order[:-1][follows]] = at[order[1:][follows]] - at[order[:-1][follows]]
    return moved
