from __future__ import annotations

import json

import pytest

from napari_cellstate.cli import main
from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.models import model_summary, size_record, summary_record
from napari_cellstate.learn.weights import save_model
from napari_cellstate.learn.zoo import build

USER = """
from torch import nn

class TwoConvolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv0 = nn.Conv2d(1, 16, 3, padding=5)
        self.conv1 = nn.Conv2d(16, 32, 3)

    def forward(self, x):
        return self.conv1(self.conv0(x))

ready = TwoConvolutions()
number = lambda: 3
def needs(width): ...
"""


@pytest.fixture
def user(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(USER)
    return str(path)


@pytest.mark.parametrize("what", ["TwoConvolutions", "ready"])
def test_a_net_of_a_user(user, what, capsys):
    assert main(["model", "summary", f"{user}:{what}", "--input", "1,1,256,256", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["parameters"] for row in found["rows"][1:]] == [160, 4640]
    assert found["rows"][2]["output"] == [1, 32, 262, 262]
    assert found["parameters"] == found["trainable"] == 4800


@pytest.mark.parametrize(("size", "published"), [("1,1,32,32", 4_776_960), ("16,1,256,256", 3_424_928_768)])
def test_sizes(user, size, published, capsys):
    assert main(["model", "size", f"{user}:ready", "--input", size, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["published"] == published
    assert found["total"] == published + 160 * 32
    assert main(["model", "size", f"{user}:ready", "--input", size]) == 0
    assert f"{published:,} bits" in capsys.readouterr().out


def test_tables_in_the_terminal(capsys):
    assert main(["model", "summary", "tiramisu-slim", "--input", "1,1,32,32"]) == 0
    text = capsys.readouterr().out
    assert "1x1x32x32" in text
    assert "ConvTranspose2d" in text
    assert "parameters: " in text


@pytest.mark.parametrize("name", ["tiramisu-slim-half", "convgru", "vector-vae", "image-vae"])
def test_every_kind_takes_its_usual_input(name):
    found = summary_record(model_summary(name))
    assert found["parameters"] == sum(row["parameters"] for row in found["rows"])


def test_a_saved_model(tmp_path):
    save_model(tmp_path / "m", build("vector-vae", {"features": 3}), net="vector-vae", settings={"features": 3})
    assert model_summary(str(tmp_path / "m")).rows[0].input == (1, 3)


@pytest.mark.parametrize(
    ("net", "size", "message"),
    [
        ("tiramisu-66", (), "no net 'tiramisu-66'; known: tiramisu-56"),
        ("missing.py:Net", (), "no such file"),
        ("no_such_package:Net", (), "No module named"),
        ("torch.nn:Nothing", (), "nothing named 'Nothing'"),
        ("{user}:number", (), "expected a torch module, found int"),
        ("{user}:needs", (), "without arguments"),
        ("{user}:ready", (1, 3, 8, 8), "does not take an input of size"),
    ],
)
def test_bad_nets(user, net, size, message):
    with pytest.raises(InputError, match=message):
        model_summary(net.format(user=user), size)


def test_bad_numbers(capsys):
    assert main(["model", "summary", "convgru", "--input", "1,x"]) == 2
    assert "--input 1,x: expected whole numbers" in capsys.readouterr().err
    with pytest.raises(InputError, match="bits 0"):
        size_record(model_summary("vector-vae"), 0)
