"""Very many dots in a plot, painted as one image: pyqtgraph's own dots take two to three times as long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QRectF
from qtpy.QtGui import QColor, QImage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FORMAT = QImage.Format.Format_ARGB32_Premultiplied


class Cloud(pg.GraphicsObject):
    """Dots of a few colours.

    Parameters
    ----------
    radius : of a dot, in pixels of the screen.
    """

    def __init__(self, radius: float = 2.5) -> None:
        super().__init__()
        self.points: NDArray[np.float64] = np.empty((0, 2))
        self._radius = radius
        self._codes = np.empty(0, np.int64)
        self._colours: NDArray[np.uint32] = np.empty(0, np.uint32)
        self._bounds = QRectF()

    def set_dots(self, points: NDArray[np.float64], codes: NDArray[np.int64], colours: Sequence[str]) -> None:
        """Show other dots.

        Parameters
        ----------
        points : (N, 2); those that are not finite are left out.
        codes : (N,), number of the colour of each; where dots lie on each other, the last one is seen.
        colours : "#RRGGBB".
        """
        there = np.isfinite(points).all(axis=1)
        self.points, self._codes = np.ascontiguousarray(points[there]), codes[there]
        self._colours = np.array([QColor(colour).rgb() for colour in colours], np.uint32)
        low, high = (self.points.min(axis=0), self.points.max(axis=0)) if len(self.points) else (np.zeros(2),) * 2
        self.prepareGeometryChange()
        self._bounds = QRectF(low[0], low[1], max(high[0] - low[0], 1e-12), max(high[1] - low[1], 1e-12))
        self.informViewBoundsChanged()
        self.update()

    def boundingRect(self) -> QRectF:
        """Where dots are, and the half of a dot beyond."""
        pad_x, pad_y = (self._radius * (length or 0.0) for length in (self.pixelWidth(), self.pixelHeight()))
        return self._bounds.adjusted(-pad_x, -pad_y, pad_x, pad_y)

    def dataBounds(self, ax: int, frac: float = 1.0, orthoRange: Any = None) -> tuple[float, float] | None:
        """What an automatic range has to show."""
        if not len(self.points):
            return None
        return float(self.points[:, ax].min()), float(self.points[:, ax].max())

    def paint(self, painter: Any, *_: Any) -> None:
        """Stamp every dot into an image of the size of the screen's."""
        if not len(self.points):
            return
        device, to = painter.device(), painter.worldTransform()  # not deviceTransform: it knows of other widgets
        ratio = device.devicePixelRatioF()
        width, height = round(device.width() * ratio), round(device.height() * ratio)
        stamp = _stamp(self._radius * ratio)
        pad = int(np.abs(stamp).max(initial=0)) + 1
        x = np.rint((self.points[:, 0] * to.m11() + to.dx()) * ratio).astype(np.int64)
        y = np.rint((self.points[:, 1] * to.m22() + to.dy()) * ratio).astype(np.int64)
        seen = (x >= pad) & (x < width - pad) & (y >= pad) & (y < height - pad)
        image = np.zeros(width * height, np.uint32)
        image[y[seen] * width + x[seen]] = self._colours[self._codes[seen]]
        at = np.flatnonzero(image)  # far fewer than dots where these are many
        colour = image[at]
        for dy, dx in stamp:
            image[at + dy * width + dx] = colour
        picture = QImage(image.data, width, height, 4 * width, _FORMAT)
        painter.save()
        painter.resetTransform()
        painter.drawImage(QRectF(0, 0, width / ratio, height / ratio), picture)
        painter.restore()


def _stamp(radius: float) -> NDArray[np.int64]:
    """Offsets (y, x) of the pixels of a disc."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    inside = y**2 + x**2 <= radius**2
    return np.stack([y[inside], x[inside]], axis=1)


def pixels_away(plot: Any, place: Any, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels of the screen between a place of the plot and each point (N, 2), (N,)."""
    width, height = plot.plotItem.vb.viewPixelSize()
    return np.asarray(np.hypot((points[:, 0] - place.x()) / width, (points[:, 1] - place.y()) / height))
