"""A feature of the user's: a formula over the columns of the sets before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.expression import read_expression
from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.units import Feature

Floats = NDArray[np.float64]


@register
class FormulaFeature(FeatureSet):
    """One column, made by a formula from columns of the sets before it, in um and hours where these are known.

    Notes
    -----
    Numbers, columns, + - * / ** and comparisons (1 or 0), and functions such as log and where; see
    `napari_cellstate.core.expression`. Where the result is not a finite number the column is NaN.
    """

    kind: ClassVar[str] = "expression"
    title: ClassVar[str] = "Formula over other features"
    derives: ClassVar[bool] = True

    name: str = setting("net_speed", "Name", help="Of the new column.")
    formula: str = setting(
        "speed * straightness", "Formula", help="Over columns of the sets before it, such as speed * straightness."
    )
    unit: str = setting("", "Unit", help="Of the new column, as text; it is not worked out.")

    @field_validator("name")
    @classmethod
    def _a_name(cls, name: str) -> str:
        if not name.isidentifier():
            raise ValueError("expected letters, digits and _, not beginning with a digit")
        return name

    @field_validator("formula")
    @classmethod
    def _readable(cls, formula: str) -> str:
        try:
            read_expression(formula)
        except InputError as error:
            raise ValueError(str(error)) from None
        return formula

    def features(self) -> tuple[Feature, ...]:
        """The one column."""
        unit = f" In {self.unit}." if self.unit else ""
        note = "In what unit it is, and whether it means anything, is up to the formula."
        return (Feature(self.name, f"{self.formula}.{unit}", source="a formula of the user's", note=note),)

    def derive(self, columns: Mapping[str, Floats], runtime: Runtime) -> Floats:
        """The formula's value for each row, (N, 1), NaN where it is not finite."""
        runtime.progress(0, 1, "features")
        n = len(next(iter(columns.values()))) if columns else 0
        found = read_expression(self.formula).evaluate(columns, n)
        runtime.progress(1, 1, "features")
        return np.where(np.isfinite(found), found, np.nan)[:, None]
