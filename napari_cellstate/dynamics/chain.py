"""What follows from counted transitions, taken as a Markov chain."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.units import hours
from napari_cellstate.dynamics.counts import Transitions
from napari_cellstate.dynamics.generator import Generator, generator
from napari_cellstate.dynamics.passage import committor, mean_first_passage
from napari_cellstate.dynamics.stationary import relaxation_times, stationary, visited

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Chain:
    """A chain of k states; NaN for states that are never left, among which it cannot go on.

    Attributes
    ----------
    kept : (V,) states (from 0) among which it goes on.
    probability : (V, V), from one of these to the next, one lag later.
    generator : rates in continuous time, (k, k).
    stationary : (k,), share of time in each state in the long run.
    passage : (k, k) frames, mean time until a state is first reached; the diagonal is the mean time of return.
    relaxation : (V - 1,) frames, slowest first.
    lag : frames.

    Notes
    -----
    All of it extrapolates: states with a memory, or cells that differ for good, are no Markov chain. Look at implied
    timescales over lags, and at the test of Chapman and Kolmogorov, before times longer than the tracks are believed.
    """

    kept: Ints
    probability: Floats
    generator: Generator
    stationary: Floats
    passage: Floats
    relaxation: Floats
    lag: int

    def committors(self) -> Floats:
        """Probability of reaching state j before state i, from each state s, (k, k, k) by i, j, s.

        NaN where i = j, or where a state is not in the chain.
        """
        k = len(self.stationary)
        found = np.full((k, k, k), np.nan)
        for i, j in permutations(range(len(self.kept)), 2):
            found[self.kept[i], self.kept[j], self.kept] = committor(self.probability, [i], [j])
        return found

    def tables(self, dt_s: float | None) -> dict[str, pd.DataFrame]:
        """Tables by name: generator, passage, committors, timescales, stationary; states are numbered from 1."""
        import pandas as pd

        k, hour = len(self.stationary), hours(1, dt_s)
        number = np.arange(1, k + 1)
        pairs = {"from": np.repeat(number, k), "to": np.tile(number, k)}
        rates = self.generator.rates.ravel()
        kind = self.generator.kind if self.generator.settled else f"{self.generator.kind}, not settled"
        passage, times = self.passage.ravel(), self.relaxation
        start, end, state = (axis.ravel() for axis in np.meshgrid(number, number, number, indexing="ij"))
        differ = start != end
        return {
            "generator": pd.DataFrame(
                {**pairs, "rate_per_hour": rates / hour, "rate_per_frame": rates, "kind": [kind] * k * k}
            ),
            "passage": pd.DataFrame({**pairs, "frames": passage, "hours": passage * hour}),
            "committors": pd.DataFrame(
                {"from": start, "to": end, "state": state, "committor": self.committors().ravel()}
            )[differ].reset_index(drop=True),
            "timescales": pd.DataFrame(
                {"process": np.arange(1, len(times) + 1), "frames": times, "hours": times * hour}
            ),
            "stationary": pd.DataFrame({"state": number, "stationary": self.stationary}),
        }


def chain(counted: Transitions) -> Chain:
    """What follows from counted transitions."""
    k = len(counted.counts)
    kept = visited(counted.counts)
    share, passage, times = np.full(k, np.nan), np.full((k, k), np.nan), np.empty(0)
    probability = np.empty((0, 0))
    if len(kept):
        part = counted.counts[np.ix_(kept, kept)]
        probability = part / part.sum(axis=1, keepdims=True)
        share[kept] = stationary(probability)
        passage[np.ix_(kept, kept)] = mean_first_passage(probability) * counted.lag
        times = relaxation_times(probability, counted.lag)
    rates = generator(counted.counts, counted.lag)
    return Chain(kept, probability, rates, share, passage, times, counted.lag)
