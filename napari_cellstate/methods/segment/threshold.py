"""Classical segmentation: a threshold, then a watershed that parts touching cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np

from napari_cellstate.core.families import Segmenter
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.movie import Array, Movie
from napari_cellstate.methods.segment import _estimate, _levels, _prepare, _tidy, _watershed

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FRAMES = 5
_WIDEST = 2000.0  # px
_NO_CELLS = 20.0  # px, the diameter where nothing tells it
_SMOOTHING = 0.06  # of the diameter; a compromise between noise and rounded outlines
_SMALLEST, _LARGEST = 0.25, 25.0  # of the area of a disc
_PINHOLE = 0.1  # of the area of a disc; larger ones are filled once cells are parted, not the gaps between them


@register
class Threshold(Segmenter):
    """Pixels above a threshold, holes filled, parted where a clump has a neck.

    Notes
    -----
    A frame in which nothing stands out from the noise gives no cells. The threshold is found anew in every frame,
    so bleaching does no harm; size and polarity are estimated once, from five frames of the movie.
    """

    kind: ClassVar[str] = "threshold"
    title: ClassVar[str] = "Threshold and watershed"
    estimates_read: ClassVar[tuple[str, ...] | None] = ("threshold", "polarity", "diameter")

    threshold: Literal["otsu", "li", "local"] = setting(
        "local",
        "Threshold",
        help="local follows the brightness around each cell and suits most movies; li is one threshold for the "
        "frame that keeps faint cells; otsu is one that keeps bright cells only.",
    )
    polarity: Literal["auto", "bright", "dark"] = setting(
        "auto", "Cells are", help="Whether cells are brighter or darker than the background; auto asks the histogram."
    )
    diameter: float = setting(
        0.0,
        "Cell diameter",
        unit="px",
        ge=0,
        le=_WIDEST,
        step=1.0,
        estimated=True,
        help="Typical width of a cell; 0 estimates it. More looks at a wider neighbourhood and parts clumps less; "
        "less keeps smaller things and parts more.",
    )
    smoothing: float = setting(
        0.0,
        "Smoothing",
        unit="px",
        ge=0,
        le=50,
        step=0.1,
        estimated=True,
        rare=True,
        help="Sigma of the Gaussian before the threshold; 0 takes 6 % of the diameter. More finds fainter cells and "
        "rounds their outlines; 0.1 is as good as none.",
    )
    even_background: bool = setting(
        True, "Even out the background", help="Take away a smooth background (uneven light, vignetting) first."
    )
    contrast: float = setting(
        6.0,
        "Least contrast",
        ge=0,
        le=1000,
        step=0.5,
        help="How many times the noise the brightest spot of a cell must stand above the background; more leaves "
        "out faint cells, less lets noise in.",
    )
    neck: float = setting(
        0.85,
        "Parting",
        ge=0,
        le=1,
        step=0.05,
        help="Two parts of a clump are two cells where their border is narrower than this share of the thinner "
        "one's width; more parts more, 0 never parts.",
    )
    fill_holes: bool = setting(True, "Fill holes", rare=True, help="Fill holes smaller than half a cell.")
    min_area: int = setting(
        0,
        "Smallest area",
        unit="px^2",
        ge=0,
        le=10**9,
        estimated=True,
        help="Smaller things are not cells; 0 takes a disc of half the cell diameter.",
    )
    max_area: int = setting(
        0,
        "Largest area",
        unit="px^2",
        ge=0,
        le=10**9,
        estimated=True,
        rare=True,
        help="Larger things are not cells; 0 takes 25 discs of the cell diameter.",
    )
    clear_border: bool = setting(
        False, "Leave out cells at the border", rare=True, help="Leave out cells that touch the border of the image."
    )

    def estimated(self, movie: Movie) -> Self:
        """Fill every setting that says "estimate" from five frames spread over the movie."""
        if self._is_complete or not len(movie.frames):
            return self
        nth = np.unique(np.linspace(0, len(movie.frames) - 1, _FRAMES).round().astype(int))
        return self._completed([movie.image(movie.frames[int(at)]) for at in nth])

    def segment(self, image: Array) -> NDArray[np.uint32]:
        """Label the cells of one frame; settings not estimated yet are estimated from it alone.

        Parameters
        ----------
        image : (Y, X), any real dtype, finite.

        Returns
        -------
        (Y, X) uint32; cells are numbered from 1 in the order of their first pixel, row by row.
        """
        if not image.size:
            return np.zeros(image.shape, np.uint32)
        return self._labels(image) if self._is_complete else self._completed([image]).segment(image)

    @property
    def _is_complete(self) -> bool:
        return self.polarity != "auto" and all((self.diameter, self.smoothing, self.min_area, self.max_area))

    def _completed(self, images: Sequence[Array]) -> Self:
        """The same method with nothing left to estimate."""
        dark = _estimate.darker(images) if self.polarity == "auto" else self.polarity == "dark"
        seen = min(round(_estimate.diameter(images, self.threshold, dark=dark), 1), _WIDEST) if not self.diameter else 0
        diameter = self.diameter or seen or _NO_CELLS
        disc = np.pi / 4 * diameter**2
        values = {
            "polarity": "dark" if dark else "bright",
            "diameter": diameter,
            "smoothing": self.smoothing or round(min(max(_SMOOTHING * diameter, 0.7), 2.5), 2),
            "min_area": self.min_area or max(1, round(_SMALLEST * disc)),
            "max_area": self.max_area or max(1, round(_LARGEST * disc)),
        }
        return type(self)(**{**self.model_dump(), **values})

    def _labels(self, image: Array) -> NDArray[np.uint32]:
        signal = _prepare.prepared(image, self.smoothing, dark=self.polarity == "dark", even=self.even_background)
        mask, level = _levels.foreground(signal, self.threshold, self.diameter)
        disc = np.pi / 4 * self.diameter**2
        if self.fill_holes:
            mask = _tidy.without_pinholes(mask, _PINHOLE * disc)
        parts, _ = _watershed.split(mask, self.diameter, self.neck)
        if self.fill_holes:
            parts = _tidy.filled(parts, disc / 2)
        n = int(parts.max())
        area = np.bincount(parts.ravel(), minlength=n + 1)
        keep = (area >= self.min_area) & (area <= self.max_area)
        keep &= level.is_cell(_tidy.highest_in(parts, signal, n), self.contrast)
        if self.clear_border:
            keep[_tidy.at_border(parts)] = False
        return _tidy.numbered(parts, keep)
