"""A net over pictures of any size: in tiles that overlap, as many at once as memory allows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from napari_cellstate.core.errors import InputError
from napari_cellstate.nets.tiramisu import pad_to_multiple


@dataclass(frozen=True)
class Tiling:
    """How a picture is cut.

    Attributes
    ----------
    side : px of a tile without its halo; pictures that are not larger than a tile with its halo stay whole.
    halo : px around a tile that are computed but not used, beside the blend.
    blend : px over which one tile fades into the next.
    batch : tiles at once, halved when memory does not suffice.
    """

    side: int = 768
    halo: int = 112
    blend: int = 16
    batch: int = 1

    @property
    def whole(self) -> int:
        """Side of a tile with its halo and blend."""
        return self.side + 2 * (self.halo + self.blend)


def over_tiles(net: Callable[[Tensor], Tensor], image: Tensor, tiling: Tiling, multiple: int = 32) -> Tensor:
    """What a net says about a whole picture.

    Parameters
    ----------
    net : (B, C, Y, X) to (B, K, Y, X).
    image : (1, C, Y, X), on the net's device.
    multiple : tiles begin at multiples of this, so that the net's own grid lies as in the whole picture; a tile with
        its halo and blend should be one.

    Returns
    -------
    (1, K, Y, X) float32. Equal to the net on the whole picture where the halo covers all that a pixel can see; with a
    smaller halo close to it.

    Raises
    ------
    InputError
        Memory does not suffice for a single tile.
    """
    height, width = image.shape[-2:]
    if max(height, width) <= tiling.whole:
        return _guarded(net, image, str(image.device)).float()
    image = pad_to_multiple(image, multiple)  # as the net does itself, so that the last tiles are like the others
    padded = (image.shape[-2], image.shape[-1])
    total: Tensor | None = None
    weights = torch.zeros((1, 1, *padded), device=image.device)
    boxes = list(_boxes(*padded, tiling, multiple))
    batch = tiling.batch
    while boxes:
        now, boxes = boxes[:batch], boxes[batch:]
        try:
            said = net(torch.cat([image[..., y : y + tiling.whole, x : x + tiling.whole] for y, x in now])).float()
        except torch.OutOfMemoryError:
            if batch == 1:
                raise InputError(_too_large(str(image.device))) from None
            boxes, batch = now + boxes, batch // 2
            if image.device.type == "cuda":
                torch.cuda.empty_cache()
            continue
        if total is None:
            total = torch.zeros((1, said.shape[1], *padded), device=image.device)
        for (y, x), one in zip(now, said, strict=True):
            weight = _weight(y, padded[0], tiling, image.device)[:, None] * _weight(x, padded[1], tiling, image.device)
            box = (..., slice(y, y + tiling.whole), slice(x, x + tiling.whole))
            total[box] += one * weight
            weights[box] += weight
    assert total is not None
    return (total / weights)[..., :height, :width]


def _boxes(height: int, width: int, tiling: Tiling, multiple: int) -> Iterator[tuple[int, int]]:
    """First row and column of every tile; all of one size, the last ones at the border."""
    for y in _starts(height, tiling, multiple):
        for x in _starts(width, tiling, multiple):
            yield y, x


def _starts(length: int, tiling: Tiling, multiple: int) -> list[int]:
    if length <= tiling.whole:
        return [0]
    step = max(multiple, tiling.side // multiple * multiple)
    count = math.ceil((length - tiling.whole) / step)
    return [min(nth * step, length - tiling.whole) for nth in range(count + 1)]


def _weight(start: int, length: int, tiling: Tiling, device: torch.device) -> Tensor:
    """How much a tile counts along one axis: 0 in the halo, rising over the blend; at the picture's border 1."""
    at = torch.arange(start, min(start + tiling.whole, length), device=device, dtype=torch.float32)
    rise = (at - start - tiling.halo + 1) / (tiling.blend + 1)
    fall = (start + tiling.whole - tiling.halo - at) / (tiling.blend + 1)
    one = torch.ones_like(at)
    left = one if start == 0 else rise.clamp(0, 1)
    right = one if start + tiling.whole >= length else fall.clamp(0, 1)
    return torch.minimum(left, right)


def _guarded(net: Callable[[Tensor], Tensor], image: Tensor, device: str) -> Tensor:
    try:
        return net(image)
    except torch.OutOfMemoryError:
        raise InputError(_too_large(device)) from None


def _too_large(device: str) -> str:
    return f"out of memory on {device} with a single tile; use the processor (device cpu)"
