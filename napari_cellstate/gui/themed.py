"""Plots in the colours of the window."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QSizePolicy, QWidget


def themed_plot(*, axes: bool = True) -> Any:
    """An empty plot that takes the room there is."""
    plot = pg.PlotWidget()
    plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
    plot.setMinimumHeight(160)
    plot.setMenuEnabled(False)
    for name in ("left", "bottom"):
        plot.getAxis(name).enableAutoSIPrefix(False)
    if not axes:
        plot.hideAxis("left")
        plot.hideAxis("bottom")
    return plot


def wear_theme(plot: Any, widget: QWidget) -> QColor:
    """Give a plot the colours of a widget; the colour of text is handed back."""
    palette = widget.palette()
    ink = palette.text().color()
    plot.setBackground(palette.window().color())
    for name in ("left", "bottom"):
        axis = plot.getAxis(name)
        axis.setPen(ink)
        axis.setTextPen(ink)
    return ink


def faint(colour: str | QColor, share: float) -> QColor:
    """A colour that lets so much through."""
    made = QColor(colour)
    made.setAlphaF(share)
    return made
