from __future__ import annotations

import math

import pytest
import torch

from napari_cellstate.nets.elbo import Elbo
from napari_cellstate.nets.elbo_crops import CropElbo
from napari_cellstate.nets.sequence_vae import SequenceVAE, levels_of
from napari_cellstate.nets.summary import summarise


def net(**changes: object) -> SequenceVAE:
    sizes = {"channels": 3, "size": 16, "steps": 4, "latent": 3, "motion": 2, "widths": (4, 8), "hidden": 4}
    return SequenceVAE(**{**sizes, **changes})


def test_shapes():
    made = net()(torch.randn(2, 4, 3, 16, 16), torch.randn(2, 4, 2))
    assert made.output.shape == (2, 4, 3, 16, 16)
    assert made.path.shape == (2, 4, 2)
    assert made.mean.shape == made.log_var.shape == made.sample.shape == (2, 5)


def test_without_a_path():
    made = net(path=0)(torch.randn(2, 4, 3, 16, 16))
    assert made.path.shape == (2, 4, 0)
    assert made.mean.shape == (2, 3)


def test_what_is_masked_changes_nothing():
    model, mask = net().eval(), torch.tensor([[True, True, False, True]])
    x, path = torch.randn(1, 4, 3, 16, 16), torch.randn(1, 4, 2)
    other_x, other_path = x.clone(), path.clone()
    other_x[:, 2], other_path[:, 2] = 9, 9
    first, second = (model.encode(a, b, mask)[0] for a, b in ((x, path), (other_x, other_path)))
    assert torch.equal(first, second)
    assert not torch.equal(first, model.encode(x, path)[0])


def test_motion_is_told_by_the_path_alone():
    model = net().eval()
    x, path = torch.randn(1, 4, 3, 16, 16), torch.randn(1, 4, 2)
    code, other = model.encode(x, path)[0], model.encode(torch.randn_like(x), path)[0]
    assert torch.equal(code[:, 3:], other[:, 3:])
    assert not torch.equal(code[:, :3], other[:, :3])


def test_levels_are_means_inside_the_mask():
    x = torch.zeros(1, 2, 3, 4, 4)
    x[0, 0, 2, :2, :2] = 1
    x[0, 0, 0, :2, :2] = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    x[:, :, 1] = 5
    assert levels_of(x).tolist() == [[[3, 5], [0, 0]]]  # the second frame has no mask: nothing is known


def test_the_code_of_levels_is_told_by_levels_alone():
    model = net(levels=2).eval()
    x, path = torch.randn(1, 4, 3, 16, 16), torch.randn(1, 4, 2)
    x[:, :, -1] = 1
    moved = x.roll(5, dims=-1)  # the same pixels at other places
    code, other = model.encode(x, path)[0], model.encode(moved, path)[0]
    assert code.shape == (1, 7)
    assert torch.allclose(code[:, 3:], other[:, 3:], atol=1e-5)
    assert not torch.allclose(code[:, :3], other[:, :3], atol=1e-3)
    brighter = x.clone()
    brighter[:, :, 0] += 1
    changed = model.encode(brighter, path)[0]
    assert not torch.allclose(code[:, 3:5], changed[:, 3:5], atol=1e-3)
    assert torch.equal(code[:, 5:], changed[:, 5:])
    made = model(x, path)
    assert made.levels.shape == (1, 4, 2)
    assert made.path.shape == (1, 4, 2)
    assert net()(x, path).levels.shape == (1, 4, 0)


def test_totals_of_the_summary():
    model = net(levels=2)
    assert summarise(model, (1, 4, 3, 16, 16)).parameters == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    "bad", [{"size": 18}, {"latent": 0}, {"steps": 0}, {"path": -1}, {"levels": -1}, {"widths": ()}]
)
def test_bad_settings(bad):
    with pytest.raises(ValueError, match=r"multiple|at least"):
        net(**bad)


def test_only_pixels_that_count_are_rebuilt():
    crops = torch.zeros(1, 1, 3, 4, 4)
    crops[..., 2, 1:3, 1:3] = 1  # the mask: four pixels
    output = crops.clone()
    output[..., 0, :, :] += 2  # off by 2 everywhere, of which four pixels count
    errors = CropElbo(Elbo(sd=0.5)).errors(output, crops)
    assert float(errors["image"]) == pytest.approx(4 * 2**2 / 2 / 0.25)
    assert float(errors["outline"]) == 0
    output = crops.clone()
    output[..., 2, 0, 0] = 1
    assert float(CropElbo(Elbo(), outline=0.5).errors(output, crops)["outline"]) == 0.25
    path = torch.zeros(1, 2, 2), torch.full((1, 2, 2), 0.3)
    assert float(CropElbo(Elbo(), path_sd=0.3).errors(crops, crops, path=path)["path"]) == pytest.approx(2.0)
    assert float(CropElbo(Elbo(), levels_sd=0.1).errors(crops, crops, path)["levels"]) == pytest.approx(18.0)


def test_the_capacity_is_that_of_appearance():
    mean, log_var = torch.tensor([[1.0, 0.0, 3.0]]), torch.zeros(1, 3)
    loss = CropElbo(Elbo("annealed", gamma=10, most_capacity=2, capacity_steps=10)).loss({}, mean, log_var, 5, few=1)
    assert float(loss.total) == pytest.approx(10 * abs(0.5 - 1.0) + 4.5)
    assert float(loss.parts["kl"]) == pytest.approx(5.0)
    plain = CropElbo(Elbo("beta", beta=3)).loss({}, mean, log_var, 5, few=1)
    assert float(plain.total) == pytest.approx(3 * 0.5 + 4.5)
    assert math.isclose(float(CropElbo(Elbo()).loss({}, mean, log_var, 0).total), 5.0, rel_tol=1e-6)
