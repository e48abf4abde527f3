from __future__ import annotations

import shutil

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.learn import models
from napari_cellstate.methods.segment._cells import model as loading
from napari_cellstate.methods.segment.tiramisu import TiramisuSegmenter
from napari_cellstate.metrics.segmentation import match


def discs(dtype=np.uint16, radius=10.0, side=160, *, dark=False):
    y, x = np.mgrid[:side, :side]
    labels = np.zeros((side, side), np.int32)
    for n, (cy, cx) in enumerate([(30, 30), (40, 110), (100, 50), (120, 120)], start=1):
        labels[np.hypot(y - cy, x - cx) <= radius] = n
    noise = np.random.default_rng(0).normal(0, 2, labels.shape)
    image = 60 + noise + 100 * (labels > 0)
    return (255 - image if dark else image).astype(dtype), labels


@pytest.fixture(autouse=True)
def _no_models_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv(models.VARIABLE, str(tmp_path / "models"))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32])
def test_bright_discs_of_every_type(dtype):
    image, labels = discs(dtype)
    assert match(TiramisuSegmenter().segment(image), labels).f1 == 1


@pytest.mark.parametrize(("radius", "side"), [(6.0, 160), (20.0, 200)])
def test_sizes_are_found(radius, side):
    image, labels = discs(radius=radius, side=side)
    assert match(TiramisuSegmenter().segment(image), labels).f1 >= 0.85


def test_dark_discs():
    image, labels = discs(dark=True)
    assert match(TiramisuSegmenter().segment(image), labels).f1 == 1


@pytest.mark.parametrize("shape", [(0, 5), (1, 1), (3, 200), (17, 33)])
def test_any_shape(shape):
    found = TiramisuSegmenter(diameter=20.0).segment(np.zeros(shape, np.uint8))
    assert found.shape == shape
    assert found.dtype == np.uint32
    assert not found.any()


def test_the_record_names_the_weights():
    method = TiramisuSegmenter()
    assert len(method.weights) == 32
    assert method.weights == loading.read(models.find_model("default")).digest
    again = TiramisuSegmenter(
        **{key: value for key, value in method.record().items() if key not in ("method", "version")}
    )
    assert again == method


def test_other_weights_of_the_same_name_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"model default: expected weights 0000.*found"):
        TiramisuSegmenter(weights="0" * 32).segment(np.zeros((32, 32), np.uint8))


def test_a_copy_under_another_name_gives_the_same(tmp_path):
    shutil.copytree(models.find_model("default"), tmp_path / "models" / "mine")
    image, _ = discs()
    one, two = TiramisuSegmenter(diameter=20.0), TiramisuSegmenter(model="mine", diameter=20.0)
    assert one.weights == two.weights
    assert (one.segment(image) == two.segment(image)).all()
    assert [info.name for info in models.models()] == ["default", "mine"]


def test_damaged_weights_are_refused(tmp_path):
    folder = tmp_path / "models" / "broken"
    shutil.copytree(models.find_model("default"), folder)
    content = bytearray((folder / "weights.safetensors").read_bytes())
    content[-100] ^= 1
    (folder / "weights.safetensors").write_bytes(bytes(content))
    with pytest.raises(InputError, match="expected sha256"):
        TiramisuSegmenter(model="broken").segment(np.zeros((32, 32), np.uint8))


def test_unknown_model():
    with pytest.raises(InputError, match=r"no model 'nothing'; known: default"):
        TiramisuSegmenter(model="nothing").segment(np.zeros((32, 32), np.uint8))


def test_a_model_for_something_else_is_refused(tmp_path):
    from napari_cellstate.learn.weights import save_model
    from napari_cellstate.learn.zoo import build

    settings = {"channels": 1, "classes": 3, "layout": "slim-half"}
    save_model(tmp_path / "other", build("tiramisu", settings), net="tiramisu", settings=settings)
    with pytest.raises(InputError, match="expected a model for cells"):
        TiramisuSegmenter(model=str(tmp_path / "other")).segment(np.zeros((32, 32), np.uint8))
