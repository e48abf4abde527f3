from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.plots.timeaxis import frame_interval, scale_of_time, spacing_of


def table(frames, times, movie="a", track=1):
    return pd.DataFrame({"movie": movie, "track": track, "frame": frames, "time_s": times})


def test_interval_from_the_times():
    assert frame_interval(table([4, 2, 6], [40.0, 20.0, 60.0])) == pytest.approx(10.0)


@pytest.mark.parametrize("rows", [table([0, 1], [np.nan, np.nan]), table([3], [30.0]), table([], [])])
def test_no_interval_where_times_do_not_tell(rows):
    assert frame_interval(rows) is None
    assert frame_interval(rows.drop(columns="time_s")) is None


def test_scale():
    assert scale_of_time(390.0) == (pytest.approx(390 / 3600), "h")
    assert scale_of_time(None) == (1.0, "frames")


def test_spacing_is_within_tracks():
    rows = pd.concat([table([0, 4, 8], 0.0), table([9, 13], 0.0, track=2), table([14, 18], 0.0, movie="b", track=2)])
    assert spacing_of(rows) == 4
    assert spacing_of(rows.iloc[:1]) == 1
