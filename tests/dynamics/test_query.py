from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.query import Item, find_behaviour, parse_query

NAMES = ["rest", "explore", "run"]
# one track a line
TRACKS = [[3, 3, 3, 1, 2], [3, 1, 1, 1, 3], [2, 3, 3, 3, 3], [1, 3, 3, 1, 1], [3, 3, 3, 2, 1]]


def find(text, divides=(), movie=None):
    state = np.concatenate([np.array(one) for one in TRACKS])
    track = np.repeat(np.arange(5), 5)
    items = parse_query(text, NAMES, dt_s=1800)
    return find_behaviour(
        items, track, np.tile(np.arange(5), 5), state, track=track,
        movie=np.zeros(25, int) if movie is None else np.array(movie)[track], divides=np.isin(track, divides),
    )  # fmt: skip


def tracks(found):
    return sorted(set((found.row // 5).tolist()))


def test_parts():
    assert parse_query("run>2h -> rest ~> divide", NAMES, dt_s=1800) == (
        Item(3, ">", 4.0), Item(1), Item(-1, soon=False),
    )  # fmt: skip
    assert parse_query("Run >= 3", NAMES) == (Item(3, ">=", 3.0),)
    assert parse_query("2<30min", NAMES, dt_s=600) == (Item(2, "<", 3.0),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run -> rest", [0, 1, 3]),
        ("run ~> rest", [0, 1, 3, 4]),
        ("run>1h -> rest", [0]),
        ("run>=1h -> rest", [0, 3]),
        ("run<=1h -> rest", [3]),  # the first run of track 1 has no seen start: nobody knows how long it was
        ("run>=3 -> any -> rest", [4]),
        ("rest -> run -> rest", [3]),
        ("run -> end", [1, 2]),
        ("rest -> divide", [4]),
        ("run ~> divide", [1, 4]),
    ],
)
def test_who_is_found(text, expected):
    assert tracks(find(text, divides=(1, 4))) == expected


def test_share_and_interval():
    found = find("run -> rest")
    assert (found.tracks, found.watched, found.share) == (3, 5, 0.6)
    assert 0 < found.low < 0.6 < found.high < 1
    assert found.unit == "track"
    assert find("run -> rest", movie=[0, 0, 1, 1, 1]).unit == "movie"


@pytest.mark.parametrize("text", ["jump", "run>", "run>2h -> -> rest", "divide -> run", "divide>2", ""])
def test_what_cannot_be_read(text):
    with pytest.raises(InputError, match="query"):
        parse_query(text, NAMES, dt_s=60)


def test_hours_need_a_frame_interval():
    with pytest.raises(InputError, match="frames"):
        parse_query("run>2h", NAMES)
