"""Simulated movies of two (or more) conditions, as files: the sample data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.method import parse_settings
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.simulate.movie import run_movie
from napari_cellstate.simulate.presets import named_scene
from napari_cellstate.simulate.scene import Behaviour, Scene
from napari_cellstate.simulate.write import write_movie

YOUNG_AND_AGED: Mapping[str, float] = {"young": 20.0, "aged": 33.0}
"""Conditions of the default sample: mean dwell in a state, frames."""


@dataclass(frozen=True)
class SampleMovie:
    """One simulated movie on disk.

    Attributes
    ----------
    name : of the movie, such as young_1.
    path : NAME.ome.tif.
    condition, replicate : names; each movie is a replicate of its own, also between conditions.
    truth : folder with all that is true about it; see `read_truth`.
    """

    name: str
    path: Path
    condition: str
    replicate: str
    truth: Path


def simulate(
    out: str | Path,
    *,
    conditions: Mapping[str, float] = YOUNG_AND_AGED,
    replicates: int = 4,
    scene: str | Scene = "default",
    frames: int = 60,
    size: int = 384,
    cells: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> list[SampleMovie]:
    """Simulate movies into a new folder.

    Parameters
    ----------
    out : made if missing.
    conditions : name and mean dwell in a state, frames; all else is the same.
    replicates : movies of each condition; every movie has rates of its own around those of its condition.
    scene : what the movies show: a name of `SCENES` (phase-contrast, touching, appearance, motion, two-channels), or
        a scene of your own; its mean dwell is that of each condition.
    frames, size, cells : of each movie; size in px, cells at the start (None: as many as the scene has).
    seed : a movie depends on the seed, the place of its condition, and its replicate: more of either leaves those
        before as they were.
    progress : called for every frame simulated and every frame written. If it raises, movies already written
        stay, and nothing of the one in hand.

    Raises
    ------
    InputError
        `out` is not empty or not a folder, or a setting makes no sense.
    """
    out, scenes = Path(out), _scenes(scene, conditions, frames, size, cells)
    if replicates < 1 or seed < 0:
        raise InputError(
            f"simulate: {replicates} replicates, seed {seed}; expected at least 1 replicate and a seed >= 0"
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out}: it exists and is not an empty folder; give a new folder, so that nothing is mixed")
    out.mkdir(parents=True, exist_ok=True)
    total = 3 * frames * replicates * len(scenes)
    made: list[SampleMovie] = []
    for nth, (condition, one) in enumerate(scenes.items()):
        for replicate in range(1, replicates + 1):
            name, before = f"{condition}_{replicate}", 3 * frames * len(made)
            simulation = run_movie(
                one,
                seed=(seed, nth, replicate),
                condition=condition,
                replicate=name,
                progress=_part(progress, before, total, name),
            )
            path, truth = write_movie(simulation, out, name, progress=_part(progress, before + frames, total, name))
            made.append(SampleMovie(name, path, condition, name, truth))
    return made


def _scenes(
    scene: str | Scene, conditions: Mapping[str, float], frames: int, size: int, cells: int | None
) -> dict[str, Scene]:
    base = named_scene(scene) if isinstance(scene, str) else scene
    if not conditions:
        raise InputError("simulate: no conditions; expected at least one name with a mean dwell in frames")
    scenes = {}
    for condition, dwell in conditions.items():
        if not re.fullmatch(r"\w[\w.-]*", condition):
            raise InputError(
                f"simulate: condition {condition!r} names files; expected letters, digits, dots, dashes and underscores"
            )
        moves = {**base.behaviour.model_dump(), "mean_dwell": float(dwell)}
        behaviour = parse_settings(Behaviour, moves, f"simulate: condition {condition}")
        parts = {name: getattr(base, name) for name in Scene.model_fields}
        values = {"frames": frames, "size": size, "cells": base.cells if cells is None else cells}
        scenes[condition] = parse_settings(Scene, {**parts, **values, "behaviour": behaviour}, "simulate")
    return scenes


def _part(progress: Progress, before: int, total: int, name: str) -> Progress:
    """Report one step of one movie as a part of the whole."""

    def report(done: int, _: int, what: str) -> None:
        progress(before + done, total, f"{what} {name}")

    return report
