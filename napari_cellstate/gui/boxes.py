"""Boxes to choose from, filled anew without losing the choice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtpy.QtWidgets import QComboBox


def refill(box: QComboBox, names: Iterable[str], wanted: str | None = None) -> None:
    """Offer other names and keep what is chosen, or take `wanted`; the first where it is not among them. No signal."""
    kept = box.currentText() if wanted is None else wanted
    before = box.blockSignals(True)
    box.clear()
    box.addItems([str(name) for name in names])
    box.setCurrentIndex(max(0, box.findText(kept)))
    box.blockSignals(before)
