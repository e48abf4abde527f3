from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.tables import (
    CELL_KEYS,
    LINK_COLUMNS,
    check_cells,
    check_links,
    empty_cells,
    join,
    make_links,
)


def cells_of(*rows: tuple[int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["frame", "label"]).assign(y=1.0, x=2.0)


CELLS = cells_of((0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2))


def test_empty_tables_are_valid() -> None:
    cells, links = empty_cells(), make_links([], [])
    check_cells(cells)
    check_links(cells, links)
    assert tuple(cells.columns) == CELL_KEYS
    assert tuple(links.columns) == LINK_COLUMNS
    assert list(cells.dtypes.astype(str)) == ["int64", "int64", "float64", "float64"]
    assert list(links.dtypes.astype(str)) == ["int64", "int64", "float64"]


def test_make_links_sorts_and_keeps_each_cost() -> None:
    links = make_links([2, 0, 2], [5, 2, 4], [0.5, 0.1, 0.4])
    assert links.to_numpy().tolist() == [[0, 2, 0.1], [2, 4, 0.4], [2, 5, 0.5]]
    assert_array_equal(make_links([0], [2])["cost"], [np.nan])


def test_good_tables_pass() -> None:
    check_cells(CELLS)
    check_links(CELLS, make_links([0, 1, 2, 2], [2, 3, 4, 5]))
    check_links(CELLS, make_links([0], [4]))


@pytest.mark.parametrize("column", CELL_KEYS)
def test_a_missing_column_is_named(column: str) -> None:
    with pytest.raises(InputError, match=f"movie a: cells: column '{column}' is missing; found: "):
        check_cells(CELLS.drop(columns=column), "movie a: cells")


@pytest.mark.parametrize("column", LINK_COLUMNS)
def test_a_missing_column_of_links_is_named(column: str) -> None:
    with pytest.raises(InputError, match=f"links: column '{column}' is missing"):
        check_links(CELLS, make_links([0], [2]).drop(columns=column))


@pytest.mark.parametrize(("column", "value"), [("y", np.nan), ("x", np.inf)])
def test_a_position_that_is_no_number(column: str, value: float) -> None:
    cells = CELLS.copy()
    cells.loc[3, column] = value
    with pytest.raises(InputError, match=rf"cells row 3: {column} is {value}; expected a finite number \(px\)"):
        check_cells(cells)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(0, 1), (-1, 1)], "cells row 1: frame -1, label 1; frames count from 0 and labels from 1"),
        ([(0, 1), (0, 0)], "cells row 1: frame 0, label 0; frames count from 0"),
        ([(0, 1), (2, 1), (1, 1)], r"cells row 2: frame 1, label 1 does not come after row 1 \(frame 2, label 1\)"),
        ([(0, 1), (0, 3), (0, 2)], "cells row 2: frame 0, label 2 does not come after row 1"),
        ([(0, 1), (1, 4), (1, 4)], "cells row 2: .*no cell may occur twice"),
    ],
)
def test_wrong_rows_of_cells_are_named(rows: list[tuple[int, int]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_cells(cells_of(*rows))


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ([0, 2], [2, 6], "links row 1: 2 -> 6, but there are only 6 cells"),
        ([-1, 2], [2, 4], "links row 0: -1 -> 2, but"),
        ([0, 2], [2, 3], "links row 1: target 3 is in frame 1, source 2 in frame 1; a link must go forward in time"),
        ([0, 4], [2, 3], "links row 1: target 3 is in frame 1, source 4 in frame 2; a link must go forward"),
        ([1, 1, 1], [2, 3, 4], r"links: cell 1 \(frame 0\) has 3 targets; at most 2"),
        ([0, 1], [3, 3], r"links: cell 3 \(frame 1\) has 2 sources; at most 1"),
        ([0, 0], [2, 2], r"links: cell 2 \(frame 1\) has 2 sources"),
    ],
)
def test_wrong_links_are_named(source: list[int], target: list[int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_links(CELLS, make_links(source, target))


def test_join_follows_identities_over_gaps() -> None:
    frame, identity = np.array([5, 0, 2, 1, 9]), np.array([1, 1, 2, 1, 2])
    source, target = join(frame, identity)
    assert list(zip(source.tolist(), target.tolist(), strict=True)) == [(1, 3), (3, 0), (2, 4)]
