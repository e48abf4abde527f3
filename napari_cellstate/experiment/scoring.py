"""What was found beside what is true, for simulated movies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.dynamics.rates import switches_per_hour
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.sequences import sequences
from napari_cellstate.experiment.stages.dynamics import count_conditions
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.experiment.tables import states_of_cells
from napari_cellstate.metrics.agreement import adjusted_rand, match_states
from napari_cellstate.metrics.linking import edge_score, edges_from_tracks
from napari_cellstate.metrics.segmentation import match
from napari_cellstate.simulate.chain import transition_matrix
from napari_cellstate.simulate.oracle import decode
from napari_cellstate.simulate.truth import Truth

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]
IOU = 0.5


@dataclass(frozen=True)
class ConditionScore:
    """Transitions of one condition.

    Attributes
    ----------
    found, true : (k, k) probabilities from one row to the next; true: mean over its movies. Found states are put in
        the order of the true ones that they stand for.
    found_switches, true_switches : changes of state per cell and hour; true: of the true states themselves.
    """

    found: list[list[float]]
    true: list[list[float]]
    found_switches: float
    true_switches: float


@dataclass(frozen=True)
class Score:
    """How well a whole run found the truth.

    Attributes
    ----------
    segmentation_f1 : cells matched at an intersection over union of 0.5, all frames of all movies.
    link_f1, division_f1 : of links between matched cells' frames; a missed cell's links count as missed.
    states_ari : adjusted Rand index of found and true state, over all matched cells that have a found state.
    oracle_ari : the same of states decoded with the simulator's true parameters from the true tracks, same cells.
    conditions : transitions, by condition.
    """

    segmentation_f1: float
    link_f1: float
    division_f1: float
    states_ari: float
    oracle_ari: float
    conditions: dict[str, ConditionScore]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    def true_transitions(self) -> pd.DataFrame:
        """True probabilities as a table: condition, from, to, probability."""
        import pandas as pd

        rows = [
            (condition, i, j, probability)
            for condition, one in self.conditions.items()
            for i, row in enumerate(one.true, start=1)
            for j, probability in enumerate(row, start=1)
        ]
        return pd.DataFrame(rows, columns=["condition", "from", "to", "probability"])


def score(experiment: Experiment, truths: Mapping[str, Truth], *, progress: Progress = silent) -> Score:
    """Compare the results of simulated movies with their truth.

    Parameters
    ----------
    experiment : all stages done.
    truths : truth of each movie, by its name.
    """
    behavior = experiment.behavior
    seg, links, states = np.zeros(3), np.zeros(3), []
    divisions = np.zeros(2)
    for nth, (name, truth) in enumerate(truths.items()):
        progress(nth, len(truths), "compare with the truth")
        pairs, counts = _match_cells(experiment, name, truth)
        seg += counts
        tracks = experiment.tracks(name)
        linked = edge_score(tracks.cells, tracks.links, truth.cells, _true_links(truth.cells), pairs=pairs)
        links += (linked.common, linked.predicted, linked.true)
        divisions += (2 * linked.common_divisions, linked.predicted_divisions + linked.true_divisions)
        row = states_of_cells(experiment, experiment.entry(name), tracks, behavior)[pairs[:, 0]]
        has = row >= 0
        true = truth.cells["state"].to_numpy()[pairs[has, 1]]
        oracle = decode(truth.cells, truth.scene, truth.rates)[pairs[has, 1]]
        states.append(np.stack([behavior.obs["state"].to_numpy()[row[has]], true, oracle]))
    progress(len(truths), len(truths), "compare with the truth")
    found, true, oracle = np.concatenate(states, axis=1)
    return Score(
        segmentation_f1=2 * seg[0] / (2 * seg[0] + seg[1] + seg[2]),
        link_f1=2 * links[0] / (links[1] + links[2]),
        division_f1=float(divisions[0] / divisions[1]) if divisions[1] else float("nan"),
        states_ari=adjusted_rand(found, true),
        oracle_ari=adjusted_rand(oracle, true),
        conditions=_conditions(experiment, list(truths.values()), match_states(found, true)),
    )


def _match_cells(experiment: Experiment, name: str, truth: Truth) -> tuple[Ints, NDArray[np.float64]]:
    """Pairs of rows of found and true cell table, and (true positives, false positives, false negatives)."""
    labels, cells = experiment.labels(name), experiment.cells(name)
    ours, theirs = _rows_by_key(cells), _rows_by_key(truth.cells)
    pairs, counts = [], np.zeros(3)
    for t in range(*experiment.entry(name).frames):
        matched = match(np.asarray(labels[t]), truth.mask(t), IOU)
        counts += (matched.true_positives, matched.false_positives, matched.false_negatives)
        pairs += [(ours[t, int(a)], theirs[t, int(b)]) for a, b in matched.pairs]
    return np.array(pairs, np.int64).reshape(-1, 2), counts


def _rows_by_key(cells: pd.DataFrame) -> dict[tuple[int, int], int]:
    keys = zip(cells["frame"].tolist(), cells["label"].tolist(), strict=True)
    return {key: row for row, key in enumerate(keys)}


def _true_links(cells: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    source, target = edges_from_tracks(cells["frame"], cells["track"], cells["parent"])
    return pd.DataFrame({"source": source, "target": target})


def _conditions(
    experiment: Experiment, truths: Sequence[Truth], stands_for: dict[int, int]
) -> dict[str, ConditionScore]:
    recipe = current_recipe(experiment)
    found = sequences(experiment, recipe)
    lag = recipe.dynamics.frames(recipe.windows.stride)
    order = [state for state, _ in sorted(stands_for.items(), key=lambda pair: pair[1])]
    scores = {}
    for condition, transitions in count_conditions(found, lag).items():
        mine = [truth for truth in truths if truth.condition == condition]
        at = np.array(order) - 1
        scores[condition] = ConditionScore(
            found=transitions.probability[np.ix_(at, at)].tolist(),
            true=np.mean([transition_matrix(truth.rates * lag) for truth in mine], axis=0).tolist(),
            found_switches=switches_per_hour(transitions, found.dt_s),
            true_switches=_true_switches(mine),
        )
    return scores


def _true_switches(truths: Sequence[Truth]) -> float:
    """Changes of the true state per cell and hour, counted from frame to frame."""
    changes, watched = 0, 0.0
    for truth in truths:
        cells = truth.cells.sort_values(["track", "frame"])
        track, frame, state = (cells[name].to_numpy() for name in ("track", "frame", "state"))
        follows = (np.diff(track) == 0) & (np.diff(frame) == 1)
        changes += int((follows & (np.diff(state) != 0)).sum())
        watched += follows.sum() * truth.scene.dt_s / 3600
    return changes / watched if watched else float("nan")
