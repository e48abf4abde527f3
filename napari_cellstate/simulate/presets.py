"""Scenes with a name: what a simulated movie shows."""

from __future__ import annotations

from napari_cellstate.core.errors import InputError
from napari_cellstate.simulate.scene import Behaviour, Body, Light, Scene

_ALIKE = Body(elongation=(1.15, 1.15, 1.15), irregularity=(0.04, 0.04, 0.04), follow=0.0)
_TWO_WAYS = ((0.0, 1.0), (1.0, 0.0))

SCENES: dict[str, tuple[str, Scene]] = {
    "default": ("three states in fluorescence that differ in motion and, weakly, in shape", Scene()),
    "phase-contrast": (
        "larger cells in phase contrast: halos, bright and dark rims, dividing cells as bright balls, debris",
        Scene(
            cells=22,
            channels=("phase",),
            body=Body(
                birth_radius=13.0,
                elongation=(1.2, 1.5, 2.2),
                irregularity=(0.05, 0.09, 0.07),
                daughters_apart=28.0,
            ),
        ),
    ),
    "two-channels": ("whole cells in one channel, their nuclei in another", Scene(channels=("cells", "nuclei"))),
    "touching": (
        "many long cells that press on each other and stick together",
        Scene(
            cells=90,
            body=Body(elongation=(1.5, 2.0, 2.8), elongation_spread=0.2, gap=-2.0, cohesion=1.0, daughters_apart=12.0),
        ),
    ),
    "appearance": (
        "two states that differ only in how long the grain of a cell is: 2 or 5 px, at one mean, variance, area",
        Scene(
            behaviour=Behaviour(speeds=(1.8, 1.8), turning=(1.0, 1.0), jumps=_TWO_WAYS),
            body=Body(
                birth_radius=10.0, elongation=(1.15, 1.15), irregularity=(0.04, 0.04), follow=0.0, daughters_apart=22.0
            ),
            light=Light(texture=0.0, grain=0.15, grain_length=(2.0, 5.0)),
        ),
    ),
    "motion": ("three states that differ only in speed and persistence, not in looks", Scene(body=_ALIKE)),
}
"""Name, what it is in a few words, and the scene."""


def named_scene(name: str) -> Scene:
    """A scene by its name.

    Raises
    ------
    InputError
        There is none of that name; the message lists those there are.
    """
    if name not in SCENES:
        known = "; ".join(f"{one} ({says})" for one, (says, _) in SCENES.items())
        raise InputError(f"simulate: no scene {name!r}; known: {known}")
    return SCENES[name][1]
