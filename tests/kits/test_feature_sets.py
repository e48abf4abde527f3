"""What every feature set must do; the rules are those of `napari_cellstate.kits`."""

from __future__ import annotations

import pytest

from napari_cellstate.kits.kit import CHECKS
from napari_cellstate.methods import available


@pytest.fixture(params=[kind for kind, one in available("features").items() if not one.derives])
def method(request, tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = available("features")[request.param]()
    if request.param == "function":
        file = tmp_path_factory.mktemp("code") / "mine.py"
        file.write_text("def features(windows):\n    return windows.positions()[:, 0].sum(axis=-1)\n")
        made = type(made)(file=str(file))
    yield made
    assert not list(tmp_path.iterdir()), "a method writes nothing"


@pytest.mark.parametrize("check", CHECKS["features"], ids=lambda check: check.__name__)
def test_rules(method, check):
    check(method)
