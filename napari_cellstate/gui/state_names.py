"""Names and colours of the states, to be changed by hand; page States shows it."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QColorDialog, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_cellstate.core.behavior import state_name
from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.edits.state_looks import ColourState, NameState
from napari_cellstate.gui.session import Session
from napari_cellstate.plots.colours import state_colour

_ROW, _HEAD, _MOST = 22, 28, 10
"""Heights in pixels, and the most rows that are shown at once."""


class StateNames(QTableWidget):
    """A row a state: its colour (double-click to choose another), its name (double-click to write another), its share.

    Signals
    -------
    failed : an exception.
    """

    failed = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(0, 3, parent)
        self._session = session
        self.setHorizontalHeaderLabels(["", "Name", "Share"])
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setMinimumSectionSize(_ROW)
        self.verticalHeader().setDefaultSectionSize(_ROW)
        header = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.setToolTip("Double-click a colour or a name to change it; legend, panels, tables and figures follow.")
        self.itemChanged.connect(self._on_item)
        self.itemDoubleClicked.connect(self._on_double)
        self.refresh()

    def refresh(self) -> None:
        """Show the states that were found."""
        experiment = self._session.experiment
        record = None if experiment is None else experiment.record("states")
        shares = [] if record is None else record.get("summary", {}).get("shares", [])
        self.blockSignals(True)
        self.setRowCount(len(shares))
        for row, share in enumerate(shares):
            state = row + 1
            swatch = QPixmap(14, 14)
            swatch.fill(QColor(state_colour(state)))
            colour, name, part = (
                QTableWidgetItem(),
                QTableWidgetItem(state_name(state)),
                QTableWidgetItem(f"{share:.0%}"),
            )
            colour.setIcon(QIcon(swatch))
            for item in (colour, part):
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            part.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column, item in enumerate((colour, name, part)):
                self.setItem(row, column, item)
        self.blockSignals(False)
        self.setFixedHeight(min(len(shares), _MOST) * _ROW + _HEAD)
        self.setVisible(bool(shares))

    def rename(self, state: int, name: str) -> None:
        """Call a state something; nothing for its usual name."""
        usual = f"state {state}"
        self._do(NameState, state=state, name="" if name.strip() == usual else name.strip())

    def recolour(self, state: int, colour: str) -> None:
        """Give a state a colour."""
        self._do(ColourState, state=state, colour=colour)

    def _do(self, cls: type[NameState] | type[ColourState], **values: object) -> None:
        try:
            self._session.edit(cls.model_validate(values))
        except (CellStateError, OSError) as error:
            self.failed.emit(error)
        except ValueError:  # of pydantic: too long, or signs that no name has
            self.failed.emit(CellStateError("A name has at most 60 signs, and no line breaks."))
        self.refresh()

    def _on_item(self, item: QTableWidgetItem) -> None:
        state = item.row() + 1
        if item.column() == 1 and item.text().strip() != state_name(state):
            self.rename(state, item.text())

    def _on_double(self, item: QTableWidgetItem) -> None:
        if item.column() == 0:
            state = item.row() + 1
            chosen = QColorDialog.getColor(QColor(state_colour(state)), self, f"Colour of {state_name(state)}")
            if chosen.isValid():
                self.recolour(state, chosen.name().upper())
