"""One simulated movie with everything that is true about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.simulate.chain import advance, generator, spread_rates
from napari_cellstate.simulate.crowd import Crowd, divide, first_crowd, grow
from napari_cellstate.simulate.draw import Drawing, draw
from napari_cellstate.simulate.grain import grain
from napari_cellstate.simulate.motion import move, push_apart
from napari_cellstate.simulate.phase import Debris, delays, expose_phase, scatter_debris
from napari_cellstate.simulate.render import blur, drifts, expose, illumination
from napari_cellstate.simulate.scene import Scene
from napari_cellstate.simulate.shape import deform
from napari_cellstate.simulate.sight import Sight, seen_tracks

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Simulation:
    """A movie and its truth.

    Attributes
    ----------
    images : (T, Y, X) uint16, or (T, C, Y, X) if the scene has more than one channel.
    masks : (T, Y, X) uint16; a pixel of a mask holds the track of its cell, 0 for none.
    cells : one row per cell and frame, sorted by frame, then label: frame, label (= track), track, parent (0 for
        none), state (1..k), y, x (px, centroid of the mask that is in view).
    tracks : one row a track: track, parent, first_frame, last_frame.
    rates : (k, k), transitions per frame of this replicate, rows sum to 0.
    scene : the settings; `scene.behaviour` holds the rates before the spread between replicates.
    condition, replicate : names.
    seed : the numbers that, with the scene, make this movie again.
    """

    images: NDArray[np.uint16]
    masks: NDArray[np.uint16]
    cells: pd.DataFrame
    tracks: pd.DataFrame
    rates: Floats
    scene: Scene
    condition: str
    replicate: str
    seed: tuple[int, ...]


def walk(scene: Scene, rates: Floats, rng: np.random.Generator) -> Iterator[Crowd]:
    """The cells at frame 0, 1, 2, ... without end, as they are, without jitter and drift."""
    crowd = first_crowd(scene, rates, rng)
    while True:
        yield crowd
        crowd = move(crowd, scene, rng)
        crowd = grow(replace(crowd, state=advance(crowd.state, rates, rng)))
        crowd = divide(deform(crowd, scene, rng), scene, rng)
        crowd = push_apart(crowd, scene)


def run_movie(
    scene: Scene, *, seed: tuple[int, ...], condition: str = "", replicate: str = "", progress: Progress = silent
) -> Simulation:
    """Simulate one movie.

    Parameters
    ----------
    seed : any whole numbers from 0; the same scene and seed give the same movie.
    progress : called after every frame.

    Raises
    ------
    InputError
        The cells do not fit into the field, or there are more tracks than a 16-bit mask can number.
    """
    streams = np.random.SeedSequence(seed).spawn(5)  # so that another light leaves states and paths as they are
    for_rates, for_walk, for_jitter, for_light, for_debris = (np.random.default_rng(item) for item in streams)
    behaviour = scene.behaviour
    rates = spread_rates(generator(behaviour.mean_dwell, behaviour.jumps), behaviour.rate_spread, for_rates)
    uneven, shift = illumination(scene, for_light), drifts(scene, for_light)
    debris = scatter_debris(scene, for_debris)
    images = np.empty((scene.frames, len(scene.channels), scene.size, scene.size), np.uint16)
    masks = np.empty((scene.frames, scene.size, scene.size), np.uint16)
    camera, seen = _Camera(scene, uneven, debris, for_light), list[Sight]()
    for t, crowd in zip(range(scene.frames), walk(scene, rates, for_walk), strict=False):
        if crowd.track.max(initial=0) > np.iinfo(np.uint16).max:
            raise InputError(f"simulate: more than 65535 tracks by frame {t}; ask for fewer cells or frames")
        jitter = for_jitter.normal(0.0, behaviour.position_noise, crowd.centre.shape)
        centre = crowd.centre + jitter + shift[t]
        drawing = draw(crowd, centre, scene)
        images[t] = camera.take(drawing, crowd, centre, t)
        masks[t] = drawing.mask
        seen.append(Sight.of(drawing.mask, crowd))
        progress(t + 1, scene.frames, "simulate")
    cells, tracks = seen_tracks(seen, masks)
    images = images[:, 0] if len(scene.channels) == 1 else images
    return Simulation(images, masks, cells, tracks, rates, scene, condition, replicate, seed)


@dataclass(frozen=True, eq=False)
class _Camera:
    """Takes the pictures of one movie, all channels of a frame at once."""

    scene: Scene
    uneven: Floats
    debris: Debris
    rng: np.random.Generator

    def take(self, drawing: Drawing, crowd: Crowd, centre: Floats, t: int) -> NDArray[np.uint16]:
        """Grey levels of frame t, (C, Y, X)."""
        scene, light = self.scene, self.scene.light
        left = (1.0 - light.bleaching) ** (t / max(scene.frames - 1, 1))
        pictures = []
        for channel in scene.channels:
            if channel == "phase":
                delay = delays(drawing.thickness, self.debris, t, scene.phase)
                pictures.append(expose_phase(delay, scene.phase, light, self.uneven, self.rng))
                continue
            seen = blur(drawing.signal if channel == "cells" else drawing.nuclei, light)
            if channel == "cells" and light.grain > 0:
                seen = seen + grain(drawing.mask, seen, crowd, centre, scene)
            pictures.append(expose(seen, light, self.uneven, left, self.rng))
        return np.stack(pictures)
