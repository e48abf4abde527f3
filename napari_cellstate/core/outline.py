"""The outline of one cell as a short text, and which cells it falls on."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.integer[Any]]

_SHARE = 0.5


def outline_of(plane: Plane, label: int) -> str:
    """A cell's mask as text: top, left, height and width of its box, and its pixels, packed; "" for no such cell.

    Parameters
    ----------
    plane : (Y, X) labels of its frame.
    """
    at = np.flatnonzero(plane == label)  # three times as fast as asking for both coordinates
    if not len(at):
        return ""
    y, x = np.divmod(at, plane.shape[1])
    top, left, height, width = int(y.min()), int(x.min()), int(np.ptp(y)) + 1, int(np.ptp(x)) + 1
    mask = np.zeros((height, width), np.bool_)
    mask[y - top, x - left] = True
    packed = base64.b85encode(zlib.compress(np.packbits(mask).tobytes(), 9)).decode()
    return f"{top},{left},{height},{width},{packed}"


def under(outline: str, plane: Plane) -> list[int]:
    """Labels of the cells that fit an outline: each of the two covers more than half of the other.

    Parameters
    ----------
    outline : as `outline_of` gives it.
    plane : (Y, X) labels of the same frame, of another segmentation maybe.
    """
    top, left, mask = _read(outline)
    part = plane[top : top + mask.shape[0], left : left + mask.shape[1]]
    inside = part[mask[: part.shape[0], : part.shape[1]]]
    labels, common = np.unique(inside[inside > 0], return_counts=True)
    near = common > _SHARE * mask.sum()
    return [
        int(label)
        for label, shared in zip(labels[near], common[near], strict=True)
        if shared > _SHARE * np.count_nonzero(plane == label)
    ]


def checked(outline: str) -> str:
    """The same text; ValueError where it is no outline."""
    if outline:
        _read(outline)
    return outline


def _read(outline: str) -> tuple[int, int, NDArray[np.bool_]]:
    """Top, left and mask."""
    try:
        *box, packed = outline.split(",", 4)
        top, left, height, width = map(int, box)
        bits = np.frombuffer(zlib.decompress(base64.b85decode(packed)), np.uint8)
        if len(bits) != -(-height * width // 8):
            raise ValueError(f"{len(bits)} bytes for {height} x {width} px")
        mask = np.unpackbits(bits, count=height * width).reshape(height, width).astype(np.bool_)
    except (ValueError, zlib.error) as error:
        raise ValueError(f"not an outline: {outline[:40]!r} ({error})") from None
    if min(top, left) < 0 or not mask.any():
        raise ValueError(f"not an outline: {outline[:40]!r}")
    return top, left, mask
