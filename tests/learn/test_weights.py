from __future__ import annotations

import json
import pickle

import pytest
import torch

from napari_cellstate.core.errors import InputError
from napari_cellstate.learn.weights import CONFIG, WEIGHTS, load_model, read_tensors, save_model
from napari_cellstate.learn.zoo import NAMED, build, named
from napari_cellstate.nets.summary import summarise

SETTINGS = {"channels": 1, "classes": 2, "layout": {"growth": 4, "down": [1, 2], "bottleneck": 2, "stem": 6}}


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(1)
    model = build("tiramisu", SETTINGS)
    save_model(tmp_path / "m", model, net="tiramisu", settings=SETTINGS, card={"data": "simulated"})
    return tmp_path / "m", model


def test_comes_back_as_it_was(saved):
    folder, model = saved
    found, config = load_model(folder)
    x = torch.randn(1, 1, 20, 20)
    assert torch.equal(found(x), model.eval()(x))
    assert (config.net, config.settings, config.card) == ("tiramisu", SETTINGS, {"data": "simulated"})
    assert not found.training


def test_same_weights_same_bytes(saved, tmp_path):
    folder, model = saved
    config = save_model(tmp_path / "again", model, net="tiramisu", settings=SETTINGS, card={"data": "simulated"})
    for name in (WEIGHTS, CONFIG):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    other = save_model(tmp_path / "card", model, net="tiramisu", settings=SETTINGS)
    assert other.digest == config.digest  # the card is for people


@pytest.mark.parametrize("where", [0.0, 0.01, 0.5, 1.0])
def test_a_flipped_byte_is_refused(saved, where):
    path = saved[0] / WEIGHTS
    content = bytearray(path.read_bytes())
    content[int(where * (len(content) - 1))] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match=r"expected sha256 .* copy the model again"):
        load_model(saved[0])


@pytest.mark.parametrize(
    ("key", "value"),
    [("settings", SETTINGS | {"classes": 3}), ("net", "convgru"), ("sha256", "0" * 64), ("digest", "0"), ("format", 2)],
)
def test_an_edited_config_is_refused(saved, key, value):
    path = saved[0] / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(InputError, match=r"config\.json: (net, settings|format 2)"):
        load_model(saved[0])


def test_the_config_of_another_net_is_refused(saved, tmp_path):
    folder, model = saved
    save_model(folder, model, net="tiramisu", settings=SETTINGS | {"classes": 3})
    with pytest.raises(InputError, match=r"head\.\w+: expected shape \(3,.* found \(2,"):
        load_model(folder)
    save_model(folder, model, net="convgru", settings={"channels": 1})
    with pytest.raises(InputError, match="expected shape"):
        load_model(folder)


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_a_pickle_is_refused_and_never_run(saved, how):
    path = saved[0] / WEIGHTS
    if how == "torch":
        torch.save({"weights": Evil()}, path)
    else:
        path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(InputError, match="a pickle can run code and is never loaded"):
        load_model(saved[0])
    with pytest.raises(InputError, match="pickle"):
        read_tensors(path)


def test_a_folder_with_a_pickle_only(tmp_path):
    torch.save({}, tmp_path / "model.pt")
    with pytest.raises(InputError, match=r"model\.pt is a pickle"):
        load_model(tmp_path)


@pytest.mark.parametrize("content", ["", "{}", "[]", "not json", '{"format": 1, "net": "tiramisu"}'])
def test_not_a_config(saved, content):
    (saved[0] / CONFIG).write_text(content)
    with pytest.raises(InputError, match="not a config of a model"):
        load_model(saved[0])


def test_missing_or_cut_weights(saved):
    path = saved[0] / WEIGHTS
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="sha256"):
        load_model(saved[0])
    with pytest.raises(InputError, match="not a whole safetensors file"):
        read_tensors(path)
    path.unlink()
    with pytest.raises(InputError, match="no such file"):
        load_model(saved[0])


INPUTS = {
    "convgru": (1, 2, 1, 16, 16),
    "vector-vae": (1, 80),
    "image-vae": (1, 1, 64, 64),
    "convgru-vae": (1, 16, 4, 64, 64),
}


@pytest.mark.parametrize("name", list(NAMED))
def test_every_named_net_can_be_made_and_its_summary_counts_every_parameter(name):
    net = named(name)
    found = summarise(net, INPUTS.get(name, (1, 1, 32, 32)))
    assert found.parameters == sum(p.numel() for p in net.parameters()) == sum(row.parameters for row in found.rows) > 0


@pytest.mark.parametrize(
    ("net", "settings", "message"),
    [
        ("unet", {}, "no net 'unet'; known: tiramisu"),
        ("tiramisu", {"width": 3}, "no setting 'width'"),
        ("tiramisu", {"layout": "68"}, "no layout '68'"),
        ("tiramisu", {"layout": {"growth": 4}}, "missing"),
        ("convgru", {"channels": 1, "kernels": 4}, "odd"),
    ],
)
def test_bad_settings(net, settings, message):
    with pytest.raises(InputError, match=message):
        build(net, settings)
    with pytest.raises(InputError, match="no net"):
        named("unet")


@pytest.mark.parametrize("first", [b"\x80", b"PK"])
def test_a_length_that_begins_like_a_pickle_is_none(tmp_path, first):
    """The first bytes of safetensors are the length of its header."""
    header = b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'
    length = int.from_bytes(first.ljust(2, b"\x00"), "little")
    length += 0 if length > len(header) else 256
    path = tmp_path / "w.safetensors"
    path.write_bytes(length.to_bytes(8, "little") + header.ljust(length) + b"\x07")
    assert path.read_bytes().startswith(first)
    assert read_tensors(path)["a"].tolist() == [7]
