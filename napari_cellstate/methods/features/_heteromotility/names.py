"""The 79 columns: what each is, and whether states should use it."""

from __future__ import annotations

from napari_cellstate.core.units import Feature

TAUS = (9, 10, 11)
REACHES = (5, 6)
PAIRS = tuple((tau, reach) for tau in TAUS for reach in REACHES)
THRESHOLDS = tuple(range(1, 11))
SOURCE = "Kimmel et al. 2018, PLoS Comput Biol 14:e1005927"

_TURNED = "Changes when the movie is turned."


_LENGTH = "Grows with the number of frames: compare tracks of one length only."
_PX = "In px and frames whatever the calibration."
_STEPS = "Of the step lengths, which know nothing of direction; position noise changes it."


def _feature(name: str, definition: str, note: str, *, pooled: bool = False) -> Feature:
    return Feature(name, definition, source=SOURCE, pooled=pooled, note=note)


def _general() -> list[Feature]:
    return [
        _feature("total_distance", "Length of the path, px.", _LENGTH, pooled=True),
        _feature("net_distance", "Distance from the first to the last position, px.", _LENGTH, pooled=True),
        _feature(
            "linearity", "Squared correlation of y with x over all positions.", f"{_TURNED} 0 for a path along an axis."
        ),
        _feature("spearmanrsq", "Squared rank correlation of y with x; 0 if one never changes.", _TURNED),
        _feature(
            "progressivity",
            "Net over total distance.",
            "Falls with the number of frames for all but straight paths.",
            pooled=True,
        ),
        _feature(
            "max_speed",
            "Longest displacement over 4 frames, divided by 5, px/frame.",
            "A fifth too low, as in the original.",
            pooled=True,
        ),
        _feature(
            "min_speed",
            "Shortest displacement over 4 frames, divided by 5, px/frame.",
            "A fifth too low, as in the original.",
            pooled=True,
        ),
        _feature("avg_speed", "Mean step length, px/frame.", "It is total_distance again for tracks of one length."),
    ]


def _walk() -> list[Feature]:
    return [
        _feature(
            "MSD_slope",
            "Slope of ln MSD on ln lag, lags 1 to 30.",
            "Biased low for persistent walks, since long lags have few pairs.",
            pooled=True,
        ),
        _feature(
            "hurst_RS",
            "Slope of ln R/S on ln n of the step lengths (not of the positions), the first step left out.",
            f"{_STEPS} Biased up on short tracks.",
            pooled=True,
        ),
        _feature(
            "nongauss",
            "Mean 4th power over 3 times the squared mean square of the step lengths, less 1.",
            "-1/3 for a Gaussian walk in the plane (not 0), -2/3 at constant speed.",
            pooled=True,
        ),
        _feature("disp_var", "Variance of the step lengths, px^2, the first step left out.", _STEPS, pooled=True),
        _feature("disp_skew", "Skewness of the step lengths, the first step left out.", _STEPS, pooled=True),
        _feature(
            "rw_linearity",
            "linearity less its expectation for a random walk on a lattice of as many steps; the original tool "
            "simulates 200 walks, here it is a table.",
            _TURNED,
        ),
        _feature(
            "rw_netdist",
            "net_distance less sqrt(2 T) times avg_speed, px.",
            "The expectation of a walk has no factor sqrt(2), so walks read below 0.",
        ),
    ]


def _many() -> list[Feature]:
    kurtosis = [
        _feature(
            f"rw_kurtosis{lag:02d}",
            f"Excess kurtosis of the displacements over {lag} frames, end to end.",
            "Of one or two displacements it is always -3 or -2; of a few it says nothing.",
            pooled=lag == 1,
        )
        for lag in THRESHOLDS
    ]
    moving = [
        _feature(
            f"avg_moving_speed{fast:02d}",
            f"Mean speed over `lag` frames where above {fast} px/frame, 0 if it never is.",
            f"{_PX} 0 of a slow cell is no speed.",
        )
        for fast in THRESHOLDS
    ]
    time = [
        _feature(
            f"time_moving{fast:02d}", f"Part of the time with a speed over `lag` frames above {fast} px/frame.", _PX
        )
        for fast in THRESHOLDS
    ]
    correlation = [
        _feature(
            f"autocorr_{lag}",
            f"Autocorrelation of the step lengths at {lag} frames (unbiased).",
            f"{_STEPS} Not bounded by 1 on short tracks.",
            pooled=lag <= 2,
        )
        for lag in THRESHOLDS
    ]
    return kurtosis + moving + time + correlation


def _turns() -> list[Feature]:
    right = [
        _feature(
            f"p_rturn_{tau}_{reach}",
            f"Part of the frames after which the position {tau} frames on lies right (y up) of a line through the "
            f"{2 * reach} positions around; 0.5 if no turn was found.",
            _TURNED,
        )
        for tau, reach in PAIRS
    ]
    angles = [
        _feature(
            f"{which}_theta_{tau}_{reach}",
            f"{said} angle, rad, between that line and the way to the position {tau} frames on, both without "
            f"direction.",
            f"{_TURNED} A reversal reads 0.",
        )
        for tau, reach in PAIRS
        for which, said in (("mean", "Mean"), ("min", "Least"), ("max", "Greatest"))
    ]
    return right + angles


FEATURES = (*_general(), *_walk(), *_many(), *_turns())
"""All columns in the order of the original tool's table. Always in px and frames: thresholds are, so all are.

Not pooled: what changes when the movie is turned, what says again what another column says, and what is degenerate
for slow cells (thresholds in px/frame) or short windows.
"""

AT = {feature.name: nth for nth, feature in enumerate(FEATURES)}
"""Place of each column."""
