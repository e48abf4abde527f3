"""How transitions are counted: the settings of the dynamics stage."""

from __future__ import annotations

from typing import ClassVar

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.method import Method, register, setting


@register
class DynamicsSettings(Method):
    """Counts of transitions between states, occupancy and dwell times.

    Notes
    -----
    Probabilities are those of one lag and cannot be compared between lags; rates per hour can, as long as the lag
    is short beside the dwell times (a state that was left and entered again within one lag is not seen).
    """

    family: ClassVar[str] = "dynamics"
    kind: ClassVar[str] = "counts"
    title: ClassVar[str] = "Transition counts"

    lag: int = setting(
        0,
        "Lag",
        unit="frames",
        ge=0,
        le=10_000,
        estimated=True,
        help="Frames between the two rows of a pair; 0 takes the stride, so that each row is paired with the next. "
        "With windows longer than the lag the two rows share frames, and fewer switches are seen.",
    )
    bin_hours: float = setting(
        0.0,
        "Bins of time",
        unit="h",
        ge=0.0,
        le=10_000.0,
        step=0.5,
        estimated=True,
        help="Width of the bins in which occupancy and rates are followed over time; 0 makes about ten. Frames where "
        "the time between frames is not known.",
    )

    def frames(self, spacing: int) -> int:
        """The lag in frames.

        Parameters
        ----------
        spacing : frames between neighbouring rows of one track.

        Raises
        ------
        InputError
            No two rows are so far apart.
        """
        if self.lag % spacing:
            raise InputError(
                f"dynamics: lag = {self.lag} frames; rows are {spacing} frames apart, expected a multiple of that "
                "(or 0 for one row to the next)"
            )
        return self.lag or spacing
