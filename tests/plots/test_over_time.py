from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.dynamics.over_time import occupancy_over_time, rates_over_time
from napari_cellstate.plots import over_time
from tests.dynamics.chains import cyclic, paths, rows

TREATED = {"a": (5.0,), "b": (2.0, 7.0)}


@pytest.fixture(scope="module")
def tables():
    run, frame, state = rows(paths(cyclic(0.3, 0.1), 40, 12, np.random.default_rng(0)))
    where = {"movie": np.where(run < 20, "a", "b"), "track": run, "condition": np.where(run < 20, "a", "b")}
    edges = np.array([0, 4, 8, 12])
    shares = occupancy_over_time(state, 3, frame, edges, **where, dt_s=3600.0)
    return shares, rates_over_time(run, frame, state, 3, 1, edges, **where, dt_s=3600.0)


def marked(panel):
    """Where upright dashed lines stand."""
    return sorted(line.get_xdata()[0] for line in panel.lines if line.get_linestyle() == "--")


def test_treatments_of_a_condition_are_in_its_panel(tables):
    figure = over_time.occupancy_over_time(tables[0], treatments=TREATED)
    assert [marked(panel) for panel in figure.axes] == [[5.0], [2.0, 7.0]]


def test_all_treatments_are_among_the_rates(tables):
    figure = over_time.rates_over_time(tables[1], treatments=TREATED)
    assert all(marked(panel) == [2.0, 5.0, 7.0] for panel in figure.axes)
    assert not any(marked(panel) for panel in over_time.rates_over_time(tables[1]).axes)


def test_bins_of_hours(tables):
    assert tables[0]["end_hours"].unique().tolist() == [4.0, 8.0, 12.0]
