"""How many states, and which lag? Evidence and a suggestion, never taken by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core import atomic
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Rows
from napari_cellstate.core.progress import Progress, Runtime, silent
from napari_cellstate.dynamics.intervals import MOVIE, TRACK
from napari_cellstate.dynamics.markov import chapman_kolmogorov, implied_timescales
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.sequences import global_runs, sequences
from napari_cellstate.experiment.stages.dynamics import state_rows
from napari_cellstate.experiment.stages.states import overlap, state_space
from napari_cellstate.experiment.state_suggestion import suggestion
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.methods.states._held_out import HeldOut, held_out_likelihood, refitted, sharing_no_frame
from napari_cellstate.methods.states.hmm import Hmm
from napari_cellstate.metrics.agreement import adjusted_rand

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KS = (1, 2, 3, 4, 5, 6)
_DRAWS = (0, 1, 2, 3, 4)
_SILHOUETTE_ROWS, _LAGS = 2000, 8
_LEAST_PAIRS = 200
"""Rows that follow each other without sharing a frame, below which all rows are taken."""


@dataclass(frozen=True, eq=False)
class StateEvidence:
    """What speaks for how many states, and for which lag.

    Attributes
    ----------
    states : a row for each k: k, log_likelihood (of a row left out), gain and gain_error (over the k before, and its
        error over what was kept apart), stability (median adjusted Rand index of fits to resamples), slow (processes of
        the model that are still seen a window later; see `Refit.slow`), silhouette, least_share (of the rarest state).
    kept_apart : what was left out together: "movie", or "track" where there are fewer than three movies.
    suggested : number of states.
    reason : why, in words.
    timescales : relaxation times over lags of the states that the experiment has: lag, process, frames. Empty without.
    markov_p : for each lag the p of the Chapman-Kolmogorov test: lag, z_max, p. Empty without states.

    Notes
    -----
    Models are fitted to windows that share no frames. A likelihood that keeps rising with k says more often that the
    emissions are no Gaussians than that there are so many behaviours; see `suggestion`.
    """

    states: pd.DataFrame
    kept_apart: str
    suggested: int
    reason: str
    timescales: pd.DataFrame
    markov_p: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """As plain values; None for what is not known."""
        tables = {name: getattr(self, name) for name in ("states", "timescales", "markov_p")}
        rows = {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}
        return {"kept_apart": self.kept_apart, "suggested": self.suggested, "reason": self.reason, **rows}

    def text(self) -> str:
        """As a person reads it."""
        parts = [f"kept apart: {self.kept_apart}s", self.states.to_string(index=False, float_format="{:.4g}".format)]
        for name in ("timescales", "markov_p"):
            table = getattr(self, name)
            if len(table):
                parts += [name.replace("_", " "), table.to_string(index=False, float_format="{:.4g}".format)]
        many = "state" if self.suggested == 1 else "states"
        return "\n".join([*parts, f"suggested: {self.suggested} {many}. {self.reason}"])


def state_evidence(
    experiment: Experiment | str | Path,
    *,
    ks: Sequence[int] = KS,
    lags: Sequence[int] = (),
    out: str | Path = "",
    progress: Progress = silent,
) -> StateEvidence:
    """Gather evidence from an experiment that is embedded (and, for lags, has states).

    Parameters
    ----------
    ks : numbers of states to try, at least two.
    lags : frames; default up to eight multiples of the stride within a quarter of the longest run.
    out : a folder for evidence.json and figures; "" writes nothing.
    """
    if len(set(ks)) < 2 or min(ks) < 1:
        raise InputError(f"evidence: k = {list(ks)}; expected at least two different numbers from 1")
    experiment = as_experiment(experiment)
    recipe, behavior = current_recipe(experiment), experiment.behavior
    space, _ = state_space(behavior, recipe)
    if len(space) < 2 * max(ks):
        raise InputError(
            f"evidence: {len(space)} windows are too few to tell {max(ks)} states; link more or longer tracks"
        )
    rows, kept = _apart(space, global_runs(behavior), overlap(recipe))
    movie = np.unique(behavior.obs["movie"].astype(str).to_numpy()[kept], return_inverse=True)[1]
    track = behavior.obs["track"].to_numpy(np.int64)[kept]
    tracks = np.unique(np.stack([movie, track]), axis=1, return_inverse=True)[1].ravel()
    group, kept_apart = (movie, MOVIE) if len(np.unique(movie)) > 2 else (tracks, TRACK)
    table, held = _over_k(rows, group, tracks, sorted(set(ks)), recipe.states.seed, progress)
    suggested, reason = suggestion(table, held, kept_apart)
    timescales, markov = _over_lags(experiment, recipe, lags) if "state" in behavior.obs else _nothing()
    found = StateEvidence(table, kept_apart, suggested, reason, timescales, markov)
    if out:
        _write(found, Path(out))
    return found


def _apart(points: Floats, run: Ints, shared: float) -> tuple[Rows, Ints]:
    """Rows that share no frames, and which they are; all rows where too few of those follow each other."""
    kept = sharing_no_frame(run, shared)
    if int((np.diff(run[kept]) == 0).sum()) < _LEAST_PAIRS:
        return Rows(points, run, shared), np.arange(len(run))
    return Rows(points[kept], run[kept]), kept


def _over_k(
    rows: Rows, group: Ints, tracks: Ints, ks: Sequence[int], seed: int, progress: Progress
) -> tuple[pd.DataFrame, list[HeldOut]]:
    import pandas as pd

    table, held = [], []
    for nth, k in enumerate(ks):
        step = _part(progress, nth, len(ks), f"evidence for {k} states")
        method = Hmm(k=k, seed=seed, starts=4)
        held.append(held_out_likelihood(method, rows, group, k, runtime=Runtime(progress=step)))
        whole, *others = (refitted(method, rows, tracks, k, draw, runtime=Runtime(progress=step)) for draw in _DRAWS)
        gain, error = held[-1].over(held[-2]) if nth else (np.nan, np.nan)
        table.append(
            {
                "k": k,
                "log_likelihood": held[-1].mean,
                "gain": gain,
                "gain_error": error,
                "stability": float(np.median([adjusted_rand(whole.state, one.state) for one in others])),
                "slow": whole.slow(),
                "silhouette": _silhouette(rows.points, whole.state, seed),
                "least_share": float(np.bincount(whole.state, minlength=k).min() / len(whole.state)),
            }
        )
    progress(len(ks), len(ks), "evidence")
    return pd.DataFrame(table), held


def _part(progress: Progress, nth: int, total: int, what: str) -> Progress:
    return lambda done, of, _: progress(nth, total, what)


def _silhouette(points: Floats, state: Ints, seed: int) -> float:
    """Mean silhouette of a sample of rows; NaN for one state."""
    from sklearn.metrics import silhouette_score

    chosen = np.random.default_rng([seed, 10]).permutation(len(points))[:_SILHOUETTE_ROWS]
    if len(np.unique(state[chosen])) < 2 or len(chosen) < 4:
        return float("nan")
    return float(silhouette_score(points[chosen], state[chosen]))


def _over_lags(experiment: Experiment, recipe: Any, lags: Sequence[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    rows = state_rows(sequences(experiment, recipe), recipe.windows.stride)
    stride = recipe.windows.stride
    longest = int(np.bincount(rows.run).max(initial=1)) * stride
    if not lags:
        many = np.unique(np.geomspace(1, max(1, longest // (4 * stride)), _LAGS).astype(int))
        lags = [int(one) * stride for one in many]
    found = implied_timescales(rows.run, rows.frame, rows.state, rows.k, lags)
    times = [
        {"lag": int(lag), "process": nth + 1, "frames": float(value)}
        for lag, line in zip(found.lags, found.times, strict=True)
        for nth, value in enumerate(line)
    ]
    markov = []
    for lag in lags:
        if len(np.unique(rows.track)) > 1:
            one = chapman_kolmogorov(rows.run, rows.frame, rows.state, rows.k, lag, unit=rows.track)
            markov.append({"lag": int(lag), "z_max": one.z_max, "p": one.p})
    return pd.DataFrame(times, columns=["lag", "process", "frames"]), pd.DataFrame(
        markov, columns=["lag", "z_max", "p"]
    )


def _nothing() -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    return pd.DataFrame(columns=["lag", "process", "frames"]), pd.DataFrame(columns=["lag", "z_max", "p"])


def _write(found: StateEvidence, folder: Path) -> None:
    from napari_cellstate.plots.state_evidence import evidence_figure
    from napari_cellstate.plots.style import save

    folder.mkdir(parents=True, exist_ok=True)
    atomic.write_text(folder / "evidence.json", json.dumps(found.to_dict(), indent=1) + "\n")
    drawn = evidence_figure(found.states, found.timescales, suggested=found.suggested, kept_apart=found.kept_apart)
    save(drawn, folder, "evidence")
