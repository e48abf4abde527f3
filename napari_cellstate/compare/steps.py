"""How far cells move through the space of their behaviour, and how often against its direction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design
from napari_cellstate.compare.finding import Finding, Wording, make_findings
from napari_cellstate.compare.occupancy import logit_occupancy
from napari_cellstate.compare.permutation import permute
from napari_cellstate.compare.replicate_tests import compare_conditions, finite_mean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def step_lengths(points: NDArray[Any], pairs: Ints, group: Ints, sample: Ints, *, groups: int, samples: int) -> Floats:
    """Mean length of the step to the next row, by the group (state) at its start.

    Parameters
    ----------
    points : (N, D) embedding, or scaled features.
    pairs : (P, 2) rows (`dynamics.pairs.row_pairs`).
    group : (N,) from 0, -1 for none; sample : (N,) from 0.

    Returns
    -------
    (samples, groups), NaN where there is no step.

    Notes
    -----
    "Transition magnitude" of the aging study of muscle stem cells (2020, Development 147:dev183855): the distance in
    the embedding from one window to the next. Windows that overlap make steps short; compare at one stride only.
    """
    pairs = pairs[group[pairs[:, 0]] >= 0]
    first, second = pairs.T
    length = np.linalg.norm(np.asarray(points, np.float64)[second] - np.asarray(points, np.float64)[first], axis=1)
    cell, size = sample[first] * groups + group[first], samples * groups
    known = np.isfinite(length)
    total, n = np.bincount(cell[known], length[known], size), np.bincount(cell[known], minlength=size)
    found: Floats = np.divide(total, n, out=np.full(size, np.nan), where=n > 0)
    return found.reshape(samples, groups)


def compare_step_lengths(
    lengths: Floats, design: Design, *, names: Sequence[str], margin: float = 1.25
) -> list[Finding]:
    """Compare the lengths of steps.

    Parameters
    ----------
    lengths : (S, G) of `step_lengths`.
    names : (G,) of the findings.

    Returns
    -------
    One ratio of lengths a group, not yet corrected.
    """
    with np.errstate(divide="ignore"):
        logs = np.log(np.where(lengths > 0, lengths, np.nan)).T
    wording = Wording("step length", "ratio of lengths", "log mean step", (1 / margin, margin), np.exp)
    return _findings(logs, design, names, wording, np.exp)


def backward_counts(progress: NDArray[Any], pairs: Ints, sample: Ints, *, samples: int) -> Ints:
    """Steps that go back and that do not, of each sample, (samples, 2).

    Parameters
    ----------
    progress : (N,) pseudotime or any order that was found without knowing the conditions; NaN for none.
    pairs : (P, 2) rows.
    """
    progress = np.asarray(progress, np.float64)
    change = progress[pairs[:, 1]] - progress[pairs[:, 0]]
    known = np.isfinite(change)
    cell = sample[pairs[known, 0]] * 2 + (change[known] >= 0)
    return np.bincount(cell, minlength=2 * samples).reshape(samples, 2).astype(np.int64)


def compare_backward(
    counts: Ints, design: Design, *, margin: float = 0.05, name: str = "backward steps"
) -> list[Finding]:
    """Compare the share of steps that go back.

    Parameters
    ----------
    counts : (S, 2) of `backward_counts`.
    margin : a difference of shares below this is called none.

    Notes
    -----
    The test is on log odds, one a replicate; noise of the embedding alone makes half of the steps of a cell that
    stays go back.
    """
    logits = logit_occupancy(counts)[:, :1].T
    both = np.concatenate(design.split(logits), axis=-1)
    centre = float(np.nanmean(both)) if np.isfinite(both).any() else 0.0

    def as_share(difference: NDArray[Any]) -> NDArray[Any]:
        return _expit(centre + difference / 2) - _expit(centre - difference / 2)

    wording = Wording("progress", "difference of shares of steps", "logit share", (-margin, margin), as_share)
    return _findings(logits, design, [name], wording, _expit)


def _findings(values: Floats, design: Design, names: Sequence[str], wording: Wording, shown: Any) -> list[Finding]:
    a, b = design.split(values)
    means = shown(np.stack([finite_mean(a), finite_mean(b)], axis=1))
    contrast, permutation = compare_conditions(values, design), permute(a, b, paired=design.paired)
    return make_findings(list(names), contrast, permutation, design, wording, values=means)


def _expit(values: NDArray[Any]) -> Floats:
    return np.asarray(1 / (1 + np.exp(-values)))
