"""Save the states of an experiment, so that others can be judged by them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core import atomic
from napari_cellstate.core.behavior import POSTERIOR
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.scaling import Scaling
from napari_cellstate.experiment.behaviours import state_names
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.sequences import sequences
from napari_cellstate.experiment.stages.states import named_values
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.methods.states._state_model import FAR, StateModel, gaussian_states

Floats = NDArray[np.float64]


def save_states(experiment: Experiment | str | Path, out: str | Path) -> Path:
    """Write the states of an experiment, as they are with all corrections, to a file.

    Parameters
    ----------
    experiment : with states.
    out : .json, written over. Apply it with ``[states] method = "saved", model = "FILE.json"``.

    Notes
    -----
    The space is that of the first embedding where it is a PCA, else of the scaled features. Each state is kept as a
    Gaussian: one with a stranger shape loses it.
    """
    experiment, path = as_experiment(experiment), Path(out)
    if path.suffix.lower() != ".json":
        raise InputError(f"{path}: expected a name that ends in .json")
    if experiment.record("states") is None:
        raise InputError(f"{experiment.root}: no states yet; do: napari-cellstate run {experiment.root}")
    recipe, behavior = current_recipe(experiment), experiment.behavior
    found = sequences(experiment, recipe)
    used = behavior.var["used"].to_numpy(bool)
    names = tuple(str(name) for name in behavior.var_names[used])
    columns = ("log_scale", "median", "spread")
    scaling = Scaling(*(behavior.var[name].to_numpy(np.float64)[used] for name in columns))
    clip, mean, loadings = _space(json.loads(behavior.uns["provenance"]), names)
    nothing = gaussian_states(np.zeros((1, loadings.shape[1])), np.zeros(1, int), np.zeros(1, int), None, 1)
    entry = experiment.movies[0]
    base = StateModel(
        names,
        tuple(str(unit) for unit in behavior.var["unit"][used]),
        scaling,
        clip,
        mean,
        loadings,
        nothing,
        tuple(state_names(experiment, found.k)),
        0.0,
        recipe.windows.window,
        recipe.windows.stride,
        found.dt_s,
        entry.pixel_size_um,
    )
    points = base.points(named_values(behavior))
    posterior = np.asarray(behavior.obsm[POSTERIOR]) if POSTERIOR in behavior.obsm else None
    model = gaussian_states(points, found.run, found.state - 1, posterior, found.k)
    made = replace(base, model=model)
    made = replace(made, far=float(np.quantile(made.distance(points), FAR)))
    atomic.write_text(path, json.dumps(made.to_dict(), indent=1) + "\n")
    return path


def _space(provenance: dict[str, object], names: tuple[str, ...]) -> tuple[float, Floats, Floats]:
    """Clip, mean and loadings of the first embedding where it is a PCA; else the scaled features as they are."""
    embeddings = provenance.get("embed", {})
    assert isinstance(embeddings, dict)
    info: dict[str, Any] = next(iter(embeddings.values()), {})
    if info.get("method") != "pca" or not set(names) <= set(info.get("loadings", {})):
        return 0.0, np.zeros(len(names)), np.eye(len(names))
    mean = np.array([info["mean"][name] for name in names], np.float64)
    return float(info["clip"]), mean, np.array([info["loadings"][name] for name in names], np.float64)
