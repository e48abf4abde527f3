"""Why a feature is missing, or is a number that says little."""

from __future__ import annotations

OK = 0
EMPTY = 1
GAP = 2
TOO_SHORT = 3
NO_MOTION = 4
CONSTANT_AXIS = 5
CONSTANT_STEPS = 6
ROUNDING = 7
FEW_STEPS = 8
NEVER_FAST = 9
ZERO_MSD = 10
NO_TURNS = 11

REASONS = (
    "",
    "no position at all",
    "a position is missing inside the track",
    "the track is too short for this feature",
    "the cell never moves",
    "x or y never changes",
    "all steps have the same length",
    "all steps have the same length but for rounding, so this number is noise",
    "one or two displacements, whose kurtosis is always the same",
    "never faster than the threshold, 0 by definition",
    "a mean squared displacement is 0, so the slope is 0 by definition",
    "no turn was found, 0.5 or 0 by definition",
)
"""What each code says, by its number; 0 is a feature like any other.

From `NEVER_FAST` on, and for `ROUNDING` and `FEW_STEPS`, the value is a number, the one that the original tool gives;
for the others it is NaN where that tool stops with an error, and its number where it has one (a constant y makes
linearity 0; steps all alike make the kurtosis -3).
"""
