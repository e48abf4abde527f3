"""Made pictures for training: outlines of cells, and what a phase-contrast or other microscope could show of them.

The looks are drawn far more widely than any microscope would have them (brightness, rim, halo, texture, debris), so
that a net learns outlines rather than one laboratory's contrast.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.learn.cells.heads import DIAMETER

Floats = NDArray[np.float32]
Labels = NDArray[np.int32]
Rng = np.random.Generator
KINDS = ("round", "spindle", "mixed", "colony")


def outlines(side: int, rng: Rng, kind: str = "mixed") -> Labels:
    """Labels (side, side) of made cells about `DIAMETER` px wide; cells touch but do not overlap.

    Parameters
    ----------
    kind : "round", "spindle" (long, bent, tapering), "mixed", or "colony" (round ones packed around a few places).
    """
    labels = np.zeros((side, side), np.int32)
    wanted = int(rng.uniform(0.1, 0.9 if kind != "spindle" else 0.6) * side**2 / DIAMETER**2)
    colonies = rng.uniform(0, side, (int(rng.integers(1, 5)), 2))
    spread = rng.uniform(1.0, 3.5) * DIAMETER
    typical = rng.uniform(0.9, 1.1) * DIAMETER
    for n in range(1, wanted + 1):
        at = rng.uniform(-5, side + 5, 2)
        if kind == "colony":
            at = colonies[rng.integers(len(colonies))] + rng.normal(0, spread, 2)
        long = kind == "spindle" or (kind == "mixed" and rng.random() < 0.5)
        size = typical * np.exp(rng.normal(0, 0.2))
        top, left, inside = _spindle(side, at, size, rng) if long else _blob(side, at, size, rng)
        here = labels[top : top + inside.shape[0], left : left + inside.shape[1]]
        free = inside & (here == 0)
        if inside.any() and free.sum() > 0.75 * inside.sum():
            here[free] = n
    return _whole(labels)


def painted(labels: Labels, rng: Rng) -> Floats:
    """A picture (Y, X) of labelled cells in arbitrary units."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    shape, n = labels.shape, int(labels.max()) + 1
    border = np.zeros(shape, bool)
    for axis in (0, 1):
        differs = np.diff(labels, axis=axis) != 0
        pad = [(0, 0), (0, 0)]
        pad[axis] = (1, 0)
        border |= np.pad(differs, pad)
        pad[axis] = (0, 1)
        border |= np.pad(differs, pad)
    inner = np.asarray(distance_transform_edt(~(border & (labels > 0))), np.float32)
    if (labels > 0).any():
        outer, nearest = distance_transform_edt(labels == 0, return_indices=True)
        owner = labels[nearest[0], nearest[1]]
    else:
        outer, owner = np.full(shape, 1e3), labels
    outer = np.asarray(outer, np.float32)
    cell = labels > 0
    varied = np.exp(rng.normal(0, rng.uniform(0, 0.5), n)).astype(np.float32)[owner]
    look = _Look(rng)
    body = look.level * (1 - look.dome * np.exp(-inner / (0.2 * DIAMETER)))
    rim = look.rim * np.exp(-((inner - look.rim_at) ** 2) / (2 * look.rim_width**2))
    halo = look.halo * np.exp(-outer / look.halo_width)
    ring = look.ring * np.exp(-((outer - look.ring_at) ** 2) / (2 * look.ring_width**2))
    picture = np.where(cell, varied * (body + rim), varied * (halo + ring)).astype(np.float32)
    picture += np.where(cell, varied * look.texture * _grain(shape, look.texture_size, rng), 0)
    picture += np.where(cell, look.spots * np.maximum(_grain(shape, 1.5, rng) - 1.5, 0), 0)
    picture += look.nucleus * _nuclei(labels, n, rng)
    picture += look.ground * _grain(shape, look.ground_size, rng)
    picture += _debris(shape, rng, look)
    picture += look.slope * _grain(shape, shape[0] / 3, rng)
    picture = gaussian_filter(picture, rng.uniform(0.3, 1.2))
    return np.asarray(picture + rng.uniform(0, 0.1) * rng.standard_normal(shape), np.float32)


class _Look:
    """One microscope and one kind of cell, drawn by chance."""

    def __init__(self, rng: Rng) -> None:
        u = rng.uniform
        kind = rng.choice(["compact", "halo", "dark", "any"], p=[0.3, 0.35, 0.15, 0.2])
        self.level = {"compact": u(0.3, 1.2), "halo": u(-0.25, 0.25), "dark": u(-1, -0.2), "any": u(-1, 1)}[kind]
        self.dome = u(0, 0.6)
        self.rim = {"compact": u(-0.7, 0.3), "halo": u(-0.6, 0.9), "dark": u(-0.3, 1), "any": u(-1, 1)}[kind]
        self.rim_at, self.rim_width = u(0, 3), u(0.7, 2.5)
        self.halo = {"compact": u(-0.3, 0.5), "halo": u(0.2, 1.2), "dark": u(0, 1.0), "any": u(-0.6, 1)}[kind]
        self.halo_width = u(1.0, 5.0)
        self.ring, self.ring_at, self.ring_width = u(-0.4, 0.1), u(2, 8), u(1, 3)
        self.texture, self.texture_size = u(0.02, 0.35), np.exp(u(np.log(0.7), np.log(4.0)))
        self.spots = u(0, 0.4) * rng.choice([-1, 1]) if rng.random() < 0.5 else 0.0
        self.nucleus = u(-0.4, 0.4) if rng.random() < 0.5 else 0.0
        self.ground, self.ground_size = u(0.0, 0.15), np.exp(u(np.log(0.8), np.log(10.0)))
        self.slope = u(0, 0.3)
        self.debris = int(rng.integers(0, 25)) if rng.random() < 0.6 else 0


def _grain(shape: tuple[int, int], sigma: float, rng: Rng) -> Floats:
    """Noise with a grain of this size, sd 1."""
    from scipy.ndimage import gaussian_filter, zoom

    step = max(1, int(sigma / 2))
    small = rng.standard_normal((-(-shape[0] // step) + 1, -(-shape[1] // step) + 1)).astype(np.float32)
    small = gaussian_filter(small, sigma / step, mode="wrap")
    small /= small.std() + 1e-6
    return np.asarray(zoom(small, step, order=1)[: shape[0], : shape[1]] if step > 1 else small[: shape[0], : shape[1]])


def _nuclei(labels: Labels, n: int, rng: Rng) -> Floats:
    from scipy.ndimage import center_of_mass, gaussian_filter

    out = np.zeros(labels.shape, np.float32)
    ids = np.unique(labels[labels > 0])
    for y, x in center_of_mass(labels > 0, labels, ids) if len(ids) else ():
        y, x = int(y), int(x)
        out[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4] = 1
    return np.asarray(gaussian_filter(out, 1.5) * (labels > 0), np.float32)


def _debris(shape: tuple[int, int], rng: Rng, look: _Look) -> Floats:
    """Small bright or dark spots, some with a ring: no cells."""
    out = np.zeros(shape, np.float32)
    for _ in range(look.debris):
        y, x = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        radius = rng.uniform(0.7, 3.0)
        top, left = max(int(y) - 10, 0), max(int(x) - 10, 0)
        box = np.s_[top : int(y) + 11, left : int(x) + 11]
        yy, xx = np.ogrid[top : min(int(y) + 11, shape[0]), left : min(int(x) + 11, shape[1])]
        away = np.hypot(yy - y, xx - x)
        spot = rng.uniform(-1, 1.5) * np.exp(-(away**2) / (2 * radius**2))
        out[box] += spot + rng.uniform(-0.5, 0.5) * np.exp(-((away - 2 * radius) ** 2) / 2)
    return out


Shape = tuple[int, int, NDArray[np.bool_]]
"""First row and column of a box, and what of it is inside of the cell."""


def _box(side: int, low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[int, int, int, int]:
    top, left = (int(v) for v in np.clip(low, 0, side))
    bottom, right = (int(v) for v in np.clip(high, 0, side))
    return top, left, max(bottom, top), max(right, left)


def _blob(side: int, at: NDArray[np.float64], size: float, rng: Rng) -> Shape:
    """A disc with bumps, stretched."""
    top, left, bottom, right = _box(side, at - 1.6 * size, at + 1.6 * size)
    y, x = np.ogrid[top:bottom, left:right]
    turn, stretch = rng.uniform(0, np.pi), np.exp(0.5 * abs(rng.normal(0, 0.5)))
    along = (np.cos(turn) * (y - at[0]) + np.sin(turn) * (x - at[1])) / stretch
    across = (np.cos(turn) * (x - at[1]) - np.sin(turn) * (y - at[0])) * stretch
    angle, bumps = np.arctan2(across, along), np.zeros(np.broadcast_shapes(y.shape, x.shape))
    for k in (2, 3, 4, 5):
        bumps = bumps + rng.normal(0, 0.12 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
    return top, left, np.hypot(along, across) < size / 2 * (1 + bumps)


def _spindle(side: int, at: NDArray[np.float64], size: float, rng: Rng) -> Shape:
    """Discs along a bent line, thick somewhere in the middle, thin at the ends; area about that of a disc."""
    ratio = rng.uniform(2.0, 6.0)
    length = size * np.sqrt(ratio) * 1.1
    width, turn, bend = length / ratio, rng.uniform(0, 2 * np.pi), rng.normal(0, 0.8) / length
    middle, tail = rng.uniform(-0.4, 0.4), rng.uniform(0.1, 0.35)
    t = np.linspace(-1, 1, int(length / 2))
    heading = turn + bend * length / 2 * t
    step = np.stack([np.sin(heading), np.cos(heading)], 1) * (length / len(t))
    place = at + np.cumsum(step, 0) - step.sum(0) / 2
    reach = np.abs(t - middle) / np.where(t < middle, 1 + middle, 1 - middle)
    radius = width / 2 * np.maximum(1 - reach**1.5, tail * (1 - reach**6))
    top, left, bottom, right = _box(side, place.min(0) - width / 2, place.max(0) + width / 2)
    y, x = np.mgrid[top:bottom, left:right]
    inside = np.zeros(y.shape, bool)
    for (cy, cx), r in zip(place, radius, strict=True):
        inside |= (y - cy) ** 2 + (x - cx) ** 2 <= r * r
    return top, left, inside


def _whole(labels: Labels) -> Labels:
    """Each connected part a label of its own; crumbs go."""
    from skimage.measure import label

    parts = label(labels, connectivity=1)  # type: ignore[no-untyped-call]
    big = np.bincount(parts.ravel()) >= 30
    big[0] = False
    number = np.cumsum(big) * big
    return np.asarray(number[parts], np.int32)
