"""Small inputs that every method of a family must cope with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.crops import Crops, CropWish, band_shares
from napari_cellstate.core.errors import Cancelled
from napari_cellstate.core.given import GivenTracks
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Progress, Runtime
from napari_cellstate.core.tables import make_links
from napari_cellstate.core.tracks import Tracks

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

SIZE = 64
"""Height and width of the made images, px."""


class Stack:
    """A FrameSource over an array (T, Y, X)."""

    def __init__(self, frames: NDArray[Any]) -> None:
        self.frames = frames
        self.shape: tuple[int, int, int, int] = (len(frames), 1, *frames.shape[1:])
        self.dtype = frames.dtype
        self.axes_named = True
        self.dt_s: float | None = None
        self.pixel_size_um: float | None = None
        self.channels: tuple[str, ...] = ("",)
        self.times_s: tuple[float, ...] = ()

    def read(self, t: int, c: int) -> NDArray[Any]:
        """One frame, (Y, X)."""
        return np.asarray(self.frames[t])

    def close(self) -> None:
        """Nothing is open."""


def disc(y: float, x: float, radius: float = 6.0) -> NDArray[np.bool_]:
    """Pixels of a disc, (SIZE, SIZE)."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return np.asarray((rows - y) ** 2 + (columns - x) ** 2 <= radius**2)


def movie(frames: int = 4, *, cells: int = 2, empty: tuple[int, ...] = ()) -> Movie:
    """Discs that step two pixels to the right; frames in `empty` have none."""
    labels = np.zeros((frames, SIZE, SIZE), np.uint32)
    for t in range(frames):
        for cell in range(cells):
            if t not in empty:
                labels[t][disc(14 + 24 * cell, 14 + 2 * t)] = cell + 1
    noise = np.random.default_rng(0).normal(100, 3, labels.shape)
    images = (noise + 300 * (labels > 0)).astype(np.uint16)
    points = cells_of(labels)
    points["track"], points["parent"] = points["label"], 0
    given = GivenTracks(points, "track", tuple(range(1, cells + 1)))
    return Movie("kit", labels.shape, range(frames), 0, Stack(images), Stack(labels), given)


def cells_of(labels: NDArray[Any]) -> pd.DataFrame:
    """Cell table of label images, with the columns that measuring and given tracks add."""
    import pandas as pd

    rows = []
    for t, frame in enumerate(labels):
        for label in np.unique(frame[frame > 0]):
            y, x = np.nonzero(frame == label)
            rows.append((t, int(label), y.mean(), x.mean(), float(len(y))))
    columns = ["frame", "label", "y", "x", "area"]
    table = pd.DataFrame(rows, columns=columns) if rows else pd.DataFrame(np.empty((0, 5)), columns=columns)
    table = table.astype({"frame": np.int64, "label": np.int64})
    table["given_track"], table["given_parent"] = table["label"], 0
    for name in ("elongation", "eccentricity", "solidity", "form_factor", "perimeter", "orientation"):
        table[name] = 0.5
    return table


def tracks(lengths: tuple[int, ...] = (12, 1, 9), *, missing: tuple[int, ...] = ()) -> Tracks:
    """Random walks, one a length, with frames `missing` taken out of each."""
    import pandas as pd

    rng = np.random.default_rng(1)
    rows = []
    for label, length in enumerate(lengths, start=1):
        path = 30 + np.cumsum(rng.normal(0, 2, (length, 2)), axis=0)
        rows += [(t, label, *path[t], 100.0 + t % 3) for t in range(length) if t not in missing]
    columns = ["frame", "label", "y", "x", "area"]
    cells = pd.DataFrame(rows, columns=columns).astype({"frame": np.int64, "label": np.int64})
    cells = cells.sort_values(["frame", "label"], ignore_index=True)
    for name in ("elongation", "eccentricity", "solidity", "form_factor", "perimeter", "orientation"):
        cells[name] = rng.random(len(cells))
    sources, targets = [], []
    for _, group in cells.groupby("label"):
        sources += list(group.index[:-1])
        targets += list(group.index[1:])
    return Tracks(cells, make_links(sources, targets), max_gap=3)


def crops(n: int, wish: CropWish, frames: int = 3) -> Crops:
    """Crops of n windows: discs with stripes that are finer in every second window."""
    wish = wish.on_grid(20.0)
    side, rng = wish.side, np.random.default_rng(4)
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    pictures = np.zeros((n, wish.channels, side, side), np.float16)
    kinds = np.full((n, side, side), 1, np.uint8)
    kinds[:, np.hypot(rows, columns) < wish.pixels / 3] = 2
    pictures[:, 0] = np.sin(rows / (1.0 + np.arange(n) % 2)[:, None, None]) + rng.normal(0, 0.1, (n, side, side))
    pictures[:, 1:] = band_shares(pictures[:, 0].astype(np.float32), kinds == 2, wish.bands)
    seen = np.repeat(np.arange(n)[:, None], frames if wish.window else 1, axis=1)
    seen[: n // 20] = -1
    positions = np.cumsum(rng.normal(size=(n, frames, 2)), axis=1)
    return Crops(pictures, kinds, seen, np.zeros(n, np.int64), np.ones(1), np.zeros(1), positions, wish, 20.0, "kit")


class StopAfter:
    """A progress callable that asks to stop at its n-th call."""

    def __init__(self, calls: int) -> None:
        self.left = calls
        self.after = 0

    def __call__(self, done: int, total: int, what: str) -> None:
        """Count, and stop."""
        self.left -= 1
        if self.left <= 0:
            self.after += 1
            raise Cancelled


def runtime(progress: Progress | None = None) -> Runtime:
    """The processor, two threads."""
    return Runtime("cpu", 2) if progress is None else Runtime("cpu", 2, progress)
