"""Many movies at once: a pattern over their names, and a table of what it reads, which can be corrected by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.planned import Planned, add_planned, plan_by_pattern
from napari_cellstate.gui.fields import Floating
from napari_cellstate.plots.colours import state_colour

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_cellstate.core.progress import Progress
    from napari_cellstate.experiment.store import Experiment

_COLUMNS = ("File", "Condition", "Replicate", "Name", "Problem")
_BY_HAND = {1: "condition", 2: "replicate", 3: "name"}
_PATTERNS = ("{condition}_{replicate}_*", "{condition}_{replicate}.*", "{condition}_*", "*")


class AddMany(QDialog):
    """Movies to be added to an experiment.

    Parameters
    ----------
    paths : files to read by a pattern.
    planned : movies that a table named, instead of `paths`.
    """

    def __init__(
        self,
        experiment: Experiment,
        paths: tuple[Path, ...] = (),
        planned: tuple[Planned, ...] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._experiment, self._paths, self._planned = experiment, paths, planned
        self.setWindowTitle("Add movies")
        self.pattern = QLineEdit(_first_that_fits(paths))
        self.pattern.setToolTip(
            "How the names are made: {condition}, {replicate} and {name} stand for what is read, * for anything. "
            "With / it is held against the folders above, too: {condition}/{replicate}/*"
        )
        self.dt = Floating(0.0, None, step=1.0, special="as the files say")
        self.pixel_size = Floating(0.0, None, step=0.01, special="as the files say")
        self.axes, self.channel = QComboBox(), QSpinBox()
        self.axes.addItem("as the files say", "")
        for axes in ("TYX", "TCYX", "CTYX", "YXT"):
            self.axes.addItem(" ".join(axes), axes)
        self.axes.setToolTip("Needed where the files do not name their axes: T time, C channel, Y and X.")
        self.channel.setToolTip("The channel in which cells are found, from 0.")
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setHorizontalHeaderLabels(list(_COLUMNS))
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.verticalHeader().setVisible(False)
        self._note = QLabel()
        self._note.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        if paths:
            form.addRow("Pattern", self.pattern)
        form.addRow("Axes", self.axes)
        form.addRow("Channel", self.channel)
        form.addRow("Frame interval (s)", self.dt)
        form.addRow("Pixel size (um)", self.pixel_size)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.table, 1)
        column.addWidget(self._note)
        column.addWidget(buttons)
        self.resize(640, 420)
        self.pattern.textChanged.connect(self._read)
        self.table.itemChanged.connect(self._on_item)
        self._read()

    def value(self) -> tuple[Planned, ...]:
        """What is to be added, as the table stands."""
        dt, size, axes = self.dt.value() or None, self.pixel_size.value() or None, str(self.axes.currentData())
        channel = self.channel.value()
        return tuple(
            replace(
                one,
                dt=one.dt or dt,
                pixel_size=one.pixel_size or size,
                axes=one.axes or axes,
                channel=one.channel or channel,
            )
            for one in self._planned
        )

    def work(self) -> Callable[[Progress], Experiment]:
        """What is to be done; it may run in another thread."""
        return partial(_added, self._experiment, self.value())

    def _read(self) -> None:
        """Read the names anew; what was corrected by hand is gone."""
        if self._paths:
            try:
                self._planned = plan_by_pattern(self._paths, self.pattern.text())
            except CellStateError as error:
                self._note.setText(str(error))
                self.ok.setEnabled(False)
                return
        self._show()

    def _show(self) -> None:
        self.table.blockSignals(True)
        self.table.setRowCount(len(self._planned))
        for row, one in enumerate(self._planned):
            for column, text in enumerate((one.path.name, one.condition, one.replicate, one.name, one.problem)):
                item = QTableWidgetItem(text)
                if column not in _BY_HAND:
                    item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                if column == len(_COLUMNS) - 1:
                    item.setForeground(QBrush(QColor(state_colour(6))))
                item.setToolTip(str(one.path) if column == 0 else text)
                self.table.setItem(row, column, item)
        self.table.blockSignals(False)
        wrong = sum(bool(one.problem) for one in self._planned)
        said = f"{len(self._planned)} movies; double-click a condition or replicate to correct it"
        self._note.setText(f"{wrong} of {len(self._planned)} files have a problem" if wrong else said)
        self.ok.setEnabled(not wrong and bool(self._planned))
        self.ok.setText(f"Add {len(self._planned)} movies")

    def _on_item(self, item: QTableWidgetItem) -> None:
        row, field = item.row(), _BY_HAND.get(item.column())
        if field is None:
            return
        changed = replace(self._planned[row], **{field: item.text().strip()})
        if changed.problem.startswith("does not fit"):
            changed = replace(changed, problem="")  # said by hand, what no pattern could read
        self._planned = (*self._planned[:row], changed, *self._planned[row + 1 :])
        self._show()


def _first_that_fits(paths: tuple[Path, ...]) -> str:
    """The first usual pattern that fits all names."""
    for pattern in _PATTERNS:
        if paths and all(not one.problem.startswith("does not fit") for one in plan_by_pattern(paths, pattern)):
            return pattern
    return _PATTERNS[-1]


def _added(experiment: Experiment, planned: tuple[Planned, ...], progress: Progress) -> Experiment:
    add_planned(experiment, planned, progress=progress)
    return experiment
