"""Features of a track table, without an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.given import GivenTracks
from napari_cellstate.core.progress import Progress, Runtime, silent
from napari_cellstate.core.units import Feature
from napari_cellstate.core.windows import Windows
from napari_cellstate.experiment.chosen_sets import ALL, check_measured, check_names, choose_sets
from napari_cellstate.experiment.given_measures import with_measures, without_drift, without_repeats
from napari_cellstate.experiment.given_windows import given_windows, tracks_of_ids, whole_tracks
from napari_cellstate.methods.features._channels import OfChannels
from napari_cellstate.methods.features._motility.repeats import repeats_note
from napari_cellstate.methods.features.heteromotility import GAP, REASONS, Heteromotility

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


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


def features_of_table(
    tracks: str | Path | GivenTracks,
    sets: Sequence[str] = (ALL,),
    *,
    lag: int = 10,
    window: int = 0,
    stride: int = 1,
    dt: float | None = None,
    pixel_size: float | None = None,
    labels: str | Path | None = None,
    images: str | Path | None = None,
    axes: str = "",
    channels: str = "",
    drift: Literal["keep", "remove"] = "keep",
    interpolated: Literal["keep", "missing"] = "keep",
    formulas: Sequence[str] = (),
    functions: Sequence[str] = (),
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
    sets : feature sets by name; "all" is every set whose measurements are there.
    lag : of the set `heteromotility`, 5 or 10 frames.
    window : frames of a window; 0 takes each track whole.
    stride : frames from window to window.
    dt, pixel_size : seconds between frames and um a pixel; without them features stay in frames and px. The set
        `heteromotility` always does.
    labels : label images of the cells, for the set `shape`.
    images : the movie, for the sets `intensity` and `texture`; needs labels.
    axes : of the images (of the labels where there are none), where the file does not say.
    channels : for `intensity` and `texture`, such as "0,1"; "" is 0.
    drift : "remove" takes away the median step of all cells of a frame.
    interpolated : "missing" leaves out positions whose steps in and out are the same.
    formulas : "NAME = FORMULA" over columns of the other sets, in um and hours where these are known.
    functions : "FILE.py:FUNCTION" each (see `methods.features.function`); the file is run.
    track_column, time_column, y_column, x_column : names of columns, "" to find them.

    Raises
    ------
    InputError
        The table cannot be read; an unknown set, or one whose measurements are not there; two sets with a column of
        one name; a window below 0, a stride below 1, a lag other than 5 or 10, an interval or a pixel size that is
        not above 0; a formula or function that cannot be used.

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
    if images is not None and labels is None:
        raise InputError(f"features: the movie {images} is there, but no label images; give them with --labels")
    chosen, runtime = choose_sets(sets, lag, channels, formulas, functions), Runtime(threads=threads, progress=progress)
    columns = (track_column, time_column, y_column, x_column)
    given = tracks if isinstance(tracks, GivenTracks) else _read(Path(tracks), *columns, pixel_size)
    notes: list[str] = []
    if labels is not None:
        asked = _to_measure(chosen, sets, with_images=images is not None)
        given, notes = with_measures(given, Path(labels), Path(images) if images else None, axes, asked, runtime)
    notes += _repeats(given, interpolated)
    if interpolated == "missing":
        given = without_repeats(given)
    if drift == "remove":
        given, note = without_drift(given)
        notes.append(note)
    chosen = check_measured(chosen, sets, list(given.points.columns))
    check_names(chosen)
    described = [one for one in chosen if not one.derives]
    groups = [[one for one in described if one.looks_around is around] for around in (False, True)]
    rows = [_described(_pieces(given, window, stride, group), group, runtime) for group in groups if group]
    found = _joined(rows, given, described, (pixel_size, dt), with_windows=window > 0)
    derived = [one for one in chosen if one.derives]
    return replace(with_derived(found, derived, runtime), notes=(*notes, *found.notes))


def with_derived(found: Description, sets: Sequence[FeatureSet], runtime: Runtime) -> Description:
    """Add the columns of sets that are made from others."""
    import pandas as pd

    columns = {one.name: found.table[one.name].to_numpy() for one in found.features}
    table, features = found.table, found.features
    for one in sets:
        values = one.derive(columns, runtime)
        made = {feature.name: values[:, nth] for nth, feature in enumerate(one.features())}
        columns |= made
        table, features = table.join(pd.DataFrame(made, index=table.index)), (*features, *one.features())
    return replace(found, table=table, features=features)


def _read(path: Path, track: str, time: str, y: str, x: str, pixel_size: float | None) -> GivenTracks:
    from napari_cellstate.formats.tracks import read_tracks

    return read_tracks(path, track=track, time=time, y=y, x=x, pixel_size_um=pixel_size)


def _to_measure(chosen: Sequence[FeatureSet], named: Sequence[str], *, with_images: bool) -> list[str]:
    """Columns to measure: those of channels only where there are images, or where they were asked for by name."""
    kept = [one for one in chosen if with_images or not isinstance(one, OfChannels)]
    for one in chosen:
        if one not in kept and one.kind in named:
            raise InputError(f"features: the set {one.kind} needs a movie; give it with --images")
    return list(dict.fromkeys(name for one in kept for name in one.asks()))


def _repeats(given: GivenTracks, interpolated: str) -> list[str]:
    note = repeats_note(tracks_of_ids(given))
    if not note:
        return []
    said = "; they are left out" if interpolated == "missing" else "; --interpolated missing leaves them out"
    return [note.partition(" (setting")[0] + said]


def _pieces(given: GivenTracks, window: int, stride: int, group: Sequence[FeatureSet]) -> Iterator[Windows]:
    if window:
        return given_windows(given, window, stride)
    return whole_tracks(given, looking_around=group[0].looks_around)


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
