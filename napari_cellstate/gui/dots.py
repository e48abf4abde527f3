"""Status dots: told apart by shape as well as by colour."""

from __future__ import annotations

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from napari_cellstate.plots.colours import state_colour

TOOLTIPS = {
    "fresh": "done, and up to date",
    "given": "given with the movie: nothing to do",
    "missing": "not done yet",
    "stale": "done, but with other settings or another input: Run does it again",
    "edited": "done, up to date, and corrected by hand",
    "edits-at-risk": "out of date, and corrected by hand: Run asks before a correction is lost",
    "part": "done for some of the movies",
    "problem": "a file of this movie cannot be used",
}
_GREEN, _ORANGE, _BLUE, _RED = state_colour(3), state_colour(1), state_colour(2), state_colour(6)
_COLOURS = {
    "fresh": _GREEN,
    "edited": _GREEN,
    "given": _BLUE,
    "missing": "#888888",
    "stale": _ORANGE,
    "edits-at-risk": _ORANGE,
    "part": _GREEN,
    "problem": _RED,
}


def dot(status: str, size: int = 14) -> QIcon:
    """Disc: done; ring: missing; half: part; with "!": needs a look; with a dot in the middle: corrected by hand."""
    pixmap = QPixmap(size * 2, size * 2)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = QColor(_COLOURS.get(status, "#888888"))
    disc = QRectF(2.5, 2.5, size - 5, size - 5)
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush if status in ("missing", "part") else colour)
    painter.drawEllipse(disc)
    if status == "part":
        painter.setBrush(colour)
        painter.drawPie(disc, 90 * 16, 180 * 16)
    if status == "edited":
        painter.setBrush(QColor("#111111"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(QPointF(size / 2, size / 2), 1.6, 1.6)
    if status in ("stale", "edits-at-risk", "problem"):
        middle = size / 2
        painter.setPen(QPen(QColor("#111111"), 1.6))
        painter.drawLine(QPointF(middle, middle - 3), QPointF(middle, middle + 0.6))
        painter.drawPoint(QPointF(middle, middle + 2.8))
    painter.end()
    return QIcon(pixmap)
