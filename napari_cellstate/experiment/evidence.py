"""Whether the embeddings of an experiment add anything to its features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.behavior import SCALED, track_numbers
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stability import Refitting, Stability
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.metrics._mutual import bins_of, mutual_information
from napari_cellstate.metrics.disentanglement import BINS, dci, mig
from napari_cellstate.metrics.evidence import Evidence, Windows, evidence, names_of

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

CLIP = 8.0
FACTORS = ("condition", "replicate", "movie")


def embedding_evidence(
    experiment: Experiment | str | Path,
    *,
    spaces: Sequence[str] = (),
    known: str | Path = "",
    stability: Stability = "quick",
    seed: int = 0,
    progress: Progress = silent,
) -> Evidence:
    """Compare the embeddings of an experiment with its features: next window, condition, known states, neighbourhoods.

    Parameters
    ----------
    spaces : names of embeddings, such as "pca"; all where empty.
    known : states that are known: a table with movie, track (or label), frame and state; or a column of the behaviour
        table; or "".
    stability : which spaces are made anew from drawn tracks, to see whose neighbours stay: none, those that train no
        net ("quick"), or nets too ("all": each trains once more).

    Raises
    ------
    InputError
        No behaviour table, no such embedding, too few windows, or a table of known states that fits no row.

    Notes
    -----
    See `napari_cellstate.metrics.evidence.evidence` for what is asked, and what "adds nothing" does not mean.
    """
    experiment = as_experiment(experiment)
    behavior, recipe = experiment.behavior, current_recipe(experiment)
    names = _chosen(behavior, spaces)
    windows = _windows(experiment, behavior, recipe, known)
    stable = Refitting(experiment, recipe, behavior, seed, progress).stability(names, stability)
    points = {name: np.asarray(behavior.obsm[f"X_{name}"], np.float64) for name in names}
    return evidence(windows, points, stability=stable, seed=seed, progress=progress)


@dataclass(frozen=True)
class Disentangled:
    """How one known factor shows in an embedding.

    Attributes
    ----------
    space, factor : names.
    levels : values of the factor.
    mig : gap between the two dimensions that tell most of it, over its entropy; 0 to 1.
    informativeness : share of windows whose level a forest tells from the embedding.
    best : dimension that tells most, from 1.
    """

    space: str
    factor: str
    levels: int
    mig: float
    informativeness: float
    best: int


def known_factors(
    experiment: Experiment | str | Path, *, spaces: Sequence[str] = (), rows: int = 3000, seed: int = 0
) -> list[Disentangled]:
    """How condition, replicate and movie show in each embedding: in one dimension, in many, or not at all.

    Notes
    -----
    These scores saturate, chance is not taken out, and a forest that tells a movie tells its condition too: for what a
    condition does beyond its movies see `embedding_evidence`. Clusters may get worse as codes get disentangled.
    """
    behavior = as_experiment(experiment).behavior
    some = np.random.default_rng(seed).permutation(behavior.n_obs)[:rows]
    found = []
    for name in _chosen(behavior, spaces):
        codes = np.asarray(behavior.obsm[f"X_{name}"], np.float64)[some]
        for factor in FACTORS:
            levels = names_of(behavior.obs[factor].to_numpy(str)[some])[0]
            if len(some) < 20 or levels.max(initial=0) == 0:
                continue
            found.append(_disentangled(name, factor, codes, levels[:, None], seed))
    return found


def _disentangled(name: str, factor: str, codes: Floats, levels: Ints, seed: int) -> Disentangled:
    told = [mutual_information(bins_of(codes[:, d], BINS), levels[:, 0]) for d in range(codes.shape[1])]
    return Disentangled(
        name,
        factor,
        int(levels.max()) + 1,
        mig(codes, levels),
        dci(codes, levels, seed=seed).informativeness,
        int(np.argmax(told)) + 1,
    )


def _chosen(behavior: AnnData, spaces: Sequence[str]) -> list[str]:
    there = [name.removeprefix("X_") for name in behavior.obsm if name.startswith("X_")]
    for name in spaces:
        if name not in there:
            raise InputError(f"evidence: no embedding {name!r}; there are: {', '.join(there) or 'none'}")
    return list(spaces) or there


def _windows(experiment: Experiment, behavior: AnnData, recipe: Recipe, known: str | Path) -> Windows:
    obs = behavior.obs
    every = {entry.name: recipe.every(entry) for entry in experiment.movies}
    movie, movies = names_of(obs["movie"].to_numpy(str))
    per_movie = np.array([every.get(name, 1) for name in movies], np.int64) if movies else np.ones(1, np.int64)
    frame = obs["frame"].to_numpy(np.int64) // (per_movie[movie] if len(movie) else 1)
    window, stride = recipe.windows.window, recipe.windows.stride
    condition, names = names_of(obs["condition"].to_numpy(str))
    return Windows(
        features=scaled_features(behavior),
        movie=movie,
        track=track_numbers(behavior),
        frame=frame,
        ahead=-(-window // stride) * stride,
        condition=condition if len(names) > 1 else None,
        state=_known_states(behavior, known) if known else None,
    )


def scaled_features(behavior: AnnData) -> Floats:
    """Scaled features in use, pulled in to within 8, (N, F)."""
    used = behavior.var["used"].to_numpy(bool)
    return np.clip(np.asarray(behavior.layers[SCALED], np.float64)[:, used], -CLIP, CLIP)


def _known_states(behavior: AnnData, known: str | Path) -> Ints:
    """Number of the known state of each row, -1 where it is not known."""
    obs = behavior.obs
    column = str(known) in obs.columns
    values = obs[str(known)].astype(str).to_numpy() if column else _from_table(obs, Path(known))
    number, names = names_of(values)
    nothing = [nth for nth, name in enumerate(names) if name in ("", "nan", "<NA>", "None")]
    return np.where(np.isin(number, nothing), -1, number)


def _from_table(obs: pd.DataFrame, path: Path) -> Any:
    from napari_cellstate.formats.columns import FRAME_NAMES, TRACK_NAMES
    from napari_cellstate.formats.read_sheet import read_sheet

    sheet = read_sheet(path)
    state = sheet.find(("state", "state_name", "class", "phenotype"), "", "a column named state")
    frame = sheet.find(FRAME_NAMES, "", "a column named frame")
    by = "label" if "label" in sheet.frame.columns else "track"
    cell = "label" if by == "label" else sheet.find(TRACK_NAMES, "", "a column named track")
    movie = sheet.find_optional(("movie",))
    movies = sheet.text(movie) if movie else np.full(len(sheet.rows), str(obs["movie"].iloc[0]), object)
    cells, frames = sheet.numbers(cell).astype(np.int64), sheet.numbers(frame).astype(np.int64)
    table = dict(zip(zip(movies, cells, frames, strict=True), sheet.text(state), strict=True))
    keys = zip(obs["movie"].astype(str), obs[by].astype(int), obs["frame"].astype(int), strict=True)
    found = np.array([table.get(key, "") for key in keys], object)
    if not any(found):
        raise InputError(
            f"{path}: none of its {len(table)} rows is a window's (movie, {by}, frame); check the names of the movies "
            "and that frames count from 0"
        )
    return found.astype(str)
