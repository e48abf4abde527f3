"""Whether a trained net and a classical pass see the same cells: a net fails silently on images unlike its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.families import Segmenter
from napari_cellstate.core.movie import Array, Movie
from napari_cellstate.methods.segment.threshold import Threshold
from napari_cellstate.metrics.segmentation import match

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SAME = 0.3
"""Least overlap (IoU) of two outlines of one cell: the two draw their outlines differently."""
_FRAMES = 3


@dataclass(frozen=True)
class Doubt:
    """How two ways differ on a frame.

    Attributes
    ----------
    cells : found by the net.
    classical : found by threshold and watershed.
    shared : found by both.
    """

    cells: int
    classical: int
    shared: int

    @property
    def serious(self) -> bool:
        """More than half of the cells of the one that found more are not shared."""
        return 2 * self.shared < max(self.cells, self.classical)

    def text(self, where: str) -> str:
        """What a user reads, with both ways named."""
        return (
            f"{where}: the net finds {self.cells} cells, threshold and watershed {self.classical}, and they share "
            f"{self.shared}; look at both results and take the better one"
        )


def doubt(image: Array, labels: NDArray[np.uint32], classical: Segmenter | None = None) -> Doubt:
    """Compare a net's labels of a frame with those of a classical method (threshold and watershed)."""
    other = (classical or Threshold()).segment(image)
    both = match(labels, other, _SAME)
    pairs = both.true_positives
    return Doubt(pairs + both.false_positives, pairs + both.false_negatives, pairs)


def doubted_frames(movie: Movie, read: Any) -> list[str]:
    """Warnings for the first, middle and last frame of a movie; `read[t]` gives its labels."""
    if movie.source is None or not len(movie.frames):
        return []
    classical = Threshold().estimated(movie)
    nth = np.unique(np.linspace(0, len(movie.frames) - 1, _FRAMES).round().astype(int))
    said = []
    for t in (movie.frames[int(at)] for at in nth):
        found = doubt(movie.image(t), np.asarray(read[t], np.uint32), classical)
        if found.serious:
            said.append(found.text(f"movie {movie.name}, frame {t}"))
    return said
