from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.learn.checkpoint import FILE
from napari_cellstate.learn.loop import Training, train
from napari_cellstate.learn.objectives import Autoencoding, Objective, Pixels, PixelSettings
from napari_cellstate.learn.weights import write_tensors
from napari_cellstate.nets.elbo import Elbo
from napari_cellstate.nets.layouts import Layout
from napari_cellstate.nets.losses import Loss
from napari_cellstate.nets.tiramisu import Tiramisu
from napari_cellstate.nets.vae import vector_vae

TINY = Layout(growth=4, down=(1, 1), bottleneck=1, stem=4)
LEARNING = PixelSettings(2, mixup=0.4, dice=0.5, most_consistency=10.0, ramp=5, class_weights=(1.0, 2.0))


def net() -> Tiramisu:
    torch.manual_seed(0)
    return Tiramisu(1, 2, TINY)


def draw(step: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
    image = torch.randn(4, 1, 16, 16, generator=generator)
    return {
        "image": image,
        "labels": (image[:, 0] > 0.5).long(),
        "unlabelled": torch.randn(4, 1, 16, 16, generator=generator),
    }


def check(model: nn.Module) -> float:
    batch = draw(0, torch.Generator().manual_seed(99))
    return float(nn.functional.cross_entropy(model(batch["image"]), batch["labels"]))


def run(folder: Path | None, optimiser: str = "adam", stop: int = -1) -> bytes:
    """Weights after a training that is cancelled before step `stop` and then resumed."""

    def progress(done: int, total: int, what: str) -> None:
        if done == stop:
            raise Cancelled

    settings = Training(steps=12, optimiser=optimiser, schedule="cosine", check_every=4, checkpoint_every=5)
    if stop >= 0:
        model = net()
        with pytest.raises(Cancelled):
            train(model, Pixels(LEARNING, model), draw, settings, check=check, folder=folder, progress=progress)
        torch.manual_seed(stop)  # whatever else happened in between must not matter
    model = net()
    result = train(model, Pixels(LEARNING, model), draw, settings, check=check, folder=folder)
    assert result.steps == 12
    assert [record["step"] for record in result.records] == list(range(12))
    path = folder / "out.safetensors"
    write_tensors(path, model.state_dict())
    return path.read_bytes()


@pytest.mark.parametrize("optimiser", ["adam", "sgd", "rmsprop"])
def test_resumed_ends_as_unbroken(tmp_path, optimiser):
    assert run(tmp_path / "a", optimiser) == run(tmp_path / "b", optimiser, stop=7)


def test_same_seed_same_bytes(tmp_path):
    assert run(tmp_path / "a") == run(tmp_path / "b")


KILLED = """
import os, sys, torch
from pathlib import Path
torch.set_num_threads(1)
sys.path.insert(0, {tests!r})
from tests.learn.test_loop import *
def progress(done, total, what):
    if done == 8: os._exit(9)
model = net()
settings = Training(steps=12, optimiser="adam", schedule="cosine", check_every=4, checkpoint_every=5)
train(model, Pixels(LEARNING, model), draw, settings, check=check, folder=Path({folder!r}), progress=progress)
"""


def test_killed_ends_as_unbroken(tmp_path):
    """The process dies at step 8, the last checkpoint is of step 5."""
    code = KILLED.format(tests=str(Path(__file__).parents[2]), folder=str(tmp_path / "killed"))
    assert subprocess.run([sys.executable, "-c", code]).returncode == 9
    assert run(tmp_path / "killed") == run(tmp_path / "whole")


def test_history_is_a_table():
    model = vector_vae(5, 2, (8,))
    result = train(
        model, Autoencoding(Elbo()), lambda step, g: {"x": torch.randn(6, 5, generator=g)}, Training(steps=3)
    )
    table = result.table()
    assert list(table.columns) == ["step", "loss", "reconstruction", "kl", "learning_rate", "check"]
    assert len(table) == 3
    assert result.stopped == "steps"
    assert not model.training


def test_other_seed_other_weights():
    weights = []
    for seed in (0, 0, 1):
        model = net()
        train(model, Pixels(LEARNING, model), draw, Training(steps=2, seed=seed))
        weights.append(model.head.weight.detach().clone())
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


class Line(Objective):
    """Fit y = 2 x; remembers nothing."""

    def __init__(self, fits_in_memory: int = 1000) -> None:
        super().__init__()
        self.fits_in_memory = fits_in_memory

    def loss(self, net, batch, step, generator):
        if len(batch["x"]) > self.fits_in_memory:
            raise torch.OutOfMemoryError
        return Loss((net(batch["x"]) - 2 * batch["x"]).square().mean())


def line(step: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
    return {"x": torch.randn(8, 1, generator=generator)}


def _slope(objective: Objective, settings: Training) -> float:
    model = nn.Linear(1, 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    train(model, objective, line, settings)
    return float(model.weight.detach())


def test_halves_the_batch_when_memory_is_short():
    settings = Training(steps=20, optimiser="sgd", learning_rate=0.02)
    assert _slope(Line(), settings) == pytest.approx(_slope(Line(3), settings), rel=1e-4)
    with pytest.raises(InputError, match=r"out of memory .* cut into 8 parts"):
        _slope(Line(0), settings)


def test_stops_early_and_keeps_the_best():
    values = iter([3.0, 1.0, 2.0, 2.0, 2.0, 2.0])
    seen = []

    def worse(model: nn.Module) -> float:
        seen.append(float(model.weight))
        return next(values)

    model = nn.Linear(1, 1)
    result = train(model, Line(), line, Training(steps=100, check_every=2, patience=3), check=worse)
    assert (result.stopped, result.steps, result.best) == ("patience", 10, 1.0)
    assert float(model.weight.detach()) == seen[1]
    assert [record["check"] for record in result.records if record["check"] is not None] == [3.0, 1.0, 2.0, 2.0, 2.0]


def test_stops_after_some_seconds():
    result = train(nn.Linear(1, 1), Line(), line, Training(steps=10**9, seconds=0.05, record_every=1000))
    assert result.stopped == "seconds"


def test_learning_rates():
    assert Training(steps=10, learning_rate=0.1, schedule="cosine").rate(5) == pytest.approx(0.05)
    assert Training(decay=0.5, learning_rate=1).rate(3) == 0.125


def test_reduced_precision_learns_too():
    model = vector_vae(4, 2, (8,))
    losses = train(
        model, Autoencoding(Elbo()), lambda step, g: {"x": torch.randn(32, 4, generator=g)},
        Training(steps=30, learning_rate=1e-2, bfloat16=True),
    ).table()["loss"]  # fmt: skip
    assert losses.iloc[-5:].mean() < losses.iloc[:5].mean()
    assert model.encoder[0].weight.dtype == torch.float32


def test_global_chance_is_left_alone():
    torch.manual_seed(4)
    wanted = torch.rand(1)
    model = net()
    torch.manual_seed(4)
    train(model, Pixels(LEARNING, model), draw, Training(steps=2), check=check)
    assert torch.equal(torch.rand(1), wanted)


def test_not_finite():
    with pytest.raises(InputError, match=r"training step \d+: the loss is (nan|inf)"):
        _slope(Line(), Training(steps=500, optimiser="sgd", learning_rate=1e6))


def test_checkpoints_that_do_not_fit(tmp_path):
    train(nn.Linear(1, 1), Line(), line, Training(steps=2), folder=tmp_path)
    with pytest.raises(InputError, match="other settings"):
        train(nn.Linear(1, 1), Line(), line, Training(steps=3), folder=tmp_path)
    with pytest.raises(InputError, match="does not fit this net"):
        train(nn.Linear(1, 1, bias=False), Line(), line, Training(steps=2), folder=tmp_path)
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="not a whole safetensors file"):
        train(nn.Linear(1, 1), Line(), line, Training(steps=2), folder=tmp_path)
