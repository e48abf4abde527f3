from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from napari_cellstate.compare.registration import match_points, register_points
from napari_cellstate.compare.stains import stain_trend, state_means
from napari_cellstate.core.errors import InputError


def field(seed, *, cells=400, size=1000.0, least=14.0):
    """Cells that do not overlap."""
    rng = np.random.default_rng(seed)
    points = np.empty((0, 2))
    while len(points) < cells:
        new = rng.uniform(0, size, 2)
        if not len(points) or np.linalg.norm(points - new, axis=1).min() > least:
            points = np.vstack([points, new])
    return points


def stained(seed, movie, *, angle, shift, dropped=0.2, added=0.1, noise=1.0):
    """The movie's cells, turned, shifted, some lost and some new; and which cell each is (-1: new)."""
    rng = np.random.default_rng(seed)
    kept = rng.permutation(len(movie))[: int(len(movie) * (1 - dropped))]
    new = rng.uniform(movie.min(), movie.max(), (int(len(movie) * added), 2))
    points = np.vstack([movie[kept] + rng.normal(0, noise, (len(kept), 2)), new])
    cos, sin = np.cos(-angle), np.sin(-angle)
    moved = (points - shift) @ np.array([[cos, sin], [-sin, cos]])
    return moved, np.append(kept, np.full(len(new), -1))


@pytest.mark.parametrize(("angle", "shift"), [(0.0, (0, 0)), (0.02, (35, -60)), (-0.1, (120, 80)), (0.15, (-300, 40))])
def test_shift_rotation_and_drop_out(angle, shift):
    movie = field(0)
    stain, truth = stained(1, movie, angle=angle, shift=np.array(shift, float))
    found = register_points(stain, movie, cap=7.0)
    assert found.angle == pytest.approx(angle, abs=1e-3)
    np.testing.assert_allclose(found.shift, shift, atol=1.0)
    assert found.support > 2 * found.chance
    matches = match_points(found.apply(stain), movie, cap=7.0)
    right = truth[matches.pairs[:, 0]] == matches.pairs[:, 1]
    old = truth[matches.pairs[:, 0]] >= 0
    assert right[old].mean() >= 0.99
    assert right.sum() >= 0.99 * (truth >= 0).sum()
    assert (matches.distance <= 7).all() and len(np.unique(matches.pairs[:, 1])) == len(matches.pairs)


def test_no_common_cells_are_no_support():
    found = register_points(field(2), field(3), cap=7.0, max_shift=100.0)
    assert found.support < 3 * found.chance


def test_a_rigid_motion_of_all_is_exact():
    movie = field(4, cells=50)
    stain, truth = stained(5, movie, angle=0.05, shift=np.array([10.0, -5]), dropped=0, added=0, noise=0)
    found = register_points(stain, movie, cap=7.0)
    np.testing.assert_allclose(found.apply(stain), movie[truth], atol=1e-6)


def test_matches_are_one_to_one_within_the_cap():
    stain, movie = np.array([[0.0, 0], [0, 1], [50, 50]]), np.array([[0.0, 0.4], [0, 30], [9, 9], [50, 53]])
    found = match_points(stain, movie, cap=5.0)
    assert found.pairs.tolist() == [[0, 0], [2, 3]]
    assert found.unmatched_stain.tolist() == [1] and found.unmatched_movie.tolist() == [1, 2]
    assert found.unmatched_by_state(np.array(["a", "a", "b", "b"])) == {"a": (1, 2), "b": (1, 2)}
    assert len(match_points(np.empty((0, 2)), movie, cap=5.0).pairs) == 0
    with pytest.raises(InputError, match="above 0"):
        match_points(stain, movie, cap=0.0)
    with pytest.raises(InputError, match="at least three"):
        register_points(stain[:2], movie, cap=5.0)


def replicates(seed, shape, *, sd=0.08, n=5):
    rng = np.random.default_rng(seed)
    return np.array(shape) + rng.normal(0, 0.2, (n, 1)) + rng.normal(0, sd, (n, len(shape)))


def test_a_planted_valley_is_found():
    found = stain_trend(replicates(0, [1.0, 0.5, 0.7, 1.2]))
    assert found.turn == "valley" and found.turn_at == 1 and found.turn_p < 0.05
    peak = stain_trend(replicates(0, [0.5, 1.0, 0.6]))
    assert peak.turn == "peak" and peak.turn_p < 0.05


def test_a_monotone_stain_has_a_trend_and_no_turn():
    found = stain_trend(replicates(1, [1.0, 0.76, 0.69, 0.47]))
    assert found.trend.p < 0.05 and found.trend.estimate < 0
    assert found.turn_p > 0.05


def test_flat_stains_rarely_turn_or_trend():
    found = [stain_trend(replicates(seed, [1.0] * 4)) for seed in range(200)]
    most = stats.binom.ppf(0.999, 200, 0.05) / 200
    assert np.mean([one.turn_p < 0.05 for one in found]) <= most
    assert np.mean([one.trend.p < 0.05 for one in found]) <= most


def test_few_replicates_and_states_by_hand():
    found = stain_trend(np.array([[1.0, 2, 3], [2.0, 3, 4]]))
    assert np.isnan(found.turn_p) and np.isnan(found.trend.p) and found.trend.estimate == 1 and found.turn == ""
    means, of, states = state_means(np.array([1.0, 3, 5]), np.array(["a", "a", "b"]), np.array([1, 1, 2]))
    np.testing.assert_allclose(means, [[2, np.nan], [np.nan, 5]])
    assert of.tolist() == [1, 2] and states.tolist() == ["a", "b"]
    with pytest.raises(InputError, match="two states"):
        stain_trend(np.ones((3, 1)))
