from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.plots.colours import state_colour
from napari_cellstate.plots.ethogram import ethogram


def track(number, first, states, step=1, movie="m", condition=""):
    frames = first + step * np.arange(len(states))
    return pd.DataFrame({"movie": movie, "condition": condition, "track": number, "frame": frames, "state": states})


def bars(panel):
    """(line, left, right, colour) of each bar."""
    from matplotlib.colors import to_hex

    (drawn,) = panel.collections
    faces = [to_hex(face).upper() for face in drawn.get_facecolor()]
    corners = [path.vertices for path in drawn.get_paths()]
    return [
        (int(each[:, 1].min()), each[:, 0].min(), each[:, 0].max(), face)
        for each, face in zip(corners, faces, strict=True)
    ]


def test_runs_of_one_state_become_one_bar_each():
    panel = ethogram(track(1, 3, [1, 1, 2, 0])).axes[0]
    assert bars(panel) == [
        (0, 2.5, 4.5, state_colour(1)),
        (0, 4.5, 5.5, state_colour(2)),
        (0, 5.5, 6.5, state_colour(0)),
    ]
    assert panel.get_xlabel() == "time (frames)"


def test_a_missing_row_is_a_gap_and_a_stride_is_none():
    rows = track(1, 0, [1, 1, 1, 1], step=4).drop(index=2)
    assert [bar[1:3] for bar in bars(ethogram(rows).axes[0])] == [(-2, 6), (10, 14)]


def test_hours_where_times_are_known():
    rows = track(1, 0, [1, 1, 1]).assign(time_s=[0.0, 1800.0, 3600.0])
    panel = ethogram(rows).axes[0]
    assert [bar[1:3] for bar in bars(panel)] == [pytest.approx((-0.25, 1.25))]
    assert panel.get_xlabel() == "time (h)"


def test_sorted_by_onset_then_length():
    rows = pd.concat([track(1, 5, [1]), track(2, 0, [2, 2]), track(3, 0, [3, 3, 3])])
    assert [bar[3] for bar in sorted(bars(ethogram(rows).axes[0]))] == [state_colour(state) for state in (3, 2, 1)]


def test_sorted_by_main_state():
    rows = pd.concat([track(1, 0, [2, 2, 1]), track(2, 4, [1, 1, 1]), track(3, 0, [1, 1, 2])])
    found = sorted(bars(ethogram(rows, sort="state").axes[0]))
    assert [(line, colour) for line, _, _, colour in found] == [
        (0, state_colour(1)),  # track 2: nothing but state 1
        (1, state_colour(1)),  # track 3
        (1, state_colour(2)),
        (2, state_colour(2)),  # track 1
        (2, state_colour(1)),
    ]


def test_same_track_number_in_two_movies_is_two_tracks():
    rows = pd.concat([track(1, 0, [1, 1]), track(1, 0, [1, 1], movie="n")])
    assert {bar[0] for bar in bars(ethogram(rows).axes[0])} == {0, 1}


def test_too_many_tracks_are_thinned_and_said():
    rows = pd.concat([track(number, number, [1, 1]) for number in range(1, 31)])
    panel = ethogram(rows, limit=10).axes[0]
    assert len(bars(panel)) == 10
    assert panel.get_title() == "all\n10 of 30 tracks (20 left out)"


def test_a_panel_a_movie_or_condition():
    rows = pd.concat([track(1, 0, [1], movie=movie, condition="c") for movie in "zy"])
    assert [panel.get_title() for panel in ethogram(rows, by="movie").axes] == ["z\n1 track", "y\n1 track"]
    assert [panel.get_title() for panel in ethogram(rows).axes] == ["c\n2 tracks"]


def test_at_most_thirty_panels():
    rows = pd.concat([track(1, 0, [1], movie=f"m{nth}") for nth in range(34)])
    drawn = ethogram(rows, by="movie")
    assert [panel.get_title().split("\n")[0] for panel in drawn.axes] == [f"m{nth}" for nth in range(30)]
    assert drawn.get_suptitle() == "first 30 of 34 (4 left out)"
