"""A recipe as a TOML file that explains itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_cellstate.core import atomic
from napari_cellstate.core.method import Method
from napari_cellstate.experiment.recipe import AUTO, Recipe

_HEAD = """\
# Recipe of a napari-cellstate experiment: method and settings of each stage.
# 0 stands for "estimated from the data" where a comment says so.
# napari-cellstate methods lists all methods and settings.
"""


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe, atomically; `read_recipe` gives an equal one back."""
    atomic.write_text(path, dumps(recipe))


def dumps(recipe: Recipe) -> str:
    """A recipe as TOML with a comment on each setting."""
    content = recipe.to_dict()
    parts = [_HEAD, f"threads = {content['threads']}\n"]
    parts += [_section("[segment]", content["segment"], recipe.segment)]
    parts += [_section("[measure]", content["measure"], recipe.measure)]
    parts += [_section("[link]", content["link"], recipe.link)]
    sets = content["features"].pop("sets")
    parts += [_section("[features]", content["features"], recipe.windows)]
    parts += [_section("[[features.sets]]", one, method) for one, method in zip(sets, recipe.features, strict=True)]
    parts += [_section("[[embed]]", one, method) for one, method in zip(content["embed"], recipe.embed, strict=True)]
    parts += [_section("[states]", content["states"], recipe.states)]
    parts += [_section("[dynamics]", content["dynamics"], recipe.dynamics)]
    return "\n".join(parts)


def _section(head: str, values: Mapping[str, Any], method: Method | None) -> str:
    lines = [head]
    for name, value in values.items():
        comment = _comment(name, value, method)
        lines.append(f"{name} = {toml_value(value)}" + (f"  # {comment}" if comment else ""))
    return "\n".join(lines) + "\n"


def _comment(name: str, value: Any, method: Method | None) -> str:
    if method is None:
        return "labels or tracks where the movie was added with them, else the default" if value == AUTO else ""
    if name not in type(method).model_fields:
        return method.title
    field = type(method).model_fields[name]
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    unit = f" ({extra['unit']})" if extra.get("unit") else ""
    estimate = ""
    if extra.get("estimated"):
        estimate = "; 0: estimated" if field.default == 0 else "; estimated: a first guess"
    return f"{field.title}{unit}{estimate}"


def toml_value(value: Any) -> str:
    """A plain value as it stands in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    return repr(value)
