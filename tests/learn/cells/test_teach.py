from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.learn.cells.heads import outputs
from napari_cellstate.learn.cells.teach import Lesson, Taught, Teaching, bounded, known_around, teach
from napari_cellstate.nets.layouts import Layout
from napari_cellstate.nets.tiramisu import Tiramisu

TINY = Layout(growth=4, down=(1, 1), bottleneck=1, stem=8, stem_stride=2)


def net():
    torch.manual_seed(3)
    return Tiramisu(2, outputs(), TINY, dropout=0.0)


def lesson(side=96):
    y, x = np.mgrid[:side, :side]
    labels = np.zeros((side, side), np.int32)
    labels[np.hypot(y - 30, x - 30) < 12] = 1
    labels[np.hypot(y - 65, x - 60) < 12] = 2
    image = np.random.default_rng(0).normal(100, 5, labels.shape) + 60 * (labels > 0)
    return Lesson(image, labels)


def weights(one):
    return torch.cat([value.flatten().float() for value in one.state_dict().values()])


STEPS = Teaching(seconds=0, steps=6)


def test_learns_a_copy_and_is_reproducible():
    start, other = net(), [lesson().image + 3]
    before = weights(start)
    one, told = teach(start, [lesson()], other, 24.0, STEPS)
    two, _ = teach(start, [lesson()], other, 24.0, STEPS)
    assert torch.equal(weights(start), before)
    assert torch.equal(weights(one), weights(two))
    assert not torch.equal(weights(one), before)
    assert told.steps == 6
    assert {"cell", "flow", "consistency"} <= set(told.table().columns)


def test_loss_falls():
    _, told = teach(net(), [lesson()], [], 24.0, Teaching(seconds=0, steps=60, learning_rate=5e-3))
    loss = told.table()["loss"]
    assert loss[-10:].mean() < 0.7 * loss[:10].mean()


def test_running_statistics_stay():
    start = net()
    taught, _ = teach(start, [lesson()], [], 24.0, STEPS)
    for name, value in start.state_dict().items():
        if "running" in name:
            assert torch.allclose(value, taught.state_dict()[name])


def test_cancelled_goes_on(tmp_path):
    def stop(done, total, what):
        if done >= 500:
            raise Cancelled

    with pytest.raises(Cancelled):
        teach(net(), [lesson()], [], 24.0, STEPS, folder=tmp_path, progress=stop)
    resumed, told = teach(net(), [lesson()], [], 24.0, STEPS, folder=tmp_path)
    whole, _ = teach(net(), [lesson()], [], 24.0, STEPS)
    assert told.steps == 6
    assert torch.equal(weights(resumed), weights(whole))


def test_scribbles_teach_where_cells_are():
    one = lesson()
    strokes = np.full(one.labels.shape, -1, np.int32)
    strokes[28:32, 20:40], strokes[80:90, 10:80] = -2, 0
    taught, told = teach(net(), [Lesson(one.image, strokes)], [], 24.0, STEPS)
    assert told.table()["size"].max() == 0  # no cell has a known outline
    assert told.table()["cell"].min() > 0
    assert torch.isfinite(weights(taught)).all()


def test_nothing_known():
    one = lesson()
    with pytest.raises(InputError, match="nothing is known"):
        teach(net(), [Lesson(one.image, np.full(one.labels.shape, -1))], [], 24.0, STEPS)


def test_an_affine_student_that_agrees_with_its_teacher_costs_nothing():
    """Interpolation consistency of raw outputs: for an affine net the blend's output is the blend of the outputs."""
    affine = torch.nn.Conv2d(2, outputs(), 3, padding=1)
    objective = Taught(affine, 10.0, lambda: 1.0)
    images = torch.randn(4, 2, 16, 16)
    share = torch.tensor([0.3, 0.6, 0.9, 0.2]).view(-1, 1, 1, 1)
    mixed = share * images + (1 - share) * images.flip(0)
    said, wanted = affine(images), objective.average.net(images)
    blend = share * wanted + (1 - share) * wanted.flip(0)
    assert torch.allclose(affine(mixed)[:, 2:], blend[:, 2:], atol=1e-5)
    assert torch.equal(bounded(said)[:, 2:], said[:, 2:])
    assert torch.equal(bounded(said)[:, :2], torch.sigmoid(said[:, :2]))


def test_ring_of_background():
    labels = np.zeros((20, 20), np.int32)
    labels[5:10, 5:10], labels[5:10, 11:16] = 1, 2
    known = known_around(labels, [1], 2)
    assert (known[5:10, 5:10] == 1).all()
    assert known[4, 7] == 0
    assert known[7, 10] == 0
    assert (known[5:10, 11:16] == -1).all()  # a cell that nobody looked at
    assert known[18, 18] == -1
