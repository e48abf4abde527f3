"""Pretrained encoders from a folder: with the library where it is installed, else with a stand-in for it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from napari_cellstate.core.errors import InputError
from napari_cellstate.kits.inputs import crops, runtime
from napari_cellstate.kits.kit import CHECKS
from napari_cellstate.kits.points import behavior
from napari_cellstate.methods.embed.pretrained import Pretrained, read_encoder

SIDE = 12


class Standing(torch.nn.Module):
    """Stands in for a net of the library: mean, spread and slope of the picture."""

    main_input_name = "pixel_values"

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(3))
        self.config = SimpleNamespace(image_size=SIDE, patch_size=[4, 4])

    def forward(self, pixel_values: torch.Tensor) -> SimpleNamespace:
        assert pixel_values.shape[1:] == (3, SIDE, SIDE)
        flat = pixel_values.flatten(2)
        slope = (pixel_values * torch.linspace(-1, 1, SIDE)).mean((1, 2, 3))
        told = torch.stack([flat.mean((1, 2)), flat.std(2).mean(1), slope], 1) * self.scale
        return SimpleNamespace(pooler_output=told, last_hidden_state=told[:, None])


class AutoModel:
    """As the library's: it must be asked for local, safe files only."""

    @staticmethod
    def from_pretrained(folder: str, **asked: object) -> tuple[Standing, dict[str, list[str]]]:
        assert asked == {
            "local_files_only": True,
            "use_safetensors": True,
            "trust_remote_code": False,
            "output_loading_info": True,
        }
        weights = load_file(Path(folder) / "model.safetensors")
        net = Standing()
        missing = net.load_state_dict(weights, strict=False).missing_keys
        return net, {"missing_keys": missing}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder with a stand-in's weights, and the stand-in in the library's place."""
    package = ModuleType("transformers")
    package.AutoModel = AutoModel
    monkeypatch.setitem(sys.modules, "transformers", package)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "standing"}))
    save_file({"scale": torch.tensor([1.0, 2.0, 3.0])}, tmp_path / "model.safetensors")
    return tmp_path


@pytest.mark.parametrize("check", CHECKS["embed"], ids=lambda check: check.__name__)
def test_rules_of_embedders(folder, check):
    check(Pretrained(folder=str(folder), turns=1))


def test_stripes_are_told_apart_whichever_way_the_cell_lies(folder):
    method = Pretrained(folder=str(folder), components=3)
    some = crops(40, method.wanted_crops())
    found = method.embed_crops(behavior(40), some, runtime())
    seen = np.flatnonzero((some.rows >= 0).all(axis=1))
    first = found.coordinates[seen, 0]
    fine = first[seen % 2 == 0], first[seen % 2 == 1]  # stripes are finer in every second window
    assert max(fine[0].min(), fine[1].min()) > min(fine[0].max(), fine[1].max())
    turned = crops(40, method.wanted_crops())
    turned = type(turned)(**{**vars(turned), "pictures": np.rot90(turned.pictures, 1, (2, 3)),
                             "kinds": np.rot90(turned.kinds, 1, (1, 2))})  # fmt: skip
    again = method.embed_crops(behavior(40), turned, runtime())
    assert np.allclose(again.coordinates, found.coordinates, atol=1e-4)
    alone = method.model_copy(update={"turns": 1})
    assert not np.allclose(alone.embed_crops(behavior(40), turned, runtime()).coordinates,
                           alone.embed_crops(behavior(40), some, runtime()).coordinates, atol=1e-2)  # fmt: skip


def test_other_weights_are_another_method_and_are_refused_under_the_old_name(folder):
    method = Pretrained(folder=str(folder))
    assert len(method.weights) == 32
    save_file({"scale": torch.ones(3)}, folder / "model.safetensors")
    assert Pretrained(folder=str(folder)).record() != method.record()
    with pytest.raises(InputError, match=r"expected weights .*, found"):
        method.embed_crops(behavior(30), crops(30, method.wanted_crops()), runtime())


def test_what_is_no_encoder_is_said(folder, tmp_path):
    def refused(method: Pretrained, match: str) -> None:
        with pytest.raises(InputError, match=match):
            method.embed_crops(behavior(30), crops(30, method.wanted_crops()), runtime())

    refused(Pretrained(), "holds no encoder")
    save_file({"other": torch.ones(3)}, folder / "model.safetensors")
    refused(Pretrained(folder=str(folder)), "its weights lack scale")
    (folder / "model.safetensors").write_bytes(b"nothing")
    refused(Pretrained(folder=str(folder)), "cannot be read as an encoder")
    (folder / "model.safetensors").unlink()
    torch.save({"scale": torch.ones(3)}, folder / "pytorch_model.bin")
    refused(Pretrained(folder=str(folder)), "holds no encoder")


def test_a_tiny_dinov2_of_the_library(tmp_path):
    """Random weights, saved and read as real ones are."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.Dinov2Config(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=56, patch_size=14
    )
    transformers.Dinov2Model(config).save_pretrained(tmp_path)
    assert (tmp_path / "model.safetensors").is_file()
    method = Pretrained(folder=str(tmp_path), turns=1, components=4)
    for check in CHECKS["embed"]:
        check(method)
    found = method.embed_crops(behavior(30), crops(30, method.wanted_crops()), runtime())
    assert found.coordinates.shape == (30, 4)
    assert found.info["numbers"] == 32
    for pixels, wanted in ((0, 56), (100, 98), (5, 14)):
        assert read_encoder(tmp_path, pixels, "cpu").side == wanted
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read as an encoder"):
        read_encoder(tmp_path, 0, "cpu")
