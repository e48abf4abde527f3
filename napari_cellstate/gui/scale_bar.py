"""The legend of colours that stand for numbers."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

_BAR = 10  # px


class ScaleBar(QWidget):
    """A bar of colours with words beneath its ends and its middle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colours: tuple[QColor, ...] = ()
        self.words: tuple[str, ...] = ()
        """As many as colours, from left to right."""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_BAR + self.fontMetrics().height() + 4)

    def show_scale(self, colours: Sequence[QColor], words: Sequence[str]) -> None:
        """Show another scale; none for no colours."""
        self.colours, self.words = tuple(colours), tuple(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        if not self.colours:
            return
        painter, wide = QPainter(self), float(self.width())
        blend = QLinearGradient(0.0, 0.0, wide, 0.0)
        last = max(len(self.colours) - 1, 1)
        for nth, colour in enumerate(self.colours):
            blend.setColorAt(nth / last, colour)
        painter.fillRect(QRectF(0, 0, wide, _BAR), blend)
        painter.setPen(self.palette().text().color())
        for nth, word in enumerate(self.words):
            align = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter)[nth > 0]
            align = Qt.AlignmentFlag.AlignRight if nth and nth == len(self.words) - 1 else align
            painter.drawText(QRectF(0, _BAR, wide, self.height() - _BAR), int(align), word)
        painter.end()
