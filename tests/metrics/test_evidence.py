"""Does an embedding add anything: noise does not, what features lack does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from napari_cellstate.core.errors import InputError
from napari_cellstate.metrics.evidence import LEVEL, Windows, evidence, neighbour_stability

MOVIES, TRACKS, LONG = 8, 6, 10


def windows(seed: int) -> tuple[Windows, np.ndarray]:
    """Windows of 8 movies, and what drives their future and is not among the features."""
    rng = np.random.default_rng(seed)
    movie = np.repeat(np.arange(MOVIES), TRACKS * LONG)
    track, frame = np.repeat(np.arange(MOVIES * TRACKS), LONG), np.tile(np.arange(LONG), MOVIES * TRACKS)
    hidden = np.zeros(len(movie))
    features = rng.normal(size=(len(movie), 4))
    for row in range(len(movie)):
        before = 0.0 if frame[row] == 0 else hidden[row - 1]
        hidden[row] = 0.7 * before + rng.normal() + 0.5 * (movie[row] % 2)
        if frame[row]:
            features[row, 0] += 0.8 * before
            features[row, 1] += 0.5 * features[row - 1, 1]
    return Windows(features, movie, track, frame, 1, condition=movie % 2, state=(hidden > 0.5).astype(int)), hidden


def test_noise_adds_nothing_in_nineteen_of_twenty():
    """At a level of 5 % noise may pass in as many of 20 sets as a coin of 5 % shows heads, and no more than one."""
    said = []
    for seed in range(20):
        seen, _ = windows(seed)
        rng = np.random.default_rng(100 + seed)
        noise = rng.normal(size=(len(seen.movie), 3)) if seed % 2 else rng.normal(size=(MOVIES * TRACKS, 3))[seen.track]
        said.append(evidence(seen, {"noise": noise}, seed=seed).spaces[1])
    nothing = sum(one.verdict() == "adds nothing to the features" for one in said)
    assert nothing >= 19
    assert 20 - nothing <= binom.ppf(0.999, 20, LEVEL)


def test_what_the_features_lack_adds():
    seen, hidden = windows(3)
    found = evidence(seen, {"hidden": hidden[:, None], "part": seen.features[:, :2]})
    base, better, part = found.spaces
    assert base.name == "features"
    assert set(better.adds) >= {"next", "state"}
    assert better.verdict().startswith("adds to the features: the next window")
    assert better.told["state"].alone > 0.9 > base.told["state"].alone
    assert part.verdict() == "adds nothing to the features"
    assert part.told["next"].gain <= 1e-3
    assert found.spaces[0].told["condition"].units == MOVIES
    assert found.spaces[0].told["next"].units == MOVIES * TRACKS


def test_next_window_in_closed_form():
    """An autoregression of coefficient a has R2 a^2 one step ahead and a^4 two steps ahead."""
    rng, a, tracks, long = np.random.default_rng(0), 0.8, 60, 40
    x = np.zeros((tracks, long))
    x[:, 0] = rng.normal(size=tracks) / np.sqrt(1 - a * a)
    for t in range(1, long):
        x[:, t] = a * x[:, t - 1] + rng.normal(size=tracks)
    track, frame = np.divmod(np.arange(tracks * long), long)
    for ahead in (1, 2):
        seen = Windows(x.reshape(-1, 1), track, track, frame, ahead)
        told = evidence(seen, {"same": x.reshape(-1, 1)}).spaces[0].told["next"]
        assert told.alone == pytest.approx(a ** (2 * ahead), abs=0.05)
        assert told.units == tracks


def test_the_same_seed_says_the_same():
    seen, hidden = windows(5)
    first, second = (evidence(seen, {"h": hidden[:, None]}, seed=1, most=200).to_dict() for _ in range(2))
    assert first == second


def test_table_and_notes():
    seen, hidden = windows(1)
    alone = Windows(seen.features, np.zeros_like(seen.movie), seen.track, seen.frame, 1, condition=seen.condition * 0)
    found = evidence(alone, {"h": hidden[:, None]}, stability={"h": 0.5})
    assert any("two conditions" in note for note in found.notes)
    table = found.table()
    assert table["space"].tolist() == ["features", "h"]
    assert table["stability"].tolist()[1] == 0.5
    assert np.isnan(table["condition"]).all()
    assert found.to_dict()["spaces"][0]["told"]["next"]["p"] is None


def test_neighbours():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 3))
    assert neighbour_stability(points, points * 2 + 1) == 1.0
    assert abs(neighbour_stability(points, rng.normal(size=(300, 3)))) < 0.03
    assert 0.2 < neighbour_stability(points, points[:, :2]) < 0.9


def test_bad_input():
    seen, hidden = windows(0)
    with pytest.raises(InputError, match="h, row 3 is not finite"):
        evidence(seen, {"h": np.where(np.arange(len(hidden)) == 3, np.nan, hidden)[:, None]})
    with pytest.raises(InputError, match="h has 2 rows"):
        evidence(seen, {"h": np.zeros((2, 1))})
    few = Windows(seen.features[:15], seen.movie[:15], seen.track[:15], seen.frame[:15], 1)
    with pytest.raises(InputError, match="at least 20 windows"):
        evidence(few, {})
