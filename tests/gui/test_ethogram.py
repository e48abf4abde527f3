from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.gui.ethogram import CONDITION, FIRST, LENGTH, SHARE, START, ethogram_of_all

ROWS = (
    ("drug", "b", 1, 2, [0, 2, 2]),
    ("drug", "b", 2, 0, [1, 1, 2, 1]),
    ("none", "a", 1, 1, [3, 3]),
    ("none", "a", 7, 0, [2, 1]),
)


@pytest.fixture
def found():
    parts = [
        pd.DataFrame(
            {
                "condition": condition,
                "movie": movie,
                "track": track,
                "frame": start + np.arange(len(states)),
                "state": states,
                "state_prob": [0.5 if state == 3 else 0.9 for state in states],
            }
        )
        for condition, movie, track, start, states in ROWS
    ]
    table = pd.concat(parts).sample(frac=1, random_state=0)
    return ethogram_of_all(table.astype({"movie": "category", "condition": "category"}))


@pytest.mark.parametrize(
    ("by", "state", "expected"),
    [
        (START, 0, [("a", 7), ("b", 2), ("a", 1), ("b", 1)]),
        (LENGTH, 0, [("b", 2), ("b", 1), ("a", 7), ("a", 1)]),
        (FIRST, 0, [("b", 2), ("a", 7), ("b", 1), ("a", 1)]),
        (CONDITION, 0, [("b", 2), ("b", 1), ("a", 7), ("a", 1)]),
        (SHARE, 1, [("b", 2), ("a", 7), ("a", 1), ("b", 1)]),
        (SHARE, 2, [("b", 1), ("a", 7), ("b", 2), ("a", 1)]),
    ],
)
def test_orders_by_hand(found, by, state, expected):
    rows = found.sorted(by, state)
    assert list(zip(rows.movie, rows.track, strict=True)) == expected


def test_every_row_is_in_its_place(found):
    for condition, movie, track, start, states in ROWS:
        at = found.row_of(movie, track)
        line = np.full(4 + 1, -1)
        line[start : start + len(states)] = states
        assert found.condition[at] == condition
        assert found.states[at].tolist() == line[: found.states.shape[1]].tolist()
    assert found.doubtful.sum() == 2 and (found.states[found.doubtful] == 3).all()
    assert found.row_of("b", 9) == -1


def test_no_rows():
    obs = pd.DataFrame(columns=["condition", "movie", "track", "frame", "state", "state_prob"])
    assert ethogram_of_all(obs.astype({"track": int, "frame": int, "state": int})).sorted(LENGTH).states.size == 0
