"""Feature sets by name, for tracks of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.method import parse
from napari_cellstate.methods import available
from napari_cellstate.methods.features.expression import FormulaFeature
from napari_cellstate.methods.features.function import FunctionFeatures
from napari_cellstate.methods.features.heteromotility import Heteromotility

ALL = "all"
_OF_USERS = (FormulaFeature.kind, FunctionFeatures.kind)
_NEEDS = {"shape": "label images (--labels)", "intensity": "a movie and label images (--images, --labels)"}
_NEEDS["texture"] = _NEEDS["intensity"]


def choose_sets(
    names: Sequence[str], lag: int, channels: str, formulas: Sequence[str], functions: Sequence[str]
) -> list[FeatureSet]:
    """The named sets, each once, then those of the user.

    Parameters
    ----------
    names : of sets; "all" is every set that needs no setting.
    lag : of the set `heteromotility`.
    channels : of the sets that have channels, such as "0,1"; "" leaves them at their default.
    formulas : "NAME = FORMULA" each.
    functions : "FILE.py:FUNCTION" each, whose column is called as the function.

    Raises
    ------
    InputError
        An unknown set; two sets with a column of one name; a formula or function that cannot be read.
    """
    known = {kind: one for kind, one in available("features").items() if kind not in _OF_USERS}
    unknown = [name for name in names if name not in known and name != ALL]
    if unknown or not names:
        raise InputError(f"features: no set {unknown[0] if unknown else ''!r}; known: {', '.join(known)}, {ALL}")
    if lag not in (5, 10):
        raise InputError(f"features: lag = {lag}; expected 5 (published tables) or 10 (the original tool's default)")
    wanted = list(dict.fromkeys(names))
    if ALL in wanted:
        wanted = list(dict.fromkeys([*(name for name in wanted if name != ALL), *known]))
    records: list[dict[str, Any]] = [{"method": name, **_settings(known[name], lag, channels)} for name in wanted]
    sets = [cast("FeatureSet", parse(known, record, "features")) for record in records]
    sets += [_function(text) for text in functions]
    sets += [_formula(text) for text in formulas]
    return sets


def check_names(sets: Sequence[FeatureSet]) -> None:
    """Raise InputError where two sets have a column of one name."""
    owner: dict[str, str] = {}
    for one in sets:
        for feature in one.features():
            if feature.name in owner:
                both = f"{owner[feature.name]} and {one.kind}"
                raise InputError(f"features: sets {both} both have a column {feature.name!r}; choose one")
            owner[feature.name] = one.kind


def check_measured(sets: Sequence[FeatureSet], named: Sequence[str], columns: Sequence[str]) -> list[FeatureSet]:
    """Leave out sets of "all" whose measurements are not among the columns; InputError for sets that were named."""
    kept = []
    for one in sets:
        if not one.asks() or one.measures_help or set(one.asks()) & set(columns):
            kept.append(one)
        elif one.kind in named or one.kind in _OF_USERS:
            needs = _NEEDS.get(one.kind, "measurements")
            raise InputError(
                f"features: the set {one.kind} needs {needs}, or a table with their columns, such as {one.asks()[0]}"
            )
    return kept


def _settings(kind: Any, lag: int, channels: str) -> dict[str, Any]:
    found: dict[str, Any] = {"lag": lag} if kind.kind == Heteromotility.kind else {}
    if channels and "channels" in kind.model_fields:
        found["channels"] = channels
    return found


def _formula(text: str) -> FeatureSet:
    name, equals, formula = (part.strip() for part in text.partition("="))
    if not equals or not name.isidentifier() or formula.startswith("="):
        raise InputError(f"--formula {text!r}: expected NAME = FORMULA, such as 'net_speed = speed * straightness'")
    record = {"method": FormulaFeature.kind, "name": name, "formula": formula}
    return cast("FeatureSet", parse(available("features"), record, "--formula"))


def _function(text: str) -> FeatureSet:
    file, colon, function = text.rpartition(":")
    if not colon or not function.isidentifier():
        raise InputError(f"--function {text!r}: expected FILE.py:FUNCTION; the column is called as the function")
    record = {"method": FunctionFeatures.kind, "file": file, "function": function, "columns": function}
    return cast("FeatureSet", parse(available("features"), record, "--function"))
