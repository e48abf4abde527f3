"""What wrong links do to rates: swap the future of cells, as a tracker does, and count again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.pairs import row_pairs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LinkErrors:
    """Rates as they are, and with more wrong links.

    Attributes
    ----------
    share : wrong links added, of all links.
    rate : (S, k, k) transitions per pair of rows as counted; diagonal NaN.
    swapped : (draws, S, k, k) the same with wrong links added.

    Notes
    -----
    The given sequences have wrong links already; adding as many again shows about how far they have moved the rates,
    if wrong links join cells of one movie at random. A tracker rather confuses neighbours, which are more alike than
    random cells where behaviour is local: then rates move less.
    """

    share: float
    rate: Floats
    swapped: Floats

    def factor(self, samples: NDArray[Any]) -> tuple[Floats, Floats, Floats]:
        """Factor by which the mean log rate of some samples moves, (k, k) each: median, 2.5 % and 97.5 % of draws."""
        with np.errstate(divide="ignore", invalid="ignore"):
            before = np.log(self.rate[samples])
            after = np.log(self.swapped[:, samples])
            moved = np.exp((after - before).mean(axis=1))
        low, middle, high = np.quantile(moved, [0.025, 0.5, 0.975], axis=0)
        return middle, low, high


def add_link_errors(
    run: Ints,
    frame: Ints,
    state: Ints,
    movie: Ints,
    sample: Ints,
    *,
    share: float,
    lag: int,
    states: int,
    draws: int = 100,
    seed: int = 0,
) -> LinkErrors:
    """Exchange what follows between cells of one movie and frame, for so many links, and count transitions.

    Parameters
    ----------
    run, frame, state : (N,) as for `dynamics.counts.count_transitions`.
    movie, sample : (N,) from 0.
    share : of all links that are wrong, 0 to 1, as review found it.

    Raises
    ------
    InputError
        A share below 0 or above 1.
    """
    if not 0 <= share <= 1:
        raise InputError(f"compare: link error {share:g}; expected a share from 0 to 1, such as 0.04")
    pairs = row_pairs(run, frame, lag)
    pairs = pairs[(state[pairs] > 0).all(axis=1)]
    before, after = state[pairs[:, 0]] - 1, state[pairs[:, 1]] - 1
    place = np.unique(np.stack([movie[pairs[:, 0]], frame[pairs[:, 0]]]), axis=1, return_inverse=True)[1].ravel()
    of, samples = sample[pairs[:, 0]], int(sample.max(initial=-1)) + 1
    rng = np.random.default_rng(seed)
    swapped = np.empty((draws, samples, states, states))
    for draw in range(draws):
        mixed = _swap(after, place, share, rng)
        swapped[draw] = _rates(before, mixed, of, samples, states)
    return LinkErrors(share, _rates(before, after, of, samples, states), swapped)


def _swap(after: Ints, place: Ints, share: float, rng: np.random.Generator) -> Ints:
    """Pass the futures of the chosen rows of each frame round by one."""
    chosen = np.flatnonzero(rng.random(len(after)) < share)
    order = chosen[np.lexsort((rng.random(len(chosen)), place[chosen]))]
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    taken_from = np.append(order[1:], order[:1])
    ends = np.append(starts[1:], len(order)) - 1
    taken_from[ends[: len(starts)]] = order[starts]
    mixed = after.copy()
    mixed[order] = after[taken_from]
    return mixed


def _rates(before: Ints, after: Ints, of: Ints, samples: int, k: int) -> Floats:
    counts = np.bincount((of * k + before) * k + after, minlength=samples * k * k).reshape(samples, k, k)
    exposure = np.maximum(counts.sum(axis=2, keepdims=True), 1)
    rates = np.asarray((counts + 0.5) / exposure)
    rates[:, np.arange(k), np.arange(k)] = np.nan
    return rates
