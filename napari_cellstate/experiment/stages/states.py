"""States: the embedded rows to states, ordered by mean speed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.behavior import DOUBTFUL, POSTERIOR, SCALED, STATE_COLUMNS
from napari_cellstate.core.edits import Edit
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import NamedValues, Rows, StateFit
from napari_cellstate.core.progress import Runtime
from napari_cellstate.experiment.edits.states import TeachState, restated
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.sequences import global_runs
from napari_cellstate.experiment.stages.base import Outcome, PooledStage
from napari_cellstate.experiment.stages.embed import atomic_write, embedding_names
from napari_cellstate.experiment.store import Experiment

if TYPE_CHECKING:
    from anndata import AnnData


_NEAR = 10.0
"""Pixels from where a cell was when its state was said, within which it is the same one."""


def _record(recipe: Recipe, entries: tuple[MovieEntry, ...]) -> dict[str, Any]:
    content = recipe.states.content()
    return {**recipe.states.record(), "threads": recipe.threads, **({"content": content} if content else {})}


def _run(experiment: Experiment, recipe: Recipe, runtime: Runtime) -> Outcome:
    behavior = experiment.behavior
    space, warnings = state_space(behavior, recipe)
    runtime.progress(0, 1, f"states ({recipe.states.kind})")
    edits = tuple(edit for edit in experiment.history.done if edit.stage == "states")
    taught, lost = taught_rows(behavior, edits)
    rows = Rows(space, global_runs(behavior), overlap(recipe), taught, named_values(behavior))
    method = recipe.states.estimated(rows)
    fit = method.fit(rows, runtime)
    if recipe.states.kind not in ("taught", "saved"):  # what was taught or saved keeps its numbers
        fit = ordered(fit, behavior.obs["step"].to_numpy(np.float64))
    fit, more = restated(fit, edits, rows, runtime)
    warnings += [f"a correction fits no more and was left out: {words}" for words in (*lost, *more)]
    _write_states(behavior, fit)
    provenance = json.loads(behavior.uns["provenance"])
    provenance["states"] = {**method.record(), "notes": list(fit.notes)}
    behavior.uns["provenance"] = json.dumps(provenance, sort_keys=True)
    atomic_write(experiment, behavior)
    runtime.progress(1, 1, "states")
    shares = np.bincount(fit.state, minlength=1) / max(1, len(fit.state))
    summary = {
        "states": int(fit.state.max(initial=-1)) + 1,
        "rows": len(fit.state),
        "shares": [round(float(s), 4) for s in shares],
        "doubtful": int((behavior.obs["state_prob"].to_numpy(np.float64) < DOUBTFUL).sum()),
    }
    return Outcome(method.record(), summary, (*warnings, *fit.notes))


def overlap(recipe: Recipe) -> float:
    """Rows of one run that share a frame."""
    return max(1.0, recipe.windows.window / recipe.windows.stride)


def named_values(behavior: AnnData) -> NamedValues:
    """The features of all rows under their names."""
    return NamedValues(tuple(str(name) for name in behavior.var_names), np.asarray(behavior.X, np.float64))


def taught_rows(
    behavior: AnnData, edits: tuple[Edit, ...]
) -> tuple[np.ndarray[Any, np.dtype[np.int64]] | None, list[str]]:
    """State that the user said of each row, 0 for none; and the words of what fits no row."""
    said = [edit for edit in edits if isinstance(edit, TeachState)]
    if not said:
        return None, []
    taught, lost = np.zeros(behavior.n_obs, np.int64), []
    movie, frame = behavior.obs["movie"].astype(str).to_numpy(), behavior.obs["frame"].to_numpy(np.int64)
    at = behavior.obs[["y", "x"]].to_numpy(np.float64)
    for one in said:
        here = np.flatnonzero((movie == one.movie) & (frame == one.frame))
        away = np.hypot(*(at[here] - (one.y, one.x)).T)
        if len(here) and np.nanmin(away) <= _NEAR:
            taught[here[int(np.nanargmin(away))]] = one.state
        else:
            lost.append(one.words())
    return taught, lost


def ordered(fit: StateFit, speed: np.ndarray[Any, np.dtype[np.float64]]) -> StateFit:
    """The same states, numbered from 0 by the mean speed of their rows."""
    n = int(max(fit.state.max(initial=-1), fit.cluster.max(initial=-1))) + 1
    if fit.posterior is not None:
        n = max(n, fit.posterior.shape[1])
    known = np.isfinite(speed)
    total = np.bincount(fit.state[known], speed[known], minlength=n)
    count = np.bincount(fit.state[known], minlength=n)
    mean = np.divide(total, count, out=np.full(n, np.inf), where=count > 0)
    order = np.argsort(mean, kind="stable")
    number = np.empty(n, np.int64)
    number[order] = np.arange(n)
    posterior = None if fit.posterior is None else fit.posterior[:, order]
    return StateFit(number[fit.cluster], number[fit.state], posterior, fit.notes)


def state_space(behavior: AnnData, recipe: Recipe) -> tuple[np.ndarray[Any, np.dtype[np.float64]], list[str]]:
    """The points that `states` reads, by the name in its setting `space`."""
    wanted, spaces = recipe.states.space, embedding_names(recipe)
    if wanted == "features":
        used = behavior.var["used"].to_numpy(bool)
        return np.asarray(behavior.layers[SCALED])[:, used], []
    name = next(iter(spaces)) if wanted == "embed" else f"X_{wanted}"
    if name not in spaces:
        known = ", ".join(["embed", "features", *(key.removeprefix("X_") for key in spaces)])
        raise InputError(f"recipe [states]: no space {wanted!r}; known: {known}")
    warnings = []
    if spaces[name].for_looking:
        if wanted == "embed":
            raise InputError(
                f"recipe [states]: the first embedding is {spaces[name].kind}, a map for looking: its distances mean "
                f'little, and states made from them too; put pca first, or say space = "{spaces[name].kind}"'
            )
        warnings.append(f"states are made in {spaces[name].kind}, a map whose distances mean little; trust them less")
    return np.asarray(behavior.obsm[name], np.float64), warnings


def _write_states(behavior: AnnData, fit: StateFit) -> None:
    """Set cluster, state (1..k), state_prob and the posterior; what an earlier fit left is removed first."""
    behavior.obs = behavior.obs.drop(columns=[name for name in STATE_COLUMNS if name in behavior.obs])
    if POSTERIOR in behavior.obsm:
        del behavior.obsm[POSTERIOR]
    behavior.obs["cluster"] = fit.cluster + 1
    behavior.obs["state"] = fit.state + 1
    probability = np.full(len(fit.state), np.nan)
    if fit.posterior is not None and len(fit.state):
        probability = fit.posterior[np.arange(len(fit.state)), fit.state]
        behavior.obsm[POSTERIOR] = fit.posterior
    behavior.obs["state_prob"] = probability


STAGE = PooledStage("states", _record, _run, lambda experiment: experiment.paths.behavior.exists())
