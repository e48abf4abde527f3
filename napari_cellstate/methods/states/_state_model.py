"""States as numbers that another experiment can be judged by: a space, a Gaussian a state, transitions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Floats, Ints, NamedValues, Rows, StateFit
from napari_cellstate.core.scaling import Scaling
from napari_cellstate.methods.states._hmm_em import Fitted, expectation
from napari_cellstate.methods.states._hmm_model import Model, moments
from napari_cellstate.methods.states._hmm_start import packed_points
from napari_cellstate.methods.states.hmm import decoded

FORMAT = "cellstate states"
_FLOOR = 0.01
FAR = 0.995
"""Share of the rows it was made from that lie nearer to a state than what counts as outside."""


@dataclass(frozen=True, eq=False)
class StateModel:
    """States in a space of named features.

    Attributes
    ----------
    features : (F,) names. units : (F,).
    scaling : of each feature; values beyond `clip` are pulled in (0: none).
    mean : (F,), taken from the scaled values. loadings : (F, D), what they are multiplied by.
    model : start, transitions from row to row, and a Gaussian a state, in that space.
    names : of the states, "" for the usual ones.
    far : Mahalanobis distance to the nearest state beyond which a row lies outside.
    window, stride : frames. dt_s, pixel_size_um : of the movies it was made from, or None.
    """

    features: tuple[str, ...]
    units: tuple[str, ...]
    scaling: Scaling
    clip: float
    mean: Floats
    loadings: Floats
    model: Model
    names: tuple[str, ...]
    far: float
    window: int
    stride: int
    dt_s: float | None
    pixel_size_um: float | None

    def points(self, named: NamedValues) -> Floats:
        """Rows in the space of the model, (N, D).

        Raises
        ------
        InputError
            A feature is not there.
        """
        missing = [name for name in self.features if name not in named.names]
        if missing:
            raise InputError(
                f"saved states: feature {missing[0]!r} is not in this experiment; they were made from: "
                f"{', '.join(self.features)}; take the same feature sets"
            )
        at = [named.names.index(name) for name in self.features]
        scaled = self.scaling.apply(named.values[:, at])
        if self.clip:
            scaled = np.clip(scaled, -self.clip, self.clip)
        return np.asarray(np.einsum("nf,fd->nd", scaled - self.mean, self.loadings))

    def distance(self, points: Floats) -> Floats:
        """Mahalanobis distance of each row to the nearest state, (N,)."""
        nearest = np.full(len(points), np.inf)
        for mean, covariance in zip(self.model.mean, self.model.covariance, strict=True):
            away = np.linalg.solve(np.linalg.cholesky(covariance), (points - mean).T)
            nearest = np.minimum(nearest, np.square(away).sum(axis=0))
        return np.asarray(np.sqrt(nearest))

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        numbers = {
            "log_scale": self.scaling.log_scale,
            "median": self.scaling.median,
            "spread": self.scaling.spread,
            "mean": self.mean,
            "loadings": self.loadings,
            "start": self.model.start,
            "step": self.model.step,
            "state_mean": self.model.mean,
            "state_covariance": self.model.covariance,
        }
        plain = ("features", "units", "clip", "names", "far", "window", "stride", "dt_s", "pixel_size_um")
        said = {name: getattr(self, name) for name in plain}
        return {"format": FORMAT, "version": 1, **said, **{name: one.tolist() for name, one in numbers.items()}}


def read_state_model(path: Path) -> StateModel:
    """Read a model that `StateModel.to_dict` wrote.

    Raises
    ------
    InputError
        No such file, or not one of these.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise KeyError("format")
        numbers = {
            name: np.array(content[name], np.float64)
            for name in ("log_scale", "median", "spread", "mean", "loadings", "start", "step", "state_mean")
        }
        covariance = np.array(content["state_covariance"], np.float64)
    except FileNotFoundError:
        raise InputError(f"saved states: {path} does not exist; write it with: napari-cellstate save-states") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"saved states: {path} is not a file of saved states ({error})") from None
    return StateModel(
        tuple(content["features"]),
        tuple(content["units"]),
        Scaling(numbers["log_scale"], numbers["median"], numbers["spread"]),
        float(content["clip"]),
        numbers["mean"],
        numbers["loadings"],
        Model(numbers["start"], numbers["step"], numbers["state_mean"], covariance),
        tuple(content["names"]),
        float(content["far"]),
        int(content["window"]),
        int(content["stride"]),
        content["dt_s"],
        content["pixel_size_um"],
    )


def gaussian_states(points: Floats, run: Ints, state: Ints, posterior: Floats | None, k: int) -> Model:
    """A Gaussian a state and transitions from row to row, whatever method made the states.

    Parameters
    ----------
    points : (N, D). run : (N,). state : (N,) from 0. posterior : (N, k), or None.
    """
    weight = np.zeros((k, len(points)))
    if posterior is None:
        weight[state, np.arange(len(points))] = 1.0
    else:
        weight = np.ascontiguousarray(posterior.T)
    count, mean, covariance = moments(np.ascontiguousarray(points.T), weight, diagonal=False)
    spread = float(points.var(axis=0).mean()) or 1.0
    covariance = covariance + _FLOOR * spread * np.eye(points.shape[1])
    follows = np.flatnonzero(run[1:] == run[:-1])
    pairs = np.full((k, k), 1.0 / k)
    np.add.at(pairs, (state[follows], state[follows + 1]), 1.0)
    start = count + 1.0 / k
    return Model(start / start.sum(), pairs / pairs.sum(axis=1, keepdims=True), mean, covariance)


def judge(saved: StateModel, rows: Rows) -> tuple[StateFit, Floats]:
    """States of rows by a saved model, and the distance of each row from the nearest state."""
    assert rows.named is not None
    points = saved.points(rows.named)
    evidence = 2.0 / (1.0 + max(rows.overlap, 1.0))
    packed, columns = packed_points(points, rows.run, saved.model)
    fitted = Fitted(saved.model, expectation(packed, columns, saved.model, evidence), 0.0, 0, True)
    cluster, state, posterior = decoded(columns, rows.run, fitted, evidence)
    return StateFit(cluster, state, posterior), saved.distance(points)
