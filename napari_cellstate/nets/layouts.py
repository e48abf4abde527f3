"""Sizes of fully convolutional DenseNets: the published ones and smaller ones that ship."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """How many layers and maps a Tiramisu has.

    Attributes
    ----------
    growth : maps that each layer of a dense block adds.
    down : layers of each dense block on the way down; as many levels, each halving height and width.
    bottleneck : layers of the block at the lowest resolution.
    stem : maps of the first convolution.
    stem_stride : 1, or 2: the whole net works at half resolution and its last convolution makes 2 x 2 px at once.
    """

    growth: int
    down: tuple[int, ...]
    bottleneck: int
    stem: int = 48
    stem_stride: int = 1

    def __post_init__(self) -> None:
        counts = (self.growth, self.bottleneck, self.stem, *self.down)
        if not self.down or any(count < 1 for count in counts) or self.stem_stride not in (1, 2):
            raise ValueError(f"{self}: every count must be at least 1, down not empty, stem_stride 1 or 2")

    @property
    def up(self) -> tuple[int, ...]:
        """Layers of each block on the way up, lowest first: those of the way down, mirrored."""
        return self.down[::-1]

    @property
    def multiple(self) -> int:
        """Height and width inside the net are multiples of this, px."""
        return self.stem_stride << len(self.down)


LAYOUTS = {
    "56": Layout(growth=12, down=(4,) * 5, bottleneck=4),
    "67": Layout(growth=16, down=(5,) * 5, bottleneck=5),
    "103": Layout(growth=16, down=(4, 5, 7, 10, 12), bottleneck=15),
    "slim": Layout(growth=16, down=(2, 3, 3, 3, 4), bottleneck=4, stem=32),
    "slim-half": Layout(growth=16, down=(3, 3, 3, 4), bottleneck=4, stem=32, stem_stride=2),
    "wide-half": Layout(growth=32, down=(1, 2, 3, 3), bottleneck=3, stem=32, stem_stride=2),
}
"""56, 67 and 103: Jegou et al. 2017, arXiv 1611.09326, tables 1 and 2. The slim ones are ours, for a processor."""
