"""Rates in continuous time behind transitions counted at a lag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.dynamics.stationary import visited

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOGARITHM = "logarithm"
LIKELIHOOD = "likelihood"

_SMALL = 1e-9  # per lag; less below 0 than this is rounding


@dataclass(frozen=True, eq=False)
class Generator:
    """Rates of a continuous-time Markov chain.

    Attributes
    ----------
    rates : (k, k) per frame, rows sum to 0; NaN for states that are never left.
    kind : `LOGARITHM` where the matrix logarithm of the transition probabilities is a generator, else `LIKELIHOOD`: the
        generator under which the counts are likeliest.
    settled : False where the search for that one came to no end; then do not use it.

    Notes
    -----
    Unlike probabilities, rates do not depend on the lag, if the chain is Markovian; look at implied timescales.
    Transition probabilities counted from few or flickering states are often those of no continuous-time chain.
    """

    rates: Floats
    kind: str
    settled: bool = True


def generator(counts: Ints, lag: int) -> Generator:
    """Find the rates.

    Parameters
    ----------
    counts : (k, k), transitions.
    lag : frames.

    Notes
    -----
    Israel, Rosenthal and Wei 2001, Math. Finance 11:245, on when a logarithm is a generator; the likelihood is
    sum n_ij ln exp(Q lag)_ij (Kalbfleisch and Lawless 1985, J. Am. Stat. Assoc. 80:863).
    """
    kept = visited(counts)
    rates = np.full(counts.shape, np.nan)
    if not len(kept):
        return Generator(rates, LOGARITHM)
    part = counts[np.ix_(kept, kept)]
    probability = part / part.sum(axis=1, keepdims=True)
    found, kind, settled = logarithm(probability), LOGARITHM, True
    if found is None:
        kind = LIKELIHOOD
        found, settled = _likeliest(part)
    rates[np.ix_(kept, kept)] = found / lag
    return Generator(rates, kind, settled)


def logarithm(probability: Floats) -> Floats | None:
    """Matrix logarithm of a transition matrix, (k, k) per step; None where it is no generator."""
    value, vector = np.linalg.eig(probability)
    if (np.abs(value) < 1e-12).any() or ((np.abs(value.imag) < 1e-12) & (value.real <= 0)).any():
        return None  # on the cut of the logarithm
    if np.linalg.cond(vector) > 1e10:
        return None
    log = (vector * np.log(value.astype(np.complex128))) @ np.linalg.inv(vector)
    rates = log.real.copy()
    away = ~np.eye(len(rates), dtype=bool)
    if np.abs(log.imag).max() > _SMALL or rates[away].min(initial=0.0) < -_SMALL:
        return None
    return _closed(np.where(away, np.maximum(rates, 0.0), 0.0))


def _closed(rates: Floats) -> Floats:
    """With the diagonal that makes rows sum to 0."""
    closed = rates.copy()
    np.fill_diagonal(closed, 0.0)
    np.fill_diagonal(closed, -closed.sum(axis=1))
    return closed


def _likeliest(counts: Ints) -> tuple[Floats, bool]:
    """The generator (per step) under which the counts are likeliest, and whether the search came to an end."""
    from scipy.linalg import expm, expm_frechet
    from scipy.optimize import minimize

    k, total = len(counts), float(counts.sum())
    away = ~np.eye(k, dtype=bool)
    share = counts / counts.sum(axis=1, keepdims=True)

    def loss(values: Floats) -> tuple[float, Floats]:
        rates = np.zeros((k, k))
        rates[away] = values
        rates = _closed(rates)
        step = np.maximum(expm(rates), 1e-300)
        slope = expm_frechet(rates.T, counts / step, compute_expm=False)
        return -float((counts * np.log(step)).sum()) / total, -(slope - np.diag(slope)[:, None])[away] / total

    least = 1e-9
    start = np.maximum(share[away], 1e-3)
    bounds = [(least, 1e3)] * len(start)
    done = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000, "ftol": 1e-13})
    rates = np.zeros((k, k))
    rates[away] = np.where(done.x <= 2 * least, 0.0, done.x)
    return _closed(rates), bool(done.success)
