"""What figures call things: states, conditions, units, numbers; and the columns that they need."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.behavior import NO_STATE, state_name
from napari_cellstate.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

StateNames = Mapping[int, str]
_PANELS = 30
_TEXT = ("movie", "condition", "replicate")
_STATES = ("state", "from", "to")


def prepared(table: pd.DataFrame, columns: Sequence[str], what: str) -> pd.DataFrame:
    """The columns that a figure needs, with text as text and states as whole numbers (0 where missing).

    Raises
    ------
    InputError
        A column is missing.
    """
    import pandas as pd

    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise InputError(
            f"figure of {what}: column {missing[0]!r} is missing in its table; expected: {', '.join(columns)}; "
            f"found: {', '.join(map(str, table.columns))}"
        )
    made = {name: _plain(table[name], name) for name in columns}
    return pd.DataFrame(made, columns=list(columns)).reset_index(drop=True)


def _plain(column: pd.Series[Any], name: str) -> NDArray[Any]:
    import pandas as pd

    if name in _TEXT:
        return column.astype(object).where(column.notna(), "").astype(str).to_numpy(object)
    if name in _STATES:
        numbers = pd.to_numeric(column.astype(object), errors="coerce")
        return numbers.fillna(NO_STATE).to_numpy(np.float64).astype(np.int64)
    return column.to_numpy()


def places_of(column: pd.Series[Any], first: Sequence[str] = ()) -> dict[str, int]:
    """Each condition (or movie) that occurs, and its place: those named `first`, then the others as the table has them.

    A place does not depend on which of those named `first` occur, so it can stand for a colour.
    """
    found = [str(name) for name in column.unique()]
    places = {name: at for at, name in enumerate(dict.fromkeys([*first, *found]))}
    return {name: at for name, at in places.items() if name in found}


def groups_of(column: pd.Series[Any], first: Sequence[str] = ()) -> tuple[list[str], str]:
    """What has a panel of its own, in the order of the index, and what to say of those that are too many."""
    every = list(places_of(column.sort_index(), first))
    more = len(every) - _PANELS
    return every[:_PANELS], f"first {_PANELS} of {len(every):,} ({more:,} left out)" if more > 0 else ""


def states_of(*columns: pd.Series[Any] | NDArray[np.int64]) -> list[int]:
    """Every state that occurs, ascending, without 0."""
    found = {int(state) for column in columns for state in np.unique(np.asarray(column, np.int64))}
    return sorted(found - {NO_STATE})


def condition_title(condition: str, conditions: Sequence[str], width: int = 26) -> str:
    """What a condition is called: one without a name is "all" where it is the only one."""
    return shorten(condition or ("all" if len(conditions) == 1 else "no condition"), width)


def state_title(state: int, names: StateNames | None, width: int = 18) -> str:
    """What a state is called."""
    if state == NO_STATE:
        return "no state"
    return shorten((names or {}).get(state, state_name(state)), width)


def shorten(text: str, width: int, lines: int = 2) -> str:
    """Text in at most so many lines; what does not fit is left out of its middle, shown as an ellipsis."""
    folded = textwrap.wrap(text, width) or [""]
    keep = width * lines
    while len(folded) > lines:
        keep -= 1
        head = (keep + 1) // 2
        folded = textwrap.wrap(f"{text[:head].rstrip()}…{text[len(text) - keep + head :].lstrip()}", width)
    return "\n".join(folded)


def unit_title(unit: str) -> str:
    """A unit as it is printed: um^2/min becomes µm²/min."""
    return unit.replace("um", "µm").replace("^2", "²").replace("^3", "³")


def with_unit(name: str, unit: str) -> str:
    """A quantity and its unit in brackets, if it has one."""
    return f"{name} ({unit_title(unit)})" if unit else name


def counted(number: int, thing: str) -> str:
    """Say how many: "1 movie", "1,204 rows"."""
    return f"{number:,} {thing if number == 1 else thing + 's'}"
