"""A list of many lines: only those in sight cost anything."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QModelIndex, QStringListModel, Signal
from qtpy.QtWidgets import QAbstractItemView, QListView, QWidget


class Lines(QListView):
    """Lines of text, one of which is chosen.

    Signals
    -------
    chosen : number of the line that was chosen, by a click, a key or `choose`.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = QStringListModel(self)
        self.setModel(self._lines)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.selectionModel().currentChanged.connect(self._on_current)

    def show_lines(self, lines: Sequence[str]) -> None:
        """Show others; none is chosen, and nothing is signalled."""
        before = self.selectionModel().blockSignals(True)
        self._lines.setStringList(list(lines))
        self.selectionModel().blockSignals(before)
        self.setCurrentIndex(QModelIndex())

    def count(self) -> int:
        """Number of lines."""
        return self._lines.rowCount()

    def line(self, at: int) -> str:
        """One line."""
        return str(self._lines.stringList()[at])

    def current(self) -> int:
        """Number of the line that is chosen, -1 for none."""
        return self.currentIndex().row()

    def choose(self, at: int) -> None:
        """Choose a line."""
        self.setCurrentIndex(self._lines.index(at, 0))

    def _on_current(self, now: QModelIndex, _: QModelIndex) -> None:
        if now.isValid():
            self.chosen.emit(now.row())
