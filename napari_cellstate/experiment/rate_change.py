"""How the rates of two conditions differ, with intervals that know what n is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.compare.design import Design, find_samples, make_design
from napari_cellstate.compare.rates import compare_rates, ratio_of_intervals
from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.counts import Transitions, count_transitions
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.sequences import ALL, sequences
from napari_cellstate.experiment.stages.dynamics import count_conditions
from napari_cellstate.experiment.store import Experiment, as_experiment

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

REPLICATE = "replicate"


def rate_changes(experiment: Experiment | str | Path, reference: str, other: str) -> pd.DataFrame:
    """Ratio of each transition rate of one condition to that of another, with 95 % intervals.

    Parameters
    ----------
    reference, other : conditions; `sequences.ALL` for movies without one.

    Returns
    -------
    One row for each ordered pair of different states: from, to, ratio (other over reference), low, high, unit_reference
    and unit_other (what the interval is over), n_reference, n_other, paired. NaN where there is no interval.

    Raises
    ------
    InputError
        One condition given twice, or one that is not there.

    Notes
    -----
    With two or more replicates on both sides this is the difference of log rates of `compare.rates`, one number a
    replicate, paired where the replicates are the same: the numbers of the comparison's report. With fewer, the
    intervals of the two conditions are put together (`ratio_of_intervals`): over tracks of one movie they hold for
    that movie only, and say nothing about another dish. No p-value: for that see `compare`.
    """
    experiment = as_experiment(experiment)
    if reference == other:
        raise InputError(f"rates of {reference!r} against themselves; expected two conditions")
    recipe = current_recipe(experiment)
    found = sequences(experiment, recipe)
    lag = recipe.dynamics.frames(recipe.windows.stride)
    names, movie = np.unique(found.movie.astype(str), return_inverse=True)
    entries = [experiment.entry(name) for name in names.tolist()]
    samples = find_samples(
        [entry.condition or ALL for entry in entries], [entry.replicate or entry.name for entry in entries]
    )
    design = make_design(samples, reference, other)
    if min(design.n) < 2:
        counted = count_conditions(found, lag)
        return _of_intervals(counted[reference], counted[other])
    sample = samples.of[movie]
    by_sample = count_transitions(found.run, found.sample, found.state, found.k, lag, unit=sample)
    counts = np.zeros((len(samples.condition), found.k, found.k), np.int64)
    counts[by_sample.units] = by_sample.unit_counts
    return _of_replicates(counts, design)


def _of_replicates(counts: NDArray[np.int64], design: Design) -> pd.DataFrame:
    k = counts.shape[-1]
    each = [one for one in compare_rates(counts, design) if one.question == "rates"]
    values = np.array([(one.estimate, one.low, one.high) for one in each]).reshape(-1, 3)
    seen = counts[np.concatenate([design.a, design.b])].sum(axis=0)
    values[seen[~np.eye(k, dtype=bool)] == 0] = np.nan  # the half event that is added is then all there is
    return _table(k, values, (REPLICATE, REPLICATE), design.n, paired=design.paired)


def _of_intervals(reference: Transitions, other: Transitions) -> pd.DataFrame:
    k = len(reference.counts)
    away = ~np.eye(k, dtype=bool)
    tables = [one.table(dt_s=3600.0) for one in (reference, other)]  # in one unit of time; it falls out of the ratio
    ends = [tuple(table[name].to_numpy().reshape(k, k)[away] for name in ("rate_low", "rate_high")) for table in tables]
    ratio = ratio_of_intervals((ends[0][0], ends[0][1]), (ends[1][0], ends[1][1]))
    n = tuple(int((one.unit_counts.sum(axis=(1, 2)) > 0).sum()) for one in (reference, other))
    return _table(k, np.stack(ratio, axis=1), (reference.unit, other.unit), (n[0], n[1]), paired=False)


def _table(k: int, values: NDArray[Any], unit: tuple[str, str], n: tuple[int, int], *, paired: bool) -> pd.DataFrame:
    import pandas as pd

    pairs = np.argwhere(~np.eye(k, dtype=bool)) + 1
    table = pd.DataFrame({"from": pairs[:, 0], "to": pairs[:, 1]})
    table[["ratio", "low", "high"]] = values
    for side, one, count in zip(("reference", "other"), unit, n, strict=True):
        table[f"unit_{side}"] = pd.Series([one] * len(table), dtype=object)
        table[f"n_{side}"] = count
    return table.assign(paired=paired)
