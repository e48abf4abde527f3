"""What a page may change in a recipe: which methods a stage has to choose from, and those chosen. No windows here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from napari_cellstate.core.method import Method
from napari_cellstate.experiment.recipe import DEFAULTS, Recipe
from napari_cellstate.experiment.stages import NAMES
from napari_cellstate.methods import available

AUTO = ""
"""The kind that leaves the choice to each movie."""

TITLES = {
    "segment": "Segment",
    "measure": "Measure",
    "link": "Link",
    "features": "Features",
    "embed": "Embed",
    "states": "States",
    "dynamics": "Dynamics",
}
MEANING = {
    "segment": "Find the cells in each frame.",
    "measure": "Position, area, shape and brightness of each cell. Nothing to choose: what the features need is made.",
    "link": "Join the cells of neighbouring frames into tracks.",
    "features": "Describe how each cell moves and looks, in short windows of its track.",
    "embed": "Bring the many features down to a few coordinates.",
    "states": "Sort the windows of all movies into behaviour states, numbered from slow to fast.",
    "dynamics": "Count how often cells go from one state to another, and how long they stay.",
}


@dataclass(frozen=True)
class Choice:
    """One method that a stage can be done with; the kind `AUTO` is the choice of each movie."""

    kind: str
    title: str


def choices(stage: str) -> list[Choice]:
    """Methods of a stage in the order of a menu; none where there is nothing to choose."""
    if stage in ("measure", "dynamics"):
        return []
    listed = [Choice(kind, cls.title or kind) for kind, cls in available(stage).items()]
    if stage in ("segment", "link"):
        default = available(stage)[str(DEFAULTS[stage])].title
        listed.insert(0, Choice(AUTO, f"Automatic ({default})"))
    return listed


def chosen(recipe: Recipe, stage: str) -> str:
    """Kind of the method that a stage has; of several, the first."""
    method = _main(recipe, stage)
    return method.kind if method is not None else AUTO


def edited(recipe: Recipe, stage: str) -> tuple[Method, ...]:
    """The settings that the page of a stage shows, one form each; for `AUTO` those of the default method."""
    if stage == "features":
        return (recipe.windows, *recipe.features)
    return (_main(recipe, stage) or available(stage)[str(DEFAULTS[stage])](),)


def with_kind(recipe: Recipe, stage: str, kind: str) -> Recipe:
    """The recipe with another method, its settings at their defaults; further embeddings stay."""
    if kind == AUTO:
        return _replaced(recipe, stage, None)
    method = available(stage)[kind]()
    if stage == "embed":
        return _replaced(recipe, "embed", (method, *(one for one in recipe.embed[1:] if one.kind != kind)))
    if stage == "features":
        return _replaced(recipe, "features", (method,))
    return _replaced(recipe, stage, method)


def with_set(recipe: Recipe, kind: str, *, used: bool) -> Recipe:
    """The recipe with one feature set more or less, in the order of the menu; the last one stays."""
    kept: dict[str, Method] = {one.kind: one for one in recipe.features if used or one.kind != kind}
    if used and kind not in kept:
        kept[kind] = available("features")[kind]()
    if not kept:
        return recipe
    return _replaced(recipe, "features", tuple(kept[name] for name in available("features") if name in kept))


def explained(recipe: Recipe, stage: str) -> str:
    """A sentence on the chosen method."""
    if chosen(recipe, stage) == AUTO:
        given = "label images" if stage == "segment" else "tracks"
        return f"Movies that were added with {given} use those. Changing a setting uses this method for all movies."
    if stage in ("measure", "dynamics", "features"):
        return ""
    method = edited(recipe, stage)[0]
    return " ".join((type(method).__doc__ or "").strip().split("\n\n")[0].split())


def with_methods(recipe: Recipe, stage: str, methods: tuple[Method, ...]) -> Recipe:
    """The recipe with what the forms of a page hold, in the order of `edited`."""
    if stage == "features":
        return _replaced(_replaced(recipe, "windows", methods[0]), "features", methods[1:])
    if stage == "embed":
        return _replaced(recipe, "embed", (*methods, *recipe.embed[1:]))
    return _replaced(recipe, stage, methods[0]) if methods else recipe


def with_defaults(recipe: Recipe, stage: str) -> Recipe:
    """The recipe with a stage as it is in a new experiment."""
    fresh = Recipe()
    if stage == "features":
        return replace(recipe, windows=fresh.windows, features=fresh.features)
    return _replaced(recipe, stage, getattr(fresh, stage))


def number(stage: str) -> int:
    """Place of a stage, from 1."""
    return NAMES.index(stage) + 1


def _main(recipe: Recipe, stage: str) -> Method | None:
    value: Any = getattr(recipe, stage)
    method: Method | None = value[0] if isinstance(value, tuple) else value
    return method


def _replaced(recipe: Recipe, stage: str, value: Any) -> Recipe:
    return replace(recipe, **{stage: value})
