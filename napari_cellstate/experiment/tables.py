"""The tables that users get: the same rows for every format, joined by (movie, track, frame)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.behavior import POSTERIOR, STATE_COLUMNS, state_name
from napari_cellstate.core.given import CELL_COLUMNS
from napari_cellstate.core.times import times_of
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.core.windows import nearest_row
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.experiment.track_ids import given_columns, shown_ids

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray

_DENSE = 8
_DESCRIBING = ("movie", "condition", "replicate")


def states_table(experiment: Experiment) -> pd.DataFrame:
    """One row a cell and frame, with the state of the nearest row of its track (blank for none)."""
    behavior = _behavior(experiment)
    return _concat([_movie_states(experiment, entry, behavior) for entry in experiment.movies])


def features_table(experiment: Experiment) -> pd.DataFrame:
    """One row of the behaviour table a row, features in the units of `columns_table`."""
    import pandas as pd

    behavior = experiment.behavior
    kept = [name for name in behavior.obs.columns if name not in ("run", "step")]
    obs: pd.DataFrame = behavior.obs[kept].reset_index(drop=True)
    table = obs.astype(dict.fromkeys(_DESCRIBING, object))
    for entry in experiment.movies:
        ids = shown_ids(experiment, entry, experiment.tracks(entry.name))
        if ids is not None:
            table = table.astype({"track": object, "parent": object, "lineage": object})
            rows = (table["movie"] == entry.name).to_numpy()
            for name in ("track", "parent", "lineage"):
                table.loc[rows, name] = ids[table.loc[rows, name].to_numpy(np.int64)]
    values = pd.DataFrame(np.asarray(behavior.X), columns=list(behavior.var_names))
    for nth, name in enumerate(name for name in behavior.obsm if name != POSTERIOR):
        coordinates = np.asarray(behavior.obsm[name])[:, :2]
        for axis in range(coordinates.shape[1]):
            values.insert(2 * nth + axis, f"{name.removeprefix('X_')}_{axis + 1}", coordinates[:, axis])
    return pd.concat([table, values], axis=1)


def cells_table(experiment: Experiment) -> pd.DataFrame:
    """One row a cell and frame: its track and measurements, px."""
    return _concat([_movie_cells(experiment, entry) for entry in experiment.movies])


def links_table(experiment: Experiment) -> pd.DataFrame:
    """One row a link: frame and label of both its cells, cost."""
    return _concat([_movie_links(experiment, entry) for entry in experiment.movies])


def tracks_table(experiment: Experiment) -> pd.DataFrame:
    """One row a track: parent, lineage, first and last frame, cells, missing frames, division, merge."""
    return _concat([_movie_tracks(experiment, entry) for entry in experiment.movies])


def columns_table(experiment: Experiment) -> pd.DataFrame:
    """Unit and definition of every feature column."""
    var = experiment.behavior.var
    table: pd.DataFrame = var[["unit", "definition", "source", "used"]].copy()
    table.insert(0, "column", table.index)
    return table.reset_index(drop=True)


def states_of_cells(experiment: Experiment, entry: MovieEntry, tracks: Tracks, behavior: AnnData | None) -> Any:
    """Row of the behaviour table for each cell of a movie, -1 for none."""
    if behavior is None or "state" not in behavior.obs:
        return np.full(len(tracks.cells), -1, np.int64)
    at = np.flatnonzero((behavior.obs["movie"] == entry.name).to_numpy())
    track, frame = (behavior.obs[name].to_numpy(np.int64)[at] for name in ("track", "frame"))
    cell = _cell_of(tracks, frame, behavior.obs["label"].to_numpy(np.int64)[at])
    if (tracks.track[cell[cell >= 0]] != track[cell >= 0]).any():  # corrected since: tracks have other numbers now
        exact = np.full(len(tracks.cells), -1, np.int64)
        exact[cell[cell >= 0]] = at[cell >= 0]
        return exact
    spacing = int(behavior.uns["window"]["stride"]) * _every(experiment, entry)
    row = nearest_row(tracks.track, tracks.cells["frame"].to_numpy(), track, frame, spacing)
    return np.where(row >= 0, at[row] if len(at) else -1, -1)


def _cell_of(tracks: Tracks, frame: NDArray[np.int64], label: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row of the cell of each (frame, label), -1 for none."""
    if not len(tracks.cells):
        return np.full(len(frame), -1, np.int64)
    known, labels = tracks.cells["frame"].to_numpy(np.int64), tracks.cells["label"].to_numpy(np.int64)
    wide = int(max(labels.max(), label.max(initial=0))) + 1
    keys, wanted = known * wide + labels, frame * wide + label
    last = int(max(keys[-1], wanted.max(initial=0)))
    if last < _DENSE * len(keys):  # looked up in a table: several times as fast as searching
        place = np.full(last + 1, -1)
        place[keys] = np.arange(len(keys))
        return np.asarray(place[wanted])
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, -1)


def _movie_states(experiment: Experiment, entry: MovieEntry, behavior: AnnData | None) -> pd.DataFrame:
    import pandas as pd

    tracks = experiment.tracks(entry.name)
    cells, size = tracks.cells, entry.pixel_size_um or np.nan
    table = _start(experiment, entry, tracks)
    table["frame"] = cells["frame"]
    table["time_s"] = times_of(cells["frame"].to_numpy(np.int64), entry.dt_s, entry.times_s)
    table["label"] = cells["label"]
    for axis in ("y", "x"):
        table[axis] = cells[axis]
    for axis in ("y", "x"):
        table[f"{axis}_um"] = cells[axis] * size
    row = states_of_cells(experiment, entry, tracks, behavior)
    of_row = {name: np.full(len(cells), np.nan) for name in STATE_COLUMNS}
    if behavior is not None and "state" in behavior.obs:
        of_row = {name: np.append(behavior.obs[name].to_numpy(np.float64), np.nan)[row] for name in STATE_COLUMNS}
    named = [state_name(int(state)) if np.isfinite(state) else None for state in of_row["state"]]
    table["cluster"] = pd.array(of_row["cluster"], dtype="Int64")
    table["state"] = pd.array(of_row["state"], dtype="Int64")
    table["state_name"] = pd.Series(named, dtype=object)
    table["state_prob"] = of_row["state_prob"]
    return table.assign(**given_columns(experiment, entry, cells))


def _movie_cells(experiment: Experiment, entry: MovieEntry) -> pd.DataFrame:
    tracks = experiment.tracks(entry.name)
    table = _start(experiment, entry, tracks)[["movie", "track"]]
    measured = tracks.cells.drop(columns=list(CELL_COLUMNS.values()), errors="ignore")
    for name in measured.columns:
        table[name] = measured[name]
    return table.assign(**given_columns(experiment, entry, tracks.cells))


def _movie_links(experiment: Experiment, entry: MovieEntry) -> pd.DataFrame:
    import pandas as pd

    cells, links = experiment.cells(entry.name), experiment.links(entry.name)
    table = pd.DataFrame({"movie": np.full(len(links), entry.name, object)})
    for end in ("source", "target"):
        for name in ("frame", "label"):
            table[f"{end}_{name}"] = cells[name].to_numpy()[links[end].to_numpy()]
    return table.assign(cost=links["cost"])


def _movie_tracks(experiment: Experiment, entry: MovieEntry) -> pd.DataFrame:
    tracks = experiment.tracks(entry.name)
    table, ids = tracks.table(), shown_ids(experiment, entry, tracks)
    if ids is not None:
        for name in ("track", "parent", "lineage", "merged_into"):
            table[name] = ids[table[name].to_numpy()]
    _describe(table, entry)
    return table


def _start(experiment: Experiment, entry: MovieEntry, tracks: Tracks) -> pd.DataFrame:
    """movie, condition, replicate, track, parent, lineage of every cell."""
    import pandas as pd

    ids = shown_ids(experiment, entry, tracks)
    numbers = {
        "track": tracks.track,
        "parent": tracks.parents[tracks.track],
        "lineage": tracks.lineages[tracks.track],
    }
    table = pd.DataFrame({name: of if ids is None else ids[of] for name, of in numbers.items()})
    _describe(table, entry)
    return table


def _describe(table: pd.DataFrame, entry: MovieEntry) -> None:
    for at, (name, value) in enumerate(zip(_DESCRIBING, (entry.name, entry.condition, entry.replicate), strict=True)):
        table.insert(at, name, np.full(len(table), value, object))


def _behavior(experiment: Experiment) -> AnnData | None:
    return experiment.behavior if experiment.paths.behavior.exists() else None


def _every(experiment: Experiment, entry: MovieEntry) -> int:
    record = experiment.record("features", entry.name)
    return int(record["resolved"]["every"]) if record else 1


def _concat(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Movies one under the other; columns that only some of them have come last, blank for the others."""
    import pandas as pd

    return pd.concat([table.astype(_nullable(table)) for table in tables], ignore_index=True)


def _nullable(table: pd.DataFrame) -> dict[str, str]:
    return {str(name): "Int64" for name, dtype in table.dtypes.items() if dtype == np.int64}
