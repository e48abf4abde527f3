"""How numbers of the transition matrix are written, tinted and explained."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtGui import QColor

HEAT, LESS = QColor("#6A51A3"), QColor("#C5610E")
_FAINT = 0.35


def number(value: float, what: str) -> str:
    """A count, a probability or a rate as text; never 0 for what happened."""
    if not np.isfinite(value):
        return "-"
    return f"{value:,.0f}" if what == "count" else f"{value:.2g}" if value < 0.1 else f"{value:.3g}"


def hint(row: Any, what: str) -> str:
    """Interval with its unit, the count behind a number, and the number in the other two ways."""
    unit, count = str(row["unit"]), int(row["count"])
    said = []
    for key, ends, words in (
        ("rate_per_hour", ("rate_low", "rate_high"), "per hour in the state"),
        ("probability", ("low", "high"), "of the next rows"),
    ):
        if np.isfinite(row[key]):
            low, high = (float(row[one]) for one in ends)
            over = f" ({low:.3g} to {high:.3g}, 95 % over {unit}s)" if np.isfinite(low) else " (no interval)"
            said.append((key == what, f"{row[key]:.3g}{over} {words}"))
    lines = [line for _, line in sorted(said, key=lambda one: not one[0])]
    soft = float(row["soft_count"])
    shared = f"; {soft:,.1f} where doubtful windows are shared between states" if np.isfinite(soft) else ""
    return "\n".join([*lines, f"{count:,} pairs of windows{shared}"])


def hint_of_change(row: Any, change: Any, against: str) -> str:
    """Ratio with its interval and what that is over."""
    ratio, low, high = (float(change[name]) for name in ("ratio", "low", "high"))
    if not np.isfinite(ratio):
        return f"{int(row['count']):,} pairs of windows; too few to compare"
    units = dict.fromkeys(str(change[f"unit_{side}"]) for side in ("other", "reference"))
    over = f"{low:.2g} to {high:.2g}, 95 % over {' and '.join(f'{one}s' for one in units)}"
    return f"{ratio:.3g} times the rate of {against} ({over if np.isfinite(low) else 'no interval'})"


def heat(value: float, top: float) -> QColor:
    """Tint of a number between 0 and the largest."""
    tint = QColor(HEAT)
    tint.setAlphaF(0.1 + 0.5 * min(value / top, 1.0) if np.isfinite(value) and top > 0 else 0.0)
    return tint


def change_tint(change: Any, top: float) -> QColor:
    """Tint of a ratio on both sides of 1; faint where its interval holds 1 or is not known."""
    ratio = float(change["ratio"])
    if not np.isfinite(ratio):
        return QColor(0, 0, 0, 0)
    tint = QColor(HEAT if ratio > 1 else LESS)
    sure = float(change["low"]) > 1 or float(change["high"]) < 1
    strength = min(abs(float(np.log(ratio))) / top, 1.0)
    tint.setAlphaF((0.7 if sure else 0.7 * _FAINT) * strength)
    return tint
