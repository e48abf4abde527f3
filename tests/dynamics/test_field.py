from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.field import find_steps, statewise_vectors, velocity_field


def cloud(velocity, tracks=60, frames=30, noise=0.0, seed=0, spread=1.0):
    """Points of tracks whose every step is that of a field, over a cloud that is dense in its middle."""
    rng = np.random.default_rng(seed)
    start = rng.normal(0, spread, (tracks * frames, 2))
    run = np.repeat(np.arange(tracks * frames), 2)
    end = start + velocity(start) + rng.normal(0, noise, start.shape)
    points = np.stack([start, end], axis=1).reshape(-1, 2)
    return points, run, np.tile([0, 1], tracks * frames), run // frames


def field_of(velocity, **settings):
    points, run, frame, track = cloud(velocity, **settings)
    return velocity_field(find_steps(points, run, frame, 1, track=track), nodes=12)


def test_sink_has_divergence_minus_two():
    found = field_of(lambda at: -at, noise=0.1)
    known = np.isfinite(found.divergence)
    assert known.sum() > 60
    inner = known & (found.n > 100)
    assert np.abs(found.divergence[inner] + 2).max() < 0.25
    assert np.median(found.divergence[known]) == pytest.approx(-2, abs=0.05)
    assert np.median(found.curl[known]) == pytest.approx(0, abs=0.05)


def test_linear_fields_are_exact():
    sink = field_of(lambda at: -at)
    np.testing.assert_allclose(sink.divergence[np.isfinite(sink.divergence)], -2, atol=1e-6)
    turn = field_of(lambda at: np.stack([-at[:, 1], at[:, 0]], axis=1))
    known = np.isfinite(turn.curl)
    np.testing.assert_allclose(turn.curl[known], 2, atol=1e-6)
    np.testing.assert_allclose(turn.divergence[known], 0, atol=1e-6)


def test_nodes_where_nobody_was_are_masked():
    found = field_of(lambda at: np.full_like(at, 0.1))
    assert np.isnan(found.velocity[found.n < 10]).all()
    assert np.isfinite(found.velocity[found.n >= 10]).all()
    assert (found.n < 10).any()


def test_errors_are_those_of_tracks():
    # every track has a velocity of its own: the error is that of so many tracks, not of so many steps
    sizes = []
    for seed in range(40):
        rng = np.random.default_rng([1, seed])
        own = rng.normal(0, 0.5, (30, 2))
        points, run, frame, track = cloud(lambda at: np.zeros_like(at), tracks=30, frames=40, seed=seed)
        points[1::2] += own[track[::2]]
        steps = find_steps(points, run, frame, 1, track=track)
        found = velocity_field(steps, nodes=3, width=2.0)
        sizes.append(found.velocity[1, 1, 0] / found.error[1, 1, 0])
    assert 0.7 < np.std(sizes) < 1.35


def test_units_and_lag():
    points = np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]])
    steps = find_steps(points, np.zeros(4, int), np.arange(4), 2, track=np.zeros(4, int), time=0.5)
    np.testing.assert_allclose(steps.velocity, [[2, 0], [2, 0]])  # two in two frames of half an hour


def test_statewise_vectors_by_hand():
    points = np.array([[0.0], [1], [3], [10], [8], [8]])
    run, frame = np.array([0, 0, 0, 1, 1, 1]), np.tile([0, 1, 2], 2)
    table = statewise_vectors(find_steps(points, run, frame, 1, track=run), np.array([1, 1, 2, 1, 2, 0]), 2)
    assert table["n"].tolist() == [3, 1]
    assert table["mean_1"].tolist() == pytest.approx([1 / 3, 0])
    assert table["magnitude"].tolist() == pytest.approx([5 / 3, 0])
    assert table["n_tracks"].tolist() == [2, 1]
    assert table["at_1"].tolist() == pytest.approx([11 / 3, 8])
    sums = np.array([3 - 2 / 3, -2 - 1 / 3])
    assert table["error_1"][0] == pytest.approx(np.sqrt(2 * (sums**2).sum()) / 3)


def test_bad_input():
    points, run, frame, track = cloud(lambda at: at)
    with pytest.raises(InputError, match="2 nodes"):
        velocity_field(find_steps(points, run, frame, 1, track=track), nodes=1)
