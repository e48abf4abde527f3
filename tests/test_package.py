from __future__ import annotations

import importlib

import pytest

import napari_cellstate as cs


@pytest.mark.parametrize("name", cs.__all__)
def test_every_public_name_is_there_and_documented(name):
    assert getattr(cs, name).__doc__


def test_a_verb_is_not_hidden_by_the_folder_of_its_name():
    importlib.import_module("napari_cellstate.simulate")
    importlib.import_module("napari_cellstate.simulate.sample")
    assert callable(cs.simulate)
    assert not hasattr(cs.simulate, "__path__")


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'segmnt'"):
        _ = cs.segmnt


def test_dir_lists_the_public_names():
    assert set(cs.__all__) == set(dir(cs))
