"""Novelty: false positives at nominal on controls, power on what is strange."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from napari_cellstate.core.errors import InputError
from napari_cellstate.metrics.novelty import calibrate, distance_scores


def test_p_values_by_hand():
    found = calibrate(np.array([1.0, 2.0, 3.0, 4.0]), np.arange(4))
    assert found.p_values(np.array([0.0, 2.5, 4.0, 5.0])) == pytest.approx([1.0, 0.6, 0.4, 0.2])
    assert found.threshold(0.4) == 4.0
    assert found.threshold(0.1) == np.inf


def test_every_group_counts_the_same():
    long = calibrate(np.array([*np.full(98, 1.0), 5.0, 6.0]), np.array([*np.zeros(98, int), 1, 2]))
    assert long.p_values(np.array([4.0])) == pytest.approx([(1 + 3 * 2 / 3) / 4])


def _tracks(rng: np.random.Generator, tracks: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of windows whose tracks differ more than their windows."""
    length = rng.integers(1, 30, tracks)
    group = np.repeat(np.arange(tracks), length)
    return rng.normal(size=tracks)[group] + 0.3 * rng.normal(size=len(group)), group


@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_false_positives_on_held_out_controls_are_nominal(alpha):
    """One window of a new control track is flagged as often as was said, over 2,000 experiments of 60 tracks."""
    rng, flagged, runs = np.random.default_rng(0), 0, 2000
    for _ in range(runs):
        found = calibrate(*_tracks(rng, 60))
        new, _ = _tracks(rng, 1)
        flagged += int(found.p_values(rng.choice(new, 1))[0] <= alpha)
    low, high = binom.ppf([0.0005, 0.9995], runs, alpha)
    assert low - 0.01 * runs <= flagged <= high  # 60 tracks give steps of 1/61


def test_distances_find_what_is_strange():
    rng = np.random.default_rng(1)
    controls, held, strange = rng.normal(size=(400, 3)), rng.normal(size=(200, 3)), rng.normal(size=(50, 3)) + 6
    found = calibrate(distance_scores(held, controls), np.arange(200))
    assert (found.p_values(distance_scores(strange, controls)) <= 0.05).mean() > 0.95
    assert found.threshold(0.05) < distance_scores(strange, controls).min()


def test_bad_input():
    with pytest.raises(InputError, match="0 scores"):
        calibrate(np.empty(0), np.empty(0, int))
    with pytest.raises(InputError, match="all finite"):
        calibrate(np.array([np.nan]), np.array([0]))
    with pytest.raises(InputError, match="no rows of controls"):
        distance_scores(np.ones((1, 2)), np.empty((0, 2)))
