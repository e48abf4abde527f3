"""Slow directions: what changes within a track and lasts, in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.kits.points import behavior as _behavior
from napari_cellstate.methods.embed._slow import slow_directions, track_and_lag


def walks(tracks: int = 200, long: int = 60, a: float = 0.9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three things, turned: what a track is all along, an autoregression of variance 1, and noise."""
    rng = np.random.default_rng(0)
    x = np.zeros((tracks, long))
    x[:, 0] = rng.normal(size=tracks)
    for t in range(1, long):
        x[:, t] = a * x[:, t - 1] + np.sqrt(1 - a * a) * rng.normal(size=tracks)
    track, frame = np.divmod(np.arange(tracks * long), long)
    points = np.stack([3 * rng.normal(size=tracks)[track], x.ravel(), rng.normal(size=len(track))], axis=1)
    return points, track, frame


def test_the_direction_that_changes_and_lasts_comes_first():
    points, track, frame = walks()
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    values, directions = slow_directions(points @ turn, track, frame, 5)
    found = (points @ turn) @ directions[:, 0]
    assert abs(np.corrcoef(found, points[:, 1])[0, 1]) > 0.98
    assert found.var() == pytest.approx(1, abs=1e-6)
    # of an autoregression of variance 1 the track's mean takes away what all pairs of its frames share on average
    a, long, lag = 0.9, 60, 5
    apart = np.abs(np.subtract.outer(np.arange(long), np.arange(long)))
    shared = (a**apart).mean()
    cross = (a**apart).mean(axis=1)
    wanted = a**lag + shared - (cross[: long - lag] + cross[lag:]).mean()
    assert values[0] == pytest.approx(wanted, abs=0.03)
    assert np.abs(values[1:]).max() < 0.05


def test_too_few_pairs_give_nothing():
    points, track, frame = walks(2, 10)
    assert not len(slow_directions(points, track, frame, 9)[0])
    assert not len(slow_directions(points[:0], track[:0], frame[:0], 3)[0])


def test_the_lag_is_that_of_windows_that_share_no_frame():
    behavior = _behavior(40)
    assert track_and_lag(behavior, 3)[2] == 3
    behavior.obs["frame"] *= 2  # every second window is kept
    assert track_and_lag(behavior, 3)[2] == 4
    behavior.obs["t0"], behavior.obs["t1"] = behavior.obs["frame"], behavior.obs["frame"] + 6
    assert track_and_lag(behavior, 3)[2] == 8
