from __future__ import annotations

import numpy as np
import pytest

import napari_cellstate as cs
from napari_cellstate.core.errors import Cancelled
from napari_cellstate.experiment.add_arrays import TrackRows, add_arrays
from tests.experiment_kit import blobs


@pytest.fixture
def exp(tmp_path):
    return cs.new(tmp_path / "e.cellstate")


def test_everything_from_memory(exp):
    stack = blobs(5)
    labels = (stack > 600).astype(np.int32) * 3
    rows = np.array([[7, 0, 20.0, 30.0], [7, 1, 21, 30], [9, 2, 22, 31.5], [7, 3, 4, 5]])
    entry = add_arrays(exp, "my: movie", images=stack, labels=labels, dt=60.0, pixel_size=0.5)
    assert (entry.name, entry.shape, entry.dt_s, entry.pixel_size_um) == ("my_ movie", (5, 1, 96, 96), 60.0, 0.5)
    movie = exp.movie(entry.name)
    assert np.array_equal(movie.image(3), stack[3])
    assert np.array_equal(movie.labels.read(2, 0), labels[2])
    movie.close()
    add_arrays(exp, "t", images=stack, tracks=TrackRows(rows[:3], {9: 7}))
    points = exp.movie("t").points
    assert points.ids == (7, 9)
    assert points.points["parent"].tolist() == [0, 0, 1]
    assert points.points["x"].tolist() == [30.0, 30.0, 31.5]


@pytest.mark.parametrize("axes", ["TCYX", "CTYX"])
def test_channels(exp, axes):
    stack = np.arange(2 * 3 * 16 * 16, dtype=np.float32).reshape((2, 3, 16, 16))
    entry = add_arrays(exp, "c", images=stack, axes=axes, channel=1)
    assert entry.shape == ((2, 3, 16, 16) if axes == "TCYX" else (3, 2, 16, 16))
    movie = exp.movie("c")
    assert np.array_equal(movie.image(1), stack[1, 1])
    movie.close()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"images": np.zeros((4, 4))}, "expected three (T, Y, X) or four"),
        ({"images": np.zeros((3, 4, 4)), "axes": "YXT"}, "expected TYX"),
        ({"images": np.zeros((3, 4, 4), complex)}, "expected whole or real numbers"),
        ({"images": blobs(3), "labels": np.full((3, 96, 96), -1)}, "frame 0: expected whole numbers"),
        ({"images": blobs(3), "labels": np.zeros((3, 4, 4), int)}, "as the movie"),
        ({"images": blobs(3), "tracks": TrackRows(np.zeros((2, 5)))}, "3 dimensions in space"),
        ({"images": blobs(3), "tracks": TrackRows(np.array([[1, 0.5, 2, 2]]))}, "row 1"),
        ({"images": blobs(3), "tracks": TrackRows(np.array([[1, 0, 2, 2], [1, 0, 3, 3]]))}, "twice in frame 0"),
    ],
)
def test_what_cannot_be_added_leaves_nothing(exp, given, said):
    with pytest.raises(cs.InputError) as error:
        add_arrays(exp, "m", **given)
    assert said in str(error.value)
    assert exp.movies == ()
    assert not exp.paths.given.exists()


def test_cancelled_leaves_nothing(exp):
    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        add_arrays(exp, "m", images=blobs(3), progress=stop)
    assert not exp.paths.given.exists()


def test_a_name_that_is_taken_gets_a_number(exp):
    assert [add_arrays(exp, "m", images=blobs(3)).name for _ in range(2)] == ["m", "m_2"]
