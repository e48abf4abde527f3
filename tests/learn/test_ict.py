from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from napari_cellstate.core.errors import InputError
from napari_cellstate.learn.ict import Teacher, consistency_loss, consistency_weight, ema_decay
from napari_cellstate.learn.mixup import Pairing, draw_pairing


@pytest.mark.parametrize(("share", "wanted"), [(0, 0.67379), (0.5, 28.650), (1, 100.0), (4, 100.0)])
def test_ramp(share, wanted):
    assert consistency_weight(share * 400, 400) == pytest.approx(wanted, rel=1e-4)


def _filled(value: float) -> nn.Linear:
    net = nn.Linear(2, 2)
    for parameter in net.parameters():
        nn.init.constant_(parameter, value)
    return net


def test_average_recurrence():
    student = _filled(3.0)
    teacher = Teacher(_filled(-7.0))
    teacher.follow(student, 0)
    assert float(teacher.average.weight[0, 0]) == 3.0  # after step 0 it is the student
    teacher.follow(_filled(5.0), 1)
    assert float(teacher.average.weight[0, 0]) == 4.0  # half of each
    teacher.follow(_filled(10.0), 2)
    assert float(teacher.average.weight[0, 0]) == pytest.approx(4 * 2 / 3 + 10 / 3)
    assert ema_decay(10**6) == 0.999


def test_student_is_not_the_average():
    student = _filled(1.0)
    Teacher(student).follow(_filled(9.0), 0)
    assert float(student.weight.detach()[0, 0]) == 1.0


def _pairing(count: int) -> Pairing:
    return draw_pairing(count, 1.0, generator=torch.Generator().manual_seed(1), each="sample")


def test_an_affine_net_is_consistent():
    net, images = nn.Linear(6, 3), torch.randn(8, 6)
    loss = consistency_loss(net, Teacher(net, "self"), images, _pairing(8), softmax=False)
    assert float(loss.detach()) == pytest.approx(0, abs=1e-10)
    curved = nn.Sequential(nn.Linear(6, 3), nn.Tanh())
    assert float(consistency_loss(curved, Teacher(curved, "self"), images, _pairing(8), softmax=False).detach()) > 1e-4


def test_mse_by_hand():
    """Two examples, one share: mean over batch and classes of squared differences of probabilities."""
    net, images = nn.Linear(1, 2), torch.tensor([[0.0], [1.0]])
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[2.0], [0.0]]))
        net.bias.zero_()
    pairing = Pairing(torch.tensor([0.25, 0.25]), torch.tensor([1, 0]))
    p = [1 / (1 + math.exp(-2 * x)) for x in (0.0, 1.0)]
    targets = [0.25 * p[0] + 0.75 * p[1], 0.25 * p[1] + 0.75 * p[0]]
    students = [1 / (1 + math.exp(-2 * x)) for x in (0.75, 0.25)]
    wanted = sum((a - b) ** 2 for a, b in zip(students, targets, strict=True)) / 2  # both classes differ alike
    found = consistency_loss(net, Teacher(net, "self"), images, pairing).detach()
    assert float(found) == pytest.approx(wanted, rel=1e-4)


def test_floor_of_cross_entropy_is_the_entropy_of_the_targets():
    net, images = nn.Linear(4, 3), torch.randn(6, 4)
    alone = Pairing(torch.ones(6), torch.arange(6))
    found = consistency_loss(net, Teacher(net, "self"), images, alone, loss="ce").detach()
    share = torch.softmax(net(images), 1)
    share = share.detach()
    assert float(found) == pytest.approx(float(-(share * share.log()).sum(1).mean()), rel=1e-5)


@pytest.mark.parametrize("labeler", ["ema", "self"])
def test_no_gradient_through_the_labels(labeler):
    net, images, pairing = nn.Linear(3, 2), torch.randn(5, 3), _pairing(5)
    other = copy.deepcopy(net)
    teacher = Teacher(net, labeler)
    consistency_loss(net, teacher, images, pairing).backward()
    target = pairing.mix(torch.softmax(other(images), 1)).detach()
    nn.functional.mse_loss(torch.softmax(other(pairing.mix(images)), 1), target).backward()
    assert torch.allclose(net.weight.grad, other.weight.grad)
    assert all(parameter.grad is None for parameter in teacher.parameters())


def test_bad_settings():
    net = nn.Linear(1, 1)
    with pytest.raises(InputError, match="labeler"):
        Teacher(net, "mean")
    with pytest.raises(InputError, match="ce with softmax"):
        consistency_loss(net, Teacher(net), torch.zeros(2, 1), _pairing(2), loss="ce", softmax=False)
