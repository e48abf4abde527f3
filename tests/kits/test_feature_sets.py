"""What every feature set must do."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.windows import Windows
from napari_cellstate.methods import available
from tests.kits.inputs import runtime, tracks


@pytest.fixture(params=[kind for kind, one in available("features").items() if not one.derives])
def method(request, tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = available("features")[request.param]()
    if request.param == "function":
        file = tmp_path_factory.mktemp("code") / "mine.py"
        file.write_text("def features(windows):\n    return windows.positions()[:, 0].sum(axis=-1)\n")
        made = type(made)(file=str(file))
    yield made
    assert not list(tmp_path.iterdir()), "a method writes nothing"


def measured(method, lengths=(12, 1, 9), **how):
    """Random walks with all the columns that the set asks for."""
    made = tracks(lengths, **how)
    rng = np.random.default_rng(3)
    for name in (*method.asks(), "protrusion", "retraction", "deformation"):
        made.cells[name] = rng.random(len(made.cells)) + (2 if name.startswith("intensity_mean") else 0)
    return made


def test_columns_are_named_and_defined(method):
    features = method.features()
    assert len({feature.name for feature in features}) == len(features) > 0
    for feature in features:
        assert feature.definition, feature.name
        assert feature.note, f"{feature.name}: how it can mislead"


@pytest.mark.parametrize("window", [1, 2, 5, 9])
def test_one_row_a_window(method, window):
    windows = Windows(measured(method), window)
    values = method.describe(windows, runtime())
    assert values.shape == (len(windows), len(method.features()))
    assert values.dtype == np.float64
    assert not np.isinf(values).any()


def test_ordinary_windows_are_defined(method):
    values = method.describe(Windows(measured(method, (method.needs + 15, method.needs + 15)), method.needs), runtime())
    assert np.isfinite(values).mean() > 0.95


def test_no_windows(method):
    assert method.describe(Windows(measured(method, (3, 1)), 5), runtime()).shape == (0, len(method.features()))


def test_a_gap_does_not_break_it(method):
    windows = Windows(measured(method, (12,), missing=(5, 6)), 5)
    values = method.describe(windows, runtime())
    assert len(values) == 8
    assert not np.isinf(values).any()


def test_a_cell_that_does_not_move(method):
    still = measured(method, (9,))
    still.cells["y"] = 5.0
    still.cells["x"] = 5.0
    values = method.describe(Windows(still, 5), runtime())
    assert not np.isinf(values).any()


def test_without_measurements(method):
    plain = tracks((9,))
    bare = type(plain)(plain.cells[["frame", "label", "y", "x"]], plain.links, plain.max_gap)
    assert method.describe(Windows(bare, 5), runtime()).shape == (5, len(method.features()))


def test_same_input_same_bytes(method):
    first, second = (method.describe(Windows(measured(method), 5), runtime()).tobytes() for _ in range(2))
    assert first == second
