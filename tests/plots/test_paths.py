from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from napari_cellstate.plots.colours import state_colour
from napari_cellstate.plots.paths import paths

POINTS = pd.DataFrame(
    {
        "movie": "m",
        "condition": "c",
        "track": [1, 1, 1, 2, 2],
        "frame": [0, 1, 3, 0, 1],
        "y": [10.0, 11, 12, 5, 5],
        "x": [20.0, 22, 24, 7, 6],
        "state": [1, 2, 2, 3, 3],
    }
)


def segments(panel):
    return [each.tolist() for each in panel.collections[0].get_segments()]


def test_steps_begin_at_the_origin_and_gaps_are_not_drawn():
    panel = paths(POINTS).axes[0]
    assert segments(panel) == [[[0, 0], [2, 1]], [[0, 0], [-1, 0]]]
    colours = [to_hex(colour).upper() for colour in panel.collections[0].get_colors()]
    assert colours == [state_colour(1), state_colour(3)]
    assert panel.get_title() == "c\n2 tracks"
    assert panel.get_xlabel() == "x (px)"


def test_in_place_and_in_micrometres_with_y_downwards():
    panel = paths(POINTS, origin="place", pixel_size_um=0.5).axes[0]
    assert segments(panel) == [[[10, 5], [11, 5.5]], [[3.5, 2.5], [3, 2.5]]]
    assert panel.get_ylim()[0] > panel.get_ylim()[1]
    assert panel.get_ylabel() == "y (µm)"
    assert panel.get_title().startswith("m\n")


def test_coloured_by_time():
    drawn = paths(POINTS.assign(time_s=POINTS["frame"] * 3600.0), colour="time")
    assert drawn.axes[0].collections[0].get_array().tolist() == [0, 0]
    assert drawn.axes[0].collections[0].get_clim() == pytest.approx((0, 3))
    assert drawn.axes[-1].get_ylabel() == "time (h)"


def test_thinned_and_said():
    many = pd.concat([POINTS.assign(track=POINTS["track"] + 2 * nth) for nth in range(10)])
    panel = paths(many, limit=5).axes[0]
    assert panel.get_title() == "c\n5 of 20 tracks (15 left out)"
    assert len(segments(panel)) == 5


def test_missing_positions_and_tracks_of_one_row():
    panel = paths(POINTS.assign(y=[np.nan, 1, 2, np.nan, 3])).axes[0]
    assert segments(panel) == [[[0, 0], [2, 1]]]  # frames 1 and 3 are neighbours now: no two rows are closer
    alone = paths(POINTS.iloc[:1])
    alone.draw_without_rendering()
    assert segments(alone.axes[0]) == []


def test_panels_share_their_limits():
    two = pd.concat([POINTS, POINTS.assign(condition="d", movie="n", x=POINTS["x"] * 10)])
    left, right = paths(two).axes
    assert left.get_xlim() == right.get_xlim()
    assert left.get_xlim()[0] == -left.get_xlim()[1]
