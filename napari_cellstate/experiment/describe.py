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
from napari_cellstate.core.tables import join, make_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.core.units import Feature
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods import available
from napari_cellstate.methods.features.heteromotility import REASONS, Heteromotility

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

ALL = "all"
REPLACED = ("kinematics",)
"""Sets that "all" leaves out, for another has their columns."""


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
    A track is what has one id, however long its gaps. Windows that overlap are not independent, nor are tracks of
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
    parts = [
        _describe(part, given, chosen, Runtime(threads=threads, progress=progress), with_windows=window > 0)
        for part in (_windows(given, window, stride) if window else _whole(given))
    ]
    features = tuple(feature for one in chosen for feature in one.features())
    return _joined(parts, given, features, (pixel_size, dt), with_windows=window > 0)


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
        every = [name for name in known if name not in REPLACED and _measured(known[name], given)]
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


def _tracks(cells: pd.DataFrame) -> Tracks:
    """One track for each id."""
    frame, number = cells["frame"].to_numpy(), cells["given_track"].to_numpy()
    longest = int(frame.max(initial=0)) + 1
    return Tracks(cells, make_links(*join(frame, number)), max_gap=longest)


def _windows(given: GivenTracks, window: int, stride: int) -> Iterator[Windows]:
    yield Windows(_tracks(_cells(given)), window, stride)


def _whole(given: GivenTracks) -> Iterator[Windows]:
    """All tracks of one length after another, each as one window."""
    cells = _cells(given)
    frames = cells.groupby("given_track")["frame"]
    span = (frames.transform("max") - frames.transform("min") + 1).to_numpy()
    for length in np.unique(span):
        yield Windows(_tracks(cells[span == length].reset_index(drop=True)), int(length), int(length))


def _cells(given: GivenTracks) -> pd.DataFrame:
    return given.points.rename(columns={"track": "given_track", "parent": "given_parent"})


def _describe(
    windows: Windows, given: GivenTracks, sets: Sequence[FeatureSet], runtime: Runtime, *, with_windows: bool
) -> tuple[pd.DataFrame, NDArray[np.float64], NDArray[np.uint8]]:
    """Keys (number of the id, frame, t0, t1), features and codes of some windows."""
    import pandas as pd

    tracks = windows.tracks
    _, first = np.unique(tracks.track, return_index=True)
    number = tracks.cells["given_track"].to_numpy()[first] if len(first) else np.empty(0, np.int64)
    keys = pd.DataFrame(
        {"number": number[windows.track - 1], "frame": windows.frame, "t0": windows.start, "t1": windows.stop}
    )
    values, codes = [], []
    for one in sets:
        if isinstance(one, Heteromotility):
            found, why = one.describe_with_reasons(windows, runtime)
        else:
            found = one.describe(windows, runtime)
            why = np.zeros(found.shape, np.uint8)
        values.append(found)
        codes.append(why)
    return keys, np.concatenate(values, axis=1), np.concatenate(codes, axis=1)


def _joined(
    parts: Sequence[tuple[pd.DataFrame, NDArray[np.float64], NDArray[np.uint8]]],
    given: GivenTracks,
    features: tuple[Feature, ...],
    units: tuple[float | None, float | None],
    *,
    with_windows: bool,
) -> Description:
    import pandas as pd

    keys = pd.concat([part[0] for part in parts], ignore_index=True)
    order = np.lexsort((keys["frame"], keys["number"]))
    keys = keys.iloc[order].reset_index(drop=True)
    values = np.concatenate([part[1] for part in parts])[order] * [feature.factor(*units) for feature in features]
    codes = np.concatenate([part[2] for part in parts])[order]
    ids = pd.Series(list(given.ids), dtype=None if all(isinstance(one, int) for one in given.ids) else object)
    shown = pd.DataFrame({given.id_name: ids.to_numpy()[keys["number"].to_numpy() - 1]})
    if with_windows:
        shown = shown.join(keys[["frame", "t0", "t1"]])
    names = [feature.name for feature in features]
    taken = set(shown.columns) & set(names)
    if taken:
        raise InputError(f"features: the id column is called {taken.pop()!r}, as a feature is; rename it")
    row, column = np.nonzero(codes)
    reasons = shown.iloc[row][[name for name in (given.id_name, "frame") if name in shown]].reset_index(drop=True)
    reasons["feature"] = np.array(names, object)[column]
    reasons["reason"] = np.array(REASONS, object)[codes[row, column]]
    table = shown.join(pd.DataFrame(values, columns=names))
    return Description(table, features, reasons, _notes(reasons, table, given, with_windows=with_windows))


def _notes(reasons: pd.DataFrame, table: pd.DataFrame, given: GivenTracks, *, with_windows: bool) -> tuple[str, ...]:
    notes = []
    what = "windows" if with_windows else "tracks"
    gaps = int((reasons["reason"] == REASONS[2]).sum() // 79)
    if gaps:
        notes.append(
            f"{gaps} of {len(table)} {what} have a missing position inside, so they have no value in the set "
            "heteromotility"
        )
    if not len(table):
        notes.append(f"none of the {len(given.ids)} tracks is as long as a window, so the table is empty")
    return tuple(notes)
