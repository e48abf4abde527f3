"""Formulas over the columns of a table, such as ``speed * straightness > 2``, read without running any code.

Numbers, names of columns, ``col("any name")``, text in quotes (to compare with), + - * / // % **, comparisons (chained
too), and, or, not, brackets, and the functions of `FUNCTIONS`. Nothing else: no attributes, no indices, no imports.
"""

from __future__ import annotations

import ast
import difflib
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError

Values = NDArray[Any]

LONGEST = 1000
"""Characters of a formula; a longer one is no formula but a way to exhaust the reader."""
DEEPEST = 100
"""Brackets and signs within each other."""


def _clip(values: Values, low: Values, high: Values) -> Values:
    return np.minimum(np.maximum(values, low), high)


def _where(condition: Values, yes: Values, no: Values) -> Values:
    return np.where(np.isnan(condition), np.nan, np.where(condition != 0, yes, no))


FUNCTIONS: Mapping[str, tuple[int, Callable[..., Values]]] = {
    "abs": (1, np.abs),
    "sqrt": (1, np.sqrt),
    "exp": (1, np.exp),
    "log": (1, np.log),
    "log10": (1, np.log10),
    "log1p": (1, np.log1p),
    "sin": (1, np.sin),
    "cos": (1, np.cos),
    "arctan2": (2, np.arctan2),
    "hypot": (2, np.hypot),
    "min": (2, np.minimum),
    "max": (2, np.maximum),
    "clip": (3, _clip),
    "where": (3, _where),
    "isnan": (1, lambda values: np.isnan(values).astype(np.float64)),
}
"""Name: number of arguments, and what it does. ``where(condition, yes, no)``; ``clip(x, low, high)``."""

_BINARY: Mapping[type, Callable[[Any, Any], Values]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
}
_UNARY: Mapping[type, Callable[[Any], Values]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: lambda values: np.where(np.isnan(values), np.nan, values == 0),
}
_COMPARE: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


@dataclass(frozen=True)
class Expression:
    """A formula that has been read.

    Attributes
    ----------
    text : as it was written.
    names : columns that it uses, each once, in the order of use.
    """

    text: str
    names: tuple[str, ...]
    _tree: ast.expr

    def evaluate(self, columns: Mapping[str, Values], n: int) -> NDArray[np.float64]:
        """Its value for each of `n` rows; a comparison is 1 or 0, and NaN where a side is NaN.

        Raises
        ------
        InputError
            A column that is not there, or text where a number is needed.
        """
        for name in self.names:
            if name not in columns:
                near = difflib.get_close_matches(name, list(columns), n=1)
                hint = f" (did you mean {near[0]!r}?)" if near else ""
                some = ", ".join(list(columns)[:12]) + (", ..." if len(columns) > 12 else "")
                raise InputError(f"formula {self.text!r}: no column {name!r}{hint}; there are: {some}")
        with np.errstate(all="ignore"):
            found = _Reader(self.text, columns).value(self._tree)
        if found.dtype.kind not in "fiub":
            raise InputError(f"formula {self.text!r}: gives text; expected a number or a comparison")
        return np.array(np.broadcast_to(found, (n,)), np.float64)


def read_expression(text: str) -> Expression:
    """Read a formula.

    Raises
    ------
    InputError
        It cannot be read, or holds anything but numbers, columns, text, operators and `FUNCTIONS`.
    """
    if not text.strip() or len(text) > LONGEST:
        raise InputError(f"formula of {len(text)} characters; expected 1 to {LONGEST}, such as 'speed * straightness'")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        said = error.msg if isinstance(error, SyntaxError) else "it cannot be read"
        raise InputError(f"formula {text!r}: {said}; expected something such as 'speed * straightness'") from None
    names: dict[str, None] = {}
    _check(tree, text, names, 0)
    return Expression(text, tuple(names), tree)


def _check(node: ast.expr, text: str, names: dict[str, None], depth: int) -> None:
    """Refuse everything that is not known, and note the columns."""
    if depth > DEEPEST:
        raise InputError(f"formula {text[:40]!r}...: more than {DEEPEST} brackets or signs within each other")
    parts: list[ast.expr] = []
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        return
    if isinstance(node, ast.Name):
        names[node.id] = None
    elif isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        parts = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        parts = [node.operand]
    elif isinstance(node, ast.BoolOp):
        parts = node.values
    elif isinstance(node, ast.Compare) and all(type(one) in _COMPARE for one in node.ops):
        parts = [node.left, *node.comparators]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        parts = _arguments(node, node.func.id, text, names)
    else:
        said = ast.get_source_segment(text.strip(), node) or text
        known = "numbers, columns, + - * / // % **, comparisons, and, or, not, and functions"
        raise InputError(f"formula {text!r}: {said!r} is not allowed; allowed are {known}: {', '.join(FUNCTIONS)}, col")
    for part in parts:
        _check(part, text, names, depth + 1)


def _arguments(node: ast.Call, function: str, text: str, names: dict[str, None]) -> list[ast.expr]:
    if function == "col":
        if len(node.args) != 1 or not isinstance(node.args[0], ast.Constant) or not isinstance(node.args[0].value, str):
            raise InputError(f"formula {text!r}: col takes the name of a column in quotes, such as col('my column')")
        names[node.args[0].value] = None
        return []
    if function not in FUNCTIONS:
        raise InputError(f"formula {text!r}: no function {function!r}; known: {', '.join(FUNCTIONS)}, col")
    if len(node.args) != FUNCTIONS[function][0]:
        raise InputError(f"formula {text!r}: {function} takes {FUNCTIONS[function][0]} values, found {len(node.args)}")
    return node.args


@dataclass(frozen=True)
class _Reader:
    text: str
    columns: Mapping[str, Values]

    def value(self, node: ast.expr) -> Values:
        """Value of a checked node: numbers as float64, text as it is."""
        if isinstance(node, ast.Constant):
            assert isinstance(node.value, int | float | str)
            return np.asarray(node.value if isinstance(node.value, str) else float(node.value))
        if isinstance(node, ast.Name):
            return self._column(node.id)
        if isinstance(node, ast.Compare):
            return self._compared(node)
        if isinstance(node, ast.BoolOp):
            sides = [self._number(one) for one in node.values]
            missing = np.logical_or.reduce(np.broadcast_arrays(*map(np.isnan, sides)))
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return np.where(missing, np.nan, join.reduce(np.broadcast_arrays(*(side != 0 for side in sides))))
        if isinstance(node, ast.BinOp):
            return np.asarray(_BINARY[type(node.op)](self._number(node.left), self._number(node.right)))
        if isinstance(node, ast.UnaryOp):
            return np.asarray(_UNARY[type(node.op)](self._number(node.operand)))
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        if node.func.id == "col":
            assert isinstance(node.args[0], ast.Constant)
            return self._column(str(node.args[0].value))
        return np.asarray(FUNCTIONS[node.func.id][1](*map(self._number, node.args)))

    def _column(self, name: str) -> Values:
        values = np.asarray(self.columns[name])
        return values.astype(np.float64) if values.dtype.kind in "fiub" else values.astype(str)

    def _number(self, node: ast.expr) -> Values:
        value = self.value(node)
        if value.dtype.kind != "f":
            said = ast.get_source_segment(self.text.strip(), node)
            raise InputError(f"formula {self.text!r}: {said!r} is text; it can only be compared with == and !=")
        return value

    def _compared(self, node: ast.Compare) -> Values:
        """All comparisons of a chain hold: 1 or 0, NaN where a side is NaN."""
        sides = [self.value(one) for one in (node.left, *node.comparators)]
        held, missing = np.asarray(True), np.asarray(False)
        for how, left, right in zip(node.ops, sides[:-1], sides[1:], strict=True):
            texts = [side.dtype.kind == "U" for side in (left, right)]
            if any(texts) and not (all(texts) and isinstance(how, ast.Eq | ast.NotEq)):
                raise InputError(f"formula {self.text!r}: text can only be compared with text, by == and !=")
            if not any(texts):
                missing = missing | np.isnan(left) | np.isnan(right)
            held = held & _COMPARE[type(how)](left, right)
        return np.where(missing, np.nan, held)
