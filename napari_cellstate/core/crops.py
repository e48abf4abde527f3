"""Crops: small pictures around cells, all of the same physical size, on disk.

A crop is cut once for each cell and frame, however many windows show it, and read when a batch asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Pictures = NDArray[np.float32]

_LEAST_SHARE = 1e-3  # of the variance: less is rounding

OUTSIDE, AROUND, CELL = 0, 1, 2
"""What a pixel of a crop is: beyond the border of the image, beside the cell, the cell."""

Normalise = Literal["movie", "replicate", "none"]


@dataclass(frozen=True)
class CropWish:
    """What crops an embedder reads.

    Attributes
    ----------
    size_um : side of the crop, um (px where the pixel size is not known); 0 for one estimated from the cells.
    pixels : side of the crop on the net's grid; 0 for 32 or 64, whichever comes nearer to that of the images.
    turned : cut with a margin, so that a crop can be turned without empty corners.
    masked : only the cell itself counts, else everything within the crop.
    normalise : whose grey levels get mean 0 and spread 1 together: those of each movie, of each replicate, or of all.
    window : crops of every frame of a window, else of its middle frame only.
    channel : of the image; -1 for the one that is segmented.
    bands : scales of the bands whose shares come with the grey levels, px of the net's grid; () for none.
    """

    size_um: float = 0.0
    pixels: int = 0
    turned: bool = False
    masked: bool = True
    normalise: Normalise = "movie"
    window: bool = True
    channel: int = -1
    bands: tuple[float, ...] = ()

    @property
    def margin(self) -> int:
        """Further pixels on each side."""
        return int(np.ceil((np.sqrt(2) - 1) / 2 * self.pixels)) if self.turned else 0

    @property
    def channels(self) -> int:
        """Grey levels and bands."""
        return 2 + len(self.bands) if self.bands else 1

    @property
    def side(self) -> int:
        """Side of what is cut, px of the net's grid."""
        return self.pixels + 2 * self.margin

    def on_grid(self, side_px: float) -> CropWish:
        """The same wish with the grid that suits crops of so many px."""
        return self if self.pixels else replace(self, pixels=32 if side_px <= 45 else 64)


@dataclass(frozen=True, eq=False)
class Crops:
    """Crops of all cells that windows see, as they lie on disk, and which window sees which.

    Attributes
    ----------
    pictures : (M, channels, side, side) float16, read when asked for: grey levels in units of the movie, then the
        shares of bands (see `band_shares`).
    kinds : (M, side, side) uint8, `OUTSIDE`, `AROUND` or `CELL`.
    rows : (N, T) row in `pictures` of each frame of each window, -1 where the cell is missing.
    movie : (M,) number of the movie of each crop.
    gain, shift : (movies,) by which units of the movie become normalised grey levels.
    positions : (N, T, 2), y and x of each window, um (px where the pixel size is not known), NaN where missing.
    wish : how they were cut.
    size_um : side of the crop without margin, um or px, estimated or given.
    note : a sentence about normalisation, for the report.
    """

    pictures: NDArray[np.float16]
    kinds: NDArray[np.uint8]
    rows: Ints
    movie: Ints
    gain: Floats
    shift: Floats
    positions: Floats
    wish: CropWish
    size_um: float
    note: str = ""

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, windows: Ints) -> tuple[Pictures, Pictures, NDArray[np.bool_]]:
        """Read the crops of some windows.

        Returns
        -------
        pictures : (B, T, channels, side, side), normalised grey levels and shares, 0 where they do not count.
        masks : (B, T, 1, side, side), 1 where they count.
        seen : (B, T), False where the cell is missing; all of its crop is 0.
        """
        rows = self.rows[windows]
        seen = rows >= 0
        at, back = np.unique(np.where(seen, rows, 0), return_inverse=True)  # in order: a disk reads forward
        pictures = self.pictures[at].astype(np.float32)
        masks = counted(self.kinds[at], masked=self.wish.masked)[:, None]
        gain, shift = (one[self.movie[at], None, None].astype(np.float32) for one in (self.gain, self.shift))
        pictures[:, 0] = pictures[:, 0] * gain + shift
        pictures *= masks
        back = back.reshape(rows.shape)
        there = seen[:, :, None, None, None]
        return pictures[back] * there, masks[back].astype(np.float32) * there, seen


def counted(kinds: NDArray[np.uint8], *, masked: bool) -> NDArray[np.bool_]:
    """Which pixels count: those of the cell, or all that lie in the image."""
    return np.asarray(kinds == CELL if masked else kinds != OUTSIDE)


def band_shares(pictures: Pictures, masks: NDArray[np.bool_], scales: tuple[float, ...]) -> Pictures:
    """Log of the share of the local variance that lies in each band of scales: how fine the grain is, and where.

    Parameters
    ----------
    pictures : (n, Y, X).
    masks : (n, Y, X), where the picture counts; its border, where a cell fades out, is no grain.
    scales : standard deviations of Gaussians, px. The first band is what is finer than the first scale, each other one
        lies between a scale and its double. () for no bands.

    Returns
    -------
    (n, bands, Y, X), the same whatever the contrast, 0 outside the mask.

    Notes
    -----
    Two cells of one texture agree in no pixel, so a net that rebuilds pixels within a few numbers leaves texture to the
    noise; its spectrum is alike wherever the texture is alike. Shares, since cells differ in contrast more than in
    grain. Blurs are normalised by that of the mask (Knutsson and Westin 1993); variance is smoothed over a tenth of the
    picture.
    """
    from scipy.ndimage import binary_erosion, gaussian_filter

    if not scales:
        return np.zeros((len(pictures), 0, *pictures.shape[1:]), np.float32)
    inner = binary_erosion(masks, np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]]], bool), border_value=1)
    weight = np.where(inner.any(axis=(1, 2), keepdims=True), inner, masks).astype(np.float32)

    def inside(values: Pictures, scale: float) -> Pictures:
        over = gaussian_filter(weight, (0, scale, scale), mode="constant", truncate=3)
        blurred = gaussian_filter(values * weight, (0, scale, scale), mode="constant", truncate=3)
        return np.asarray(blurred / np.maximum(over, 1e-4), np.float32)

    wide = pictures.shape[-1] / 10
    pieces = [pictures - inside(pictures, scales[0])]
    pieces += [inside(pictures, scale) - inside(pictures, 2 * scale) for scale in scales]
    energy = np.stack([inside(np.square(piece), wide) for piece in pieces], axis=1)
    total = np.maximum(energy.sum(axis=1, keepdims=True), np.float32(1e-12))
    return np.asarray(np.log(energy / total + np.float32(_LEAST_SHARE)) * masks[:, None], np.float32)


def cut(
    image: NDArray[np.generic],
    labels: NDArray[np.generic] | None,
    cells: Ints,
    centres: Floats,
    *,
    side_px: float,
    pixels: int,
) -> tuple[Pictures, NDArray[np.uint8]]:
    """Cut crops out of one frame.

    Parameters
    ----------
    image : (Y, X).
    labels : (Y, X), or None where there are no outlines; then nothing is `CELL`.
    cells : (n,), label of each cell.
    centres : (n, 2), y and x, px.
    side_px : side of a crop, px of the image.
    pixels : side of a crop as it is given back.

    Returns
    -------
    images : (n, pixels, pixels), linear interpolation; smoothed first where many pixels go into one; 0 outside.
    kinds : (n, pixels, pixels).
    """
    from scipy import ndimage

    step = side_px / pixels
    offsets = (np.arange(pixels) - (pixels - 1) / 2) * step
    y = np.broadcast_to(centres[:, 0, None, None] + offsets[:, None], (len(cells), pixels, pixels))
    x = np.broadcast_to(centres[:, 1, None, None] + offsets[None, :], y.shape)
    plane = image.astype(np.float32)
    if step > 1:
        plane = ndimage.gaussian_filter(plane, 0.5 * np.sqrt(step**2 - 1), mode="nearest")
    inside = (y >= -0.5) & (y <= image.shape[0] - 0.5) & (x >= -0.5) & (x <= image.shape[1] - 0.5)
    crops = ndimage.map_coordinates(plane, [y, x], order=1, mode="nearest", output=np.float32) * inside
    kinds = np.where(inside, AROUND, OUTSIDE).astype(np.uint8)
    if labels is not None:
        rows = np.clip(np.rint(y).astype(np.int64), 0, image.shape[0] - 1)
        columns = np.clip(np.rint(x).astype(np.int64), 0, image.shape[1] - 1)
        kinds[inside & (labels[rows, columns] == cells[:, None, None])] = CELL
    return crops, kinds


@dataclass
class GreyLevels:
    """Running mean and spread of the grey levels of each group."""

    count: Floats
    total: Floats
    square: Floats

    @classmethod
    def of(cls, groups: int) -> GreyLevels:
        """Nothing seen yet."""
        return cls(np.zeros(groups), np.zeros(groups), np.zeros(groups))

    def add(self, group: int, values: Pictures) -> None:
        """See more pixels of a group."""
        wide = values.astype(np.float64)
        self.count[group] += len(wide)
        self.total[group] += wide.sum()
        self.square[group] += np.square(wide).sum()

    def mean_and_spread(self, names: list[str]) -> tuple[Floats, Floats]:
        """Mean and standard deviation of each group.

        Raises
        ------
        InputError
            A group has no pixel, or all its pixels are the same.
        """
        seen = np.maximum(self.count, 1)
        mean = self.total / seen
        spread = np.sqrt(np.maximum(self.square / seen - mean**2, 0.0))
        for name, count, middle, wide in zip(names, self.count, mean, spread, strict=True):
            if count == 0:
                raise InputError(f"crops of {name}: no pixel of a cell in them; are these the labels of this movie?")
            if wide <= 1e-6 * max(abs(middle), 1.0):
                raise InputError(
                    f"crops of {name}: every pixel is {middle:g}; expected an image that varies within cells; check "
                    "the channel of the crops, or embed features instead"
                )
        return mean, spread


def estimated_side(areas: Floats) -> float:
    """Side of a crop in px that holds nearly every cell: 1.6 diameters of large ones (90th percentile of area)."""
    known = areas[np.isfinite(areas)]
    if not len(known):
        raise InputError("crops: the areas of the cells are not known, so set the size of the crops")
    return float(1.6 * np.sqrt(np.percentile(known, 90) * 4 / np.pi))


def check_side(side_px: float, shape: tuple[int, int], movie: str) -> None:
    """Raise InputError unless a crop fits into an image (Y, X) and has at least 4 px."""
    if side_px > min(shape):
        raise InputError(
            f"movie {movie}: crops of {side_px:.0f} px are larger than its images of {shape[0]} x {shape[1]} px; "
            "choose a smaller size"
        )
    if side_px < 4:
        raise InputError(f"movie {movie}: crops of {side_px:.1f} px show nothing; choose a larger size")
