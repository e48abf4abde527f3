"""Features of a track table, without an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.given import GivenTracks
from napari_cellstate.core.method import parse
from napari_cellstate.core.progress import Progress, Runtime, silent
from napari_cellstate.core.units import Feature
from napari_cellstate.core.windows import Windows
from napari_cellstate.experiment.given_windows import given_windows, whole_tracks
from napari_cellstate.methods import available
from napari_cellstate.methods.features.heteromotility import GAP, REASONS, Heteromotility

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

ALL = "all"


@dataclass(frozen=True, eq=False)
class Description:
    """Features of tracks or windows.

    Attributes
    ----------
    table : one row a track, under the name its id column had; of windows also frame, t0 and t1; then the features.
    features : what each feature column is, in their order.
    reasons : one row for each number of the set `heteromotility` that is missing or says little: id (and frame),
        feature, reason.
    notes : sentences that the user should read.
    """

    table: pd.DataFrame
    features: tuple[Feature, ...]
    reasons: pd.DataFrame
    notes: tuple[str, ...]


def describe(
    tracks: str | Path | GivenTracks,
    sets: Sequence[str] = (ALL,),
    *,
    lag: int = 10,
    window: int = 0,
    stride: int = 1,
    dt: float | None = None,
    pixel_size: float | None = None,
    track_column: str = "",
    time_column: str = "",
    y_column: str = "",
    x_column: str = "",
    threads: int = 2,
    progress: Progress = silent,
) -> Description:
    """Describe every track of a table, or every window of every track.

    Parameters
    ----------
    tracks : a track table (see `formats.tracks.read_tracks`), or one that is read already.
    sets : feature sets by name; "all" is every set whose measurements the table has.
    lag : of the set `heteromotility`, 5 or 10 frames.
    window : frames of a window; 0 takes each track whole.
    stride : frames from window to window.
    dt, pixel_size : seconds between frames and um a pixel; without them features stay in frames and px. The set
        `heteromotility` always does.
    track_column, time_column, y_column, x_column : names of columns, "" to find them.

    Raises
    ------
    InputError
        The table cannot be read; an unknown set; two sets with a column of one name; a window below 0, a stride
        below 1, a lag other than 5 or 10, an interval or a pixel size that is not above 0.

    Notes
    -----
    A track is what has one id, however long its gaps. A table is one movie: where it holds several fields, the set
    `neighbours` takes their cells for neighbours. Windows that overlap are not independent, nor are tracks of
    one movie.
    """
    for name, value in (("dt", dt), ("pixel size", pixel_size)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InputError(f"features: {name} = {value}; expected a number above 0")
    if window < 0 or stride < 1:
        raise InputError(f"features: window = {window}, stride = {stride}; expected at least 0 and 1 frames")
    given = (
        tracks
        if isinstance(tracks, GivenTracks)
        else _read(Path(tracks), track_column, time_column, y_column, x_column, pixel_size)
    )
    chosen = _sets(sets, lag, given)
    runtime = Runtime(threads=threads, progress=progress)
    groups = [[one for one in chosen if one.looks_around is around] for around in (False, True)]
    rows = [
        _described(
            given_windows(given, window, stride)
            if window
            else whole_tracks(given, looking_around=group[0].looks_around),
            group,
            runtime,
        )
        for group in groups
        if group
    ]
    return _joined(rows, given, chosen, (pixel_size, dt), with_windows=window > 0)


def _read(path: Path, track: str, time: str, y: str, x: str, pixel_size: float | None) -> GivenTracks:
    from napari_cellstate.formats.tracks import read_tracks

    return read_tracks(path, track=track, time=time, y=y, x=x, pixel_size_um=pixel_size)


def _sets(names: Sequence[str], lag: int, given: GivenTracks) -> list[FeatureSet]:
    """The chosen sets, each once; no two may have a column of one name."""
    known = available("features")
    unknown = [name for name in names if name not in known and name != ALL]
    if unknown or not names:
        raise InputError(f"features: no set {unknown[0] if unknown else ''!r}; known: {', '.join(known)}, {ALL}")
    if lag not in (5, 10):
        raise InputError(f"features: lag = {lag}; expected 5 (published tables) or 10 (the original tool's default)")
    wanted = list(dict.fromkeys(names))
    if ALL in wanted:
        every = [name for name in known if _measured(known[name], given)]
        wanted = list(dict.fromkeys([*(name for name in wanted if name != ALL), *every]))
    records = [{"method": name} | ({"lag": lag} if name == Heteromotility.kind else {}) for name in wanted]
    sets = [cast("FeatureSet", parse(known, record, "features")) for record in records]
    owner: dict[str, str] = {}
    for one in sets:
        for feature in one.features():
            if feature.name in owner:
                both = f"{owner[feature.name]} and {one.kind}"
                raise InputError(f"features: sets {both} both have a column {feature.name!r}; choose one")
            owner[feature.name] = one.kind
    return sets


def _measured(kind: Any, given: GivenTracks) -> bool:
    return not kind.measures or any(name in given.points.columns for name in kind.measures)


@dataclass(frozen=True, eq=False)
class _Rows:
    """What some sets say of each row, sorted by number of the id, then frame."""

    keys: pd.DataFrame
    names: list[str]
    values: NDArray[np.float64]
    codes: NDArray[np.uint8]


def _described(pieces: Iterator[Windows], sets: Sequence[FeatureSet], runtime: Runtime) -> _Rows:
    import pandas as pd

    found = [(_keys(windows), *_values(windows, sets, runtime)) for windows in pieces]
    keys = pd.concat([piece[0] for piece in found], ignore_index=True)
    order = np.lexsort((keys["frame"], keys["number"]))
    names = [feature.name for one in sets for feature in one.features()]
    values, codes = (np.concatenate([piece[at] for piece in found])[order] for at in (1, 2))
    return _Rows(keys.iloc[order].reset_index(drop=True), names, values, codes)


def _keys(windows: Windows) -> pd.DataFrame:
    import pandas as pd

    tracks = windows.tracks
    _, first = np.unique(tracks.track, return_index=True)
    number = tracks.cells["given_track"].to_numpy()[first][windows.track - 1]
    return pd.DataFrame({"number": number, "frame": windows.frame, "t0": windows.start, "t1": windows.stop})


def _values(
    windows: Windows, sets: Sequence[FeatureSet], runtime: Runtime
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Features side by side, and the codes of those that have any."""
    values, codes = [], []
    for one in sets:
        if isinstance(one, Heteromotility):
            found, why = one.describe_with_reasons(windows, runtime)
        else:
            found = one.describe(windows, runtime)
            why = np.zeros(found.shape, np.uint8)
        values.append(found)
        codes.append(why)
    return np.concatenate(values, axis=1), np.concatenate(codes, axis=1)


def _joined(
    rows: Sequence[_Rows],
    given: GivenTracks,
    sets: Sequence[FeatureSet],
    units: tuple[float | None, float | None],
    *,
    with_windows: bool,
) -> Description:
    import pandas as pd

    keys, features = rows[0].keys, tuple(feature for one in sets for feature in one.features())
    ids = np.array(given.ids) if all(isinstance(one, int) for one in given.ids) else np.array(given.ids, object)
    shown = pd.DataFrame({given.id_name: ids[keys["number"].to_numpy() - 1]})
    if with_windows:
        shown = shown.join(keys[["frame", "t0", "t1"]])
    names = [feature.name for feature in features]
    taken = set(shown.columns) & set(names)
    if taken:
        raise InputError(f"features: the id column is called {taken.pop()!r}, as a feature is; rename it")
    made = [name for group in rows for name in group.names]
    column_of = [made.index(name) for name in names]
    values = np.concatenate([group.values for group in rows], axis=1)[:, column_of]
    codes = np.concatenate([group.codes for group in rows], axis=1)[:, column_of]
    table = shown.join(pd.DataFrame(values * [feature.factor(*units) for feature in features], columns=names))
    row, column = np.nonzero(codes)
    reasons = shown.iloc[row][[name for name in (given.id_name, "frame") if name in shown]].reset_index(drop=True)
    reasons["feature"] = np.array(names, object)[column]
    reasons["reason"] = np.array(REASONS, object)[codes[row, column]]
    gaps = int((codes == GAP).any(axis=1).sum())
    return Description(table, features, reasons, _notes(gaps, table, given, with_windows=with_windows))


def _notes(gaps: int, table: pd.DataFrame, given: GivenTracks, *, with_windows: bool) -> tuple[str, ...]:
    notes = []
    if gaps:
        notes.append(
            f"{gaps} of {len(table)} {'windows' if with_windows else 'tracks'} have a missing position inside, so they "
            "have no value in the set heteromotility"
        )
    if not len(table):
        notes.append(f"none of the {len(given.ids)} tracks is as long as a window, so the table is empty")
    return tuple(notes)
