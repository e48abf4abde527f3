"""A segmenter of one's own, in one file: it is known as soon as its module is imported."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

import napari_cellstate as cs
from napari_cellstate.core.families import Segmenter
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.movie import Array

if TYPE_CHECKING:
    from numpy.typing import NDArray


@register
class Cutoff(Segmenter):
    """Everything brighter than a share of the brightest pixel, touching pixels together."""

    kind: ClassVar[str] = "cutoff"
    title: ClassVar[str] = "Fixed cutoff"

    share: float = setting(0.4, "Share of the maximum", gt=0, le=1, step=0.05, help="Higher finds less.")

    def segment(self, image: Array) -> NDArray[np.uint32]:
        """Label the cells of one frame, (Y, X) to (Y, X) uint32."""
        from scipy import ndimage

        smooth = ndimage.gaussian_filter(image.astype(np.float32), 1.5)
        middle = np.median(smooth)
        noise = np.median(np.abs(smooth - middle))
        level = max(self.share * smooth.max(), middle + 10 * noise)  # a frame of noise alone has no cells
        return ndimage.label(smooth > level)[0].astype(np.uint32)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (movie,) = cs.simulate(
            Path(folder) / "movies", conditions={"young": 20.0}, replicates=1, frames=10, size=160, cells=8
        )
        exp = cs.new(Path(folder) / "own.cellstate")
        cs.add(exp, movie.path)
        cs.run(exp, cs.recipe_from({"segment": {"method": "cutoff", "share": 0.5}}), until="measure")
        print(exp.cells(exp.movies[0].name).groupby("frame").size().to_string())


if __name__ == "__main__":
    main()
