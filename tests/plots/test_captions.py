from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.plots.captions import draw_scale_bar, legend_strip, round_length, time_text


@pytest.mark.parametrize(
    ("frame", "dt_s", "text"),
    [
        (0, 390.0, "0:00 h"),
        (37, 390.0, "4:00 h"),
        (11, 390.0, "1:11 h"),
        (200, 600.0, "33:20 h"),
        (75, 10.0, "0:12:30 h"),
        (5, None, "frame 5"),
    ],
)
def test_time(frame, dt_s, text):
    assert time_text(frame, dt_s) == text


@pytest.mark.parametrize(("longest", "length"), [(62.4, 50), (50, 50), (49.9, 20), (1.0, 1), (0.34, 0.2), (1999, 1000)])
def test_round_lengths(longest, length):
    assert round_length(longest) == pytest.approx(length)


def test_a_given_bar_has_its_length():
    frame = draw_scale_bar(np.zeros((100, 300, 3), np.uint8), 0.5, 30.0)
    assert (frame[87] == 255).all(axis=1).sum() == 60


def test_a_bar_that_does_not_fit():
    with pytest.raises(InputError, match="200 px long in a frame 100 px wide"):
        draw_scale_bar(np.zeros((50, 100, 3), np.uint8), 1.0, 200.0)
    tiny = np.zeros((4, 4, 3), np.uint8)
    assert draw_scale_bar(tiny, 1.0) is tiny


def test_a_legend_takes_as_many_lines_as_it_needs():
    legend = {state: f"state number {state}" for state in range(1, 13)}
    wide, narrow = legend_strip(legend, 2000), legend_strip(legend, 400)
    assert wide.shape[1] == 2000
    assert narrow.shape[0] > 3 * wide.shape[0]
    long = legend_strip({1: "a name that is much too long " * 20}, 200)
    assert long.shape[1] == 200
    assert (long[:, -9:] == 24).all()
