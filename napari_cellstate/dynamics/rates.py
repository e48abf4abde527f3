"""How often cells switch, in one number."""

from __future__ import annotations

import numpy as np

from napari_cellstate.core.units import hours
from napari_cellstate.dynamics.counts import Transitions


def switches_per_frame(transitions: Transitions) -> float:
    """Changes of state per cell and frame: pairs off the diagonal over all frames watched (pairs x lag).

    NaN where there are no pairs.

    Notes
    -----
    It depends on the lag (a longer one misses short visits) and on the method (states that judge each row by itself
    flicker, and windows that overlap smooth): compare it only between conditions treated alike, with movies as n.
    """
    watched = int(transitions.counts.sum()) * transitions.lag
    switches = int(transitions.counts.sum() - np.trace(transitions.counts))
    return switches / watched if watched else float(np.nan)


def switches_per_hour(transitions: Transitions, dt_s: float | None) -> float:
    """Changes of state per cell and hour; NaN where there are no pairs or `dt_s` (seconds) is None.

    Notes
    -----
    See `switches_per_frame`.
    """
    if transitions.seconds is None:
        return switches_per_frame(transitions) / hours(1, dt_s)
    watched = float(transitions.seconds.sum()) / 3600.0
    switches = int(transitions.counts.sum() - np.trace(transitions.counts))
    return switches / watched if watched > 0 else float(np.nan)
