"""Conditions on columns of a table as text: ``area > 50 and quality >= 0.5``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_ONE = re.compile(r"\s*([A-Za-z_]\w*)\s*(<=|>=|==|!=|<|>)\s*(-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*")


@dataclass(frozen=True)
class Condition:
    """A column, how it is compared, and with which number."""

    column: str
    sign: str
    value: float

    def holds(self, columns: Mapping[str, NDArray[Any]], where: str) -> NDArray[np.bool_]:
        """Whether it holds in each row; not where the value is missing."""
        if self.column not in columns:
            known = ", ".join(sorted(columns))
            raise InputError(f"{where}: no column {self.column!r}; known: {known}")
        values = np.asarray(columns[self.column], np.float64)
        return np.asarray(_OPERATORS[self.sign](values, self.value) & np.isfinite(values))


def parse_conditions(text: str, where: str) -> tuple[Condition, ...]:
    """Conditions that must all hold; none for a blank text.

    Raises
    ------
    InputError
        Anything but COLUMN SIGN NUMBER, several joined by "and".
    """
    if not text.strip():
        return ()
    found = []
    for part in re.split(r"\band\b|&", text):
        match = _ONE.fullmatch(part)
        if match is None:
            raise InputError(
                f"{where}: {part.strip()!r} is no condition; expected a column, one of {' '.join(_OPERATORS)} and a "
                'number, several joined by "and", such as: area > 50 and quality >= 0.5'
            )
        found.append(Condition(match[1], match[2], float(match[3])))
    return tuple(found)
