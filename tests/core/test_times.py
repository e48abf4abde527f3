from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.tables import make_links
from napari_cellstate.core.times import breaks, goes_back, median_interval, sentence, times_of, worth_keeping
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.core.windows import Windows

PAUSE = (*range(0, 50, 10), *range(3000, 3050, 10))
"""Ten frames, 10 s apart, with a pause before frame 5."""


def test_equal_intervals_need_no_times() -> None:
    assert worth_keeping(tuple(range(0, 100, 10))) == ()
    assert worth_keeping((0.0, 10.1, 20.0, 30.1)) == ()
    assert breaks(()) == ()
    assert sentence((), "a") == ""


def test_a_pause_is_a_break_and_said() -> None:
    kept = worth_keeping(tuple(7.0 + time for time in PAUSE))
    assert kept == tuple(float(time) for time in PAUSE)
    assert breaks(kept) == (5,)
    assert sentence(kept, "a") == (
        "movie a: the interval is 10 s, but not between frames 4 and 5 (2960 s); no window and no transition goes over "
        "such a place, and rates use the true times"
    )


def test_jitter_is_kept_and_said_but_breaks_nothing() -> None:
    times = (0.0, 10.0, 21.0, 31.0, 40.0)
    assert worth_keeping(times) == times
    assert breaks(times) == ()
    assert "vary by up to 10% of 10 s" in sentence(times, "a")


def test_unknown_times_tell_nothing() -> None:
    assert median_interval(()) is median_interval((1.0,)) is median_interval((0.0, np.nan, 2.0)) is None
    assert worth_keeping((0.0, 0.0, 0.0)) == ()


def test_a_clock_that_was_set_back_is_found() -> None:
    assert goes_back((0.0, 10.0, 5.0, 15.0)) == 2
    assert goes_back(PAUSE) == 0


def test_times_of_frames() -> None:
    frames = np.array([0, 5])
    assert times_of(frames, 10.0, ()).tolist() == [0.0, 50.0]
    assert times_of(frames, 10.0, PAUSE).tolist() == [0.0, 3000.0]
    assert np.isnan(times_of(frames, None, ())).all()


def tracks(n: int) -> Tracks:
    import pandas as pd

    cells = pd.DataFrame({"frame": np.arange(n), "label": 1, "y": np.arange(n) * 1.0, "x": 0.0})
    return Tracks(cells, make_links(range(n - 1), range(1, n)))


@pytest.mark.parametrize(
    ("at", "window", "frames"),
    [
        ((), 3, [1, 2, 3, 4, 5, 6, 7, 8]),
        ((5,), 3, [1, 2, 3, 6, 7, 8]),
        ((5, 7), 3, [1, 2, 3, 8]),
        ((1, 9), 3, [2, 3, 4, 5, 6, 7]),
        (tuple(range(1, 10)), 2, []),
        ((0, 10, 99), 5, [2, 3, 4, 5, 6, 7]),
    ],
)
def test_no_window_goes_over_a_break(at: tuple[int, ...], window: int, frames: list[int]) -> None:
    windows = Windows(tracks(10), window, breaks=at)
    assert windows.frame.tolist() == frames
    assert set(windows.track) <= {1}
    assert (windows.cell >= 0).all()
