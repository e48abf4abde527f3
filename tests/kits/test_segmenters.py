"""What every segmenter must do; the rules are those of `napari_cellstate.kits`, which other packages use too."""

from __future__ import annotations

import pytest

from napari_cellstate.kits.kit import CHECKS
from napari_cellstate.methods import available


@pytest.fixture(params=list(available("segment")))
def method(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield available("segment")[request.param]()
    assert not list(tmp_path.iterdir()), "a method writes nothing"


@pytest.mark.parametrize("check", CHECKS["segment"], ids=lambda check: check.__name__)
def test_rules(method, check):
    check(method)
