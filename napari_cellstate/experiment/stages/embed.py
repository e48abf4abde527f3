"""Embed: all movies' features to one behaviour table, scaled and embedded."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core import atomic
from napari_cellstate.core.behavior import SCALED, row_name
from napari_cellstate.core.digest import digest
from napari_cellstate.core.edits import records
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Embedder, Embedding
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.scaling import fit_scaling
from napari_cellstate.core.times import times_of
from napari_cellstate.core.units import Feature
from napari_cellstate.experiment.crops import crops_of, normalisation, remove_old_crops
from napari_cellstate.experiment.edits.exclude import without_excluded
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages.base import Outcome, PooledStage
from napari_cellstate.experiment.stages.features import KEYS
from napari_cellstate.experiment.store import Experiment

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

UNIT_TOLERANCE = 0.02


def _record(recipe: Recipe, entries: tuple[MovieEntry, ...]) -> dict[str, Any]:
    record = {"method": "embed", "embed": [one.record() for one in recipe.embed], **_inputs(recipe, entries)}
    pixels = _pixels(recipe.embed, entries)
    return {**record, "pixels": pixels} if pixels else record


def _inputs(recipe: Recipe, entries: tuple[MovieEntry, ...]) -> dict[str, Any]:
    known = {"name", "dt_s", "pixel_size_um", "condition", "replicate"}
    said = [entry.model_dump(include=known | {"times_s"} if entry.times_s else known) for entry in entries]
    return {
        "pixel_sizes_differ": recipe.windows.resample_pixel_size,
        "movies": said,
        "units": "um, h",  # of the features: they were minutes once
        "threads": recipe.threads,
    }


def _pixels(methods: tuple[Embedder, ...], entries: tuple[MovieEntry, ...]) -> list[Any]:
    """The images, where crops of them are read: labels that were given know nothing of them."""
    if all(method.wanted_crops() is None for method in methods):
        return []
    return [[entry.name, entry.images.ground if entry.images else None, entry.channel] for entry in entries]


def _run(experiment: Experiment, recipe: Recipe, runtime: Runtime) -> Outcome:
    entries = experiment.movies
    _check_units(entries, recipe)
    remove_old_crops(experiment)
    behavior, warnings = _assemble(experiment, entries, recipe)
    info = {}
    for nth, (name, method) in enumerate(embedding_names(recipe).items()):
        runtime.progress(nth, len(recipe.embed), f"embed ({method.kind})")
        result = _embedded(experiment, recipe, method, behavior, runtime)
        behavior.obsm[name] = result.coordinates
        for more, points in result.spaces.items():
            behavior.obsm[f"{name}_{more}"] = points
        for column, values in result.columns.items():
            behavior.obs[embedding_column(name, column, recipe)] = values
        info[name] = {**method.record(), **result.info}
        if "crops" in result.info:
            warnings.append(f"{method.kind}: {result.info['crops']['note']}")
    behavior.uns["provenance"] = json.dumps({"embed": info}, sort_keys=True)
    atomic_write(experiment, behavior)
    runtime.progress(len(recipe.embed), len(recipe.embed), "embed")
    if not behavior.n_obs:
        warnings.append(
            "the behaviour table is empty: no movie has a track as long as a window; states cannot be found"
        )
    summary = {"rows": behavior.n_obs, "movies": len(entries), "features": int(behavior.var["used"].sum())}
    return Outcome({"embed": [one.record() for one in recipe.embed]}, summary, tuple(warnings))


def _embedded(
    experiment: Experiment, recipe: Recipe, method: Embedder, behavior: AnnData, runtime: Runtime
) -> Embedding:
    """What one method makes of the table, with the crops that it wants and a folder for its net."""
    method.check_rows(behavior.n_obs)
    wish = method.wanted_crops()
    if wish is not None and not behavior.n_obs:
        return Embedding(np.zeros((0, 1)), {"notes": ["no windows: nothing to learn from"]})
    folder = experiment.paths.model(model_key(experiment, recipe, method))
    inside = replace(runtime, folder=folder)
    if wish is None:
        result = method.embed(behavior, inside)
    else:
        with crops_of(experiment, recipe, behavior.obs, wish, folder.name, runtime) as crops:
            result = method.embed_crops(behavior, crops, inside)
            result.info["crops"] = normalisation(experiment, crops)
    if folder.is_dir():
        result.info["model"] = folder.name
    return result


def model_key(experiment: Experiment, recipe: Recipe, method: Embedder) -> str:
    """Name of the net that a method trains here: what it depends on, its settings, and the rows that it sees."""
    features = {one.name: (experiment.record("features", one.name) or {}).get("key", "") for one in experiment.movies}
    left_out = records(tuple(edit for edit in experiment.history.done if edit.stage == "embed"))
    return digest([method.record(), _inputs(recipe, experiment.movies), sorted(features.items()), left_out,
                   *_pixels((method,), experiment.movies)])  # fmt: skip


def embedding_column(name: str, column: str, recipe: Recipe) -> str:
    """Name in `obs` of a column of an embedding: that of the first embedding has no name of its own."""
    first = next(iter(embedding_names(recipe)))
    return f"embed_{column}" if name == first else f"{name.removeprefix('X_')}_{column}"


def embedding_names(recipe: Recipe) -> dict[str, Any]:
    """Name in `obsm` of each embedding of a recipe, in order."""
    names: dict[str, Any] = {}
    for method in recipe.embed:
        same = sum(other.kind == method.kind for other in names.values())
        names[f"X_{method.kind}" + (f"_{same + 1}" if same else "")] = method
    return names


def atomic_write(experiment: Experiment, behavior: AnnData) -> None:
    """Put a behaviour table in the place of the old one."""
    with atomic.replacing(experiment.paths.behavior) as temporary:
        atomic.make_room(temporary, _size(behavior))
        behavior.write_h5ad(temporary)


def _size(behavior: AnnData) -> int:
    """About what a behaviour table takes on disk, bytes; rather more than less."""
    arrays = [behavior.X, *behavior.layers.values(), *behavior.obsm.values()]
    columns = behavior.obs.memory_usage(deep=True).sum() + behavior.var.memory_usage(deep=True).sum()
    return int(1.1 * (sum(np.asarray(one).nbytes for one in arrays) + columns)) + 2**18


def _check_units(entries: tuple[MovieEntry, ...], recipe: Recipe) -> None:
    """Movies can be pooled only where frames and pixels mean the same."""
    intervals = {entry.name: entry.dt_s and entry.dt_s * recipe.every(entry) for entry in entries}
    _check_equal(
        intervals,
        "frame interval",
        "s",
        "set resample_dt_s in [features], or correct it: napari-cellstate update EXP MOVIE --dt S",
    )
    sizes = {entry.name: entry.pixel_size_um for entry in entries}
    if not recipe.windows.resample_pixel_size or None in sizes.values():
        hint = (
            "set resample_pixel_size = true in [features] where all are known, or correct it: "
            "napari-cellstate update EXP MOVIE --pixel-size UM"
        )
        _check_equal(sizes, "pixel size", "um", hint)


def _check_equal(values: dict[str, float | None], what: str, unit: str, hint: str) -> None:
    first_name, first = next(iter(values.items()))
    for name, value in values.items():
        same = value is None if first is None else value is not None and abs(value / first - 1) <= UNIT_TOLERANCE
        if not same:
            shown = [f"{v:g} {unit}" if v is not None else "not known" for v in (first, value)]
            raise InputError(
                f"{what} of movie {first_name} is {shown[0]}, of movie {name} {shown[1]}; movies can only be pooled "
                f"where they agree within {UNIT_TOLERANCE:.0%}; {hint}"
            )


def _assemble(experiment: Experiment, entries: tuple[MovieEntry, ...], recipe: Recipe) -> tuple[AnnData, list[str]]:
    """The behaviour table without embeddings: obs, X in physical units, scaled layer, var."""
    import anndata
    import pandas as pd

    features = [feature for one in recipe.features for feature in one.features()]
    names = [feature.name for feature in features]
    tables, left_out = _left(experiment, entries)
    obs = pd.concat([_obs(entry, table) for entry, table in tables], ignore_index=True)
    for name in ("movie", "condition", "replicate"):
        obs[name] = pd.Categorical(obs[name], categories=sorted({str(v) for v in obs[name]}))
    obs.index = pd.Index(
        [row_name(*key) for key in zip(obs["movie"], obs["track"], obs["frame"], strict=True)], dtype=object
    )
    values = np.concatenate([_physical(entry, table[names], features) for entry, table in tables])
    var, warnings = _var(features, entries[0], values, obs["movie"].to_numpy())
    warnings += left_out
    scaling = fit_scaling(values)
    var["log_scale"], var["median"], var["spread"] = scaling.log_scale, scaling.median, scaling.spread
    var["used"] &= scaling.spread > 0
    behavior = anndata.AnnData(X=values, obs=obs, var=var)
    behavior.layers[SCALED] = scaling.apply(values)
    behavior.uns["window"] = {
        "window": recipe.windows.window,
        "stride": recipe.windows.stride,
        "resampled_dt_s": recipe.windows.resample_dt_s,
    }
    return behavior, warnings


def _left(
    experiment: Experiment, entries: tuple[MovieEntry, ...]
) -> tuple[list[tuple[MovieEntry, pd.DataFrame]], list[str]]:
    """Feature tables without what the user left out, and what there is to say about it."""
    history, tables, warnings = experiment.history, [], list[str]()
    for entry in entries:
        table = experiment.features(entry.name)
        if history.of("embed", entry.name):
            kept, lost = without_excluded(table, experiment.tracks(entry.name), history, entry.name)
            n = len(table) - len(kept)
            warnings += [f"movie {entry.name}: {n} of {len(table)} windows are left out by hand"] if n else []
            warnings += [f"movie {entry.name}: {words}: it fits no cell any more and has no effect" for words in lost]
            table = kept
        tables.append((entry, table))
    return tables, warnings


def _obs(entry: MovieEntry, table: pd.DataFrame) -> pd.DataFrame:
    obs = table[list(KEYS)].copy()
    for at, (name, value) in enumerate(
        (("movie", entry.name), ("condition", entry.condition), ("replicate", entry.replicate))
    ):
        obs.insert(at, name, value)
    obs["time_s"] = times_of(obs["frame"].to_numpy(np.int64), entry.dt_s, entry.times_s)
    return obs


def _physical(entry: MovieEntry, table: pd.DataFrame, features: list[Feature]) -> np.ndarray[Any, np.dtype[np.float64]]:
    factors = np.array([feature.factor(entry.pixel_size_um, entry.dt_s) for feature in features])
    return np.asarray(table.to_numpy(np.float64) * factors)


def _var(
    features: list[Feature], entry: MovieEntry, values: np.ndarray[Any, Any], movie: np.ndarray[Any, Any]
) -> tuple[pd.DataFrame, list[str]]:
    """What each column is, and whether it enters the scaled space: not where some movie has no value of it at all."""
    import pandas as pd

    used, warnings = np.array([feature.pooled for feature in features], bool), []
    movies = list(dict.fromkeys(movie))
    for at, feature in enumerate(features):
        finite = np.isfinite(values[:, at])
        without = [name for name in movies if not finite[movie == name].any()]
        if used[at] and without:
            used[at] = False
            if len(without) < len(movies):  # that tracks alone have no shape needs no saying
                warnings.append(f"feature {feature.name} is left out of the states: movie {without[0]} lacks it")
    var = pd.DataFrame(
        {
            "unit": [feature.unit(entry.pixel_size_um, entry.dt_s) for feature in features],
            "definition": [feature.definition for feature in features],
            "note": [feature.note for feature in features],
            "source": [feature.source for feature in features],
            "used": used,
            "n_missing": (~np.isfinite(values)).sum(axis=0),
        },
        index=pd.Index([feature.name for feature in features], dtype=object),
    )
    return var, warnings


STAGE = PooledStage("embed", _record, _run, lambda experiment: experiment.paths.behavior.exists())
