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
    bouts: pd.DataFrame


def make_world(k: int = 3, conditions: tuple[str, ...] = ("young", "aged"), dt_s: float = 390.0) -> World:
    rng = np.random.default_rng(4)
    rows, bouts = [], []
    for condition in conditions:
        for movie in range(2):
            for track in range(1, 5):
                states = np.repeat(rng.integers(1, k + 1, 4), 3)
                place = np.cumsum(rng.normal(0, 2, (12, 2)), axis=0) + 50
                for frame, (state, (y, x)) in enumerate(zip(states, place, strict=True)):
                    name = f"{condition}_{movie}"
                    rows.append((name, condition, f"r{movie}", track, frame, frame * dt_s, y, x, state))
                bouts += [(condition, states[3 * nth], 3, nth > 0, nth < 3) for nth in range(4)]
    table = pd.DataFrame(
        rows, columns=["movie", "condition", "replicate", "track", "frame", "time_s", "y", "x", "state"]
    )
    pairs = [(c, i, j, 10 * i + j) for c in conditions for i in range(1, k + 1) for j in range(1, k + 1)]
    transitions = pd.DataFrame(pairs, columns=["condition", "from", "to", "count"])
    total = transitions.groupby(["condition", "from"])["count"].transform("sum")
    transitions["probability"] = transitions["count"] / total
    keys = ["movie", "condition", "replicate"]
    occupancy = table.groupby(keys, sort=False)["state"].value_counts(normalize=True).rename("share").reset_index()
    columns = ["condition", "state", "frames", "start_seen", "end_seen"]
    return World(table, transitions, occupancy, pd.DataFrame(bouts, columns=columns))


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
