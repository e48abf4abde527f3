"""What of the cells is in view, and the tracks that someone who sees the movie can know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.simulate.crowd import Crowd

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sight:
    """The cells of one frame that have at least one pixel in view; one row a cell, sorted by name.

    Attributes
    ----------
    name, mother : names of the cells and of their mothers in the whole crowd.
    state : from 0.
    y, x : px, centroid of the pixels in view.
    """

    name: Ints
    mother: Ints
    state: Ints
    y: Floats
    x: Floats

    @classmethod
    def of(cls, mask: Ints, crowd: Crowd) -> Sight:
        """Read a mask whose pixels hold the names of cells."""
        y, x = np.nonzero(mask)
        name, at, count = np.unique(mask[y, x], return_inverse=True, return_counts=True)
        row = np.argsort(crowd.track)
        row = row[np.searchsorted(crowd.track, name, sorter=row)]
        middle = [np.bincount(at, weights=values, minlength=len(name)) / count for values in (y, x)]
        return cls(name.astype(np.int64), crowd.parent[row], crowd.state[row], middle[0], middle[1])


def seen_tracks(seen: list[Sight], masks: NDArray[np.uint16]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Number the tracks that are in view, and write the numbers into the masks.

    A track goes on as long as its cell is in view without a break. One that comes (back) into view has no parent;
    daughters have one if their mother was in view in the frame before.

    Parameters
    ----------
    seen : one a frame.
    masks : (T, Y, X), pixels hold names; changed in place.

    Returns
    -------
    The tables `cells` and `tracks` of a `Simulation`.
    """
    import pandas as pd

    before: dict[int, int] = {}
    parents: list[int] = [0]
    rows = []
    for t, sight in enumerate(seen):
        now: dict[int, int] = {}
        for name, mother in zip(sight.name.tolist(), sight.mother.tolist(), strict=True):
            if name in before:
                now[name] = before[name]
            else:
                now[name] = len(parents)
                parents.append(before.get(mother, 0))
        track = np.array([now[name] for name in sight.name.tolist()], np.int64)
        lut = np.zeros(int(sight.name.max(initial=0)) + 1, np.uint16)
        lut[sight.name] = track
        masks[t] = lut[masks[t]]
        rows.append(_frame(t, track, sight))
        before = now
    cells = pd.concat(rows, ignore_index=True)
    cells.insert(3, "parent", np.array(parents, np.int64)[cells["track"].to_numpy()])
    spans = cells.groupby("track")["frame"].agg(["min", "max"])
    number = np.arange(1, len(parents), dtype=np.int64)
    tracks = pd.DataFrame({"track": number, "parent": np.array(parents[1:], np.int64)})
    tracks["first_frame"] = spans["min"].to_numpy(np.int64)
    tracks["last_frame"] = spans["max"].to_numpy(np.int64)
    return cells, tracks


def _frame(t: int, track: Ints, sight: Sight) -> pd.DataFrame:
    import pandas as pd

    order = np.argsort(track)
    table = {
        "frame": np.full(len(track), t, np.int64),
        "label": track[order],
        "track": track[order],
        "state": sight.state[order] + 1,
        "y": sight.y[order],
        "x": sight.x[order],
    }
    return pd.DataFrame(table)
