"""Segmentation by a trained net."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from pydantic import model_validator

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Segmenter
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.movie import Array, Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.learn import models

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellstate.methods.segment._cells.model import CellNet

_FRAMES = 3
_QUICK_FROM = 30
"""Frames of a movie from which the seconds that OpenVINO needs to prepare are worth it."""


@register
class TiramisuSegmenter(Segmenter):
    """A fully convolutional DenseNet that says what belongs to a cell and where its middle is, then a watershed.

    Notes
    -----
    The frame is resized until a typical cell has the size that the net learnt from; brightness, contrast and polarity
    need no setting. What the shipped weights learnt from, and how they score, stands in docs/models.md. They are one
    laboratory's phase contrast and many laboratories' nuclei: look at the result.
    """

    kind: ClassVar[str] = "tiramisu"
    title: ClassVar[str] = "Tiramisu (trained net)"
    learnt: ClassVar[bool] = True

    model: str = setting(
        models.DEFAULT, "Model", help="Name of a model (napari-cellstate models lists them), or the folder of one."
    )
    diameter: float = setting(
        0.0,
        "Cell diameter",
        unit="px",
        ge=0,
        le=2000,
        step=1.0,
        estimated=True,
        help="Typical width of a cell (of a disc of its area); 0 estimates it. Less finds smaller things.",
    )
    weights: str = setting(
        "",
        "Weights",
        rare=True,
        help="Digest of the model's weights, filled in by itself; other weights under the same name are refused. "
        "Empty takes what the model has.",
    )

    @model_validator(mode="before")
    @classmethod
    def _name_weights(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("weights"):
            return values
        name = values.get("model", models.DEFAULT)
        return {**values, "weights": models.model_digest(name) if isinstance(name, str) else ""}

    def estimated(self, movie: Movie) -> Self:
        """The same method with the diameter read from three frames of the movie, where it is 0."""
        if self.diameter or not len(movie.frames):
            return self
        from napari_cellstate.methods.segment._cells.predict import estimate

        nth = np.unique(np.linspace(0, len(movie.frames) - 1, _FRAMES).round().astype(int))
        found = estimate(self.load("auto"), [movie.image(movie.frames[int(at)]) for at in nth])
        return type(self)(**{**self.model_dump(), "diameter": min(round(found, 1), 2000.0)})

    def segment(self, image: Array) -> NDArray[np.uint32]:
        """Label the cells of one frame; a diameter not estimated yet is estimated from it alone.

        Parameters
        ----------
        image : (Y, X), any real dtype, finite.

        Returns
        -------
        (Y, X) uint32; cells are numbered from 1 in the order of their first pixel, row by row.
        """
        return self._labels(image, "auto")

    def frames(self, movie: Movie, frames: Sequence[int], runtime: Runtime) -> Iterator[NDArray[np.uint32]]:
        """Labels of the given frames, one by one, on the runtime's device; in OpenVINO where that pays."""
        quick = len(movie.frames) >= _QUICK_FROM  # by the movie, so that a run that goes on does not change ways
        for t in frames:
            yield self._labels(movie.image(t), runtime.device, quick=quick)

    def load(self, device: str, *, quick: bool = False) -> CellNet:
        """The net with its weights.

        Parameters
        ----------
        quick : in OpenVINO, where it is installed and the device is the processor.

        Raises
        ------
        InputError
            No such model, a damaged one, or other weights than the settings name.
        """
        from napari_cellstate.methods.segment._cells.model import read

        net = read(models.find_model(self.model), device, quick=quick)
        if self.weights and net.digest != self.weights:
            raise InputError(
                f"model {self.model}: expected weights {self.weights[:12]}, found {net.digest[:12]}; get the model "
                'that was used, or set weights = "" to take this one'
            )
        return net

    def _labels(self, image: Array, device: str, *, quick: bool = False) -> NDArray[np.uint32]:
        if not image.size:
            return np.zeros(image.shape, np.uint32)
        from napari_cellstate.methods.segment._cells.predict import predict

        return predict(self.load(device, quick=quick), image, self.diameter).labels()
