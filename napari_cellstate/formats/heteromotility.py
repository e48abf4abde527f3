"""Heteromotility's pair of tables: one row a cell, one column a frame, no header."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.given import GivenTracks
from napari_cellstate.formats.format import reading
from napari_cellstate.formats.graph import CellGraph, tracks_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_heteromotility(folder: Path, pixel_size_um: float | None = None) -> GivenTracks:
    """Read the one pair ``*tracksX*.csv`` and ``*tracksY*.csv`` of a folder, px; or the pair that a file belongs to.

    Tracks are numbered by row, from 0. A blank or NaN in both tables is a frame without the cell; the original tool
    reads no such tables, we do.

    Raises
    ------
    InputError
        No such pair or several; tables of different shapes; text; a position in one table that the other one lacks.
    """
    x_path, y_path = _pair(folder)
    x, y = _numbers(x_path), _numbers(y_path)
    if x.shape != y.shape:
        raise InputError(f"{x_path}: {x.shape} (cells, frames), but {y_path.name} is {y.shape}; expected the same")
    there = np.isfinite(x)
    odd = np.argwhere(there != np.isfinite(y))
    if len(odd):
        row, column = odd[0]
        raise InputError(
            f"{x_path}, row {row + 1}, column {column + 1}: {x[row, column]}, but {y_path.name} has "
            f"{y[row, column]} there; expected a position in both or in neither"
        )
    cell, frame = np.nonzero(there)
    follows = np.flatnonzero(cell[1:] == cell[:-1])
    position = np.stack([y[there], x[there]], axis=1)
    graph = CellGraph(frame.astype(np.int64), position, follows, follows + 1, cell.tolist())
    return tracks_of(graph, str(folder), "cell_id")


def is_one_of_pair(path: Path) -> bool:
    """Whether a file is a ``*tracksX*.csv`` with its other beside it."""
    name = path.name.lower()
    return "tracksx" in name and _is_csv(path) and _other(path).is_file()


def _other(path: Path) -> Path:
    at = path.name.lower().index("tracksx") + len("tracks")
    return path.with_name(f"{path.name[:at]}{'Y' if path.name[at] == 'X' else 'y'}{path.name[at + 1 :]}")


def _pair(folder: Path) -> tuple[Path, Path]:
    if folder.is_file():
        return folder, _other(folder)
    with reading(str(folder)):
        found = sorted(path for path in folder.iterdir() if "tracksx" in path.name.lower() and _is_csv(path))
    if len(found) != 1:
        inside = ", ".join(path.name for path in found) or "none"
        raise InputError(
            f"{folder}: a folder; expected one of the Cell Tracking Challenge (with res_track.txt), or one pair "
            f"tracksX.csv and tracksY.csv; found of the latter: {inside}"
        )
    other = _other(found[0])
    if not other.is_file():
        raise InputError(f"{found[0]}: {other.name} is not beside it; expected the pair")
    return found[0], other


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv" and path.is_file()


def _numbers(path: Path) -> NDArray[np.float64]:
    """A table of numbers, (cells, frames), NaN where blank."""
    import pandas as pd

    with reading(str(path)):
        try:
            frame = pd.read_csv(path, header=None, dtype=str, keep_default_na=False)
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise InputError(f"{path}: {str(error).strip()}; expected a row a cell and a column a frame") from None
        values = frame.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
        text = frame.to_numpy(str)
    blank = np.isin(np.char.lower(np.char.strip(text)), ("", "nan", "na"))
    bad = np.argwhere(~np.isfinite(values) & ~blank)
    if len(bad):
        row, column = bad[0]
        raise InputError(
            f"{path}, row {row + 1}, column {column + 1}: {str(text[row, column])!r}; "
            "expected a number (px) and no header"
        )
    return np.asarray(values, np.float64)
