"""The 79 numbers of Heteromotility, as the original tool makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.units import Feature
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods.features._heteromotility.names import FEATURES
from napari_cellstate.methods.features._heteromotility.reasons import GAP, REASONS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]

__all__ = ["FEATURES", "GAP", "REASONS", "Heteromotility", "describe_tracks"]


@register
class Heteromotility(FeatureSet):
    """The 79 columns of Heteromotility, same names, order and values, for whole tracks and windows.

    Notes
    -----
    Always in px and frames, for its thresholds are. `rw_linearity` is taken from a table where the original
    simulates, so it does not change from run to run. A window with a missing position has no value at all; those of
    20 frames or more have all columns. Published tables: window = stride = 20, lag 5.
    """

    kind: ClassVar[str] = "heteromotility"
    title: ClassVar[str] = "Heteromotility's 79 numbers"
    needs: ClassVar[int] = 20

    lag: Literal[5, 10] = setting(
        10,
        "Lag of the moving speed",
        unit="frames",
        help="Frames over which a cell counts as moving: 10 is the original tool's default, 5 is that of the published "
        "tables.",
    )

    def features(self) -> tuple[Feature, ...]:
        """What each of its columns is, in order."""
        return FEATURES

    def describe(self, windows: Windows, runtime: Runtime) -> Floats:
        """Describe every window, (len(windows), 79), in px and frames, NaN where a feature is not defined."""
        return self.describe_with_reasons(windows, runtime)[0]

    def describe_with_reasons(self, windows: Windows, runtime: Runtime) -> tuple[Floats, Codes]:
        """The same, and why a value is missing or says little: codes of `REASONS`, (len(windows), 79) uint8."""
        from napari_cellstate.methods.features._heteromotility.table import fill_table

        at = windows.positions()
        start = np.arange(len(at)) * windows.window
        count = np.full(len(at), windows.window)
        return fill_table(at.reshape(-1, 2), start, count, self.lag, runtime)


def describe_tracks(
    tracks: Sequence[Floats] | Floats, lag: int = 10, *, runtime: Runtime | None = None
) -> tuple[Floats, Codes]:
    """Describe whole tracks.

    Parameters
    ----------
    tracks : N arrays (T, 2) of any lengths, or one array (N, T, 2) of positions (y, x), px; one a frame, NaN (or inf)
        where the cell is missing. Missing positions before the first and after the last are left away.
    lag : frames over which `avg_moving_speed` and `time_moving` take the speed: 10 in the original tool, 5 in the
        published tables.

    Returns
    -------
    values : (N, 79), NaN where the original tool stops with an error.
    reasons : (N, 79) uint8, why a value is missing or says little; 0 for none. See `REASONS`.

    Raises
    ------
    InputError
        A track has another shape than (T, 2), or the lag is below 1.
    """
    from napari_cellstate.methods.features._heteromotility.table import fill_table

    if lag < 1:
        raise InputError(f"heteromotility: lag = {lag}; expected at least 1 frame")
    flat = [np.asarray(track, np.float64) for track in tracks]
    for nth, track in enumerate(flat):
        if track.ndim != 2 or track.shape[1] != 2:
            raise InputError(f"heteromotility: track {nth} has the shape {track.shape}; expected (T, 2), y and x")
    at = np.concatenate(flat) if flat else np.empty((0, 2))
    start, count = _present(at, np.array([len(track) for track in flat], np.int64))
    return fill_table(at, start, count, lag, runtime or Runtime())


def _present(at: Floats, lengths: Ints) -> tuple[Ints, Ints]:
    """Begin and number of positions of each track from the first to the last that is there."""
    track = np.repeat(np.arange(len(lengths)), lengths)
    there = np.flatnonzero(np.isfinite(at).all(axis=1))
    first = np.searchsorted(track[there], np.arange(len(lengths)))
    stop = np.searchsorted(track[there], np.arange(len(lengths)), side="right")
    some = stop > first
    start = np.zeros(len(lengths), np.int64)
    count = np.zeros(len(lengths), np.int64)
    start[some] = there[first[some]]
    count[some] = there[stop[some] - 1] - start[some] + 1
    return start, count
