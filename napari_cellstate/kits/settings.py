"""What the settings of every method must do."""

from __future__ import annotations

from typing import Any, Literal, get_origin

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.method import Method, parse
from napari_cellstate.kits.expect import expect


def come_back_from_a_record(method: Method) -> None:
    """A record gives the method back."""
    expect(parse(_known(method), method.record(), "kit") == method, "the method's record gives another method")


def refuse_what_they_do_not_know(method: Method) -> None:
    """An unknown setting, and a value of another type, are refused by name."""
    for name, value in [("no_such_thing", 1), *((name, {"a": 1}) for name in type(method).model_fields)]:
        try:
            parse(_known(method), {"method": method.kind, name: value}, "kit")
        except InputError as error:
            expect(name in str(error), f"a wrong setting {name} is refused without its name")
        else:
            expect(False, f"{name} = {value!r} is not refused")


def are_explained(method: Method) -> None:
    """The method has a title and a sentence; each setting a title, a sentence, and a default that is not None."""
    expect(bool(type(method).title), "the method has no title")
    expect(bool(type(method).__doc__), "the method has no docstring: its first sentence is shown to users")
    for name, field in type(method).model_fields.items():
        expect(bool(field.title and field.description), f"setting {name} has no title or no help")
        expect(field.default is not None, f'setting {name} is None by default; recipes have no None: 0 or "off"')


def floats_have_steps_and_numbers_bounds(method: Method) -> None:
    """What a spin box needs."""
    for name, field in type(method).model_fields.items():
        extra: Any = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        if isinstance(field.default, float):
            expect(bool(extra.get("step")), f"setting {name} is a float without a step")
        chosen = get_origin(field.annotation) is Literal  # one of a few numbers: a list, no spin box
        if isinstance(field.default, int | float) and not isinstance(field.default, bool) and not chosen:
            bounded = any(hasattr(one, "ge") or hasattr(one, "gt") for one in field.metadata)
            expect(bounded, f"setting {name} is a number without a lower bound")


def _known(method: Method) -> dict[str, type[Method]]:
    return {type(method).kind: type(method)}


CHECKS = (
    come_back_from_a_record,
    refuse_what_they_do_not_know,
    are_explained,
    floats_have_steps_and_numbers_bounds,
)
