"""A line that stays until it is read: errors and warnings, beside the work and not in front of it."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from napari_cellstate.plots.colours import state_colour


class Notice(QFrame):
    """Hidden where there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.action = QPushButton()
        self.action.clicked.connect(self._on_action)
        self._then: Callable[[], None] | None = None
        close = QToolButton(text="×", autoRaise=True)
        close.setToolTip("Put this away")
        close.clicked.connect(self.clear)
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 4, 2, 4)
        words = QVBoxLayout()
        words.addWidget(self.label)
        words.addWidget(self.action, 0, Qt.AlignmentFlag.AlignLeft)
        line.addLayout(words, 1)
        line.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_text(self, text: str, *, error: bool, action: str = "", then: Callable[[], None] | None = None) -> None:
        """Say something; errors have a red edge, warnings an orange one.

        Parameters
        ----------
        action, then : text of a button that helps, and what it does.
        """
        self._then = then
        self.action.setText(action)
        self.action.setVisible(bool(action))
        edge = state_colour(6) if error else state_colour(1)
        self.setStyleSheet(f"#notice {{ border: 1px solid {edge}; border-left: 4px solid {edge}; border-radius: 2px }}")
        self.label.setText(text if len(text) < 600 else text[:600] + " ...")
        self.label.setToolTip(text if len(text) >= 600 else "")
        self.show()

    def clear(self) -> None:
        """Say nothing."""
        self.label.setText("")
        self.hide()

    def _on_action(self) -> None:
        then = self._then
        self.clear()
        if then is not None:
            then()

    @property
    def text(self) -> str:
        """What it says."""
        return str(self.label.text())
