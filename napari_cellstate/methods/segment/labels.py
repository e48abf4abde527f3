"""Labels that the user gave with the movie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Segmenter
from napari_cellstate.core.method import register
from napari_cellstate.core.movie import Array, Movie
from napari_cellstate.core.progress import Runtime

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGEST = np.iinfo(np.uint32).max


@register
class GivenLabels(Segmenter):
    """Label images as they were given; every number stays what it is."""

    kind: ClassVar[str] = "labels"
    title: ClassVar[str] = "Given labels"

    def segment(self, image: Array) -> NDArray[np.uint32]:
        """Pass a label image through.

        Raises
        ------
        InputError
            A number that cannot be a label: negative, not whole, or over 2**32 - 1.
        """
        return as_labels(image, "labels")

    def frames(self, movie: Movie, frames: Sequence[int], runtime: Runtime) -> Iterator[NDArray[np.uint32]]:
        """Read the given labels, frame by frame.

        Raises
        ------
        InputError
            There are none, or a frame of another shape, or with numbers that cannot be labels.
        """
        if movie.labels is None:
            raise InputError(
                f"movie {movie.name}: it was added without labels; add it with --labels, or choose another "
                "method for [segment]"
            )
        n_frames = movie.labels.shape[0]
        for t in frames:
            where = f"movie {movie.name}, labels of frame {t}"
            if t >= n_frames:
                raise InputError(f"{where}: the labels have only {n_frames} frames; give as many as the movie has")
            plane = movie.labels.read(t, 0)
            if plane.shape != movie.shape[1:]:
                raise InputError(
                    f"{where}: {_size(plane.shape)} px; expected {_size(movie.shape[1:])}, as the movie; "
                    "give labels made from this movie, neither cropped nor scaled"
                )
            if plane.dtype.kind not in "iu":
                raise InputError(f"{where}: pixels are {plane.dtype}; expected whole numbers, one for each cell")
            yield as_labels(plane, where)


def as_labels(image: Array, where: str) -> NDArray[np.uint32]:
    """An image of whole numbers as labels; `where` names it in messages."""
    if image.dtype.kind not in "biu" and not np.array_equal(image, np.rint(image)):
        raise InputError(f"{where}: some pixels are not whole numbers; expected one number for each cell, 0 between")
    low, high = (image.min(), image.max()) if image.size else (0, 0)
    if low < 0 or high > _LARGEST:
        raise InputError(
            f"{where}: numbers from {low} to {high}; expected 0 for background and 1 to {_LARGEST} for cells"
        )
    return image.astype(np.uint32)


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
