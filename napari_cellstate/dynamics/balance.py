"""Are the transitions between states driven? Flux against its reverse, with tests that flip whole tracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.dynamics.pairs import Ints, check_states, in_order, row_pairs

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Matrix = NDArray[Any]

DRIVEN = "driven"
DRIFTING = "drifting: cannot be told"
NO_SIGN = "no sign of driving"
NO_DATA = "cannot be told: too few transitions"

_BATCH = 250  # permutations in one matrix product


@dataclass(frozen=True, eq=False)
class Balance:
    """Detailed balance of counted transitions.

    Attributes
    ----------
    statistic : largest |n_ij - n_ji| / sqrt(n_ij + n_ji) over pairs of states.
    statistic_sum : sum of (n_ij - n_ji)^2 / (n_ij + n_ji).
    p_reversal, p_reversal_sum : how often flipped data reach the two statistics.
    p_stationary : how often flipped differences between late and early occupancy reach the one found.
    entropy_production : nats per step of one lag; see `entropy_of_counts`.
    null : of the flipped data: permutations, and mean and 95 % quantile of statistic and entropy_production. The
        entropy production of few transitions is above 0 without any driving: compare it with these.
    n_tracks : tracks with a transition.
    verdict : `DRIVEN` where p_reversal < alpha and p_stationary is not; `DRIFTING` where p_stationary < alpha,
        whatever p_reversal; else `NO_SIGN` (which is no proof of balance).

    Notes
    -----
    A population whose occupancy drifts has more transitions one way than back without any driving, which is why
    nothing is concluded where it drifts. A verdict holds for these states at this lag: balance of lumped states
    can hide driving inside them, and states that overlap in time (windows) or pooled cells that differ for good
    do not break balance by themselves.
    """

    statistic: float
    statistic_sum: float
    p_reversal: float
    p_reversal_sum: float
    p_stationary: float
    entropy_production: float
    null: dict[str, float]
    n_tracks: int
    verdict: str


def balance(
    run: Ints,
    frame: Ints,
    state: Ints,
    lag: int,
    *,
    track: NDArray[Any],
    permutations: int = 1000,
    seed: int = 0,
    alpha: float = 0.05,
    progress: Progress = silent,
) -> Balance:
    """Test detailed balance and stationarity.

    Parameters
    ----------
    run, frame, state : (N,), as for `count_transitions`.
    lag : frames.
    track : (N,), what is flipped as one; unique over movies.
    permutations : at least 1; p-values are no smaller than 1 / (permutations + 1).
    seed : of the permutations.
    alpha : level of the verdict.

    Notes
    -----
    Under reversibility a track played backwards is as likely as the track itself, so flipping each track with
    probability one half gives data as likely as those found; a flipped track has its counts transposed. The test
    keeps whatever dependence there is within a track, and is exact for reversible stationary chains. For the
    stationarity test each track's rows in its earlier half are taken from those in its later half, and these
    differences change sign, track by track; tracks are taken as independent of each other.
    """
    if permutations < 1:
        raise InputError(f"dynamics: {permutations} permutations; expected at least 1")
    check_states(state, int(state.max(initial=0)), len(run))
    pairs = row_pairs(run, frame, lag)
    pairs = pairs[(state[pairs] > 0).all(axis=1)]
    number = np.unique(np.asarray(track), return_inverse=True)[1]
    net, total = _net(number[pairs[:, 0]], state[pairs[:, 0]], state[pairs[:, 1]])
    drift = _drift(run, frame, state, number)
    p_stationary = flip_test(drift, permutations, seed + 1)
    if not len(total):
        nothing = float("nan")
        return Balance(nothing, nothing, nothing, nothing, p_stationary, nothing, {}, 0, NO_DATA)
    null = _flipped(net, total, len(pairs), permutations, seed, progress)
    found = _statistics(np.asarray(net.sum(axis=0)).ravel()[None], total, len(pairs))[0]
    reached = (null >= found * (1 - 1e-12)).sum(axis=0)
    p_reversal, p_sum = (float((1 + reached[at]) / (permutations + 1)) for at in (0, 1))
    described = {"permutations": float(permutations)}
    for name, at in (("statistic", 0), ("entropy_production", 2)):
        described[f"{name}_mean"] = float(null[:, at].mean())
        described[f"{name}_95"] = float(np.quantile(null[:, at], 0.95))
    return Balance(
        statistic=float(found[0]),
        statistic_sum=float(found[1]),
        p_reversal=p_reversal,
        p_reversal_sum=p_sum,
        p_stationary=p_stationary,
        entropy_production=float(found[2]),
        null=described,
        n_tracks=len(np.unique(number[pairs[:, 0]])),
        verdict=verdict(p_reversal, p_stationary, alpha=alpha),
    )


def verdict(p_reversal: float, p_stationary: float, *, alpha: float = 0.05) -> str:
    """What the two p-values say together, in words."""
    if p_stationary < alpha:
        return DRIFTING
    return DRIVEN if p_reversal < alpha else NO_SIGN


def verdict_in_words(p_reversal: float, p_stationary: float, *, alpha: float = 0.05) -> str:
    """The verdict with both p-values, and why it is so."""
    if not np.isfinite(p_reversal):
        return f"{NO_DATA[0].upper()}{NO_DATA[1:]}."
    said = verdict(p_reversal, p_stationary, alpha=alpha)
    if said == DRIFTING:
        why = "states are occupied otherwise late than early, and that alone breaks balance"
    elif said == DRIVEN:
        why = "paths differ from themselves played backwards, and occupancy does not drift"
    else:
        why = "paths look alike played backwards; no proof of balance"
    return f"{said[0].upper()}{said[1:]} (p of reversal {p_reversal:.3g}, p of stationarity {p_stationary:.3g}): {why}."


def flip_test(differences: Matrix, permutations: int, seed: int) -> float:
    """How often the columns' sums are as far from 0 as found if rows change sign at random.

    Parameters
    ----------
    differences : (U, k), one row a unit: a track or a movie.

    Returns
    -------
    p of the largest |sum| / sqrt(sum of squares) over columns; 1 where nothing differs.

    Notes
    -----
    With U units no p is below 2^(1 - U): six movies are the fewest that can reach 0.05.
    """
    spread = np.sqrt(np.square(differences.astype(np.float64)).sum(axis=0))
    used = spread > 0
    if not used.any():
        return 1.0
    standard = differences[:, used] / spread[used]
    found = np.abs(standard.sum(axis=0)).max()
    rng, reached = np.random.default_rng([seed, 2]), 0
    for done in range(0, permutations, _BATCH):
        signs = _signs(rng, min(_BATCH, permutations - done), len(standard))
        reached += int(np.count_nonzero(np.abs(signs @ standard).max(axis=1) >= found * (1 - 1e-12)))
    return (1 + reached) / (permutations + 1)


def entropy_of_counts(counts: Matrix) -> float:
    """Entropy production of counted transitions, nats per step.

    Parameters
    ----------
    counts : (k, k).

    Notes
    -----
    Sum over pairs of (f_ij - f_ji) ln(f_ij / f_ji) of the shares f of all transitions (Schnakenberg 1976, Rev. Mod.
    Phys. 48:571), with half a count added inside the logarithm, so that a direction never seen does not make it
    infinite. It is biased upwards for few counts: compare it with that of flipped tracks.
    """
    at = np.triu_indices(len(counts), 1)
    forth, back = counts[at].astype(np.float64), counts.T[at].astype(np.float64)
    total = counts.sum()
    return float(((forth - back) * np.log((forth + 0.5) / (back + 0.5))).sum() / total) if total else float("nan")


def _net(track: Ints, source: Ints, target: Ints) -> tuple[csr_array, Floats]:
    """Net transitions of each track over each pair of states seen, (U, E), and transitions both ways, (E,)."""
    from scipy.sparse import csr_array

    moved = source != target
    track, source, target = track[moved], source[moved], target[moved]
    low, high = np.minimum(source, target), np.maximum(source, target)
    _, edge = np.unique(low * (int(high.max(initial=0)) + 1) + high, return_inverse=True)
    edges = int(edge.max(initial=-1)) + 1
    sign = np.where(source < target, 1.0, -1.0)
    units = np.unique(track, return_inverse=True)
    net = csr_array((sign, (units[1], edge)), shape=(len(units[0]), edges))
    return net, np.bincount(edge, minlength=edges).astype(np.float64)


def _drift(run: Ints, frame: Ints, state: Ints, track: Ints) -> Matrix:
    """Rows in each state in the later half of each track, less those in its earlier half, (U, k)."""
    k, seen = int(state.max(initial=0)), np.flatnonzero(state > 0)
    order = seen[in_order(track[seen], frame[seen])[0]]
    of, count = np.unique(track[order], return_inverse=True, return_counts=True)[1:]
    nth = np.arange(len(order)) - (np.cumsum(count) - count)[of]
    later = np.sign(2 * nth + 1 - count[of])  # 0 for the middle one of an odd number
    drift = np.zeros((len(count), k), np.int64)
    np.add.at(drift, (of, state[order] - 1), later)
    moved: Matrix = drift[(drift != 0).any(axis=1)]
    return moved


def _flipped(net: csr_array, total: Floats, steps: int, permutations: int, seed: int, progress: Progress) -> Floats:
    """Statistics of data with tracks flipped at random, (permutations, 3)."""
    rng, found = np.random.default_rng([seed, 1]), []
    across = net.T.tocsr()
    for done in range(0, permutations, _BATCH):
        progress(done, permutations, "detailed balance")
        signs = _signs(rng, min(_BATCH, permutations - done), net.shape[0])
        found.append(_statistics((across @ signs.T).T, total, steps))
    progress(permutations, permutations, "detailed balance")
    return np.concatenate(found)


def _statistics(net: Floats, total: Floats, steps: int) -> Floats:
    """Largest standardised difference, sum of squared ones, entropy production per step, (P, 3)."""
    standard = net / np.sqrt(total)
    entropy = net * np.log((total + net + 1.0) / (total - net + 1.0))
    return np.stack(
        [np.abs(standard).max(axis=1), np.square(standard).sum(axis=1), entropy.sum(axis=1) / steps], axis=1
    )


def _signs(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    return rng.integers(0, 2, (rows, columns), np.int8) * 2.0 - 1.0
