"""A movie: frames that are read one at a time, and what is known about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.given import GivenTracks

Array = NDArray[Any]


class FrameSource(Protocol):
    """An open file (or folder) whose frames are read one at a time.

    Attributes
    ----------
    shape : (T, C, Y, X).
    dtype : of the pixels.
    axes_named : False where the file does not say what its axes are, and a convention was used.
    dt_s : seconds between frames as the file says, or None.
    pixel_size_um : micrometres a pixel as the file says, or None.
    channels : a name for each channel.
    times_s : when each frame was taken, s, where the file has it, else ().
    """

    shape: tuple[int, int, int, int]
    dtype: np.dtype[Any]
    axes_named: bool
    dt_s: float | None
    pixel_size_um: float | None
    channels: tuple[str, ...]
    times_s: tuple[float, ...]

    def read(self, t: int, c: int) -> Array:
        """One plane, (Y, X), as stored."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


@dataclass(frozen=True)
class Movie:
    """One movie of an experiment, lazily read.

    At least one of `source`, `labels` and `points` is there: images, labels or a track table are each a valid
    start. Frame numbers are the file's own, from 0; only those in `frames` are used.

    Attributes
    ----------
    name : unique in the experiment, and the name of its folder.
    shape : (T, Y, X) of the labels that belong to it.
    frames : the frames in use.
    channel : the channel to segment.
    source : images, (T, C, Y, X), or None.
    labels : label images given by the user, (T, 1, Y, X), or None.
    points : tracks given by the user as a table, or None.
    dt_s, pixel_size_um : None where the user did not say and the file does not tell.
    times_s : true times of all frames of the file, s, where its intervals are not alike; else ().
    condition, replicate : "" where not given.
    """

    name: str
    shape: tuple[int, int, int]
    frames: range
    channel: int = 0
    source: FrameSource | None = None
    labels: FrameSource | None = None
    points: GivenTracks | None = None
    dt_s: float | None = None
    pixel_size_um: float | None = None
    condition: str = ""
    replicate: str = ""
    times_s: tuple[float, ...] = ()

    def image(self, t: int, c: int | None = None) -> Array:
        """One plane, (Y, X), with every pixel a finite number.

        Raises
        ------
        InputError
            NaN or infinite pixels (segmentation of such a frame would be arbitrary), or no images at all.
        """
        if self.source is None:
            raise InputError(f"movie {self.name}: it was added without images, so there is nothing to segment")
        plane = self.source.read(t, self.channel if c is None else c)
        if plane.dtype.kind == "f":
            bad = int(plane.size - np.count_nonzero(np.isfinite(plane)))
            if bad:
                raise InputError(
                    f"movie {self.name}, frame {t}: {bad} of {plane.size} pixels are NaN or infinite; "
                    "expected finite numbers; fill them, or leave the frame out with --frames"
                )
        return plane

    @property
    def n_channels(self) -> int:
        """Number of image channels, 0 where there are no images."""
        return 0 if self.source is None else self.source.shape[1]

    def close(self) -> None:
        """Close the files behind it."""
        for source in (self.source, self.labels):
            if source is not None:
                source.close()
