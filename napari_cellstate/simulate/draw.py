"""From outlines to pixels: masks without overlap, and the light that cells give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.simulate.crowd import Crowd
from napari_cellstate.simulate.scene import Scene
from napari_cellstate.simulate.shape import outlines

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Drawing:
    """One frame before the microscope.

    Attributes
    ----------
    mask : (Y, X) int64, track of the cell in each pixel, 0 for none.
    signal : (Y, X), light given by cells, 1 in the middle of a typical one.
    nuclei : (Y, X), light given by nuclei, 1 in the middle of a typical one.
    thickness : (Y, X), optical thickness of cells, 1 in the middle of a typical one.
    """

    mask: Ints
    signal: Floats
    nuclei: Floats
    thickness: Floats


def draw(crowd: Crowd, centre: Floats, scene: Scene) -> Drawing:
    """Draw cells around the given centres.

    Parameters
    ----------
    centre : (n, 2), px in the field; cells out of view are left out, cells at the border are cut.

    Notes
    -----
    Each pixel belongs to the cell in whose outline it lies deepest, so masks never overlap.
    """
    radius = outlines(crowd)
    half = int(np.ceil(radius.max(initial=1.0))) + 2
    origin = np.round(centre).astype(np.int64) - half
    seen = np.flatnonzero(((origin > -2 * half - 1) & (origin < scene.size)).all(axis=1))
    pad = 2 * half + 1
    owner = np.zeros((scene.size + 2 * pad,) * 2, np.int64)
    depth = np.ones(owner.shape)
    level, parts = _crops(crowd.take(seen), radius[seen], centre[seen] - origin[seen], 2 * half + 1, scene)
    maps = [np.zeros(owner.shape) for _ in parts]
    join = np.maximum if scene.body.gap < 0 else np.add  # cells that press on each other do not lie on each other
    crowded = []
    for i, cell in enumerate(seen):
        y, x = origin[cell] + pad
        place = (slice(y, y + pad), slice(x, x + pad))
        for whole, part in zip(maps, parts, strict=True):
            whole[place] = join(whole[place], part[i])
        inside = level[i] < 1.0
        if owner[place][inside].any():
            crowded.append(i)
            crowded.extend(np.flatnonzero(np.isin(crowd.track[seen], owner[place][inside])))
        mine = level[i] < depth[place]
        owner[place][mine] = crowd.track[cell]
        depth[place][mine] = level[i][mine]
    for i in sorted(set(crowded)):
        y, x = origin[seen[i]] + pad
        _keep_main_part(owner[y : y + pad, x : x + pad], int(crowd.track[seen[i]]))
    field = (slice(pad, pad + scene.size),) * 2
    signal, nuclei, thickness = (whole[field] for whole in maps)
    return Drawing(owner[field], signal, nuclei, thickness)


def _crops(crowd: Crowd, radius: Floats, middle: Floats, side: int, scene: Scene) -> tuple[Floats, tuple[Floats, ...]]:
    """Relative distance from the centre (1 on the outline); light, light of the nucleus, and thickness.

    All are (n, side, side).
    """
    y = np.arange(side)[:, None] - middle[:, :1, None]
    x = np.arange(side)[None, :] - middle[:, 1:, None]
    distance = np.hypot(y, x)
    rim = _rim(radius, np.arctan2(y, x))
    level = distance / rim
    coverage = np.clip(rim - distance + 0.5, 0.0, 1.0)
    body = 0.7 + 0.3 * np.sqrt(np.clip(1.0 - level**2, 0.0, None))
    size = np.sqrt(crowd.area / np.pi)[:, None, None]
    along = np.cos(crowd.axis)[:, None, None] * x + np.sin(crowd.axis)[:, None, None] * y
    across = np.cos(crowd.axis)[:, None, None] * y - np.sin(crowd.axis)[:, None, None] * x
    off = (across / size - crowd.nucleus[:, :1, None]) ** 2 + (along / size - crowd.nucleus[:, 1:, None]) ** 2
    texture = np.zeros_like(level)
    for wave in np.moveaxis(crowd.waves, 1, 0)[..., None, None]:  # (n, 3, 1, 1)
        texture += np.cos(wave[:, 0] * across + wave[:, 1] * along + wave[:, 2])
    texture *= np.sqrt(2.0 / crowd.waves.shape[1])
    bright = (crowd.brightness * (1.0 + 0.3 * crowd.mitosis))[:, None, None]
    nucleus = np.exp(-off / 0.18)
    light = bright * coverage * (body * (1.0 + scene.light.texture * texture) + 0.2 * nucleus)
    return level, (light, bright * coverage * nucleus, _thickness(crowd, level, coverage, nucleus, texture, scene))


def _thickness(crowd: Crowd, level: Floats, coverage: Floats, nucleus: Floats, texture: Floats, scene: Scene) -> Floats:
    """Optical thickness: a flat skirt with a ruffle along the rim, a dome over the nucleus, grains inside.

    A dividing cell draws all of it together into a ball.
    """
    phase, ball = scene.phase, crowd.mitosis[:, None, None]
    dome = np.sqrt(np.clip(1.0 - level**2, 0.0, None))
    ruffle = phase.ruffle * np.exp(-(((level - 0.9) / 0.08) ** 2))
    spread = (0.3 + 0.35 * dome + 0.35 * nucleus) * (1.0 + phase.texture * texture) + ruffle
    return np.asarray(coverage * ((1.0 - ball) * spread + ball * (1.0 + phase.rounding) * dome))


def _rim(radius: Floats, angle: Floats) -> Floats:
    """Radius of each outline in any direction, by linear interpolation, (n, side, side)."""
    n, m = radius.shape
    at = np.remainder(angle, 2.0 * np.pi) * (m / (2.0 * np.pi))
    low = np.minimum(at.astype(np.int64), m - 1)
    base = (np.arange(n) * (m + 1))[:, None, None] + low
    closed = np.concatenate([radius, radius[:, :1]], axis=1).ravel()
    first = closed[base]
    return np.asarray(first + (at - low) * (closed[base + 1] - first))


def _keep_main_part(owner: Ints, track: int) -> None:
    """Clear all but the largest connected part of a cell that neighbours have cut, in place."""
    from scipy.ndimage import label

    parts, count = label(owner == track)
    if count > 1:
        largest = np.argmax(np.bincount(parts.ravel())[1:]) + 1
        owner[(parts > 0) & (parts != largest)] = 0
