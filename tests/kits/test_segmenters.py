"""What every segmenter must do."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.methods import available
from tests.kits.inputs import SIZE, movie, runtime

KINDS = list(available("segment"))


@pytest.fixture(params=KINDS)
def method(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield available("segment")[request.param]()
    assert not list(tmp_path.iterdir()), "a method writes nothing"


def _labels(method, of):
    resolved = method.estimated(of)
    return np.stack(list(resolved.frames(of, list(of.frames), runtime())))


@pytest.mark.parametrize(
    ("case", "n"), [(movie(3, cells=2), 2), (movie(1, cells=1), 1)], ids=["two cells", "one cell, one frame"]
)
def test_finds_plain_discs(method, case, n):
    labels = _labels(method, case)
    assert labels.dtype == np.uint32
    assert labels.shape == (len(case.frames), SIZE, SIZE)
    for t, frame in zip(case.frames, labels, strict=True):
        truth = case.labels.read(t, 0)
        assert len(np.unique(frame)) - 1 == n
        assert ((frame > 0) == (truth > 0)).mean() > 0.97


def test_empty_frame_has_no_cells(method):
    labels = _labels(method, movie(3, empty=(1,)))
    assert not labels[1].any()
    assert labels[0].any()
    assert labels[2].any()


def test_same_input_same_bytes(method):
    assert _labels(method, movie()).tobytes() == _labels(method, movie()).tobytes()


def test_frames_come_one_by_one(method):
    """Cancel lies between frames, so a segmenter must hand over each frame before it takes the next batch."""
    of = movie(4)
    taken = iter(method.estimated(of).frames(of, list(of.frames), runtime()))
    assert next(taken).shape == (SIZE, SIZE)


def test_frames_can_start_in_the_middle(method):
    of = movie(4)
    resolved = method.estimated(of)
    late = np.stack(list(resolved.frames(of, [2, 3], runtime())))
    assert (late == _labels(method, of)[2:]).all()
