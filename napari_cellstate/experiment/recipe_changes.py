"""A recipe changed by short texts, and said as texts: what `run --set` takes and *Copy as command* gives."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.recipe import AUTO, DEFAULTS, Recipe, read_recipe, recipe_from
from napari_cellstate.experiment.recipe_file import toml_value
from napari_cellstate.experiment.store import Experiment, as_experiment

DEFAULT = "default"
"""What `run --recipe` takes for the default recipe."""


def changed(recipe: Recipe, settings: Sequence[str]) -> Recipe:
    """A recipe with some settings changed.

    Parameters
    ----------
    settings : TOML, such as ``segment.contrast=9.0``, ``states={method="kmeans", k=4}`` or ``embed=[{method="pca"}]``.
        A method replaces the whole section; a list replaces the list; other settings change by themselves.

    Raises
    ------
    InputError
        No TOML, an unknown section, method or setting, a value out of bounds.

    Examples
    --------
    >>> changed(Recipe(), ["states.k=4"]).states.k
    4
    """
    content = recipe.to_dict()
    for text in settings:
        try:
            said = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"--set {text}: not TOML ({error}); expected such as --set states.k=4") from None
        for section, value in said.items():
            content[section] = _merged(content.get(section), value, section)
    return recipe_from(content, "--set")


def unlike_default(recipe: Recipe) -> dict[str, Any]:
    """Sections of a recipe that are not those of the default one, as `recipe_from` takes them."""
    default = Recipe().to_dict()
    return {name: value for name, value in recipe.to_dict().items() if value != default[name]}


def as_settings(recipe: Recipe) -> list[str]:
    """Texts that make the default recipe this one, by `changed`; one line each."""
    return [f"{name}={_inline(value)}" for name, value in unlike_default(recipe).items()]


def _merged(old: Any, new: Any, section: str) -> Any:
    if not isinstance(new, dict) or not isinstance(old, dict) or "method" in new:
        return new
    if old.get("method") == AUTO:
        old = {"method": DEFAULTS[section]}
    return {**old, **new}


def _inline(value: Any) -> str:
    """A value as TOML on one line; tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_inline(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(one) for one in value) + "]"
    return toml_value(value)


def chosen(experiment: Experiment | str | Path, recipe: str | None, settings: Sequence[str]) -> Recipe | None:
    """The recipe that a command asks for; None for the experiment's own.

    Parameters
    ----------
    recipe : a file, "default", or None for the experiment's own.
    settings : see `changed`.
    """
    if recipe == DEFAULT and not Path(DEFAULT).is_file():
        start = Recipe()
    elif recipe is not None:
        start = read_recipe(Path(recipe))
    elif settings:
        start = current_recipe(as_experiment(experiment))
    else:
        return None
    return changed(start, settings)
