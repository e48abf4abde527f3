"""Posteriors and best paths of a hidden Markov model, all runs at once.

Arrays are (K, N): a state a row, packed places along the columns (see `_hmm_runs`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_cellstate.core.families import Floats, Ints
from napari_cellstate.methods.states._hmm_runs import Packed

_LEAST = -690.0
"""Log of the least likelihood of a row in a state beside that in its best state: exp(-690) is still a number."""

_NOTHING = 1e-300
"""Least share in place of 0, so that what the rows after rule out stays a posterior where those before insist on it."""


@dataclass(frozen=True, eq=False)
class Expectation:
    """What the rows say under a model.

    Attributes
    ----------
    posterior : (K, N), columns sum to 1.
    pairs : (K, K), expected transitions from the state of the row to that of the column.
    log_likelihood : of all runs together.
    """

    posterior: Floats
    pairs: Floats
    log_likelihood: float


def forward_backward(packed: Packed, log_emission: Floats, start: Floats, step: Floats) -> Expectation:
    """Exact posteriors by the scaled forward-backward recursions (Rabiner 1989, Proc. IEEE 77:257, section V.A).

    Parameters
    ----------
    packed : how the rows follow each other.
    log_emission : (K, N), log density of each packed row in each state; it is overwritten.
    start : (K,), probability of each state in the first row of a run.
    step : (K, K), probability of each next state, rows sum to 1.

    Notes
    -----
    A row's density in a state is taken as at least exp(-690) times that in its best state, so that a row that no
    state within reach explains has a posterior too.
    """
    if not log_emission.shape[1]:
        return Expectation(log_emission, np.zeros(step.shape), 0.0)
    best = log_emission.max(axis=0)
    emission = log_emission
    emission -= best
    np.maximum(emission, _LEAST, out=emission)
    np.exp(emission, out=emission)
    forward, scale = _forward(packed, emission, start, step)
    backward, size = _backward(packed, emission, step)
    posterior = forward * backward
    total = posterior.sum(axis=0)
    posterior /= total
    pairs = np.zeros(step.shape)
    if len(packed.before):
        ends = emission[:, packed.first :]
        ends *= backward[:, packed.first :]
        total *= size
        before = _as_slice(packed.before)
        ends /= total[before]
        pairs = step * (forward[:, before] @ ends.T)
    return Expectation(posterior, pairs, float(np.log(scale).sum() + best.sum()))


def _as_slice(places: Ints) -> Ints | slice:
    """The same places; as a slice, which copies nothing, where they follow each other (runs of one length)."""
    first, last = int(places[0]), int(places[-1])
    return slice(first, last + 1) if last - first == len(places) - 1 else places


def _forward(packed: Packed, emission: Floats, start: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Probability of each state given the run up to each row, (K, N), and what each row's sums were, (N,)."""
    forward, scale = np.empty_like(emission), np.empty(emission.shape[1])
    offset, onward = packed.offset.tolist(), np.ascontiguousarray(step.T)
    for t in range(len(offset) - 1):
        low, high = offset[t], offset[t + 1]
        if t:
            before = forward[:, offset[t - 1] : offset[t - 1] + high - low]
            now = onward @ before
        else:
            now = np.repeat(start[:, None], high, axis=1)
        now *= emission[:, low:high]
        total = now.sum(axis=0)
        np.divide(now, total, out=forward[:, low:high])
        scale[low:high] = total
    return forward, scale


def _backward(packed: Packed, emission: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Density of the rest of the run given the state of each row, (K, N), over its greatest, and that, (N,)."""
    backward, size = np.ones_like(emission), np.ones(emission.shape[1])
    offset = packed.offset.tolist()
    for t in range(len(offset) - 2, 0, -1):
        low, high = offset[t], offset[t + 1]
        at = slice(offset[t - 1], offset[t - 1] + high - low)
        rest = step @ (emission[:, low:high] * backward[:, low:high])
        rest.max(axis=0, out=size[at])
        rest /= size[at]
        np.maximum(rest, _NOTHING, out=backward[:, at])
    return backward, size


def best_path(packed: Packed, log_emission: Floats, start: Floats, step: Floats) -> Ints:
    """Likeliest sequence of states of each run, (N,) packed, by dynamic programming (Viterbi 1967).

    Parameters are those of `forward_backward`; of equally likely sequences the one with lower states is taken.
    """
    n = log_emission.shape[1]
    path = np.empty(n, np.int64)
    if not n:
        return path
    with np.errstate(divide="ignore"):
        log_start, log_step = np.log(start), np.log(step)
    came = np.zeros(log_emission.shape, np.int8)
    score, offset = log_emission.copy(), packed.offset.tolist()
    score[:, : offset[1]] += log_start[:, None]
    for t in range(1, len(offset) - 1):
        low, high = offset[t], offset[t + 1]
        reached = score[:, None, offset[t - 1] : offset[t - 1] + high - low] + log_step[:, :, None]
        came[:, low:high] = reached.argmax(axis=0)
        score[:, low:high] += reached.max(axis=0)
    ends = n  # from here on the runs of each time that go on are the first of it
    for t in range(len(offset) - 2, -1, -1):
        low, high = offset[t], offset[t + 1]
        path[low:high] = score[:, low:high].argmax(axis=0)
        if ends > high:
            after = np.arange(high, ends)
            path[low : low + len(after)] = came[path[after], after]
        ends = high
    return path
