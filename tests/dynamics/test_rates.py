from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.dynamics.counts import count_transitions
from napari_cellstate.dynamics.rates import switches_per_frame, switches_per_hour

RUN, FRAME = np.repeat([0, 1], 6), np.tile(np.arange(0, 12, 2), 2)
STATE = np.array([1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 1, 2])


def test_by_hand():
    found = count_transitions(RUN, FRAME, STATE, 2, 2)  # 2 switches in 10 pairs of 2 frames
    assert switches_per_frame(found) == pytest.approx(0.1)
    assert switches_per_hour(found, 360.0) == pytest.approx(1.0)


def test_is_the_mean_rate_of_leaving_over_the_time_spent():
    found = count_transitions(RUN, FRAME, STATE, 2, 2)
    spent = found.counts.sum(axis=1)
    leaving = np.nansum(found.rate_per_hour(360.0), axis=1)
    assert switches_per_hour(found, 360.0) == pytest.approx((leaving * spent).sum() / spent.sum())


def test_blank_without_pairs_or_interval():
    none = np.empty(0, np.int64)
    assert np.isnan(switches_per_frame(count_transitions(none, none, none, 2, 1)))
    assert np.isnan(switches_per_hour(count_transitions(RUN, FRAME, STATE, 2, 2), None))
