"""The results of all movies together: the behaviour table and the dynamics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.behavior import OBS_KEYS, POSTERIOR, STATE_COLUMNS
from napari_cellstate.experiment.finding import Findings
from napari_cellstate.experiment.store import Experiment

if TYPE_CHECKING:
    from anndata import AnnData

_TABLES = ("transitions", "occupancy", "dwell", "bouts")
_SHARES = {"transitions": ("probability", ["condition", "from"]), "occupancy": ("share", ["movie"])}
_CLOSE = 1e-6


def check_pooled(experiment: Experiment, found: Findings, fresh: frozenset[str]) -> None:
    """Check what all movies share; it is compared with the movies only where its stage is `fresh`."""
    path = experiment.paths.behavior
    if path.exists():
        again = found.again(experiment.paths.record("embed"))
        with found.noting(path.name, again):
            behavior = experiment.behavior
            _check_rows(experiment, behavior, found, again, compare="embed" in fresh)
            if "states" in fresh:
                _check_states(behavior, found, found.again(experiment.paths.record("states")))
    for table in _TABLES:
        if experiment.paths.dynamics(table).exists():
            _check_table(experiment, table, found)


def _check_rows(experiment: Experiment, behavior: AnnData, found: Findings, again: str, *, compare: bool) -> None:
    where, obs = "behavior.h5ad", behavior.obs
    missing = [name for name in (*OBS_KEYS, "condition") if name not in obs.columns]
    if missing:
        found.add(where, f"obs has no column {missing[0]!r}", again)
        return
    if obs.duplicated(list(OBS_KEYS)).any():
        at = int(np.argmax(obs.duplicated(list(OBS_KEYS)).to_numpy()))
        found.add(f"{where}, row {at}", "the same movie, track and frame as an earlier row", again)
    if np.isinf(np.asarray(behavior.X, np.float64)).any():
        found.add(where, "infinite values in X", again)
    for name, space in behavior.obsm.items():
        if not np.isfinite(np.asarray(space, np.float64)).all():
            found.add(where, f"NaN or infinite values in obsm[{name!r}]", again)
    if not compare:
        return
    rows = obs["movie"].astype(str).value_counts()
    for entry in experiment.movies:
        features = experiment.movie_paths(entry.name).features
        expected = len(experiment.features(entry.name)) if features.exists() else 0
        if int(rows.get(entry.name, 0)) != expected:
            found.add(
                where, f"{rows.get(entry.name, 0)} rows of movie {entry.name}; its features have {expected}", again
            )
    strange = sorted(set(rows.index[rows > 0]) - {entry.name for entry in experiment.movies})
    if strange:
        found.add(where, f"rows of a movie {strange[0]!r} that is not in the experiment", again)


def _check_states(behavior: AnnData, found: Findings, again: str) -> None:
    where, obs = "behavior.h5ad", behavior.obs
    missing = [name for name in STATE_COLUMNS if name not in obs.columns]
    if missing:
        found.add(where, f"obs has no column {missing[0]!r}", again)
        return
    posterior = np.asarray(behavior.obsm[POSTERIOR], np.float64) if POSTERIOR in behavior.obsm else None
    k = posterior.shape[1] if posterior is not None else int(obs["state"].max()) if len(obs) else 0
    if ((obs["state"] < 0) | (obs["state"] > k)).any():
        found.add(where, f"a state outside 0 to {k}", again)
    probability = obs["state_prob"].to_numpy(np.float64)
    if ((probability < -_CLOSE) | (probability > 1 + _CLOSE)).any():
        found.add(where, "a state_prob outside 0 to 1", again)
    if posterior is not None and len(obs):
        total = posterior.sum(axis=1)
        if (np.minimum(np.abs(total - 1), np.abs(total)) > 1e-3).any() or (posterior < -_CLOSE).any():
            found.add(where, f"rows of obsm[{POSTERIOR!r}] that do not sum to 1", again)


def _check_table(experiment: Experiment, table: str, found: Findings) -> None:
    path = experiment.paths.dynamics(table)
    where, again = path.relative_to(experiment.root).as_posix(), found.again(experiment.paths.record("dynamics"))
    with found.noting(where, again):
        rows = experiment.dynamics(table)
        if table not in _SHARES:
            return
        column, group = _SHARES[table]
        missing = [name for name in (column, *group) if name not in rows.columns]
        if missing:
            found.add(where, f"column {missing[0]!r} is missing", again)
            return
        values = rows[column].to_numpy(np.float64)
        if ((values < -_CLOSE) | (values > 1 + _CLOSE)).any():
            found.add(where, f"a {column} outside 0 to 1", again)
        total = rows.groupby(group, observed=True)[column].sum(min_count=1).dropna()
        if (np.minimum(np.abs(total - 1), np.abs(total)) > _CLOSE).any():  # 0: a state that nothing leaves
            found.add(where, f"{column} does not sum to 1 for each {' and '.join(group)}", again)
