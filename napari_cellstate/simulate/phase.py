"""Phase contrast: cells that delay light, seen through a ring, with halos, rims and dirt.

The ring of a real microscope is not infinitely thin, so it also takes some of the light that large structures
scatter: that makes the bright halo outside of a cell and the fading of its middle (shade-off). Here the ring takes a
Gaussian-blurred field, turns its phase back by a quarter wave and weakens it; what passes beside the ring is the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.simulate.scene import Light, Phase, Scene

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Debris:
    """Specks that float in the medium; they are in no mask.

    Attributes
    ----------
    places : (frames, n, 2), y and x, px.
    size : (n,), px.
    delay : (n,), rad; those below 0 look bright.
    """

    places: Floats
    size: Floats
    delay: Floats


def scatter_debris(scene: Scene, rng: np.random.Generator) -> Debris:
    """Specks of a whole movie: half of them lie still, the others float about."""
    n = int(rng.poisson(scene.phase.debris * scene.size**2 / 1e5))
    start = rng.uniform(0.0, scene.size - 1.0, (n, 2))
    floating = (rng.random(n) < 0.5)[:, None]
    steps = rng.normal(0.0, 1.5, (scene.frames, n, 2)) * floating
    steps[0] = 0.0
    delay = rng.choice([-1.0, 1.0], n, p=[0.4, 0.6]) * rng.lognormal(-1.2, 0.7, n)
    return Debris(start + np.cumsum(steps, axis=0), rng.uniform(0.7, 2.0, n), delay)


def delays(thickness: Floats, debris: Debris, t: int, phase: Phase) -> Floats:
    """Delay of the light in each pixel at frame t, (Y, X), rad."""
    result = phase.delay * thickness
    for (y, x), size, delay in zip(debris.places[t], debris.size, debris.delay, strict=True):
        reach = int(np.ceil(3 * size))
        low = np.clip(np.array([y, x]).astype(int) - reach, 0, None)
        high = np.clip(np.array([y, x]).astype(int) + reach + 1, 0, thickness.shape)
        at = np.ogrid[low[0] : high[0], low[1] : high[1]]
        result[low[0] : high[0], low[1] : high[1]] += delay * np.exp(
            -((at[0] - y) ** 2 + (at[1] - x) ** 2) / (2 * size**2)
        )
    return result


def contrast(delay: Floats, phase: Phase, psf_sigma: float) -> Floats:
    """What the microscope makes of delays, (Y, X): 1 in the empty field, cells darker, rims and halos brighter.

    Notes
    -----
    Intensity |E - S + a S / i|^2 / a^2 of the field E = exp(i delay), its blurred part S that passes the ring, and
    the ring's amplitude a. For thin cells it is 1 - 2 (delay - its surround) / a; thick round ones turn bright.
    """
    from scipy.ndimage import gaussian_filter

    sigma = {"mode": "nearest", "truncate": 3.5}
    sharp = [gaussian_filter(part(delay), psf_sigma, **sigma) for part in (np.cos, np.sin)]
    wide = [gaussian_filter(part, phase.halo, **sigma) for part in sharp]
    a = phase.ring
    real = sharp[0] - wide[0] + a * wide[1]
    imaginary = sharp[1] - wide[1] - a * wide[0]
    return np.asarray((real**2 + imaginary**2) / a**2)


def expose_phase(
    delay: Floats, phase: Phase, light: Light, uneven: Floats, rng: np.random.Generator
) -> NDArray[np.uint16]:
    """Take one phase contrast picture.

    Parameters
    ----------
    delay : (Y, X), rad.
    uneven : (Y, X), relative illumination.

    Returns
    -------
    (Y, X) grey levels.
    """
    photons = rng.poisson(uneven * phase.photons * contrast(delay, phase, light.psf_sigma))
    noisy = photons + light.read_noise * rng.standard_normal(delay.shape, np.float32)
    return np.asarray(np.clip(np.rint(light.offset + light.gain * noisy), 0, 65535), np.uint16)
