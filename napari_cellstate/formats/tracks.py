"""Tracks made elsewhere: tables with one row for each cell and frame, and every other format of tracks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.given import GivenTracks
from napari_cellstate.core.times import median_interval
from napari_cellstate.formats.calibration import micrometres, seconds
from napari_cellstate.formats.columns import (
    FRAME_NAMES,
    LABEL_NAMES,
    PARENT_NAMES,
    TRACK_NAMES,
    X_NAMES,
    Y_NAMES,
    guess_columns,
)
from napari_cellstate.formats.ctc import TRACK_FILES
from napari_cellstate.formats.ctc_tracks import read_ctc_tracks
from napari_cellstate.formats.geff import read_geff
from napari_cellstate.formats.heteromotility import is_one_of_pair, read_heteromotility
from napari_cellstate.formats.ome_zarr import is_zarr
from napari_cellstate.formats.parents import WHOLE, Id, Ints, check_forward, find_parents
from napari_cellstate.formats.read_sheet import read_sheet
from napari_cellstate.formats.sheet import Sheet
from napari_cellstate.formats.trackmate import read_trackmate
from napari_cellstate.formats.units import unit_in

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_OURS = ("frame", "label", "y", "x", "track", "parent")
_COUNTS = (*(name.upper() for name in FRAME_NAMES if name != "POSITION_T"), "SLICE", "TIMEPOINT")
"""Columns that count frames, whatever unit some program writes under them."""

_USE_FRAMES = "if it is a time, say its unit with --time-unit, or name a column of frame numbers with --time"

log = logging.getLogger(__name__)


def read_tracks(
    path: Path,
    *,
    track: str = "",
    time: str = "",
    y: str = "",
    x: str = "",
    time_unit: str = "",
    pixel_size_um: float | None = None,
) -> GivenTracks:
    """Read tracks from a table, or from whatever else `path` is.

    Parameters
    ----------
    path : TrackMate's .xml; a GEFF (a Zarr folder); a folder of the Cell Tracking Challenge or with Heteromotility's
        tracksX.csv and tracksY.csv (or the first of these); else a table: .csv, .tsv or .txt (also .gz) separated by
        commas, semicolons or tabs, or .parquet. The further header rows of TrackMate are left out.
    track, time, y, x : names of columns; "" finds them (see ``TRACK_NAMES`` and its neighbours). ``label`` and
        ``parent`` are used where they are there; 0, -1, a blank or the track itself as parent means none.
    time_unit : such as s, min or h, where the time column holds times instead of frame numbers; "" takes what the
        header (``time_s``, ``Time (min)``) or the row of units says of a column that is no frame number. Each time
        that occurs is then a frame.
    pixel_size_um : needed only where the table says that its positions are lengths (TrackMate's row of units).

    Raises
    ------
    InputError
        A column is missing; a position is not a finite number; a frame is not a whole number from 0; a track has
        two rows in one frame; a parent does not end before its daughter begins.

    Notes
    -----
    Rows without a track (spots that TrackMate did not link) and parents that are not in the table are left out;
    a warning is logged that counts them.
    """
    other = _not_a_table(path)
    if other is not None:
        named = [flag for flag, name in (("--track", track), ("--time", time), ("--y", y), ("--x", x)) if name]
        if named:
            raise InputError(f"{path}: {named[0]} names a column of a table, but this is no table; leave it out")
        return other(path, pixel_size_um)
    sheet = read_sheet(path)
    maybe = guess_columns(sheet.names)
    columns = {
        "track": sheet.find(TRACK_NAMES, track, "--track", maybe.track),
        "frame": sheet.find(FRAME_NAMES, time, "--time", maybe.time),
        "y": sheet.find(Y_NAMES, y, "--y", maybe.y),
        "x": sheet.find(X_NAMES, x, "--x", maybe.x),
        "parent": sheet.find_optional(PARENT_NAMES),
    }
    sheet = _tracked(sheet.without_more_headers(columns["frame"]), columns["track"])
    ids, number = _ids(sheet.text(columns["track"]))
    frame, times_s = frames_of(sheet, columns["frame"], time_unit, asked=bool(time))
    _check_once(sheet, columns["track"], number, frame)
    parent = find_parents(sheet, columns["parent"], ids, number)
    check_forward(sheet.path, ids, number, frame, parent)
    positions = {axis: _positions(sheet, columns[axis], pixel_size_um) for axis in ("y", "x")}
    label_name, label = _labels(sheet, number, frame)
    used = {*columns.values(), label_name}
    points = _points({"frame": frame, "label": label, **positions, "track": number, "parent": parent[number]})
    for name, values in _others(sheet, used).items():
        points[name] = values
    points = points.sort_values(["frame", "label"], kind="stable", ignore_index=True)
    return GivenTracks(points, columns["track"], ids, median_interval(times_s), None, times_s)


def _not_a_table(path: Path) -> Callable[[Path, float | None], GivenTracks] | None:
    """What reads a path that is no table: chosen by what it is."""
    if path.suffix.lower() == ".xml":
        return read_trackmate
    if not path.is_dir():
        return read_heteromotility if is_one_of_pair(path) else None
    if is_zarr(path) or path.suffix.lower() in (".geff", ".zarr"):
        return read_geff
    if any((path / name).is_file() for name in TRACK_FILES):
        return read_ctc_tracks
    return read_heteromotility


def _points(columns: dict[str, NDArray[np.generic]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns)


def _tracked(sheet: Sheet, name: str) -> Sheet:
    """Leave out rows that belong to no track."""
    there = sheet.text(name) != ""
    lost = int(np.count_nonzero(~there))
    if lost == len(there):
        raise InputError(
            f"{sheet.path}: column {name!r} is blank in every row; expected the track of each; use --track"
        )
    if not lost:
        return sheet
    log.warning("%s: %d of %d rows have no track (%s is blank) and are left out", sheet.path, lost, len(there), name)
    return sheet.keep(there)


def _ids(text: NDArray[np.object_]) -> tuple[tuple[Id, ...], Ints]:
    """Ids in ascending order, whole numbers if all are, and for each row 1 + the position of its own."""
    import pandas as pd

    codes, uniques = pd.factorize(text)
    values = _as_ids([str(unique) for unique in uniques])
    ids = tuple(sorted(set(values), key=lambda one: (isinstance(one, str), one)))
    position = {one: at for at, one in enumerate(ids, start=1)}
    return ids, np.array([position[value] for value in values], np.int64)[codes]


def _as_ids(texts: list[str]) -> list[Id]:
    if all(WHOLE.fullmatch(text) for text in texts):
        return [int(text.split(".")[0]) for text in texts]
    return list(texts)


def frames_of(sheet: Sheet, name: str, unit: str, *, asked: bool) -> tuple[Ints, tuple[float, ...]]:
    """Frame of each row, and the time of each frame (s) where the column holds times, else ().

    Raises
    ------
    InputError
        Neither frame numbers nor times whose unit is known.
    """
    said = unit or sheet.units.get(name, "") or unit_in(name)
    factor = seconds(1.0, said)
    if unit and factor is None:
        raise InputError(f"{sheet.path}: time unit {unit!r}; expected s, min, h or the like")
    if factor is not None and (unit or name.upper() not in _COUNTS):
        values = sheet.numbers(name) * factor
        times, frame = np.unique(np.round(values, 6), return_inverse=True)
        return frame.astype(np.int64).ravel(), tuple(times.tolist())
    return _frames(sheet, name, asked=asked), ()


def _frames(sheet: Sheet, name: str, *, asked: bool) -> Ints:
    frame = sheet.whole(name, _USE_FRAMES)
    step = int(np.gcd.reduce(frame - frame.min())) if len(frame) else 1
    if name.upper() == "POSITION_T" and step > 1 and not asked:
        raise InputError(
            f"{sheet.path}: {name} goes in steps of {step}, so it is a time rather than a frame number; say its unit "
            "with --time-unit, or name a column of frame numbers with --time (--time POSITION_T if these are frames)"
        )
    return frame


def _positions(sheet: Sheet, name: str, pixel_size_um: float | None) -> NDArray[np.float64]:
    """Positions in px."""
    values = sheet.numbers(name)
    said = sheet.units.get(name, "") or unit_in(name)
    unit = micrometres(1.0, said)
    if unit is None:
        return values
    if pixel_size_um is None:
        raise InputError(f"{sheet.path}: {name} is in {said}; expected px; give the pixel size with --pixel-size")
    return values * (unit / pixel_size_um)


def _labels(sheet: Sheet, number: Ints, frame: Ints) -> tuple[str, Ints]:
    """Labels of the table if they can be labels, else 1, 2, ... in each frame in the order of tracks."""
    name = sheet.find_optional(LABEL_NAMES)
    if name:
        values = sheet.maybe_numbers(name)
        whole = np.isfinite(values) & (values == np.floor(values)) & (values >= 1) & (values < 2**32)
        if whole.all() and not _repeated(frame, values.astype(np.int64)).any():
            return name, values.astype(np.int64)
        log.info("%s: column %r does not number the cells of a frame, so it is not used as label", sheet.path, name)
    order = np.lexsort((number, frame))
    ordered = frame[order]
    label = np.empty(len(frame), np.int64)
    label[order] = np.arange(1, len(frame) + 1) - np.searchsorted(ordered, ordered)
    return "", label


def _repeated(first: Ints, second: Ints) -> NDArray[np.bool_]:
    import pandas as pd

    pairs = pd.DataFrame({"first": first, "second": second})
    return np.asarray(pairs.duplicated(keep=False).to_numpy())


def _check_once(sheet: Sheet, name: str, number: Ints, frame: Ints) -> None:
    twice = _repeated(number, frame)
    if not twice.any():
        return
    at = int(np.argmax(twice))
    same = np.flatnonzero((number == number[at]) & (frame == frame[at]))
    rows = " and ".join(str(sheet.rows[row]) for row in same[:2])
    raise InputError(
        f"{sheet.path}, rows {rows}: track {sheet.text(name)[at]} is twice in frame {frame[at]}; expected one row for "
        "each track and frame; if the table holds several movies, give each a table of its own, or name a column "
        "that is unique with --track"
    )


def _others(sheet: Sheet, used: set[str]) -> dict[str, NDArray[np.generic]]:
    """Every other column of numbers (blanks are NaN) under its own name."""
    import pandas as pd

    found: dict[str, NDArray[np.generic]] = {}
    for name in map(str, sheet.frame.columns):
        column = sheet.frame[name]
        if name in used or name in _OURS or not name or column.dtype.kind in "bMm":
            continue
        values = sheet.maybe_numbers(name)
        blank = np.asarray(column.isna() | column.astype(str).str.strip().str.lower().isin(("", "nan", "na", "none")))
        if blank.all() or np.isnan(values[~blank]).any():
            continue
        found[name] = np.asarray(pd.to_numeric(column)) if not blank.any() else values
    return found
