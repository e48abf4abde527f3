"""All methods and their settings, as plain values."""

from __future__ import annotations

from typing import Any

from napari_cellstate.core.method import Method
from napari_cellstate.dynamics.settings import DynamicsSettings
from napari_cellstate.experiment.recipe import DEFAULT_STATES, DEFAULTS, WindowSettings
from napari_cellstate.methods import available
from napari_cellstate.methods.measure.regions import Measure

_CHOICE = ("segment", "link", "features", "embed", "states")


def methods() -> list[dict[str, Any]]:
    """Every method that can be used here, ours and other packages'.

    Returns
    -------
    One dict a method: "stage", "method", "title", "version", "default" (used where the recipe does not say),
    "help" and "settings", a list of dicts with "name", "title", "type", "default", "unit", "estimated", "help" and
    "features" (name, unit, definition, note on how it misleads and source of each column of a feature set).
    """
    found = [_describe(stage, cls) for stage in _CHOICE for cls in available(stage).values()]
    fixed: dict[str, type[Method]] = {"measure": Measure, "features": WindowSettings, "dynamics": DynamicsSettings}
    return found + [_describe(stage, cls) for stage, cls in fixed.items()]


def _describe(stage: str, cls: type[Method]) -> dict[str, Any]:
    default = DEFAULT_STATES if stage == "states" else DEFAULTS.get(stage, ())
    listed: dict[str, Any] = {
        "stage": stage,
        "method": cls.kind,
        "title": cls.title,
        "version": cls.version,
        "default": cls.kind == default or cls.kind in (default if isinstance(default, tuple) else ()),
        "help": (cls.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " "),
        "settings": [_setting(name, cls) for name in cls.model_fields],
    }
    if stage == "features" and cls is not WindowSettings:
        features = cls().features()  # type: ignore[attr-defined]
        listed["features"] = [
            {
                "name": one.name,
                "unit": one.unit(1.0, 60.0),
                "definition": one.definition,
                "note": one.note,
                "source": one.source,
            }
            for one in features
        ]
    return listed


def _setting(name: str, cls: type[Method]) -> dict[str, Any]:
    field = cls.model_fields[name]
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    schema = cls.model_json_schema()["properties"][name]
    return {
        "name": name,
        "title": field.title or name,
        "type": schema.get("type", ""),
        "choices": schema.get("enum", []),
        "default": field.default,
        "unit": extra.get("unit", ""),
        "estimated": extra.get("estimated", False),
        "help": field.description or "",
    }
