from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.expression import LONGEST, read_expression

COLUMNS = {
    "speed": np.array([1.0, 4.0, np.nan, 9.0]),
    "track": np.array([1, 2, 3, 4]),
    "mean area (um)": np.array([2.0, 2.0, 2.0, 0.0]),
    "condition": np.array(["young", "aged", "aged", "young"], object),
}


@pytest.mark.parametrize(
    ("formula", "known"),
    [
        ("1 + 2 * 3 - 4 / 8", [6.5] * 4),
        ("-speed ** 2", [-1, -16, np.nan, -81]),
        ("sqrt(speed) * track", [1, 4, np.nan, 12]),
        ("7 // 2 + 7 % 4 + (+1)", [7] * 4),
        ("speed > 2", [0, 1, np.nan, 1]),
        ("1 < track <= 3", [0, 1, 1, 0]),
        ("speed > 2 and track != 2", [0, 0, np.nan, 1]),
        ("not (track == 1 or track == 4)", [0, 1, 1, 0]),
        ("where(isnan(speed), 0, speed)", [1, 4, 0, 9]),
        ("min(track, 2) + max(track, 2) + clip(track, 2, 3)", [5, 6, 8, 9]),
        ("col('mean area (um)') * 2", [4, 4, 4, 0]),
        ("track / col('mean area (um)')", [0.5, 1, 1.5, np.inf]),
        ("condition == 'aged'", [0, 1, 1, 0]),
        ("condition != 'aged' and track > 1", [0, 0, 0, 1]),
        ("9 ** 9 ** 9 ** 9", [np.inf] * 4),  # numbers are floats: nothing grows without end
        ("log(exp(2)) + log10(100) + abs(-1) + hypot(3, 4)", [10] * 4),
    ],
)
def test_values(formula: str, known: list[float]) -> None:
    found = read_expression(formula).evaluate(COLUMNS, 4)
    assert found.dtype == np.float64
    assert_array_equal(np.round(found, 12), known)


@pytest.mark.parametrize(
    "formula",
    [
        "speed.__class__",
        "().__class__.__bases__",
        "__import__('os').system('true')",
        "speed[0]",
        "[speed for speed in (1, 2)]",
        "lambda: 1",
        "open('/etc/passwd')",
        "f'{speed}'",
        "(x := 3)",
        "speed if track else 1",
        "{1: 2}",
        "(1, 2)",
        "speed @ track",
        "speed << 2",
        "~track",
        "speed is 1",
        "track in (1, 2)",
        "sqrt(x=2)",
        "sqrt(*track)",
        "sqrt.__call__(2)",
        "None",
        "...",
        "1j",
        "b'a'",
        "eval('1')",
        "await speed",
        "yield",
    ],
)
def test_whatever_could_run_code_is_refused(formula: str) -> None:
    with pytest.raises(InputError, match="formula"):
        read_expression(formula).evaluate(COLUMNS, 4)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("", "of 0 characters"),
        ("1 +", "formula '1 \\+'"),
        ("1\n2", "formula"),
        ("(" * 400 + "1" + ")" * 400, "formula"),
        ("-" * 900 + "1", "formula"),
        ("1" * (LONGEST + 1), "characters; expected"),
        ("sped + 1", "no column 'sped' \\(did you mean 'speed'\\?\\)"),
        ("sqrt(1, 2)", "sqrt takes 1 values, found 2"),
        ("nosuch(1)", "no function 'nosuch'; known: abs"),
        ("col(speed)", "col takes the name of a column in quotes"),
        ("condition + 1", "'condition' is text"),
        ("condition > 'aged'", "text can only be compared with text"),
        ("condition == 1", "text can only be compared with text"),
        ("condition", "gives text"),
    ],
)
def test_what_is_wrong_is_said(formula: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_expression(formula).evaluate(COLUMNS, 4)


def test_names_in_the_order_of_use() -> None:
    assert read_expression("b * a + b - col('c d')").names == ("b", "a", "c d")
