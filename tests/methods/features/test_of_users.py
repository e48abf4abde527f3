from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.core.method import parse
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods import available
from napari_cellstate.methods.features.expression import FormulaFeature
from napari_cellstate.methods.features.function import FunctionFeatures
from tests.kits.inputs import tracks


def test_a_formula_makes_a_column() -> None:
    columns = {"speed": np.array([1.0, 2.0, np.nan]), "straightness": np.array([0.5, 0.0, 1.0])}
    made = FormulaFeature(name="quick", formula="1 / (speed * straightness)", unit="min")
    assert_allclose(made.derive(columns, Runtime()), [[2], [np.nan], [np.nan]])
    assert made.features()[0].name == "quick"
    assert "In min." in made.features()[0].definition
    assert made.derives


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"formula": "open('x')"}, "no function 'open'"),
        ({"formula": "speed."}, "formula 'speed.'"),
        ({"name": "two words"}, "expected letters, digits"),
    ],
)
def test_a_formula_is_read_when_the_recipe_is(settings, message) -> None:
    with pytest.raises(InputError, match=message):
        parse(available("features"), {"method": "expression", **settings}, "recipe")


@pytest.fixture
def code(tmp_path):
    def made(text: str, **settings):
        (tmp_path / "mine.py").write_text(text)
        return FunctionFeatures(file=str(tmp_path / "mine.py"), **settings)

    return made


def test_a_function_makes_columns(code) -> None:
    windows = Windows(tracks((12,)), 5)
    one = code("def features(windows):\n    return windows.values('area').mean(axis=1)\n")
    assert_allclose(one.describe(windows, Runtime())[:, 0], windows.values("area").mean(axis=1))
    text = "import numpy as np\ndef two(w):\n    return np.stack([w.track, 1 / (w.frame - w.frame)], axis=1)\n"
    two = code(text, function="two", columns="a, b", reads="solidity, intensity_mean_0")
    with np.errstate(all="ignore"):
        values = two.describe(windows, Runtime())
    assert_allclose(values[:, 0], 1)
    assert np.isnan(values[:, 1]).all()
    assert [feature.name for feature in two.features()] == ["a", "b"]
    assert two.asks() == ("solidity", "intensity_mean_0")


def test_the_file_is_part_of_the_key(code) -> None:
    first = code("def features(w):\n    return w.track\n")
    before = first.ground()
    second = code("def features(w):\n    return w.frame\n")
    assert first.record() == second.record()
    assert before != second.ground()
    assert FunctionFeatures(file="/nowhere.py").ground() == {"sha256": ""}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def features(w):\n    return w.nothing\n", "features stopped with AttributeError"),
        ("1 / 0", "features stopped with ZeroDivisionError"),
        ("def features(w) return", "features stopped with SyntaxError"),
        ("x = 1", "no function 'features' in it"),
        ("def features(w):\n    return 'a'\n", "gives no numbers"),
        ("def features(w):\n    return [1, 2]\n", r"gives the shape \(2,\); expected \(8, 1\)"),
    ],
)
def test_what_a_function_does_wrong_is_said(code, text, message) -> None:
    with pytest.raises(InputError, match=message):
        code(text).describe(Windows(tracks((12,)), 5), Runtime())
    with pytest.raises(InputError, match="is not there"):
        FunctionFeatures(file="/nowhere.py").describe(Windows(tracks((12,)), 5), Runtime())


def test_a_function_can_be_stopped(code) -> None:
    one = code("from napari_cellstate.core.errors import Cancelled\ndef features(w):\n    raise Cancelled\n")
    with pytest.raises(Cancelled):
        one.describe(Windows(tracks((12,)), 5), Runtime())
