"""Adapters of other segmenters: against small stand-ins, so that the packages need not be there."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest

from napari_cellstate.core import method as methods
from napari_cellstate.core.progress import Runtime
from napari_cellstate.kits.inputs import movie
from napari_cellstate.methods.segment.cellpose import Cellpose
from napari_cellstate.methods.segment.stardist import StarDist


@pytest.mark.parametrize("name", ["cellpose", "stardist"])
@pytest.mark.parametrize("there", [True, False])
def test_a_method_is_known_only_where_its_package_is(name: str, there: bool, monkeypatch) -> None:
    monkeypatch.setitem(methods._registry, "segment", {})
    found = importlib.util.find_spec

    def spec(package: str, *rest: Any) -> Any:
        return (object() if there else None) if package == name else found(package, *rest)

    path = f"napari_cellstate.methods.segment.{name}"
    monkeypatch.delitem(sys.modules, path, raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", spec)
    importlib.import_module(path)
    assert list(methods.registered("segment")) == ([name] if there else [])


class Net:
    """A stand-in for both: labels the pixels above the mean with 1, and remembers how it was made and called."""

    made: ClassVar[list[dict[str, Any]]] = []
    called: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, *_: Any, **settings: Any) -> None:
        self.made.append(settings)

    @classmethod
    def from_pretrained(cls, name: str) -> Net:
        return cls(name=name)

    def eval(self, image: np.ndarray, **settings: Any) -> tuple[np.ndarray, None, None]:
        self.called.append(settings)
        return (image > image.mean()).astype(np.uint16), None, None

    def predict_instances(self, image: np.ndarray, **settings: Any) -> tuple[np.ndarray, dict[str, Any]]:
        self.called.append(settings)
        return (image > image.mean()).astype(np.int32), {}


@pytest.fixture
def net(monkeypatch) -> type[Net]:
    for package, name in (("cellpose", "CellposeModel"), ("stardist", "StarDist2D")):
        models = ModuleType(f"{package}.models")
        setattr(models, name, Net)
        monkeypatch.setitem(sys.modules, package, ModuleType(package))
        monkeypatch.setitem(sys.modules, f"{package}.models", models)
    monkeypatch.setattr(Net, "made", [])
    monkeypatch.setattr(Net, "called", [])
    return Net


@pytest.mark.parametrize("method", [Cellpose, StarDist])
def test_a_net_is_made_once_for_a_movie(method, net) -> None:
    source = movie(3)
    found = list(method().frames(source, [0, 1, 2], Runtime("cpu")))
    assert len(net.made) == 1
    assert len(net.called) == 3
    for t, labels in enumerate(found):
        image = source.image(t)
        assert labels.dtype == np.uint32
        np.testing.assert_array_equal(labels, image > image.mean())


def test_cellpose_is_told_the_settings(net) -> None:
    image = movie(1).image(0)
    Cellpose(model="cyto3", diameter=21.0, cell_threshold=-1.0).segment(image)
    assert net.made[0]["pretrained_model"] == "cyto3"
    assert net.called == [{"diameter": 21.0, "cellprob_threshold": -1.0}]
    Cellpose().segment(image)
    assert "pretrained_model" not in net.made[1]  # its own default
    assert net.called[1]["diameter"] is None


def test_stardist_takes_a_name_or_a_folder(net, tmp_path) -> None:
    image = movie(1).image(0)
    StarDist(scale=2.0).segment(image)
    assert net.made[0] == {"name": "2D_versatile_fluo"}
    assert net.called == [{"scale": 2.0}]
    (tmp_path / "mine").mkdir()
    StarDist(model=str(tmp_path / "mine")).segment(image)
    assert net.made[1] == {"name": "mine", "basedir": str(tmp_path)}
