"""The verb `transfer`: labels of one experiment or table for another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.transfer import Transfer, TransferSettings, transfer_labels
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.core.scaling import fit_scaling
from napari_cellstate.experiment.comparing.observe import is_experiment
from napari_cellstate.experiment.observed_table import MOVIE_NAMES, REPLICATE_NAMES
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.formats.read_sheet import read_sheet
from napari_cellstate.formats.tables import check_name, write_table

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
LABEL, PROBABILITY, UNKNOWN_NAME = "label", "label_prob", "unknown"
_MOST_MISSING = 0.5


@dataclass(frozen=True, eq=False)
class Transferred:
    """What `transfer` wrote.

    Attributes
    ----------
    table : rows of the target with label, label_prob, and a probability for each class.
    content : features used, held-out accuracy, calibration error, how many of each class.
    """

    table: pd.DataFrame
    content: dict[str, Any]

    def text(self) -> str:
        """What the terminal prints."""
        said = ", ".join(f"{name} {n}" for name, n in self.content["rows"].items())
        return (
            f"{said}\non held-out groups: balanced accuracy {self.content['held_out_accuracy']:.3f}, "
            f"calibration error {self.content['calibration_error']:.3f}"
        )


@dataclass(frozen=True, eq=False)
class _Rows:
    keys: pd.DataFrame
    features: pd.DataFrame
    label: NDArray[Any] | None
    group: NDArray[Any] | None


def transfer(
    labelled: Experiment | str | Path,
    target: Experiment | str | Path,
    out: str | Path,
    *,
    label: str = "",
    group: str = "",
    settings: TransferSettings | None = None,
    progress: Progress = silent,
) -> Transferred:
    """Train on a labelled experiment or table, and write labels for another.

    Parameters
    ----------
    labelled, target : experiments with features, or tables of features; features are matched by name.
    out : table to write, CSV or parquet by its name.
    label : column of the labels (of an experiment: of its behaviour table, default state).
    group : column of movies or replicates of a labelled table, of which whole ones are held out; "" finds it.

    Notes
    -----
    Features that are missing in more than half of the rows of either are left out; single gaps become the median.
    """
    check_name(Path(out))
    known = _rows(labelled, label=label, group=group, wants_label=True)
    asked = _rows(target, label="", group="", wants_label=False)
    names = [name for name in known.features.columns if name in asked.features.columns and name != label]
    names = [
        name
        for name in names
        if max(known.features[name].isna().mean(), asked.features[name].isna().mean()) < _MOST_MISSING
    ]
    if not names:
        raise InputError(
            f"transfer: no feature in common; the labelled has {', '.join(map(str, known.features.columns[:8]))}, the "
            f"target {', '.join(map(str, asked.features.columns[:8]))}"
        )
    assert known.label is not None and known.group is not None
    there = np.array([str(one) not in ("", "0", "nan", "None") for one in known.label])
    classes, codes = np.unique(known.label[there].astype(str), return_inverse=True)
    groups = np.unique(known.group[there].astype(str), return_inverse=True)[1]
    first, second = known.features[names].to_numpy(np.float64)[there], asked.features[names].to_numpy(np.float64)
    scaling = fit_scaling(np.concatenate([first, second]))
    values, others = (np.clip(scaling.apply(one), -8, 8) for one in (first, second))
    found = transfer_labels(
        values, codes.astype(np.int64), groups.astype(np.int64), others, settings, progress=progress
    )
    return _write(found, asked, classes.tolist(), [str(name) for name in names], Path(out))


def _write(found: Transfer, asked: _Rows, classes: list[str], features: list[str], out: Path) -> Transferred:
    table = asked.keys.copy()
    names = np.array([*classes, UNKNOWN_NAME], object)
    table[LABEL] = names[found.label]  # -1 is the last
    table[PROBABILITY] = found.probability.max(axis=1)
    for nth, name in enumerate(classes):
        table[f"prob_{name}"] = found.probability[:, nth]
    write_table(table, out)
    counts = {str(name): int((table[LABEL] == name).sum()) for name in names}
    content = {
        "out": str(out),
        "features": features,
        "rows": counts,
        "held_out_accuracy": found.accuracy,
        "calibration_error": found.calibration_error,
        "temperature": found.temperature,
    }
    return Transferred(table, content)


def _rows(source: Experiment | str | Path, *, label: str, group: str, wants_label: bool) -> _Rows:
    """Keys, features, and labels and groups where they are wanted."""
    import pandas as pd

    if is_experiment(source):
        behavior = as_experiment(source).behavior
        obs = behavior.obs.reset_index(drop=True)
        name = label or "state"
        if wants_label and name not in obs.columns:
            raise InputError(f"{source}: no column {name!r} in its behaviour table; found: {', '.join(obs.columns)}")
        features = pd.DataFrame(np.asarray(behavior.X, np.float64), columns=[str(one) for one in behavior.var_names])
        given = obs[name].astype(str).to_numpy(object) if wants_label else None
        return _Rows(obs[["movie", "track", "frame"]], features, given, obs["movie"].astype(str).to_numpy(object))
    sheet = read_sheet(Path(str(source)))
    numbers = {str(name): sheet.maybe_numbers(str(name)) for name in sheet.frame.columns if str(name) != label}
    features = pd.DataFrame({name: values for name, values in numbers.items() if np.isfinite(values).any()})
    if not wants_label:
        return _Rows(sheet.frame.reset_index(drop=True), features, None, None)
    given = sheet.words(sheet.find((LABEL, "state", "cell_type"), label, "--label"))
    groups = sheet.words(sheet.find((*REPLICATE_NAMES, *MOVIE_NAMES), group, "--group"))
    keys = {*REPLICATE_NAMES, *MOVIE_NAMES, "track", "track_id", "frame", "time", "t", "label", group}
    features = features[[name for name in features.columns if name.lower() not in keys]]
    return _Rows(sheet.frame, features, given, groups)
