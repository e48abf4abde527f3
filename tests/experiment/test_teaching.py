from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from napari_cellstate.cli import main
from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.experiment import teaching
from napari_cellstate.experiment.training import train
from napari_cellstate.learn import models
from napari_cellstate.methods.segment.threshold import Threshold
from tests.experiment_kit import blobs, write_movie


@pytest.fixture(autouse=True)
def _own_models(tmp_path, monkeypatch):
    monkeypatch.setenv(models.VARIABLE, str(tmp_path / "models"))


@pytest.fixture
def frames():
    return blobs(3)


def test_click_and_doubt(frames):
    seen = teaching.prepare(frames[0], diameter=13.0)
    labels = seen.labels()
    y, x = (int(v.mean()) for v in np.nonzero(labels == 1))
    left = np.where(labels == 1, 0, labels)
    mask = teaching.mask_at(seen, left, y, x)
    assert np.count_nonzero(mask & (labels == 1)) > 0.8 * np.count_nonzero(mask)
    assert teaching.uncertainty(seen).shape == frames[0].shape
    assert teaching.where_next({0: seen})[0] == 0


def test_teach_saves_a_model_that_can_be_used(frames):
    labels = Threshold().segment(frames[0])
    looked = []
    one = teaching.lesson(frames[0], labels, [1, 2], 13.0)
    assert set(np.unique(one.labels)) == {-1, 0, 1, 2}
    made = teaching.teach(
        "default", [one], frames[1:], name="my cells", diameter=13.0, seconds=0, steps=2, watch=looked.append
    )
    assert made.name in [info.name for info in models.models()]
    assert made.digest != models.model_digest("default")
    assert models.model_digest("my cells") == made.digest
    assert made.history.steps == 2
    assert teaching.prepare(frames[1], "my cells", 13.0).labels().shape == frames[1].shape


def test_a_cancelled_teaching_goes_on(frames, tmp_path):
    lessons = [teaching.lesson(frames[0], Threshold().segment(frames[0]), None, 13.0)]

    def stop(done, total, what):
        if done >= 500:
            raise Cancelled

    settings = {"name": "m", "diameter": 13.0, "seconds": 0, "steps": 2, "folder": tmp_path / "half"}
    with pytest.raises(Cancelled):
        teaching.teach("default", lessons, [], progress=stop, **settings)
    assert not models.model_digest("m")
    made = teaching.teach("default", lessons, [], **settings)
    assert made.history.steps == 2
    assert not list((tmp_path / "half").iterdir())


@pytest.mark.parametrize("name", ["", "default", "../x", "a/b"])
def test_names_that_are_none(frames, name):
    one = teaching.lesson(frames[0], Threshold().segment(frames[0]), None, 13.0)
    with pytest.raises(InputError, match="name"):
        teaching.teach("default", [one], [], name=name, seconds=1)


@pytest.fixture
def folders(tmp_path, frames):
    for name, values in (("images", frames), ("masks", [Threshold().segment(one) for one in frames])):
        (tmp_path / name).mkdir()
        for t, one in enumerate(values):
            tifffile.imwrite(tmp_path / name / f"f{t}.tif", one)
    return tmp_path


@pytest.mark.parametrize("start", ["default", "scratch"])
def test_verb_train(folders, capsys, start):
    movie = write_movie(folders / "m.tif", blobs(2))
    out = folders / "model"
    verb = ["train", "--images", str(folders / "images"), "--masks", str(folders / "masks"), "--out", str(out)]
    assert main([*verb, "--unlabelled", str(movie), "--from", start, "--seconds", "0", "--steps", "2", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["images"], made["cells"], made["unlabelled"], made["steps"]) == (3, 18, 2, 2)
    assert sorted(path.name for path in out.iterdir()) == [
        "config.json", "history.csv", "history.pdf", "history.png", "weights.safetensors"
    ]  # fmt: skip
    assert main(["segment", str(movie), "--out", str(folders / "l.tif"), "--model", str(out), "--diameter", "13"]) == 0


def test_bad_folders(folders, tmp_path):
    images, masks, out = folders / "images", folders / "masks", tmp_path / "o"
    with pytest.raises(InputError, match="expected a folder"):
        train(tmp_path / "nothing", masks, out)
    tifffile.imwrite(images / "extra.tif", blobs(1)[0])
    with pytest.raises(InputError, match="no mask extra"):
        train(images, masks, out)
    tifffile.imwrite(masks / "extra.tif", np.zeros((5, 5), np.uint16))
    with pytest.raises(InputError, match=r"\(5, 5\) px; expected \(96, 96\)"):
        train(images, masks, out)
    with pytest.raises(InputError, match="seconds or steps"):
        train(images, masks, out, seconds=0)
