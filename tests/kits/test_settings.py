"""Every method: its settings survive a record and a recipe file, and say what they are."""

from __future__ import annotations

import tomllib

import pytest

from napari_cellstate.experiment.listing import methods
from napari_cellstate.experiment.recipe import Recipe, recipe_from
from napari_cellstate.experiment.recipe_file import dumps
from napari_cellstate.kits.kit import SETTINGS
from napari_cellstate.methods import available

CHOICES = ("segment", "link", "features", "embed", "states")
ALL = [(family, kind) for family in CHOICES for kind in available(family)]


@pytest.mark.parametrize("check", SETTINGS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(("family", "kind"), ALL)
def test_rules(family, kind, check):
    check(available(family)[kind]())


@pytest.mark.parametrize(("family", "kind"), ALL)
def test_recipe_file_gives_the_method_back(family, kind):
    method = available(family)[kind]()
    many = family in ("features", "embed")
    recipe = Recipe(**{family: (method,) if many else method})
    assert recipe_from(tomllib.loads(dumps(recipe))) == recipe


@pytest.mark.parametrize("listed", methods(), ids=lambda one: f"{one['stage']}-{one['method']}")
def test_every_setting_is_explained(listed):
    assert listed["title"] and listed["help"]
    for item in listed["settings"]:
        assert item["title"] and item["help"], item["name"]
        assert item["default"] is not None, item["name"]
