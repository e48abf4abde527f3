from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from napari_cellstate.dynamics.pseudotime import (
    SAMPLE,
    backward_share,
    diffusion_pseudotime,
    principal_curve,
    root_of_state,
)


def arc(rows, noise=0.05, seed=0):
    rng = np.random.default_rng(seed)
    true = np.sort(rng.uniform(0, 1, rows))
    angle = np.pi * true
    return true, np.stack([np.cos(angle), np.sin(angle)], axis=1) + rng.normal(0, noise, (rows, 2))


def test_diffusion_pseudotime_follows_an_arc():
    true, points = arc(500)
    found = diffusion_pseudotime(points, 0)
    assert found[0] == 0
    assert found.max() == 1
    assert spearmanr(found, true)[0] > 0.98


def test_other_end_is_the_other_way_round():
    true, points = arc(300)
    assert spearmanr(diffusion_pseudotime(points, 299), true)[0] < -0.98


def test_many_points_take_a_sample():
    true, points = arc(SAMPLE + 500)
    found = diffusion_pseudotime(points, 5)
    assert len(found) == SAMPLE + 500
    assert spearmanr(found, true)[0] > 0.97


def test_principal_curve_of_an_arc():
    true, points = arc(800, noise=0.03)
    found = principal_curve(points, root=0)
    assert spearmanr(found.along, true)[0] > 0.99
    assert found.along.max() == pytest.approx(np.pi, rel=0.1)
    assert np.median(found.away) < 0.05
    assert found.along[0] < found.along[-1]


def test_backward_share_of_known_steps():
    rng = np.random.default_rng(1)
    up = rng.random((40, 50)) < 0.7
    time = np.cumsum(np.where(up, 1.0, -1.0), axis=1)
    track, frame = np.repeat(np.arange(40), 50), np.tile(np.arange(50), 40)
    table = backward_share(time.ravel(), track, frame, 1, track=track)
    whole = table.iloc[-1]
    assert whole["n"] == 40 * 49
    assert whole["low"] < 0.3 < whole["high"]
    assert table["n"].iloc[:-1].sum() == whole["n"]


def test_root_is_the_middle_of_a_state():
    points = np.array([[0.0], [1], [2], [9]])
    assert root_of_state(points, np.array([1, 1, 1, 2]), 1) == 1
