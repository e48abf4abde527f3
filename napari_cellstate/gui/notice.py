"""A line that stays until it is read: errors and warnings, beside the work and not in front of it."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

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
        close = QToolButton(text="×", autoRaise=True)
        close.setToolTip("Put this away")
        close.clicked.connect(self.clear)
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 4, 2, 4)
        line.addWidget(self.label, 1)
        line.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_text(self, text: str, *, error: bool) -> None:
        """Say something; errors have a red edge, warnings an orange one."""
        edge = state_colour(6) if error else state_colour(1)
        self.setStyleSheet(f"#notice {{ border: 1px solid {edge}; border-left: 4px solid {edge}; border-radius: 2px }}")
        self.label.setText(text if len(text) < 600 else text[:600] + " ...")
        self.label.setToolTip(text if len(text) >= 600 else "")
        self.show()

    def clear(self) -> None:
        """Say nothing."""
        self.label.setText("")
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return str(self.label.text())
