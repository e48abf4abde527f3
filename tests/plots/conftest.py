from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest


@dataclass(frozen=True)
class World:
    """Small tables of two conditions, two movies each, three states."""

    rows: pd.DataFrame
    transitions: pd.DataFrame
    occupancy: pd.DataFrame
    curves: pd.DataFrame


def make_world(k: int = 3, conditions: tuple[str, ...] = ("young", "aged"), dt_s: float = 390.0) -> World:
    rng = np.random.default_rng(4)
    rows = []
    for condition in conditions:
        for movie in range(2):
            for track in range(1, 5):
                states = np.repeat(rng.integers(1, k + 1, 4), 3)
                place = np.cumsum(rng.normal(0, 2, (12, 2)), axis=0) + 50
                for frame, (state, (y, x)) in enumerate(zip(states, place, strict=True)):
                    name = f"{condition}_{movie}"
                    rows.append((name, condition, f"r{movie}", track, frame, frame * dt_s, y, x, state))
    table = pd.DataFrame(
        rows, columns=["movie", "condition", "replicate", "track", "frame", "time_s", "y", "x", "state"]
    )
    pairs = [(c, i, j, 10 * i + j) for c in conditions for i in range(1, k + 1) for j in range(1, k + 1)]
    transitions = pd.DataFrame(pairs, columns=["condition", "from", "to", "count"])
    total = transitions.groupby(["condition", "from"])["count"].transform("sum")
    transitions["probability"] = transitions["count"] / total
    keys = ["movie", "condition", "replicate"]
    occupancy = table.groupby(keys, sort=False)["state"].value_counts(normalize=True).rename("share").reset_index()
    return World(table, transitions, occupancy, make_curves(conditions, k))


def make_curves(conditions: tuple[str, ...], k: int) -> pd.DataFrame:
    """Survival of stays as `dynamics.survival.survival_table` gives it."""
    rows = [
        (
            condition,
            state,
            float(frames),
            np.nan,
            0.8**frames,
            0.7**frames,
            0.9**frames,
            9 - frames,
            1,
            9,
            2,
            3,
            "movie",
        )
        for condition in conditions
        for state in range(1, k + 1)
        for frames in range(4)
    ]
    names = "condition state frames hours share low high at_risk ends n censored unseen unit"
    return pd.DataFrame(rows, columns=names.split())


@pytest.fixture(scope="session")
def world() -> World:
    return make_world()


@pytest.fixture(scope="session")
def crowd() -> World:
    """Twelve states, six conditions, one of them without a name and one with a long one."""
    return make_world(
        12, ("a", "b", "", "d", "5$ dose x$ of a compound with a very long name, 24 h after washing it out", "f")
    )


@pytest.fixture(scope="session")
def lone() -> World:
    """One state, one condition without a name, no frame interval."""
    return make_world(1, ("",), float("nan"))
