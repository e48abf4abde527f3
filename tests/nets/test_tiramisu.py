from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_cellstate.nets import _dense_buffers
from napari_cellstate.nets.layouts import LAYOUTS, Layout
from napari_cellstate.nets.tiramisu import Tiramisu, pad_to_multiple

TINY = Layout(growth=4, down=(1, 2), bottleneck=2, stem=6)
TINY_HALF = Layout(growth=4, down=(1, 2), bottleneck=2, stem=6, stem_stride=2)


def _lively(net: Tiramisu) -> Tiramisu:
    """Give every norm other statistics and weights than the neutral ones, some of them negative."""
    for module in net.modules():
        if hasattr(module, "running_mean"):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    return net.eval()


def _difference(net: Tiramisu, image: torch.Tensor) -> float:
    concatenating = net(image).detach()
    with torch.no_grad():
        buffers = net(image)
    return float((concatenating - buffers).abs().max() / concatenating.abs().max())


@pytest.mark.parametrize(("layout", "parameters"), [("56", 1_376_795), ("67", 3_463_243), ("103", 9_322_091)])
def test_published_layouts(layout, parameters):
    net = Tiramisu(3, 11, layout)
    assert sum(p.numel() for p in net.parameters()) == parameters
    assert sum(isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)) for module in net.modules()) == int(layout)


@pytest.mark.parametrize(("layout", "parameters"), [("56", 1_376_988), ("67", 3_463_532), ("103", 9_322_348)])
def test_twelve_classes(layout, parameters):
    assert sum(p.numel() for p in Tiramisu(3, 12, layout).parameters()) == parameters


@pytest.mark.parametrize("layout", ["56", "slim", "slim-half"])
def test_both_paths_give_the_same_numbers(layout):
    assert _difference(_lively(Tiramisu(2, 3, layout)), torch.randn(1, 2, 70, 101)) < 1e-5


@pytest.mark.parametrize("norm", ["batch", "batch-at-test", "instance"])
@pytest.mark.parametrize("layout", [TINY, TINY_HALF])
def test_both_paths_for_every_norm(layout, norm):
    assert _difference(_lively(Tiramisu(1, 2, layout, norm)), torch.randn(3, 1, 41, 30)) < 1e-5


def test_strips_do_not_change_the_numbers(monkeypatch):
    net, image = _lively(Tiramisu(1, 2, TINY)), torch.randn(2, 1, 96, 40)
    monkeypatch.setattr(_dense_buffers, "STRIP_BYTES", 1)  # strips of 8 rows
    assert _difference(net, image) < 1e-5


@pytest.mark.parametrize("size", [(250, 250), (33, 7), (1, 1), (64, 96)])
@pytest.mark.parametrize("layout", ["slim", "slim-half"])
def test_any_size_comes_back(layout, size):
    with torch.no_grad():
        assert Tiramisu(1, 4, layout).eval()(torch.zeros(1, 1, *size)).shape == (1, 4, *size)


@pytest.mark.parametrize(("norm", "same"), [("batch", True), ("instance", True), ("batch-at-test", False)])
def test_whether_the_rest_of_the_batch_matters(norm, same):
    net, images = _lively(Tiramisu(1, 2, TINY, norm)), torch.randn(2, 1, 32, 32)
    with torch.no_grad():
        assert torch.allclose(net(images)[:1], net(images[:1]), atol=1e-4) is same


def test_training_gathers_statistics_and_gradients_reach_every_parameter():
    net = Tiramisu(1, 2, TINY).train()
    net(torch.randn(2, 1, 32, 32)).square().mean().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in net.parameters())
    assert not torch.equal(net.up[0].layers[0].norm.running_mean, torch.zeros_like(net.up[0].layers[0].norm.bias))


def test_normalisation_is_batch_normalisation():
    net = Tiramisu(1, 2, TINY)
    ours, torchs, x = net.down[0].layers[0].norm, nn.BatchNorm2d(6), torch.randn(3, 6, 5, 5)
    assert torch.equal(ours(x), torchs(x))
    assert torch.equal(ours.running_var, torchs.running_var)


def test_padding_keeps_the_origin():
    padded = pad_to_multiple(torch.arange(6.0).view(1, 1, 2, 3), 4)
    assert padded[0, 0].tolist() == [[0, 1, 2, 2], [3, 4, 5, 5], [3, 4, 5, 5], [3, 4, 5, 5]]


def test_learns_one_image():
    """Dark and bright squares, separable by brightness: intersection over union above 0.95."""
    net = Tiramisu(1, 2, TINY, dropout=0.0)
    truth = torch.zeros(1, 32, 32, dtype=torch.long)
    truth[:, 4:14, 5:20] = truth[:, 18:30, 10:28] = 1
    image = truth[:, None].float() + 0.1 * torch.randn(1, 1, 32, 32)
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(60):
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(image), truth).backward()
        optimiser.step()
    found = net(image).argmax(1)
    assert ((found & truth).sum() / (found | truth).sum()) > 0.95


@pytest.mark.parametrize("bad", [{"layout": "68"}, {"norm": "layer"}, {"classes": 0}])
def test_bad_settings(bad):
    with pytest.raises(ValueError, match=r"must be|known"):
        Tiramisu(**bad)


def test_bad_layout():
    with pytest.raises(ValueError, match="stem_stride"):
        Layout(growth=4, down=(1,), bottleneck=1, stem_stride=3)


def test_layout_multiples():
    assert {LAYOUTS[name].multiple for name in ("56", "67", "103")} == {32}
