"""Share of stays that last longer than a time, with bands, and whether leaving depends on how long one has stayed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_cellstate.core.units import hours
from napari_cellstate.dynamics.dwell import Bouts
from napari_cellstate.dynamics.intervals import unit_of_n

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Survival:
    """Survival of the stays in one state whose start was seen.

    Attributes
    ----------
    frames : (M,), beginning with 0; the share holds from its time up to the next.
    share : (M,), of the stays that last longer.
    low, high : (M,), its 95 % band, time by time; NaN where fewer than two units say something.
    at_risk, ends : (M,), stays watched that long, and those that ended then; 0 at time 0.
    n : stays with a start seen. censored : those whose end was not seen. unseen : stays left out, whose start was not
        seen.
    unit : what the band is over, and n_units how many.
    p_exponential : how often a state that is left with the same probability at every moment would show such a trend
        of leaving with the time already spent, two-sided; NaN where it cannot be told.
    trend : above 0 where cells leave the sooner the longer they have stayed (regular dwells), below 0 where those
        that stayed stay on (a mixture of short and long ones); a standardised number.

    Notes
    -----
    A stay of n rows whose end was not seen was watched for n - 1 steps: of its last row nobody knows what came next.
    Stays whose start was not seen are left out, which loses more of the long ones; with tracks much longer than the
    stays that matters little. Dwells are in whole frames, and windows hide those shorter than a window. Stays of one
    unit are not independent, which the band and p allow for; two curves whose bands overlap may differ still.
    """

    frames: Floats
    share: Floats
    low: Floats
    high: Floats
    at_risk: Ints
    ends: Ints
    n: int
    censored: int
    unseen: int
    unit: str
    n_units: int
    p_exponential: float
    trend: float

    @property
    def median(self) -> float:
        """Frames after which half of the stays are over, inf where the curve does not come down so far."""
        over = np.flatnonzero(self.share <= 0.5)
        return float(self.frames[over[0]]) if len(over) else float("inf")

    def table(self, *, dt_s: float | None = None) -> pd.DataFrame:
        """One row a time: frames, hours, share, low, high, at_risk, ends."""
        import pandas as pd

        names = ("share", "low", "high", "at_risk", "ends")
        columns = {name: getattr(self, name) for name in names}
        return pd.DataFrame({"frames": self.frames, "hours": self.frames * hours(1, dt_s), **columns})


def kaplan_meier(lengths: ArrayLike, ended: ArrayLike) -> tuple[Floats, Floats]:
    """Share of stays that last longer than a time, where some were still going on when last seen.

    Parameters
    ----------
    lengths : (N,), how long each stay was watched, in any unit.
    ended : (N,) bool, False where the stay was still going on (censored).

    Returns
    -------
    (M,) times and (M,) shares, beginning with (0, 1): the share holds from its time up to the next. The last time
    is that of the longest stay.

    Notes
    -----
    Kaplan and Meier 1958: the product over all times t of 1 - (stays that end at t) / (stays of at least t).
    """
    times, at_risk, ends = _counted(np.asarray(lengths, np.float64), np.asarray(ended, bool))
    share = np.cumprod(1.0 - ends / np.maximum(at_risk, 1))
    drops = ends > 0
    if len(times):
        drops[-1] = True
    return np.concatenate([[0.0], times[drops]]), np.concatenate([[1.0], share[drops]])


def _counted(lengths: Floats, ended: Bools) -> tuple[Floats, Ints, Ints]:
    """Times, stays watched at least so long, and those that ended then."""
    times, at = np.unique(lengths, return_inverse=True)
    ends = np.bincount(at[ended], minlength=len(times))
    seen = np.bincount(at, minlength=len(times))
    return times, len(lengths) - np.concatenate([[0], np.cumsum(seen)[:-1]]).astype(np.int64)[: len(times)], ends


def survival(bouts: Bouts, chosen: Bools, *, unit: NDArray[Any], unit_name: str, level: float = 0.95) -> Survival:
    """Survival of some of the bouts, all of one state.

    Parameters
    ----------
    bouts : from `find_bouts`.
    chosen : (B,), which of them.
    unit : (N,), movie or track of each of the rows that the bouts were found in.
    unit_name : what they are.

    Notes
    -----
    The variance is the sum over units of the squared influence of each on the curve (Lin and Wei 1989, J. Am. Stat.
    Assoc. 84:1074, for units that hold several stays); the band is on the scale log(-log S) with Student's quantile
    of n - 1 degrees of freedom. With one stay a unit it is Greenwood's.
    """
    begun = chosen & bouts.start_seen
    ended = bouts.end_seen[begun]
    watched = (bouts.frames[begun] - np.where(ended, 0, bouts.spacing)).astype(np.float64)
    units, number = np.unique(np.asarray(unit)[bouts.row[begun]], return_inverse=True)
    times, at_risk, ends = _counted(watched, ended)
    kept = (times > 0) & ((ends > 0) | (times == times.max(initial=0.0)))
    share: Floats = np.cumprod(1.0 - ends / np.maximum(at_risk, 1)).astype(np.float64)
    low, high = _band(times, share, watched, ended, number, len(units), level)
    p, trend = _exponential(watched, ended, number, len(units), bouts.spacing)
    return Survival(
        frames=np.append(0.0, times[kept]),
        share=np.append(1.0, share[kept]),
        low=np.append(1.0, low[kept]),
        high=np.append(1.0, high[kept]),
        at_risk=np.append(0, at_risk[kept]),
        ends=np.append(0, ends[kept]),
        n=int(begun.sum()),
        censored=int((~ended).sum()),
        unseen=int((chosen & ~bouts.start_seen).sum()),
        unit=unit_name,
        n_units=len(units),
        p_exponential=p,
        trend=trend,
    )


def _band(
    times: Floats, share: Floats, watched: Floats, ended: Bools, unit: Ints, units: int, level: float
) -> tuple[Floats, Floats]:
    """Band of the share at each time."""
    from scipy.stats import t

    nothing = np.full(len(times), np.nan)
    if units < 2 or not len(times):
        return nothing, nothing
    at = np.searchsorted(times, watched)
    ends, seen = np.zeros((2, units, len(times)))
    np.add.at(ends, (unit[ended], at[ended]), 1.0)
    np.add.at(seen, (unit, at), 1.0)
    at_risk = seen[:, ::-1].cumsum(axis=1)[:, ::-1]
    total = np.maximum(at_risk.sum(axis=0), 1.0)
    hazard = ends.sum(axis=0) / total
    left = np.maximum(total * (1.0 - hazard), 1e-12)
    influence = np.cumsum((ends - at_risk * hazard) / left, axis=1)
    variance = np.square(influence).sum(axis=0) * units / (units - 1)
    inside = (share > 0) & (share < 1)
    log = np.log(np.where(inside, share, 0.5))
    wide = t.ppf(0.5 + level / 2, units - 1) * np.sqrt(variance) / np.abs(log)
    low, high = (np.where(inside, np.exp(log * np.exp(sign * wide)), np.nan) for sign in (1.0, -1.0))
    return np.where(share == 1, 1.0, low), np.where(share == 1, 1.0, high)


def _exponential(watched: Floats, ended: Bools, unit: Ints, units: int, spacing: int) -> tuple[float, float]:
    """Test that leaving does not depend on the logarithm of the time already spent: p and the standardised trend."""
    from scipy.stats import t

    steps = np.round(watched / spacing).astype(np.int64)
    exposed = steps.sum()
    if units < 3 or not ended.any() or ended.sum() == exposed:
        return float("nan"), float("nan")
    age = np.log(np.arange(1, int(steps.max()) + 1))
    upto = np.append(0.0, np.cumsum(age))
    hazard, mean = ended.sum() / exposed, upto[steps].sum() / exposed
    score = np.where(ended, age[np.maximum(steps, 1) - 1] - mean, 0.0) - hazard * (upto[steps] - mean * steps)
    each = np.bincount(unit, score, units)
    spread = np.sqrt(np.square(each).sum() * units / (units - 1))
    if spread == 0:
        return float("nan"), float("nan")
    trend = float(each.sum() / spread)
    return float(2 * t.sf(abs(trend), units - 1)), trend


def survivals(
    bouts: Bouts, k: int, *, condition: NDArray[Any], movie: NDArray[Any], track: NDArray[Any]
) -> dict[tuple[Any, int], Survival]:
    """Survival in each condition and state (from 1), over movies where a condition has two or more, else over tracks.

    Parameters
    ----------
    condition, movie, track : (N,), of each of the rows that the bouts were found in.
    """
    found = {}
    for name in dict.fromkeys(np.asarray(condition).tolist()):
        rows = np.flatnonzero(np.asarray(condition) == name)
        values, unit_name = unit_of_n(np.asarray(movie)[rows], np.asarray(track)[rows])
        unit = np.empty(len(condition), values.dtype)
        unit[rows] = values
        mine = np.asarray(condition)[bouts.row] == name
        for state in range(1, k + 1):
            found[name, state] = survival(bouts, mine & (bouts.state == state), unit=unit, unit_name=unit_name)
    return found


def survival_table(found: dict[tuple[Any, int], Survival], *, dt_s: float | None = None) -> pd.DataFrame:
    """All curves: condition, state, and the columns of `Survival.table`, n, censored, unseen, unit."""
    import pandas as pd

    tables = []
    for (condition, state), one in found.items():
        table = one.table(dt_s=dt_s)
        table.insert(0, "condition", np.full(len(table), condition, object))
        table.insert(1, "state", state)
        tables.append(table.assign(n=one.n, censored=one.censored, unseen=one.unseen, unit=one.unit))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
