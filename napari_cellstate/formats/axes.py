"""From the axes of a file to frames and channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array

NAMED = "TCZYX"
PROJECTIONS = ("max", "mean")


@dataclass(frozen=True)
class Layout:
    """Where the plane of each frame and channel lies in a file whose planes are in a row.

    Attributes
    ----------
    shape : (T, C, Y, X).
    frame_step, channel_step : planes from one frame, or channel, to the next.
    named : False where the file does not say what its axes are and a convention was used.
    depth, depth_step : planes of each z-stack, and from one of them to the next.
    project : what is made of a z-stack, "max" or "mean"; "" where there is none.
    """

    shape: tuple[int, int, int, int]
    frame_step: int
    channel_step: int
    named: bool
    depth: int = 1
    depth_step: int = 0
    project: str = ""

    def read(self, t: int, c: int, plane: Callable[[int], Array]) -> Array:
        """Frame `t` of channel `c`, (Y, X): its plane, or the projection of its z-stack.

        Parameters
        ----------
        plane : gives the plane of a number.

        Notes
        -----
        A mean is float32, a maximum as stored.
        """
        first = self.plane(t, c)
        if not self.project:
            return plane(first)
        result = plane(first)
        result = result.astype(np.float64) if self.project == "mean" else result
        for z in range(1, self.depth):
            other = plane(first + z * self.depth_step)
            result = np.maximum(result, other) if self.project == "max" else result + other
        return np.asarray(result / self.depth, np.float32) if self.project == "mean" else result

    def pixels(self, stored: np.dtype[Any]) -> np.dtype[Any]:
        """What `read` gives where the file holds `stored`."""
        return np.dtype(np.float32) if self.project == "mean" else stored

    def plane(self, t: int, c: int) -> int:
        """Number of the plane of frame `t` and channel `c`; InputError where there is none."""
        frames, channels = self.shape[:2]
        if not (0 <= t < frames and 0 <= c < channels):
            raise InputError(f"no frame {t}, channel {c}; found {frames} frames and {channels} channels, from 0")
        return t * self.frame_step + c * self.channel_step


def lay_out(
    found: str,
    shapes: tuple[tuple[int, ...], ...],
    *,
    axes: str,
    time_given: bool,
    where: str,
    project: str = "",
) -> Layout:
    """Decide which axis is what.

    Parameters
    ----------
    found : a letter for each axis of the file, slowest first: T, C, Z, Y, X where the file names it, S for samples
        of a pixel, any other letter where it does not.
    shapes : shape of the file under `found`; further ones are other ways to count the same planes (with axes of
        length 1), which `axes` may mean.
    axes : what the user says, such as "TCYX"; it wins over the file.
    time_given : the user gave a frame interval, so a single axis without a name is time.
    where : the file, for messages.
    project : "max" or "mean" to make one plane of each z-stack; "" refuses z-stacks.

    Raises
    ------
    InputError
        Colour images, z-stacks without a projection, a projection without a z-stack, axes that cannot be told, or
        `axes` that do not fit.
    """
    _refuse_colour(found, shapes[0], where, told=bool(axes))
    if axes:
        letters, shape = _as_told(axes.upper(), shapes, where)
        named = True
    else:
        letters, shape, named = _as_found(found, shapes[0], time_given=time_given, where=where)
    depth = dict(zip(letters, shape, strict=True)).get("Z", 1)
    if project:
        _check_projection(project, depth, letters, where)
    else:
        _refuse_stack(letters, shape, where, told=bool(axes))
    if letters[-2:] != "YX":
        raise InputError(f"{where}: axes {letters}; expected Y and X to be the last two; save it as TCYX")
    size = dict(zip(letters, shape, strict=True))
    step = {letter: prod(shape[at + 1 : -2]) for at, letter in enumerate(letters)}
    return Layout(
        (size.get("T", 1), size.get("C", 1), size["Y"], size["X"]),
        step.get("T", 0),
        step.get("C", 0),
        named,
        depth,
        step.get("Z", 0),
        project,
    )


def _refuse_colour(found: str, shape: tuple[int, ...], where: str, *, told: bool) -> None:
    samples = dict(zip(found, shape, strict=True)).get("S", 1)
    apart = found == "SYX"  # some writers store any stack of 3 or 4 planes as the colours of one image
    if samples > 1 and not (apart and told):
        hint = "; if these are frames, give --axes TYX" if apart else ""
        raise InputError(
            f"{where}: a colour image ({samples} samples a pixel, axes {found}, shape {shape}); expected one number a "
            f"pixel; save its channels as separate planes (axes TCYX), or as grey{hint}"
        )


def _as_told(axes: str, shapes: tuple[tuple[int, ...], ...], where: str) -> tuple[str, tuple[int, ...]]:
    """What the user says, if it fits."""
    wrong = [letter for letter in axes if letter not in NAMED or axes.count(letter) > 1]
    if wrong or "Y" not in axes or "X" not in axes:
        raise InputError(
            f"{where}: axes {axes!r}; expected each of Y and X once, and T, C, Z at most once: --axes TCYX"
        )
    for shape in shapes:
        if len(shape) == len(axes):
            return axes, shape
    raise InputError(
        f"{where}: axes {axes!r} names {len(axes)} axes, but the file has {len(shapes[0])} (shape {shapes[0]}); "
        "give --axes one letter for each"
    )


def _as_found(found: str, shape: tuple[int, ...], *, time_given: bool, where: str) -> tuple[str, tuple[int, ...], bool]:
    """What the file says; one axis without a name is time if the user gave a frame interval."""
    kept = [(letter, n) for letter, n in zip(found, shape, strict=True) if n > 1 or letter in "YX"]
    letters, sizes = "".join(letter for letter, _ in kept), tuple(n for _, n in kept)
    unnamed = [letter for letter in letters if letter not in NAMED]
    if not unnamed:
        return letters, sizes, True
    if len(letters) == 3 and letters[1:] == "YX":
        if time_given:
            return "TYX", sizes, False
        raise InputError(
            f"{where}: shape {sizes}, and the file does not say what the first axis is; "
            "if it is time, give --axes TYX, or the frame interval with --dt"
        )
    example = "TCYX" if len(letters) == 4 else "TCZYX"
    raise InputError(
        f"{where}: shape {sizes}, and the file does not say what its axes are; name them, such as --axes {example}"
    )


def _check_projection(project: str, depth: int, letters: str, where: str) -> None:
    if project not in PROJECTIONS:
        raise InputError(f"{where}: projection {project!r}; expected {' or '.join(PROJECTIONS)}")
    if depth == 1:
        raise InputError(f"{where}: --project {project}, but there is no z-stack in it (axes {letters}); leave it out")


def _refuse_stack(letters: str, shape: tuple[int, ...], where: str, *, told: bool) -> None:
    depth = dict(zip(letters, shape, strict=True)).get("Z", 1)
    if depth == 1:
        return
    hint = "" if told or "T" in letters else f"; if Z is time in truth, give --axes {letters.replace('Z', 'T')}"
    raise InputError(
        f"{where}: a z-stack ({depth} planes, axes {letters}, shape {shape}); expected one plane a frame: "
        f"say what to make of each stack, --project max or --project mean{hint}"
    )
