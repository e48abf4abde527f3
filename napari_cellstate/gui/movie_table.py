"""The table of movies: condition, replicate and whatever else is said of each, by hand or from CSV."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.movie_table import movie_table, set_movie_table, update_from_table
from napari_cellstate.experiment.store import Experiment

_FIXED = ("movie", "dt_s", "pixel_size_um")
"""Columns that are shown and not edited here: the stages depend on them."""


class MovieTable(QDialog):
    """Edits what is said of movies.

    Signals
    -------
    changed : something else is said now.
    failed : an exception to tell the user about.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, experiment: Experiment, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._experiment = experiment
        self.setWindowTitle("Table of movies")
        self.table = QTableWidget()
        self.csv_button, self.column_button = QPushButton("From CSV ..."), QPushButton("+ column")
        self.csv_button.setToolTip("A row a movie; columns movie, condition, replicate, well, drug, ...")
        self.column_button.setToolTip("Such as drug, well, or hours after treatment; can be compared by")
        self.says = QLabel("A replicate is an animal, a donor, a day: the n of every test.")
        self.says.setWordWrap(True)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel, parent=self
        )
        row = QHBoxLayout()
        row.addWidget(self.csv_button)
        row.addWidget(self.column_button)
        row.addStretch()
        column = QVBoxLayout(self)
        column.addWidget(self.says)
        column.addWidget(self.table, 1)
        column.addLayout(row)
        column.addWidget(buttons)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.csv_button.clicked.connect(self._on_csv)
        self.column_button.clicked.connect(self._on_column)
        self.resize(640, 420)
        self._read()

    def accept(self) -> None:
        """Say it of the movies, and close."""
        try:
            changed = set_movie_table(self._experiment, self._said())
        except CellStateError as error:
            self.says.setText(str(error))
            return
        super().accept()
        if changed:
            self.changed.emit()

    def load(self, path: Path) -> None:
        """Take what a table says; nothing where something in it is wrong, which is then shown."""
        try:
            changed = update_from_table(self._experiment, path)
        except CellStateError as error:
            self.says.setText(str(error))
            return
        self.says.setText(f"{path.name}: {len(changed)} movies changed.")
        self._read()
        if changed:
            self.changed.emit()

    def add_column(self, name: str) -> None:
        """Add an empty column."""
        headers = [self.table.horizontalHeaderItem(nth).text() for nth in range(self.table.columnCount())]
        if not name or name in headers:
            return
        self.table.setColumnCount(len(headers) + 1)
        self.table.setHorizontalHeaderItem(len(headers), QTableWidgetItem(name))
        for row in range(self.table.rowCount()):
            self.table.setItem(row, len(headers), QTableWidgetItem(""))

    def _read(self) -> None:
        found = movie_table(self._experiment)
        self.table.setColumnCount(len(found.columns))
        self.table.setRowCount(len(found))
        self.table.setHorizontalHeaderLabels([str(name) for name in found.columns])
        for row, values in enumerate(found.itertuples(index=False)):
            for column, (name, value) in enumerate(zip(found.columns, values, strict=True)):
                text = "" if value is None or value != value else str(value)
                item = QTableWidgetItem(text)
                if name in _FIXED:
                    item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                self.table.setItem(row, column, item)
        self.table.resizeColumnsToContents()

    def _said(self) -> dict[str, dict[str, str]]:
        """What the table says of each movie, by name."""
        names = [self.table.horizontalHeaderItem(nth).text() for nth in range(self.table.columnCount())]
        said = {}
        for row in range(self.table.rowCount()):
            cells = {name: self.table.item(row, nth).text().strip() for nth, name in enumerate(names)}
            said[cells["movie"]] = {name: text for name, text in cells.items() if name not in _FIXED}
        return said

    def _on_csv(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "A table with a row a movie", "", "Tables (*.csv *.tsv *.parquet)")
        if path:
            self.load(Path(path))

    def _on_column(self) -> None:
        name, said = QInputDialog.getText(self, "Another column", "Name, such as drug or well:")
        if said:
            self.add_column(name.strip())
