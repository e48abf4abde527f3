"""Verdicts as cards: the question, one of three words, the effect, and how it was tested."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

_COLOURS = {
    "differs": ("#B3261E", "#FF8A80"),
    "same within the margin": ("#1B6E4B", "#7FD1A8"),
    "undecided": ("#6B6B6B", "#B5B5B5"),
}
"""On light and on dark ground."""


class Card(QFrame):
    """One question.

    Parameters
    ----------
    card : title, verdict, says, tested, looked_at.
    dark : whether it lies on dark ground.
    """

    def __init__(self, card: dict[str, Any], parent: QWidget | None = None, *, dark: bool = True) -> None:
        super().__init__(parent)
        self.verdict = str(card["verdict"])
        colour = _COLOURS.get(self.verdict, _COLOURS["undecided"])[dark]
        self.setObjectName("card")
        self.setStyleSheet(f"#card {{ border-left: 4px solid {colour}; padding: 2px; }}")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 4, 6, 4)
        column.setSpacing(1)
        question, _, how = str(card["title"]).partition("? ")
        title = _label(f"{question.rstrip('?')}?")
        title.setToolTip(how)
        word = _label(self.verdict)
        word.setStyleSheet(f"color: {colour}; font-weight: bold")
        more = f"  ({card['looked_at']} looked at)" if card["looked_at"] > 1 else ""
        said = _label(f"{card['says']}{more}")
        tested = _label(str(card["tested"]))
        tested.setStyleSheet("font-size: 9pt")
        for label in (title, word, said, tested):
            column.addWidget(label)


def _label(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
