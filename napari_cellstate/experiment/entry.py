"""What an experiment remembers of a movie."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from napari_cellstate.core.digest import fingerprint, stamp
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.times import breaks


class Reference(BaseModel):
    """A file or folder outside the experiment, never copied.

    Attributes
    ----------
    path : relative to the experiment where both lie in one folder (so that they can move together), else absolute.
    fingerprint : of its content (`core.digest.fingerprint`).
    stamp : of sizes and times; the content is read again only where this differs.
    axes : as the user gave them, "" for those of the file.
    position : which of several positions in the file, from 0; None where it has one.
    project : what is made of z-stacks, "max" or "mean"; "" where there are none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    fingerprint: str
    stamp: str
    axes: str = ""
    position: int | None = None
    project: str = ""

    @classmethod
    def to(cls, path: Path, root: Path, axes: str = "", position: int | None = None, project: str = "") -> Reference:
        """Refer to `path` from the experiment at `root`."""
        written, content = _written(path, root), fingerprint(path)
        return cls(path=written, fingerprint=content, stamp=stamp(path), axes=axes, position=position, project=project)

    @property
    def ground(self) -> str:
        """What decides results: the content, the position in it, and what is made of z-stacks."""
        position = "" if self.position is None else f" position {self.position}"
        return f"{self.fingerprint}{position}{f' {self.project}' if self.project else ''}"

    def resolve(self, root: Path) -> Path:
        """Where it is now."""
        return Path(os.path.normpath(root / self.path))

    def check(self, root: Path, movie: str) -> Path:
        """Where it is; InputError where it is gone or holds something else than when it was added."""
        path = self.resolve(root)
        if not path.exists():
            raise InputError(
                f"movie {movie}: {path} is not there any more; if it was moved, say so with: "
                f"napari-cellstate relink {root} {path} NEW"
            )
        if stamp(path) != self.stamp and fingerprint(path) != self.fingerprint:
            raise InputError(
                f"movie {movie}: {path} has changed since it was added; put the old file back, or add the new one "
                f"as a movie of its own; if it has grown by new frames: napari-cellstate grow {root} {movie}"
            )
        return path


class TracksReference(Reference):
    """A track table, with the columns that the user named ("" where found by themselves)."""

    track: str = ""
    time: str = ""
    y: str = ""
    x: str = ""
    time_unit: str = ""


class MovieEntry(BaseModel):
    """One movie of an experiment: where it is and what the user said about it.

    Attributes
    ----------
    name : its folder below ``movies``.
    images, labels, tracks : what was given; at least one.
    shape : (T, C, Y, X); C is 0 where there are no images.
    frames : first frame and the one after the last that are used, in the file's own numbers.
    roi : first and last + 1 row, first and last + 1 column of the region of interest, None for all; `shape`, labels,
        tables and positions are those of the region.
    grown_from : frame after the last that was used before the movie grew for the first time, 0 if it never did;
        settings are estimated from the frames before it, so that what was found there stays.
    reason : why only these frames, or this region; kept for whoever reads the results.
    channel : the channel to segment.
    dt_s, pixel_size_um : None where not known.
    times_s : true times of all frames, s, where their intervals are not alike; else ().
    about : whatever else was said of it, by name: well, position, treatment times, factors of the condition.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    images: Reference | None = None
    labels: Reference | None = None
    tracks: TracksReference | None = None
    shape: tuple[int, int, int, int]
    frames: tuple[int, int]
    channel: int = 0
    channels: tuple[str, ...] = ()
    dt_s: float | None = None
    pixel_size_um: float | None = None
    condition: str = ""
    replicate: str = ""
    times_s: tuple[float, ...] = ()
    about: dict[str, str] = {}
    roi: tuple[int, int, int, int] | None = None
    reason: str = ""
    grown_from: int = 0

    @property
    def used(self) -> str:
        """Which part of the file is used and why, in words; "" for all of it."""
        parts = []
        if self.frames != (0, self.shape[0]):
            parts.append(f"frames {self.frames[0]}:{self.frames[1]} of {self.shape[0]}")
        if self.roi is not None:
            parts.append("rows {}:{}, columns {}:{}".format(*self.roi))
        why = f" ({self.reason})" if self.reason else ""
        return f"movie {self.name}: only {' and '.join(parts)} in use{why}" if parts else ""

    @property
    def breaks(self) -> tuple[int, ...]:
        """Frames before which the frame interval is irregular."""
        return breaks(self.times_s)

    @property
    def references(self) -> tuple[Reference, ...]:
        """Everything it refers to."""
        return tuple(ref for ref in (self.images, self.labels, self.tracks) if ref is not None)


def _written(path: Path, root: Path) -> str:
    path, root = path.resolve(), root.resolve()
    if path.is_relative_to(root.parent):
        return Path(os.path.relpath(path, root)).as_posix()
    return path.as_posix()
