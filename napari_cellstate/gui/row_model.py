"""A table of many rows for Qt: only what is in sight is made into text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from napari_cellstate.experiment.window_table import WindowTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROLE = Qt.ItemDataRole


class RowModel(QAbstractTableModel):
    """The rows of a feature table that are shown, in their order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.found: WindowTable | None = None
        self.rows = np.empty(0, np.int64)
        self.names: list[str] = []
        self._columns: dict[str, NDArray[Any]] = {}

    def show(self, found: WindowTable | None, rows: NDArray[np.int64]) -> None:
        """Show other rows, or another table."""
        self.beginResetModel()
        if found is not self.found:
            self._columns = {}
            self.names = [] if found is None else list(map(str, found.table.columns))
        self.found, self.rows = found, rows
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Rows that are shown."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Columns of the table."""
        return 0 if parent is not None and parent.isValid() else len(self.names)

    def data(self, index: QModelIndex, role: int = _ROLE.DisplayRole) -> Any:
        """Text of a place; missing numbers are blank."""
        if role == _ROLE.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role != _ROLE.DisplayRole or self.found is None:
            return None
        name = self.names[index.column()]
        if name not in self._columns:
            self._columns[name] = self.found.values(name)
        value = self._columns[name][self.rows[index.row()]]
        if isinstance(value, float | np.floating):
            return "" if np.isnan(value) else f"{value:.5g}"
        return str(value)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        """Name of a column, and what it is as its tooltip."""
        if orientation != Qt.Orientation.Horizontal or self.found is None:
            return None
        name = self.names[section]
        if role == _ROLE.DisplayRole:
            unit = self.found.unit.get(name, "")
            return f"{name}\n{unit}" if unit else name
        return self.found.said.get(name, name) if role == _ROLE.ToolTipRole else None
