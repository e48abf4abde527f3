"""What a simulated movie shows: its settings, with their units."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from napari_cellstate.core.method import setting

PerState = tuple[float, ...]
Channel = Literal["cells", "nuclei", "phase"]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)


class Behaviour(_Settings):
    """How cells move in each state, and how they change state.

    The step from frame t to t + 1 follows the law of the state at frame t: its length is gamma distributed, its
    direction is that of the step before plus a von Mises turn. Switching is a continuous-time Markov chain.
    """

    speeds: PerState = setting((0.45, 1.8, 4.2), "Mean step length of each state", unit="px/frame")
    step_shape: float = setting(4.0, "Shape of the gamma law of step lengths", gt=0, step=0.5)
    turning: PerState = setting((0.0, 1.0, 8.0), "Concentration (kappa) of the von Mises law of turns; 0 is uniform")
    position_noise: float = setting(0.3, "Jitter of the drawn position, each axis", unit="px", ge=0, step=0.05)
    mean_dwell: float = setting(20.0, "Mean time in a state", unit="frames", gt=0, step=1)
    jumps: tuple[PerState, ...] = setting(
        ((0.0, 0.6, 0.4), (0.4, 0.0, 0.6), (0.6, 0.4, 0.0)),
        "Where a cell that leaves a state goes",
        help="One row a state, each sums to 1. The default prefers one sense of rotation: detailed balance is broken.",
    )
    rate_spread: float = setting(0.1, "Spread of log rates between replicates", ge=0, le=2, step=0.05)

    @model_validator(mode="after")
    def _check(self) -> Self:
        k = len(self.speeds)
        if k < 2 or len(self.turning) != k or len(self.jumps) != k or any(len(row) != k for row in self.jumps):
            raise ValueError(f"{k} speeds need {k} turning values and a {k} x {k} jump matrix, and at least 2 states")
        if min(self.speeds) <= 0 or min(self.turning) < 0:
            raise ValueError("speeds must be above 0 and turning not below 0")
        for i, row in enumerate(self.jumps):
            if min(row) < 0 or row[i] != 0 or abs(sum(row) - 1) > 1e-9:
                raise ValueError(f"jump row {i + 1} is {row}; expected numbers of at least 0, own place 0, sum 1")
        return self


class Body(_Settings):
    """Size, shape, growth and division of cells; shapes differ only weakly between states."""

    birth_radius: float = setting(7.2, "Radius of a newborn cell", unit="px", ge=3, le=100, step=0.2)
    size_spread: float = setting(0.08, "Spread of log area between cells", ge=0, le=0.5, step=0.01)
    cycle: float = setting(221.0, "Mean time between divisions", unit="frames", gt=5, step=10)
    cycle_spread: float = setting(0.15, "Spread of log cycle time", ge=0, le=0.5, step=0.01)
    daughters_apart: float = setting(16.0, "Distance of new daughters", unit="px", gt=0, step=1)
    gap: float = setting(
        1.0, "Free room kept between outlines", unit="px", ge=-6, step=0.5, help="Below 0 outlines press on each other."
    )
    cohesion: float = setting(
        0.0, "Pull between neighbours less than half a cell apart", unit="px/frame", ge=0, le=5, step=0.1
    )
    elongation: PerState = setting((1.1, 1.2, 1.4), "Long over short axis in each state")
    elongation_spread: float = setting(0.1, "Spread of log elongation between cells", ge=0, le=0.5, step=0.01)
    irregularity: PerState = setting((0.03, 0.06, 0.045), "Relative height of bumps of the outline in each state")
    follow: float = setting(0.6, "How far the long axis of a straight runner turns to its path", ge=0, le=1, step=0.1)


class Light(_Settings):
    """The microscope: photons, blur, noise, uneven light, bleaching and a drifting stage."""

    brightness: float = setting(300.0, "Signal in the middle of a typical cell", unit="photons", gt=0, step=10)
    brightness_spread: float = setting(0.15, "Spread of log brightness between cells", ge=0, le=1, step=0.01)
    texture: float = setting(0.12, "Relative contrast of the texture inside cells", ge=0, le=0.5, step=0.01)
    grain: float = setting(
        0.0,
        "Relative contrast of the grain",
        ge=0,
        le=0.5,
        step=0.01,
        help="Grain has the same mean and variance in every cell, and a correlation length that its state decides.",
    )
    grain_length: PerState = setting((), "Correlation length of the grain in each state, as the picture shows it")
    background: float = setting(30.0, "Background", unit="photons", ge=0, step=5)
    psf_sigma: float = setting(1.2, "Width of the point spread function", unit="px", ge=0, step=0.1)
    read_noise: float = setting(2.0, "Read noise", unit="photons", ge=0, step=0.5)
    gain: float = setting(2.0, "Grey levels a photon", gt=0, step=0.5)
    offset: float = setting(100.0, "Grey level of darkness", ge=0, step=10)
    vignetting: float = setting(0.25, "Light missing in the darkest corner, relative", ge=0, le=0.9, step=0.05)
    bleaching: float = setting(0.2, "Signal lost from first to last frame, relative", ge=0, le=0.99, step=0.05)
    drift: tuple[float, float] = setting((0.0, 0.0), "Steady drift of the view, y and x", unit="px/frame")
    drift_wander: float = setting(0.0, "Random drift of the view, each axis", unit="px/frame", ge=0, step=0.05)


class Phase(_Settings):
    """A phase contrast microscope: how cells delay light, what its ring makes of that, and dirt."""

    delay: float = setting(0.35, "Delay in the middle of a typical cell", unit="rad", gt=0, le=6, step=0.05)
    ruffle: float = setting(0.25, "Relative height of the ruffle along the rim", ge=0, le=2, step=0.05)
    rounding: float = setting(6.0, "How much thicker a dividing cell is, relative", ge=0, le=9, step=0.1)
    ring: float = setting(0.5, "Amplitude of direct light behind the ring", gt=0, le=1, step=0.05)
    halo: float = setting(11.0, "Width of the halo", unit="px", gt=0, step=0.5)
    texture: float = setting(0.2, "Relative contrast of what is inside cells", ge=0, le=1, step=0.05)
    debris: float = setting(25.0, "Specks in 100,000 px", ge=0, step=1)
    photons: float = setting(900.0, "Light of the empty field", unit="photons", gt=0, step=100)


class Scene(_Settings):
    """Everything that one simulated movie depends on, beside its seed.

    Notes
    -----
    Walls reflect cells. By default they stand at the borders of the field, so that cells stay whole and in view.
    With an `overhang` they stand that far outside: cells leave and enter, and the border cuts them. A cell that
    comes back is a new track without a parent, since nobody who sees the movie can know it.
    """

    frames: int = setting(60, "Frames", ge=1, le=9999)
    size: int = setting(384, "Height and width of the field", unit="px", ge=48, le=8192)
    cells: int = setting(40, "Cells in the field at the start", ge=0, le=5000)
    dt_s: float = setting(390.0, "Frame interval", unit="s", gt=0, step=10)
    pixel_size_um: float = setting(0.65, "Pixel size", unit="um", gt=0, step=0.05)
    overhang: float = setting(0.0, "How far the room of the cells reaches beyond the field", unit="px", ge=0, step=5)
    behaviour: Behaviour = Behaviour()
    body: Body = Body()
    light: Light = Light()
    phase: Phase = Phase()
    channels: tuple[Channel, ...] = setting(
        ("cells",),
        "What each channel shows",
        help="cells: light from whole cells; nuclei: from their nuclei only; phase: phase contrast.",
    )

    @property
    def n_states(self) -> int:
        """Number of behaviour states."""
        return len(self.behaviour.speeds)

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in ("elongation", "irregularity"):
            if len(getattr(self.body, name)) != self.n_states:
                raise ValueError(f"body.{name} needs one value for each of {self.n_states} states")
        if min(self.body.elongation) < 1 or min(self.body.irregularity) < 0:
            raise ValueError("elongation must be at least 1 and irregularity at least 0")
        lengths = self.light.grain_length
        if self.light.grain > 0 and (len(lengths) != self.n_states or min(lengths) <= 0):
            raise ValueError(f"light.grain_length needs one length above 0 for each of {self.n_states} states")
        if not self.channels or len(set(self.channels)) < len(self.channels):
            raise ValueError(f"channels are {self.channels}; expected at least one, and none twice")
        return self
