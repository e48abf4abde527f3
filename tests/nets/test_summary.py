from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from napari_cellstate.nets.convgru import ConvGRU
from napari_cellstate.nets.layouts import Layout
from napari_cellstate.nets.summary import summarise
from napari_cellstate.nets.tiramisu import Tiramisu
from napari_cellstate.nets.vae import image_vae


class TwoConvolutions(nn.Module):
    """The net of the published examples."""

    def __init__(self):
        super().__init__()
        self.conv0 = nn.Conv2d(1, 16, 3, padding=5)
        self.conv1 = nn.Conv2d(16, 32, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv1(self.conv0(x))


def test_published_table():
    rows = summarise(TwoConvolutions(), (1, 1, 256, 256)).rows
    assert [(row.name, row.depth, row.leaf) for row in rows] == [("", 0, False), ("conv0", 1, True), ("conv1", 1, True)]
    assert [(row.type, row.input, row.output, row.parameters) for row in rows[1:]] == [
        ("Conv2d", (1, 1, 256, 256), (1, 16, 264, 264), 160),
        ("Conv2d", (1, 16, 264, 264), (1, 32, 262, 262), 4640),
    ]


@pytest.mark.parametrize(("size", "published"), [((1, 1, 32, 32), 4_776_960), ((16, 1, 256, 256), 3_424_928_768)])
def test_published_sizes(size, published):
    """The published total leaves out the first layer's 160 parameters; ours has them."""
    sizes = summarise(TwoConvolutions(), size).sizes(bits=32)
    assert sizes["published"] == published
    assert sizes["total"] == published + 160 * 32
    assert sizes["parameters"] == 153_600
    assert sizes["input"] + sizes["parameters"] + sizes["forward"] + sizes["backward"] == sizes["total"]


def test_bits():
    found = summarise(TwoConvolutions(), (1, 1, 32, 32))
    assert {name: 2 * size for name, size in found.sizes(16).items()} == found.sizes(32)


@pytest.mark.parametrize(
    ("net", "size"),
    [
        (Tiramisu(1, 2, Layout(growth=4, down=(1, 2), bottleneck=2, stem=6)), (1, 1, 40, 40)),
        (ConvGRU(2, [3, 4], bidirectional=True), (1, 3, 2, 8, 8)),
        (image_vae(size=16, widths=(4, 8), hidden=8), (2, 1, 16, 16)),
    ],
)
def test_totals_are_the_sum_of_all_parameters(net, size):
    found = summarise(net, size)
    assert found.parameters == sum(p.numel() for p in net.parameters()) == sum(row.parameters for row in found.rows)


def test_tiramisu_shows_its_layers():
    names = [row.name for row in summarise(Tiramisu(1, 2, "slim"), (1, 1, 32, 32)).rows]
    assert "down.0.layers.1.conv" in names
    assert len(names) == len(set(names))


class Shared(nn.Module):
    """One module used twice, another under two names, a tied parameter, a branch, one that is never called."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = self.a
        self.c = nn.Linear(4, 4)
        self.c.weight = self.a.weight
        self.idle = nn.Linear(4, 100)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"out": self.c(self.b(self.a(x)) + x)}


def test_shared_parameters_are_counted_once():
    net = Shared()
    found = summarise(net, (2, 4))
    assert [row.name for row in found.rows] == ["", "a", "a", "c", "idle"]
    assert [row.parameters for row in found.rows] == [0, 20, 0, 4, 500]
    assert found.rows[-1].input == found.rows[-1].output == ()
    assert found.parameters == 24 + 500
    assert found.output_numbers == 3 * 8
    assert found.rows[0].output == (2, 4)


def test_trainable():
    net = TwoConvolutions()
    net.conv0.requires_grad_(requires_grad=False)
    found = summarise(net, (1, 1, 32, 32))
    assert (found.parameters, found.trainable) == (4800, 4640)
    assert not net.conv0.weight.requires_grad
    assert net.conv1.weight.requires_grad


def test_nothing_is_left_changed():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5))
    net.train()
    net[1].eval()
    torch.manual_seed(3)
    wanted = torch.rand(1)
    torch.manual_seed(3)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    summarise(net, (2, 1, 8, 8))
    assert torch.equal(torch.rand(1), wanted)
    assert [module.training for module in net] == [True, False, True]
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


def test_an_input_that_does_not_fit():
    with pytest.raises(ValueError, match=r"does not take an input of size \(1, 3, 32, 32\)"):
        summarise(TwoConvolutions(), (1, 3, 32, 32))
