"""Features of the user's: a Python function in a file."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from napari_cellstate.core.errors import Cancelled, CellStateError, InputError
from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.units import Feature
from napari_cellstate.core.windows import Windows

Floats = NDArray[np.float64]


@register
class FunctionFeatures(FeatureSet):
    """Columns made by a Python function in a file of yours. The file is run as it stands: name only one you trust.

    Notes
    -----
    The function takes the windows (see `napari_cellstate.core.windows.Windows`: `positions()` is (N, window, 2),
    `values("area")` (N, window), px, NaN where the cell is missing) and gives (N,) or (N, number of columns). What the
    file holds is part of the result's key, files that it imports are not. Values are taken as they are, without units.
    """

    kind: ClassVar[str] = "function"
    title: ClassVar[str] = "Python function in a file (trusted code)"

    file: str = setting(
        "", "File", help="Python file; a path from / on, else from where the program runs. It is run as it stands."
    )
    function: str = setting("features", "Function", help="Name of the function in it.")
    columns: str = setting("my_feature", "Columns", help="Names of the columns that it makes, with commas between.")
    reads: str = setting("", "Reads", help="Columns of the cell table that it needs, such as solidity, with commas.")

    @field_validator("columns")
    @classmethod
    def _names(cls, columns: str) -> str:
        if not all(name.isidentifier() for name in _listed(columns)) or not _listed(columns):
            raise ValueError("expected names with commas, each of letters, digits and _")
        return columns

    @field_validator("function")
    @classmethod
    def _a_name(cls, function: str) -> str:
        if not function.isidentifier():
            raise ValueError("expected the name of a function")
        return function

    def asks(self) -> tuple[str, ...]:
        """Columns of the cell table that it reads."""
        return tuple(_listed(self.reads))

    def ground(self) -> dict[str, str]:
        """The hash of the file, "" where it is not there."""
        path = Path(self.file)
        there = bool(self.file) and path.is_file()
        return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest() if there else ""}

    def features(self) -> tuple[Feature, ...]:
        """Its columns."""
        said, source = f"{self.function} of {Path(self.file).name or 'no file yet'}.", "a function of the user's"
        note = "What it means, and in what unit, is up to the function."
        return tuple(Feature(name, said, source=source, note=note) for name in _listed(self.columns))

    def describe(self, windows: Windows, runtime: Runtime) -> Floats:
        """Call the function for all windows at once.

        Raises
        ------
        InputError
            No such file or function; the function stops with an error, or gives another shape.
        """
        names = _listed(self.columns)
        if not self.file:
            return np.full((len(windows), len(names)), np.nan)
        runtime.progress(0, 1, "features")
        found = self._called(windows)
        try:
            values = np.asarray(found, np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"{self.file}: {self.function} gives no numbers: {error}") from None
        if values.shape == (len(windows),):
            values = values[:, None]
        if values.shape != (len(windows), len(names)):
            raise InputError(
                f"{self.file}: {self.function} gives the shape {values.shape}; expected {(len(windows), len(names))}, "
                f"a row for each window and a column for each of: {', '.join(names)}"
            )
        runtime.progress(1, 1, "features")
        return np.where(np.isfinite(values), values, np.nan)

    def _called(self, windows: Windows) -> Any:
        path = Path(self.file)
        if not path.is_file():
            raise InputError(f"feature set function: {path} is not there; give the path of a Python file")
        space: dict[str, Any] = {"__name__": path.stem, "__file__": str(path)}
        try:
            exec(compile(path.read_bytes(), str(path), "exec"), space)
            function = space.get(self.function)
            if not callable(function):
                raise InputError(f"{path}: no function {self.function!r} in it")
            return function(windows)
        except (CellStateError, Cancelled):
            raise
        except Exception as error:  # whatever a user's code does wrong must be told, not end the window
            raise InputError(f"{path}: {self.function} stopped with {type(error).__name__}: {error}") from error


def _listed(text: str) -> list[str]:
    return [name for name in re.split(r"\s*,\s*", text.strip()) if name]
