"""All cells at one moment: who they are, where, how large; growth and division."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.simulate.chain import stationary
from napari_cellstate.simulate.scene import Scene

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BUMPS = 4
WAVES = 5
GRAINS = 64
MITOSIS_FRAMES = 3.0
_TRIES = 3000


@dataclass(frozen=True, eq=False)
class Crowd:
    """The cells of one moment; every attribute has one row a cell.

    Attributes
    ----------
    track, parent : names of the cell and of its mother (0 for none).
    state : behaviour state, from 0.
    centre : (n, 2), y and x, px, without jitter and drift.
    heading : direction of the last step, rad; a step of length l is l * (sin, cos) in (y, x).
    age, cycle : frames since birth, and from birth to division.
    birth_area : px^2.
    axis : direction of the long axis, rad.
    elongation, irregularity : as drawn now; they follow the state slowly.
    stretch : the cell's own log elongation beside that of its state.
    bumps : (n, BUMPS, 2), cosine and sine parts of the outline's bumps, unit variance.
    brightness : relative to a typical cell.
    waves : (n, WAVES, 3), the texture's waves: y and x wave number (rad/px) and phase (rad).
    nucleus : (n, 2), where the nucleus sits, relative to the radius.
    grain : (n, GRAINS, 3), waves of the grain at a correlation length of 1 px, like `waves`; (n, 0, 3) without grain.
    """

    track: Ints
    parent: Ints
    state: Ints
    centre: Floats
    heading: Floats
    age: Floats
    cycle: Floats
    birth_area: Floats
    axis: Floats
    elongation: Floats
    irregularity: Floats
    stretch: Floats
    bumps: Floats
    brightness: Floats
    waves: Floats
    nucleus: Floats
    grain: Floats

    def __len__(self) -> int:
        return len(self.track)

    def take(self, rows: Ints) -> Crowd:
        """Some of the cells, in the given order; a row may be asked for twice."""
        return Crowd(**{item.name: getattr(self, item.name)[rows] for item in fields(self)})

    @property
    def area(self) -> Floats:
        """Area now, px^2: it doubles over a cycle."""
        return np.asarray(self.birth_area * 2.0 ** (self.age / self.cycle))

    @property
    def axes(self) -> tuple[Floats, Floats]:
        """Half of the long and of the short axis, px."""
        radius, stretch = np.sqrt(self.area / np.pi), np.sqrt(self.elongation)
        return radius * stretch, radius / stretch

    @property
    def mitosis(self) -> Floats:
        """0 for most of the cycle, up to 1 in the last frames, when a cell rounds up."""
        return np.asarray(np.clip(1.0 - (self.cycle - self.age) / MITOSIS_FRAMES, 0.0, 1.0))


def reach(axis: Floats, axes: tuple[Floats, Floats], angle: Floats) -> Floats:
    """Distance from the centre of an ellipse to its rim in a direction, px; arrays broadcast."""
    long, short = axes
    return np.asarray(long * short / np.hypot(short * np.cos(angle - axis), long * np.sin(angle - axis)))


def first_crowd(scene: Scene, rates: Floats, rng: np.random.Generator) -> Crowd:
    """Cells at frame 0: anywhere without overlap, in their cycle as in steady growth, states as in the long run.

    Raises
    ------
    InputError
        There is no room for so many cells.
    """
    body = scene.body
    n = round(scene.cells * ((scene.size + 2 * scene.overhang) / scene.size) ** 2)
    state = rng.choice(scene.n_states, size=n, p=stationary(rates))
    cycle = body.cycle * rng.lognormal(0.0, body.cycle_spread, n)
    stretch = rng.normal(0.0, body.elongation_spread, n)
    age = cycle * -np.log2(1.0 - rng.random(n) / 2.0)  # density 2 ln 2 * 2^-a of ages in steady growth
    crowd = Crowd(
        track=np.arange(1, n + 1),
        parent=np.zeros(n, np.int64),
        state=state,
        centre=np.zeros((n, 2)),
        heading=rng.uniform(-np.pi, np.pi, n),
        age=age,
        cycle=cycle,
        birth_area=np.pi * body.birth_radius**2 * rng.lognormal(0.0, body.size_spread, n),
        axis=rng.uniform(-np.pi, np.pi, n),
        elongation=np.maximum(np.asarray(body.elongation)[state] * np.exp(stretch), 1.0),
        irregularity=np.asarray(body.irregularity)[state],
        stretch=stretch,
        brightness=rng.lognormal(0.0, scene.light.brightness_spread, n),
        **_looks(n, scene, rng),
    )
    return replace(crowd, centre=_scatter(crowd, scene, rng))


def grow(crowd: Crowd, frames: float = 1.0) -> Crowd:
    """The same cells, older and larger."""
    return replace(crowd, age=crowd.age + frames)


def divide(crowd: Crowd, scene: Scene, rng: np.random.Generator) -> Crowd:
    """Replace every cell at the end of its cycle by two daughters in its state, apart where there is most room."""
    due = crowd.age >= crowd.cycle
    if not due.any():
        return crowd
    kept, mothers = np.flatnonzero(~due), np.flatnonzero(due)
    axes = [_free_axis(crowd, mother, scene, rng) for mother in mothers.tolist()]
    daughters = crowd.take(np.repeat(mothers, 2))
    n = len(daughters)
    heading = np.repeat(axes, 2) + np.tile([0.0, np.pi], len(mothers))
    away = np.stack([np.sin(heading), np.cos(heading)], axis=1) * scene.body.daughters_apart / 2.0
    daughters = replace(
        daughters,
        track=crowd.track.max() + 1 + np.arange(n),
        parent=daughters.track,
        centre=daughters.centre + away,
        heading=heading,
        age=np.zeros(n),
        cycle=scene.body.cycle * rng.lognormal(0.0, scene.body.cycle_spread, n),
        birth_area=daughters.area / 2.0,
        axis=heading + np.pi / 2.0,
        elongation=np.ones(n),
        stretch=rng.normal(0.0, scene.body.elongation_spread, n),
        **_looks(n, scene, rng),
    )
    return _joined(crowd.take(kept), daughters)


def _joined(first: Crowd, second: Crowd) -> Crowd:
    return Crowd(
        **{item.name: np.concatenate([getattr(first, item.name), getattr(second, item.name)]) for item in fields(first)}
    )


def _looks(n: int, scene: Scene, rng: np.random.Generator) -> dict[str, Any]:
    """Bumps, texture, nucleus and grain of new cells."""
    wavelength, direction = rng.uniform(5.0, 14.0, (n, WAVES)), rng.uniform(-np.pi, np.pi, (n, WAVES))
    number = 2.0 * np.pi / wavelength
    phase = rng.uniform(-np.pi, np.pi, (n, WAVES))
    return {
        "bumps": rng.normal(size=(n, BUMPS, 2)),
        "waves": np.stack([number * np.sin(direction), number * np.cos(direction), phase], axis=-1),
        "nucleus": rng.normal(0.0, 0.12, (n, 2)),
        "grain": _grain_waves(n, GRAINS if scene.light.grain > 0 else 0, rng),
    }


def _grain_waves(n: int, waves: int, rng: np.random.Generator) -> Floats:
    """Waves whose sum is a random field with the correlation exp(-r^2 / 2) at r px."""
    number, phase = rng.normal(size=(n, waves, 2)), rng.uniform(-np.pi, np.pi, (n, waves, 1))
    return np.concatenate([number, phase], axis=-1)


def _scatter(crowd: Crowd, scene: Scene, rng: np.random.Generator) -> Floats:
    """Centres without overlap, one cell after the other, (n, 2)."""
    far = crowd.axes[0]
    room = far * 1.1 - scene.overhang
    if 2.0 * room.max(initial=0.0) >= scene.size - 1.0:
        raise InputError(f"simulate: a cell of {2 * far.max():.0f} px does not fit into a field of {scene.size} px")
    centre = np.empty((len(crowd), 2))
    for i in range(len(crowd)):
        tries = rng.uniform(room[i], scene.size - 1.0 - room[i], (_TRIES, 2))
        for start in range(0, _TRIES, 50):
            some = tries[start : start + 50]
            apart = np.linalg.norm(some[:, None] - centre[None, :i], axis=-1)
            free = np.flatnonzero((apart >= far[i] + far[:i] + scene.body.gap).all(axis=1))
            if len(free):
                centre[i] = some[free[0]]
                break
        else:
            raise InputError(
                f"simulate: {scene.cells} cells with a radius of {scene.body.birth_radius:g} px at birth do not fit "
                f"into {scene.size} x {scene.size} px (room for {i} found); ask for fewer cells or a larger field"
            )
    return centre


def _free_axis(crowd: Crowd, mother: int, scene: Scene, rng: np.random.Generator) -> float:
    """The direction, of twelve, in which both daughters are farthest from neighbours and walls."""
    angles = rng.uniform(0.0, np.pi) + np.arange(12) * np.pi / 12.0
    away = np.stack([np.sin(angles), np.cos(angles)], axis=1) * scene.body.daughters_apart / 2.0
    places = crowd.centre[mother] + np.stack([away, -away], axis=1)  # (12, 2 daughters, 2)
    others = np.delete(np.arange(len(crowd)), mother)
    apart = np.linalg.norm(places[:, :, None] - crowd.centre[others], axis=-1) - crowd.axes[0][others]
    wall = np.minimum(places, scene.size - 1.0 - places).min(axis=(1, 2)) + scene.overhang
    nearest = apart.min(axis=(1, 2), initial=np.inf)
    return float(angles[np.argmax(np.minimum(nearest, wall))])
