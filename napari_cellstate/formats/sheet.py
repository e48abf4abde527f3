"""A table as somebody else wrote it: CSV of any dialect, or parquet."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_NOTHING = ("", "nan", "na", "n/a", "none", "null", "<na>")
_MORE_HEADER_ROWS = 3
_UNIT = re.compile(r"(\(.*\))?")


@dataclass(frozen=True, eq=False)
class Sheet:
    """Columns of text or numbers, and where each row stands in its file.

    Attributes
    ----------
    path : for messages.
    frame : a column each; of CSV all are text.
    rows : (N,) row in the file, the header being row 1.
    units : unit of a column in px, um, ..., where the file has a row for it.
    """

    path: Path
    frame: pd.DataFrame
    rows: NDArray[np.int64]
    units: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of all columns."""
        return [str(column) for column in self.frame.columns]

    def find(self, names: tuple[str, ...], given: str, flag: str, maybe: str = "") -> str:
        """Name of the column that is wanted.

        Parameters
        ----------
        names : known names in the order of preference; exact ones win over those of another case.
        given : the name that the user gave, "" for none.
        flag : what the user can give, such as "--track".
        maybe : a column that could be meant; it is named, never taken.

        Raises
        ------
        InputError
            No such column.
        """
        found = given if given in self.frame.columns else ""
        if not given:
            found = self.find_optional(names)
        if found:
            return found
        there = ", ".join(map(str, self.frame.columns))
        if given:
            close = difflib.get_close_matches(given, list(map(str, self.frame.columns)), n=1)
            nearest = f" (did you mean {close[0]!r}?)" if close else ""
            raise InputError(f"{self.path}: no column {given!r}{nearest}, given with {flag}; found: {there}")
        raise InputError(
            f"{self.path}: no column {names[0]!r} (or {', '.join(names[1:])}); found: {there}; "
            f"name the column with {flag}{f', perhaps {flag} {maybe!r}' if maybe else ''}"
        )

    def find_optional(self, names: tuple[str, ...]) -> str:
        """Name of the first known column that is there, "" for none."""
        columns = [str(column) for column in self.frame.columns]
        for name in names:
            if name in columns:
                return name
        lower = {column.lower(): column for column in reversed(columns)}
        return next((lower[name.lower()] for name in names if name.lower() in lower), "")

    def text(self, name: str) -> NDArray[np.object_]:
        """A column as text, (N,), "" where there is nothing; whole numbers without a point."""
        column = self.frame[name]
        if column.dtype.kind == "f":
            values = [_plain(value) for value in column.to_numpy(np.float64)]
        else:
            values = ["" if str(value).strip().lower() in _NOTHING else str(value).strip() for value in column]
        return np.array(values, object)

    def words(self, name: str) -> NDArray[np.object_]:
        """A column of names, (N,): like `text`, but a drug called "none" or "NA" is a name; only blanks are nothing."""
        column = self.frame[name]
        if column.dtype.kind == "f":
            return self.text(name)
        return np.array(
            ["" if str(one).strip().lower() in ("", "nan", "<na>") else str(one).strip() for one in column], object
        )

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column as finite numbers, (N,).

        Raises
        ------
        InputError
            Text, a decimal comma, nothing, NaN or infinity, with its row.
        """
        values = self.maybe_numbers(name)
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            found = str(self.frame[name].iloc[bad[0]])
            raise InputError(f"{self.path}, row {self.rows[bad[0]]}: {name} is {found!r}; {_advice(found)}")
        return values

    def maybe_numbers(self, name: str) -> NDArray[np.float64]:
        """A column as numbers, (N,), NaN where it is anything else."""
        import pandas as pd

        return np.asarray(pd.to_numeric(self.frame[name], errors="coerce").to_numpy(np.float64, na_value=np.nan))

    def whole(self, name: str, advice: str) -> NDArray[np.int64]:
        """A column as whole numbers from 0, (N,).

        Parameters
        ----------
        advice : what to do where it is not.
        """
        values = self.numbers(name)
        bad = np.flatnonzero((values != np.floor(values)) | (values < 0) | (values > 2**53))
        if len(bad):
            raise InputError(
                f"{self.path}, row {self.rows[bad[0]]}: {name} is {values[bad[0]]:g}; expected a whole number from 0; "
                f"{advice}"
            )
        return values.astype(np.int64)

    def keep(self, wanted: NDArray[np.bool_]) -> Sheet:
        """The same sheet with the wanted rows only."""
        return replace(self, frame=self.frame[wanted].reset_index(drop=True), rows=self.rows[wanted])

    def without_more_headers(self, name: str) -> Sheet:
        """The sheet without three further header rows, if column `name` holds no number in exactly these.

        TrackMate 7 and 8 write, under the header, two rows of names and one of units in brackets.
        """
        n = _MORE_HEADER_ROWS
        if len(self.rows) < n or np.isfinite(self.maybe_numbers(name)[:n]).any():
            return self
        units = {str(column): str(self.frame[column].iloc[n - 1]).strip() for column in self.frame.columns}
        if not all(_UNIT.fullmatch(unit) for unit in units.values()):
            return self
        later = self.keep(np.arange(len(self.rows)) >= n)
        if not len(later.rows):
            raise InputError(
                f"{self.path}: header rows without any row under them; expected one for each cell and frame"
            )
        return replace(later, units={column: unit.strip("()") for column, unit in units.items()})


def _plain(value: float) -> str:
    """A number as text: 3 for 3.0, "" for NaN."""
    if np.isnan(value):
        return ""
    return str(int(value)) if value == np.floor(value) and np.isfinite(value) else repr(float(value))


def _advice(found: str) -> str:
    if "," in found and found.replace(",", "", 1).lstrip("+-").replace(".", "", 1).isdigit():
        return "expected a number with a decimal point, not a comma; export the table with points"
    if found.strip().lower() in _NOTHING:
        return "expected a finite number; leave rows of missing cells out"
    return "expected a finite number"
