"""The microscope: blur, uneven light, bleaching and noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.simulate.scene import Light, Scene

Floats = NDArray[np.float64]


def illumination(scene: Scene, rng: np.random.Generator) -> Floats:
    """Relative light in each pixel, (Y, X), 1 where it is brightest, somewhere near the middle of the field."""
    middle = (0.5 + rng.uniform(-0.12, 0.12, 2)) * (scene.size - 1)
    at = np.arange(scene.size)
    square = (at[:, None] - middle[0]) ** 2 + (at[None, :] - middle[1]) ** 2
    return np.asarray(1.0 - scene.light.vignetting * square / square.max())


def drifts(scene: Scene, rng: np.random.Generator) -> Floats:
    """Where the drifting stage moves the picture to, (frames, 2), y and x, px; none in the first frame."""
    steps = np.asarray(scene.light.drift) + rng.normal(0.0, scene.light.drift_wander, (scene.frames, 2))
    steps[0] = 0.0
    return np.cumsum(steps, axis=0)


def blur(signal: Floats, light: Light) -> NDArray[np.floating[Any]]:
    """The signal as the optics pass it on, (Y, X)."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(signal.astype(np.float32), light.psf_sigma, mode="nearest", truncate=3.5))


def expose(
    blurred: NDArray[np.floating[Any]], light: Light, uneven: Floats, bleached: float, rng: np.random.Generator
) -> NDArray[np.uint16]:
    """Take one picture.

    Parameters
    ----------
    blurred : (Y, X), light given by cells, 1 in the middle of a typical one; see `blur`.
    uneven : (Y, X), relative illumination.
    bleached : share of the signal that is left in this frame.

    Returns
    -------
    (Y, X) grey levels.
    """
    photons = rng.poisson(uneven * np.maximum(light.background + light.brightness * bleached * blurred, 0.0))
    noisy = photons + light.read_noise * rng.standard_normal(blurred.shape, np.float32)
    return np.asarray(np.clip(np.rint(light.offset + light.gain * noisy), 0, 65535), np.uint16)
