"""Numbers as colours: what to colour by, as codes of a few colours. No windows here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.behavior import embedding_columns, state_name
from napari_cellstate.plots.colours import NO_STATE_COLOUR, condition_colour, state_colour

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

LEVELS = 24
STATE, CLUSTER, CONDITION, TIME = "state", "cluster", "condition", "time"


@dataclass(frozen=True, eq=False)
class Shades:
    """Rows of the behaviour table as colours.

    Attributes
    ----------
    codes : (N,), number of the colour of each row.
    colours : "#RRGGBB".
    names : what each colour stands for; for numbers the first and the last only.
    values : (N,) numbers behind the colours, for the movie; None where they are states.
    unit : of the values.
    """

    codes: NDArray[np.int64]
    colours: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float64] | None = None
    unit: str = ""


def choices(behavior: AnnData) -> list[tuple[str, str]]:
    """What rows can be coloured by: key and title."""
    fixed = [(STATE, "by state"), (CLUSTER, "by cluster"), (CONDITION, "by condition"), (TIME, "by time")]
    known = [one for one in fixed if one[0] == TIME or one[0] in behavior.obs]
    said = [(f"embedding:{name}", f"by {name}") for name in embedding_columns(behavior)]
    return [*known, *said, *((f"feature:{name}", f"by {name}") for name in behavior.var_names)]


def shades(behavior: AnnData, key: str) -> Shades:
    """Colour all rows by one of `choices`."""
    if key in (STATE, CLUSTER):
        codes = behavior.obs[key].to_numpy(np.int64)
        top = int(codes.max(initial=0))
        named = tuple("no state" if one == 0 else state_name(one) for one in range(top + 1))
        return Shades(codes, tuple(state_colour(one) for one in range(top + 1)), named)
    if key == CONDITION:
        column = behavior.obs[CONDITION].astype(str)
        names = list(dict.fromkeys(column))
        codes = column.map({name: at for at, name in enumerate(names)}).to_numpy(np.int64)
        return Shades(codes, tuple(condition_colour(at) for at in range(len(names))), tuple(names), codes.astype(float))
    if key == TIME:
        return by_values(behavior.obs["frame"].to_numpy(np.float64), "frame")
    if key.startswith("embedding:"):
        name = key.removeprefix("embedding:")
        return by_values(behavior.obs[name].to_numpy(np.float64), embedding_columns(behavior)[name])
    name = key.removeprefix("feature:")
    at = list(behavior.var_names).index(name)
    return by_values(np.asarray(behavior.X[:, at], np.float64), str(behavior.var["unit"].iloc[at]))


def by_values(values: NDArray[np.float64], unit: str = "") -> Shades:
    """Colour rows by numbers, from the 2nd to the 98th percentile; NaN is grey."""
    codes, (low, high) = levels(values, LEVELS)
    colours = (NO_STATE_COLOUR, *ramp(LEVELS))
    return Shades(codes, colours, (f"{low:.3g} {unit}".strip(), f"{high:.3g} {unit}".strip()), values, unit)


def levels(values: NDArray[np.float64], n: int) -> tuple[NDArray[np.int64], tuple[float, float]]:
    """Level of each value, 1 to `n`, 0 for NaN; and the values of the first and the last level."""
    there = np.isfinite(values)
    if not there.any():
        return np.zeros(len(values), np.int64), (np.nan, np.nan)
    low, high = np.percentile(values[there], [2, 98])
    share = np.clip((np.where(there, values, low) - low) / (high - low or 1.0), 0, 1)
    codes = 1 + np.minimum((share * n).astype(np.int64), n - 1)
    codes[~there] = 0
    return codes, (float(low), float(high))


def ramp(n: int) -> tuple[str, ...]:
    """A ramp of colours from dark blue to yellow, equally bright steps (cividis, safe for colour-blind eyes)."""
    from napari.utils.colormaps import ensure_colormap

    rgba: Any = ensure_colormap("cividis").map(np.linspace(0, 1, n))
    return tuple("#{:02X}{:02X}{:02X}".format(*(round(255 * float(one)) for one in row[:3])) for row in rgba)
