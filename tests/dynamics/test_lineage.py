from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from napari_cellstate.dynamics.lineage import find_families, inheritance


def families(alike, seed, mothers=60, rows=20):
    """Mothers with two daughters; a cell's share of state 2 is its mother's to a degree."""
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.1, 0.9, mothers)
    own = rng.uniform(0.1, 0.9, (mothers, 2))
    daughter = alike * share[:, None] + (1 - alike) * own
    chance = np.concatenate([share, daughter.ravel()])
    track = np.repeat(np.arange(len(chance)), rows)
    parent = np.concatenate([np.full(mothers, -1), np.repeat(np.arange(mothers), 2)])
    state = 1 + (rng.random(len(track)) < chance[track]).astype(np.int64)
    frame = np.tile(np.arange(rows), len(chance))
    movie = np.concatenate([np.arange(mothers) % 3, np.repeat(np.arange(mothers) % 3, 2)])
    return find_families(track, frame, state, 2, parent=parent[track], movie=movie[track])


def test_planted_inheritance_is_found():
    table = inheritance(families(0.9, 0), permutations=200).table.set_index(["relation", "state"])
    assert table.loc[("mother-daughter", 2), "correlation"] > 0.5
    assert table.loc[("mother-daughter", 2), "p"] < 0.01
    assert table.loc[("sisters", 1), "correlation"] > 0.5
    assert table.loc[("sisters", 1), "pairs"] == 60
    assert table["null_high"].between(0, 0.5).all()


def test_null_holds_its_level():
    low = sum(
        inheritance(families(0.0, seed, mothers=20, rows=6), permutations=99, seed=seed).table["p"].iloc[0] <= 0.05
        for seed in range(150)
    )
    assert low <= binom.ppf(0.999, 150, 0.05)


def test_state_at_division_by_hand():
    track = np.array([0, 0, 0, 1, 1, 2, 2])
    state = np.array([1, 1, 2, 1, 1, 2, 2])
    found = find_families(
        track, np.array([0, 1, 2, 3, 4, 3, 4]), state, 2, parent=np.array([-1, -1, -1, 0, 0, 0, 0]), movie=track * 0
    )
    table = inheritance(found, permutations=9).at_division
    assert table["divisions"].tolist() == [0, 1]
    assert table["expected"].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_nobody_divides():
    found = find_families(
        np.array([0, 1]), np.array([0, 0]), np.array([1, 2]), 2, parent=np.full(2, -1), movie=np.zeros(2, int)
    )
    table = inheritance(found, permutations=9)
    assert table.table["p"].isna().all()
    assert table.at_division["divisions"].sum() == 0


def test_no_rows_and_rows_without_a_state():
    none = np.empty(0, np.int64)
    for track, state, k in ((none, none, 0), (np.array([3, 3]), np.array([0, 0]), 2)):
        found = find_families(track, track, state, k, parent=np.full(len(track), -1), movie=track * 0)
        kin = inheritance(found, permutations=9)
        assert len(kin.table) == 2 * k
        assert len(kin.at_division) == k
        assert "nothing to say about inheritance" in kin.words()
