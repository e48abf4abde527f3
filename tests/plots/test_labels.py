from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.plots.labels import (
    condition_title,
    counted,
    places_of,
    prepared,
    shorten,
    state_title,
    states_of,
    unit_title,
    with_unit,
)


def test_missing_column_is_named():
    with pytest.raises(InputError, match=r"figure of x: column 'state' is missing.*found: movie"):
        prepared(pd.DataFrame({"movie": ["a"]}), ["movie", "state"], "x")


def test_categories_and_missing_values_become_plain():
    table = pd.DataFrame(
        {"condition": pd.Categorical(["b", None, "a"]), "state": pd.array([2, None, 1], "Int64"), "more": 1}
    )
    plain = prepared(table, ["condition", "state"], "x")
    assert plain["condition"].tolist() == ["b", "", "a"]
    assert plain["state"].tolist() == [2, 0, 1]
    assert list(plain.columns) == ["condition", "state"]


def test_states_as_categories_of_text_numbers():
    assert prepared(pd.DataFrame({"state": pd.Categorical(["3", "1"])}), ["state"], "x")["state"].tolist() == [3, 1]


def test_order_of_conditions_is_that_of_the_table():
    assert places_of(pd.Series(["young", "aged", "young"])) == {"young": 0, "aged": 1}


def test_place_does_not_depend_on_which_conditions_occur():
    assert places_of(pd.Series(["new", "aged"]), ["young", "aged"]) == {"aged": 1, "new": 2}


def test_states_without_none():
    assert states_of(np.array([3, 0, 1, 3])) == [1, 3]


@pytest.mark.parametrize(
    ("condition", "conditions", "title"),
    [("", [""], "all"), ("", ["", "a"], "no condition"), ("a", ["a"], "a")],
)
def test_condition_without_a_name(condition, conditions, title):
    assert condition_title(condition, conditions) == title


def test_state_names():
    assert state_title(0, {0: "x"}) == "no state"
    assert state_title(2, None) == "state 2"
    assert state_title(2, {2: "running"}) == "running"


@pytest.mark.parametrize("width", [5, 12, 26])
@pytest.mark.parametrize(
    "text", ["short", "a " * 60, "x" * 200, "some words and averylongwordwithoutanybreakinit at all"]
)
def test_shortened_text_fits_and_keeps_both_ends(text, width):
    lines = shorten(text, width).split("\n")
    assert len(lines) <= 2
    assert max(map(len, lines)) <= width
    if len(text) > 2 * width:
        assert "…" in "".join(lines)
        assert lines[0][0] == text[0]
        assert lines[-1][-1] == text.rstrip()[-1]


def test_empty_text_stays_empty():
    assert shorten("", 10) == ""


def test_units():
    assert unit_title("um^2/min") == "µm²/min"
    assert with_unit("speed", "um/min") == "speed (µm/min)"
    assert with_unit("straightness", "") == "straightness"


def test_counted():
    assert counted(1, "movie") == "1 movie"
    assert counted(1204, "row") == "1,204 rows"
