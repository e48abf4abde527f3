"""Which cells do controls not explain: novelty of every window, calibrated on chosen control movies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.behavior import track_numbers
from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.evidence import scaled_features
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.formats.tables import write_csv
from napari_cellstate.metrics.novelty import Calibration, calibrate, distance_scores

if TYPE_CHECKING:
    import pandas as pd

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
_MOST = 20_000


@dataclass(frozen=True, eq=False)
class Novelty:
    """Novelty of every window.

    Attributes
    ----------
    table : movie, condition, track, frame, control, score (mean distance to the nearest windows of control tracks), p
        (chance that a control scores as high), novel (p <= alpha).
    alpha : rate of false positives that was asked for.
    threshold : of the score.
    held_out : movie to share called novel, of each control movie if only the others are known.
    notes : sentences to read.
    """

    table: pd.DataFrame
    alpha: float
    threshold: float
    held_out: dict[str, float]
    notes: tuple[str, ...]

    def by_movie(self) -> pd.DataFrame:
        """Share of novel windows of each movie: movie, condition, control, windows, novel."""
        groups = self.table.groupby(["movie", "condition", "control"], sort=False, observed=True)["novel"]
        return groups.agg(windows="size", novel="mean").reset_index()

    def to_dict(self) -> dict[str, Any]:
        """As plain values, without the table."""
        threshold = self.threshold if np.isfinite(self.threshold) else None
        rows = self.by_movie().to_dict(orient="records")
        return {"alpha": self.alpha, "threshold": threshold, "movies": rows, "held_out": self.held_out,
                "notes": list(self.notes)}  # fmt: skip


def novelty(
    experiment: Experiment | str | Path,
    controls: Sequence[str],
    *,
    space: str = "",
    alpha: float = 0.05,
    neighbours: int = 5,
    out: str | Path = "",
) -> Novelty:
    """Score every window by its distance to control windows of other tracks, with p-values calibrated on controls.

    Parameters
    ----------
    controls : names of movies or of conditions whose cells are ordinary.
    space : an embedding such as "pca", or "features"; the first embedding where empty.
    alpha : rate of false positives on controls.
    out : .csv to write the table to, or "" for none.

    Raises
    ------
    InputError
        No such movie or condition, no such space, or fewer than 2 control tracks.

    Notes
    -----
    A control window is compared with control windows of other movies (of other tracks where there is one control
    movie), so that knowing a cell's own past does not make it ordinary. Tracks are what is exchangeable: `held_out`
    shows how far control movies differ among each other, which p-values cannot know.
    """
    experiment = as_experiment(experiment)
    behavior = experiment.behavior
    points = _points(behavior, space)
    control = _controls(behavior.obs, controls)
    track, movie = track_numbers(behavior), behavior.obs["movie"].to_numpy(str)
    if len(np.unique(track[control])) < 2:
        raise InputError(f"novelty: {int(control.sum())} control windows of fewer than 2 tracks; name more controls")
    groups = movie if len(np.unique(movie[control])) > 1 else track
    scores = np.empty(len(points))
    scores[control] = _scores_apart(points[control], groups[control], neighbours)
    reference = points[control]
    scores[~control] = distance_scores(points[~control], _thinned(reference), neighbours=neighbours)
    found = calibrate(scores[control], track[control])
    table = behavior.obs[["movie", "condition", "track", "frame"]].reset_index(drop=True)
    p = found.p_values(scores)
    table = table.assign(control=control, score=scores, p=p, novel=p <= alpha)
    held = _held_out(points, scores, control, track, movie, alpha, neighbours)
    if out:
        write_csv(table, Path(out))
    return Novelty(table, alpha, found.threshold(alpha), held, _notes(found, held, alpha))


def _points(behavior: Any, space: str) -> Floats:
    there = [name.removeprefix("X_") for name in behavior.obsm if name.startswith("X_")]
    if space == "features":
        return scaled_features(behavior)
    if space and space not in there:
        raise InputError(f"novelty: no embedding {space!r}; there are: features, {', '.join(there)}")
    points = np.asarray(behavior.obsm[f"X_{space or there[0]}"], np.float64)
    spread = points.std(axis=0)
    return np.asarray(points / np.where(spread > 0, spread, 1))


def _controls(obs: pd.DataFrame, controls: Sequence[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    movies, conditions = obs["movie"].to_numpy(str), obs["condition"].to_numpy(str)
    for name in controls:
        if name not in movies and name not in conditions:
            known = ", ".join(dict.fromkeys([*conditions.tolist(), *movies.tolist()]))
            raise InputError(f"novelty: no movie or condition {name!r}; there are: {known}")
    if not controls:
        raise InputError("novelty: name the control movies, or the condition of the controls")
    return np.asarray(np.isin(movies, list(controls)) | np.isin(conditions, list(controls)))


def _scores_apart(points: Floats, group: Any, neighbours: int) -> Floats:
    """Distance of each row to the rows of other groups."""
    number = np.unique(group, return_inverse=True)[1]
    scores = np.empty(len(points))
    if number.max() < 20:
        for one in range(int(number.max()) + 1):
            mine = number == one
            scores[mine] = distance_scores(points[mine], _thinned(points[~mine]), neighbours=neighbours)
        return scores
    fold = number % 10  # tracks: those of a tenth are compared with all others
    for one in range(10):
        mine = fold == one
        scores[mine] = distance_scores(points[mine], _thinned(points[~mine]), neighbours=neighbours)
    return scores


def _thinned(points: Floats) -> Floats:
    return points[:: -(-len(points) // _MOST)]


def _held_out(
    points: Floats, scores: Floats, control: Any, track: Ints, movie: Any, alpha: float, neighbours: int
) -> dict[str, float]:
    """Share called novel of each control movie, by reference and calibration of the others only."""
    names = list(dict.fromkeys(movie[control].tolist()))
    held = {}
    for name in names if len(names) > 2 else []:
        mine, others = control & (movie == name), control & (movie != name)
        inner = _scores_apart(points[others], movie[others], neighbours)
        p = calibrate(inner, track[others]).p_values(
            distance_scores(points[mine], _thinned(points[others]), neighbours=neighbours)
        )
        held[str(name)] = round(float((p <= alpha).mean()), 4)
    return held


def _notes(found: Calibration, held: dict[str, float], alpha: float) -> tuple[str, ...]:
    notes = []
    if 1 / (found.groups + 1) > alpha:
        notes.append(f"{found.groups} control tracks are too few to call anything novel at {alpha:g}")
    if held:
        notes.append(
            f"of held-out control movies {min(held.values()):.1%} to {max(held.values()):.1%} is called novel "
            f"(asked for {alpha:.1%})"
        )
    else:
        notes.append("fewer than three control movies: how far movies differ among each other is not known")
    return tuple(notes)
