"""A method is its settings: a frozen model with one verb, known by a family and a kind."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as _PydanticField

from napari_cellstate.core.errors import InputError

FAMILIES = ("segment", "measure", "link", "features", "embed", "states", "dynamics")

_registry: dict[str, dict[str, type[Method]]] = {family: {} for family in FAMILIES}


class Method(BaseModel):
    """Base of everything that a recipe can name.

    A subclass gives `family` (by its family's base), `kind`, `version` and `title`, one field for each setting
    (with default, bounds, title and unit: see `setting`), and one verb. `version` goes up when the same
    settings give another result.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)

    family: ClassVar[str]
    kind: ClassVar[str]
    version: ClassVar[int] = 1
    title: ClassVar[str] = ""
    papers: ClassVar[tuple[str, ...]] = ()
    """What a paper that uses this method should cite; `cite` prints it."""

    def record(self) -> dict[str, Any]:
        """Method, version and every setting that can change the result, as plain JSON values."""
        return {"method": self.kind, "version": self.version, **self.model_dump(mode="json")}


def setting(
    default: Any,
    title: str,
    *,
    unit: str = "",
    help: str = "",
    ge: float | None = None,
    le: float | None = None,
    gt: float | None = None,
    step: float | None = None,
    estimated: bool = False,
    rare: bool = False,
) -> Any:
    """One setting of a method, with all that a form, a tooltip and `methods` show of it.

    Parameters
    ----------
    default : the value; where `estimated`, 0 stands for "estimate it from the data".
    title : its name for a user.
    unit : "px", "frames", "um", ... or nothing.
    help : a sentence: what more and less of it does.
    ge, le, gt : bounds.
    step : what one click in a spin box changes; needed by every float.
    estimated : 0 means that the value is read from the movie.
    rare : folded away in forms.
    """
    extra: dict[str, Any] = {"unit": unit, "estimated": estimated, "rare": rare, "step": step}
    return _PydanticField(default, title=title, description=help, ge=ge, le=le, gt=gt, json_schema_extra=extra)


M = TypeVar("M", bound=type[Method])


def register(cls: M) -> M:
    """Make a method known under its family and kind (class decorator)."""
    known = _registry[cls.family].get(cls.kind)
    if known is not None and known.__qualname__ != cls.__qualname__:
        raise InputError(
            f"{cls.family} method {cls.kind!r} is registered twice: by {known.__module__} and {cls.__module__}"
        )
    _registry[cls.family][cls.kind] = cls
    return cls


def unregister(cls: type[Method]) -> None:
    """Forget a method that was registered."""
    _registry[cls.family].pop(cls.kind, None)


def registered(family: str) -> dict[str, type[Method]]:
    """Kinds of a family that have been imported so far; `napari_cellstate.methods.available` imports them all."""
    return dict(sorted(_registry[family].items()))


def parse(known: Mapping[str, type[Method]], record: Mapping[str, Any], where: str) -> Method:
    """Make a method from its record.

    Parameters
    ----------
    known : kinds that can be chosen.
    record : ``{"method": kind, setting: value, ...}``; a "version" is checked against the code's.
    where : names the place in messages, such as ``recipe.toml [segment]``.

    Raises
    ------
    InputError
        Unknown method or setting (with the nearest known one), or a value of another type or out of bounds.
    """
    values = dict(record)
    kind = values.pop("method", None)
    values.pop("version", None)
    if kind not in known:
        raise InputError(
            f"{where}: no method {kind!r}{_nearest(str(kind), known)}; known: {', '.join(known) or 'none'}"
        )
    return parse_settings(known[str(kind)], values, where)


S = TypeVar("S", bound=BaseModel)


def parse_settings(cls: type[S], values: Mapping[str, Any], where: str) -> S:
    """Build a settings model; each error names the place, the setting, the value and what was expected."""
    try:
        return cls(**values)
    except ValidationError as error:
        lines = [_explain(cls, item, where) for item in error.errors()]
        raise InputError("; ".join(lines)) from None


def _explain(cls: type[BaseModel], item: Any, where: str) -> str:
    name = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        known = ", ".join(cls.model_fields) or "none"
        return f"{where}: no setting {name!r}{_nearest(name, cls.model_fields)}; known: {known}"
    message = item["msg"][0].lower() + item["msg"][1:]
    return f"{where}: {name} = {item['input']!r}: {message}"


def _nearest(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
