from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array, Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.segment.labels import GivenLabels


@dataclass
class Given:
    """Label images in memory."""

    images: Array

    def __post_init__(self) -> None:
        self.shape = (len(self.images), 1, *self.images.shape[1:])
        self.dtype = self.images.dtype
        self.axes_named, self.dt_s, self.pixel_size_um, self.channels = True, None, None, ("labels",)

    def read(self, t: int, c: int) -> Array:
        assert c == 0
        return self.images[t]

    def close(self) -> None: ...


def movie_of(images: Array) -> Movie:
    return Movie("m1", (len(images), 4, 5), range(len(images)), labels=Given(images))


def read(movie: Movie) -> list[Array]:
    return list(GivenLabels().estimated(movie).frames(movie, list(movie.frames), Runtime()))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.uint32])
def test_numbers_stay(dtype: type) -> None:
    images = np.zeros((2, 4, 5), dtype)
    images[1, 2:, 3] = 77
    labels = read(movie_of(images))
    assert [plane.dtype for plane in labels] == [np.uint32] * 2
    np.testing.assert_array_equal(np.stack(labels), images)


def test_largest_label_is_kept() -> None:
    images = np.full((1, 4, 5), 2**32 - 1, np.int64)
    assert read(movie_of(images))[0].max() == 2**32 - 1
    with pytest.raises(InputError, match="m1, labels of frame 0: numbers from 4294967296"):
        read(movie_of(images + 1))


def test_frames_asked_for_are_read_in_their_order() -> None:
    movie = movie_of(np.arange(3, dtype=np.uint16)[:, None, None] * np.ones((1, 4, 5), np.uint16))
    labels = GivenLabels().frames(movie, [2, 0], Runtime())
    assert [int(plane[0, 0]) for plane in labels] == [2, 0]


def test_bad_labels_name_movie_and_frame() -> None:
    good = np.zeros((2, 4, 5), np.int16)
    negative = good.copy()
    negative[1, 0, 0] = -3
    with pytest.raises(InputError, match="movie m1, labels of frame 1: numbers from -3"):
        read(movie_of(negative))
    with pytest.raises(InputError, match="movie m1, labels of frame 0: pixels are float64; expected whole numbers"):
        read(movie_of(good.astype(float)))
    with pytest.raises(InputError, match="movie m1, labels of frame 0: 4 x 5 px; expected 4 x 6"):
        read(replace(movie_of(good), shape=(2, 4, 6)))
    with pytest.raises(InputError, match="frame 2: the labels have only 2 frames"):
        list(GivenLabels().frames(movie_of(good), [2], Runtime()))
    with pytest.raises(InputError, match="movie m1: it was added without labels"):
        read(replace(movie_of(good), labels=None))


def test_segment_passes_labels_through() -> None:
    image = np.array([[0, 9], [4, 0]])
    np.testing.assert_array_equal(GivenLabels().segment(image), image)
    assert GivenLabels().segment(image.astype(np.float32)).dtype == np.uint32
    assert GivenLabels().segment(np.zeros((0, 3), np.int64)).shape == (0, 3)
    with pytest.raises(InputError, match="not whole numbers"):
        GivenLabels().segment(image + 0.5)
