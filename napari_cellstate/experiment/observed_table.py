"""A plain table of state sequences or features, without movies, as `compare` looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import find_samples
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.scaling import fit_scaling
from napari_cellstate.experiment.observations import JOINED, Observations, factors_of, spacing
from napari_cellstate.formats.columns import FRAME_NAMES, TRACK_NAMES, X_NAMES, Y_NAMES
from napari_cellstate.formats.read_sheet import read_sheet
from napari_cellstate.formats.sheet import Sheet

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DIMENSIONS = 30
"""Most dimensions of the space in which clouds of rows are compared."""
CUT = 10.0
"""Scaled values beyond this are cut, so that no outlier makes a component of its own."""
CONDITION_NAMES = ("condition", "treatment", "group")
STATE_NAMES = ("state", "states", "state_name", "cluster")
REPLICATE_NAMES = ("replicate", "donor", "animal", "mouse", "patient", "experiment")
MOVIE_NAMES = ("movie", "file", "position", "well")
TIME_NAMES = (*FRAME_NAMES, "time", "time_s")
_NOT_FEATURES = (
    *TRACK_NAMES, *TIME_NAMES, *STATE_NAMES, *REPLICATE_NAMES, *MOVIE_NAMES, *Y_NAMES, *X_NAMES, "condition", "label",
    "parent", "lineage", "state_prob", "y_um", "x_um", "time_h", "index", "cell",
    "y_px", "x_px", "pos_y", "pos_x", "y_position", "x_position", "centroid-0", "centroid-1", "z", "t0", "t1", "",
)  # fmt: skip
_NAMES_OF_THINGS = ("_id", " id", "_index", "unnamed: 0")


def observe_table(
    path: Path,
    *,
    by: Sequence[str] = (),
    replicate: str = "",
    states: str = "",
    track: str = "",
    time: str = "",
    batch: str = "",
) -> Observations:
    """Read a table: one row a cell and frame, or one row a cell.

    Parameters
    ----------
    by : names of the columns of the condition; several are factors.
    replicate, states, track, time, batch : names of columns; "" finds them (no batch). Without states, track and
        time may be missing: each row is then a cell.

    Raises
    ------
    InputError
        No condition; states without track or time; a track twice in one frame; nothing to compare.
    """
    sheet = read_sheet(path)
    columns = [sheet.find(CONDITION_NAMES, one, "--by") for one in (by or ("",))]
    levels = np.stack([sheet.words(one) for one in columns], axis=1)
    condition = _joined(sheet, columns, levels)
    batches = sheet.text(sheet.find((), batch, "--batch")) if batch else np.empty(0, object)
    state_name = sheet.find(STATE_NAMES, states, "--states") if states else sheet.find_optional(STATE_NAMES)
    movie, replicates, notes = _movies(sheet, condition, replicate)
    keys = {name: None for name in (*columns, replicate, states, track, time, state_name, batch) if name}
    first = np.unique(movie, return_index=True)[1]
    samples = find_samples(condition[first], replicates[first])
    tracks = _tracks(sheet, movie, track, needed=bool(state_name))
    frame = _frames(sheet, tracks, time, needed=bool(state_name))
    state, names = _states(sheet, state_name)
    features, values = _features(sheet, keys, tracks, frame)
    if not names and not features:
        raise InputError(f"{path}: neither states nor columns of numbers to compare; name the states with --states")
    step = spacing(tracks, frame)
    scaled = fit_scaling(values).apply(values)
    return Observations(
        samples=samples,
        movie=movie,
        track=tracks,
        run=tracks,
        frame=frame,
        state=state,
        states=names,
        lag=step,
        pair_time=float(step),
        time_unit="frame",
        values=values,
        scaled=np.where(np.isfinite(values), scaled, np.nan),
        features=features,
        space=principal_components(scaled),
        space_name="scaled features" if len(features) <= DIMENSIONS else "principal components",
        place=_places(sheet),
        batch=batches[first] if batch else batches,
        factors=factors_of(by, levels[first], samples),
        notes=notes,
    )


def _joined(sheet: Sheet, columns: Sequence[str], levels: NDArray[np.object_]) -> NDArray[np.object_]:
    """One name a row for all factors together; "" where one is blank."""
    for nth, name in enumerate(columns):
        if len(columns) > 1 and (levels[:, nth] == "").any():
            row = sheet.rows[int(np.argmax(levels[:, nth] == ""))]
            raise InputError(f"{sheet.path}, row {row}: {name} is blank; expected one in each row")
    return np.array([JOINED.join(row) for row in levels.tolist()], object)


def principal_components(scaled: Floats) -> Floats:
    """Scores on the first principal components, (N, up to `DIMENSIONS`); few features are given back as they are."""
    if scaled.shape[1] <= DIMENSIONS:
        return scaled
    cut = np.clip(scaled, -CUT, CUT)
    centred = cut - cut.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    chosen = vectors[:, ::-1][:, :DIMENSIONS]
    signs = np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(DIMENSIONS)])
    return np.asarray(centred @ (chosen * signs))


def _movies(
    sheet: Sheet, condition: NDArray[np.object_], replicate: str
) -> tuple[Ints, NDArray[np.object_], list[str]]:
    """Number of each row's movie, each row's replicate, and what was taken for granted."""
    rows, notes = len(sheet.rows), []
    movie_name = sheet.find_optional(MOVIE_NAMES)
    movies = sheet.text(movie_name) if movie_name else np.full(rows, "", object)
    name = sheet.find(REPLICATE_NAMES, replicate, "--replicate") if replicate else sheet.find_optional(REPLICATE_NAMES)
    replicates = sheet.text(name) if name else np.full(rows, "", object)
    blank = replicates == ""
    for what, missing in (("condition", condition == ""), (name, blank & ~blank.all())):
        if missing.any():
            row = sheet.rows[int(np.argmax(missing))]
            raise InputError(f"{sheet.path}, row {row}: the {what} is blank; expected one in each row")
    if blank.all() and movie_name:
        replicates, blank = movies, movies == ""
        notes.append(f"no replicates given: each {movie_name} is taken as one; name their column with --replicate")
    if blank.any():
        replicates = np.where(blank, "not known", replicates)
        notes.append("no replicates given: nothing can be concluded; name their column with --replicate")
    import pandas as pd

    keys = pd.MultiIndex.from_arrays([condition, replicates, movies])
    return np.asarray(keys.factorize()[0], np.int64), replicates, notes


def _tracks(sheet: Sheet, movie: Ints, given: str, *, needed: bool) -> Ints:
    import pandas as pd

    wanted = given or needed
    name = sheet.find(TRACK_NAMES, given, "--track") if wanted else sheet.find_optional(TRACK_NAMES)
    if not name:
        return np.arange(len(movie))
    keys = pd.MultiIndex.from_arrays([movie, sheet.text(name)])
    return np.asarray(keys.factorize()[0], np.int64)


def _frames(sheet: Sheet, track: Ints, given: str, *, needed: bool) -> Ints:
    """Frame of each row; times that are no whole numbers are counted in their smallest step."""
    wanted = given or needed
    name = sheet.find(TIME_NAMES, given, "--time") if wanted else sheet.find_optional(TIME_NAMES)
    if not name:
        return np.zeros(len(track), np.int64)
    values = sheet.numbers(name)
    if (values != np.floor(values)).any():
        levels = np.unique(values)
        step = np.diff(levels)[np.diff(levels) > 1e-9 * max(1.0, float(np.abs(levels).max()))].min()
        values = (values - levels[0]) / step
        if np.abs(values - np.round(values)).max() > 0.05:
            raise InputError(f"{sheet.path}: {name} has no even steps; expected frames; name them with --time")
    frame = np.round(values).astype(np.int64)
    order = np.lexsort((frame, track))
    twice = np.flatnonzero((np.diff(track[order]) == 0) & (np.diff(frame[order]) == 0))
    if len(twice):
        rows = sheet.rows[order[twice[0]]], sheet.rows[order[twice[0] + 1]]
        raise InputError(
            f"{sheet.path}, rows {min(rows)} and {max(rows)}: one track twice at {name} {frame[order[twice[0]]]}; "
            "expected one row for each track and time; name the column of tracks with --track, of movies 'movie'"
        )
    return frame


def _states(sheet: Sheet, name: str) -> tuple[Ints, tuple[str, ...]]:
    """States from 1 in the order of their names (numbers as numbers), 0 where blank."""
    import pandas as pd

    if not name:
        return np.empty(0, np.int64), ()
    codes, uniques = pd.factorize(sheet.text(name))
    texts = [str(one) for one in uniques]
    numbers = all(text.lstrip("-").isdigit() for text in texts if text)
    names = sorted((text for text in texts if text), key=lambda text: (int(text), text) if numbers else (0, text))
    if not names:
        raise InputError(f"{sheet.path}: {name} is blank in every row; expected the state of each")
    place = {text: nth + 1 for nth, text in enumerate(names)}
    return np.array([place.get(text, 0) for text in texts], np.int64)[codes], tuple(names)


def _features(sheet: Sheet, keys: dict[str, None], track: Ints, frame: Ints) -> tuple[tuple[str, ...], Floats]:
    """Columns of numbers that are no keys; the speed where there are positions only."""
    ignored = {name.lower() for name in _NOT_FEATURES} | {name.lower() for name in keys}
    found: dict[str, Floats] = {}
    for name in map(str, sheet.frame.columns):
        if name.lower() in ignored or name.lower().endswith(_NAMES_OF_THINGS):
            continue
        values = sheet.maybe_numbers(name)
        finite = np.isfinite(values)
        if finite.mean() > 0.5 and values[finite].std() > 0:
            found[name] = np.where(finite, values, np.nan)
    y, x = sheet.find_optional(Y_NAMES), sheet.find_optional(X_NAMES)
    if not found and y and x:
        found["speed"] = _speed(sheet.numbers(y), sheet.numbers(x), track, frame)
    names = tuple(found)
    return names, np.stack([found[name] for name in names], axis=1) if names else np.empty((len(track), 0))


def _places(sheet: Sheet) -> Floats:
    """Position of each row, y and x; no rows where the table has none."""
    y, x = sheet.find_optional(Y_NAMES), sheet.find_optional(X_NAMES)
    return np.stack([sheet.maybe_numbers(y), sheet.maybe_numbers(x)], axis=1) if y and x else np.empty((0, 2))


def _speed(y: Floats, x: Floats, track: Ints, frame: Ints) -> Floats:
    """Distance to the next frame in units of the positions, NaN where the track has no row there."""
    order = np.lexsort((frame, track))
    follows = (np.diff(track[order]) == 0) & (np.diff(frame[order]) == 1)
    step = np.hypot(np.diff(y[order]), np.diff(x[order]))
    speed = np.full(len(y), np.nan)
    speed[order[:-1][follows]] = step[follows]
    return speed
