"""How a cell moves, in numbers that do not change when the movie is turned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.units import Feature
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods.features._motility.names import AT, FEATURES

Floats = NDArray[np.float64]


@register
class Motility(FeatureSet):
    """Speed, directness, turning, persistence, diffusion, pauses and memory of a path.

    Notes
    -----
    In um and hours where pixel size and frame interval are known. On short windows the fits (persistence time from
    20 frames, Hurst exponents and spectrum from 32) are NaN. Position noise and interpolated positions change much
    of this: compare with `localisation_error` and `repeated_steps`.
    """

    kind: ClassVar[str] = "motility"
    title: ClassVar[str] = "Movement, turning and persistence"
    needs: ClassVar[int] = 40

    arrest_speed: float = setting(
        1.0,
        "Arrest speed",
        unit="px/frame",
        ge=0,
        step=0.1,
        help="A step shorter than this counts as a pause; below the position noise no step does.",
    )
    passage: float = setting(
        10.0,
        "Passage distance",
        unit="px",
        gt=0,
        step=1.0,
        help="Distance for the first-passage time; about a cell's diameter.",
    )
    position_noise: float = setting(
        0.0,
        "Position noise",
        unit="px",
        ge=0,
        step=0.1,
        rare=True,
        help="Standard deviation of a position of one axis where it is known, from fixed cells say; off at 0. "
        "It is taken out of the MSD before the exponent and the persistence time are fitted, which it makes too low.",
    )
    drift: Literal["keep", "remove"] = setting(
        "keep",
        "Stage drift",
        rare=True,
        help='"remove" subtracts the median step of all cells of a frame. Where cells really move together, that '
        "movement goes too.",
    )

    interpolated: Literal["keep", "missing"] = setting(
        "keep",
        "Interpolated positions",
        rare=True,
        help='"missing" leaves out positions whose steps in and out are the same: they were probably filled in by a '
        "tracker, and make cells look ballistic. `repeated_steps` says how many there were.",
    )

    def features(self) -> tuple[Feature, ...]:
        """What each of its columns is, in order."""
        return FEATURES

    def describe(self, windows: Windows, runtime: Runtime) -> Floats:
        """Describe every window, (len(windows), 36), in px and frames, NaN where a feature is not defined."""
        from napari_cellstate.methods.features._motility.drift import estimate_drift
        from napari_cellstate.methods.features._motility.table import fill_table

        at = windows.positions()
        if self.drift == "remove" and len(windows):
            frames = windows.start[:, None] + np.arange(windows.window) * windows.every
            at = at - estimate_drift(windows.tracks)[frames]
        settings = (self.arrest_speed * windows.every, self.passage, self.position_noise)
        values = fill_table(at, *settings, runtime)
        if self.interpolated == "missing":
            from napari_cellstate.methods.features._motility.repeats import find_repeats

            repeats = np.append(find_repeats(windows.tracks), False)[windows.cell]
            kept = fill_table(np.where(repeats[..., None], np.nan, at), *settings, runtime)
            kept[:, AT["repeated_steps"]] = values[:, AT["repeated_steps"]]
            values = kept
        return values * float(windows.every) ** np.array([feature.time for feature in FEATURES])


def describe_paths(
    tracks: Sequence[Floats] | Floats,
    *,
    arrest_speed: float = 1.0,
    passage: float = 10.0,
    position_noise: float = 0.0,
    runtime: Runtime | None = None,
) -> Floats:
    """Describe whole tracks.

    Parameters
    ----------
    tracks : N arrays (T, 2) of any lengths, or one array (N, T, 2) of positions (y, x), px; one a frame, NaN where the
        cell is missing.
    arrest_speed, passage, position_noise : as the settings of `Motility`.

    Returns
    -------
    (N, 36) in px and frames.
    """
    from napari_cellstate.methods.features._motility.table import fill_table

    flat = [np.asarray(track, np.float64).reshape(-1, 2) for track in tracks]
    at = np.full((len(flat), max(map(len, flat), default=0), 2), np.nan)
    for nth, track in enumerate(flat):
        at[nth, : len(track)] = track
    return fill_table(at, arrest_speed, passage, position_noise, runtime or Runtime())
