"""Every method: its settings survive a record and a recipe file, and say what they are."""

from __future__ import annotations

import tomllib

import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.method import parse
from napari_cellstate.experiment.listing import methods
from napari_cellstate.experiment.recipe import Recipe, recipe_from
from napari_cellstate.experiment.recipe_file import dumps
from napari_cellstate.methods import available

CHOICES = ("segment", "link", "features", "embed", "states")
ALL = [(family, kind) for family in CHOICES for kind in available(family)]


@pytest.mark.parametrize(("family", "kind"), ALL)
def test_record_gives_the_method_back(family, kind):
    method = available(family)[kind]()
    assert parse(available(family), method.record(), "kit") == method


@pytest.mark.parametrize(("family", "kind"), ALL)
def test_recipe_file_gives_the_method_back(family, kind):
    method = available(family)[kind]()
    many = family in ("features", "embed")
    recipe = Recipe(**{family: (method,) if many else method})
    assert recipe_from(tomllib.loads(dumps(recipe))) == recipe


@pytest.mark.parametrize(("family", "kind"), ALL)
def test_unknown_setting_is_refused_by_name(family, kind):
    with pytest.raises(InputError, match="no setting 'no_such_thing'"):
        parse(available(family), {"method": kind, "no_such_thing": 1}, "kit")


@pytest.mark.parametrize(("family", "kind"), ALL)
def test_wrong_type_is_refused(family, kind):
    for name in available(family)[kind].model_fields:
        with pytest.raises(InputError, match=name):
            parse(available(family), {"method": kind, name: {"a": 1}}, "kit")


@pytest.mark.parametrize("listed", methods(), ids=lambda one: f"{one['stage']}-{one['method']}")
def test_every_setting_is_explained(listed):
    assert listed["title"] and listed["help"]
    for item in listed["settings"]:
        assert item["title"] and item["help"], item["name"]
        assert item["default"] is not None, item["name"]


@pytest.mark.parametrize(("family", "kind"), ALL)
def test_floats_have_a_step_and_numbers_have_bounds(family, kind):
    for name, field in available(family)[kind].model_fields.items():
        if field.annotation is float:
            assert field.json_schema_extra["step"], name
        if field.annotation in (int, float):
            assert any(type(limit).__name__ in ("Ge", "Gt") for limit in field.metadata), f"{name} has no lower bound"
