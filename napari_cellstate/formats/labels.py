"""Label images: whole numbers, 0 for background, each other number one cell of its frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import FrameSource
from napari_cellstate.formats.movies import open_movie

if TYPE_CHECKING:
    from numpy.typing import NDArray

HIGHEST = 2**32 - 1


class LabelMovie:
    """Label images read one frame at a time, as uint32; each frame is checked when it is read."""

    def __init__(self, source: FrameSource, path: Path) -> None:
        self._source, self._path = source, path
        self.shape = source.shape
        self.dtype = np.dtype(np.uint32)
        self.axes_named = source.axes_named
        self.dt_s = source.dt_s
        self.pixel_size_um = source.pixel_size_um
        self.times_s = source.times_s
        self.channels = source.channels

    def read(self, t: int, c: int) -> NDArray[np.uint32]:
        """One plane of labels, (Y, X).

        Raises
        ------
        InputError
            Negative numbers, fractions, NaN, or numbers over 2**32 - 1.
        """
        plane = self._source.read(t, c)
        if plane.dtype.kind == "f" and not np.all(np.isfinite(plane) & (plane == np.floor(plane))):
            raise InputError(
                f"{self._path}, frame {t}: fractions or NaN; expected whole numbers, 0 for background and one a cell; "
                "is this the image instead of its labels?"
            )
        for found in (plane.min(), plane.max()):
            if not 0 <= found <= HIGHEST:
                raise InputError(f"{self._path}, frame {t}: label {found:.0f}; expected 0 to {HIGHEST}; renumber them")
        return plane.astype(np.uint32, copy=False)

    def close(self) -> None:
        """Close the file."""
        self._source.close()


def open_labels(
    path: Path, *, axes: str = "", time_given: bool = False, shape: tuple[int, int, int] | None = None
) -> FrameSource:
    """Open label images in any format of `formats.movies`.

    Parameters
    ----------
    path, axes, time_given : as for `open_movie`.
    shape : (T, Y, X) of the movie they belong to, or None where there are no images.

    Raises
    ------
    InputError
        What `open_movie` raises; several channels; another shape than the movie's.
    """
    source = open_movie(path, axes=axes, time_given=time_given)
    t, channels, y, x = source.shape
    if channels != 1:
        source.close()
        raise InputError(f"{path}: {channels} channels; expected label images with one; save the labels alone")
    if shape is not None and (t, y, x) != tuple(shape):
        source.close()
        raise InputError(
            f"{path}: labels of shape {(t, y, x)} (T, Y, X); expected {tuple(shape)} as the movie; "
            "are they of another movie, or cropped?"
        )
    return LabelMovie(source, path)
