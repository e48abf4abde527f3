"""The last row of the dock: results out of the window, what it does as text, and help."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QApplication, QHBoxLayout, QMenu, QToolButton, QWidget

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.as_text import as_command, as_python
from napari_cellstate.gui.export_dialog import ExportDialog
from napari_cellstate.gui.keys import KeyHelp
from napari_cellstate.gui.preferences import preferences
from napari_cellstate.gui.session import Session


class Outlets(QWidget):
    """Export, Copy and Help.

    Signals
    -------
    work_asked : a function of `progress` that gives the files it wrote, and one to call with them.
    said : a line for the user.
    failed : an exception.
    """

    work_asked = Signal(object, object)
    said = Signal(str)
    failed = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self.stage = session, ""
        self.export_button = _button("Export ...", "Tables, masks, figures, a report, overlay movies")
        self.copy_button = _button("Copy", "What this page does, as Python or as a command")
        self.help_button = _button("Help", "Keys and mouse (F1)")
        menu = QMenu(self)
        self.copy_actions = {
            "python": menu.addAction("Copy as Python", partial(self.copy, "python")),
            "command": menu.addAction("Copy as command", partial(self.copy, "command")),
        }
        self.copy_button.setMenu(menu)
        self.copy_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for button in (self.export_button, self.copy_button):
            row.addWidget(button)
        row.addStretch()
        row.addWidget(self.help_button)
        self.export_button.clicked.connect(self.ask_export)
        self.help_button.clicked.connect(self.show_keys)

    def show_stage(self, stage: str) -> None:
        """Copy what the page of this stage does."""
        self.stage = stage

    def copy(self, what: str) -> None:
        """Put the text of the page that is shown on the clipboard."""
        experiment = self._session.experiment
        if experiment is None:
            return
        make = as_python if what == "python" else as_command
        try:
            text = make(experiment, self.stage, preferences().device)
        except CellStateError as error:
            self.failed.emit(error)
            return
        QApplication.clipboard().setText(text)
        self.said.emit(f"copied as {'Python' if what == 'python' else 'a command'}: it runs up to this stage")

    def ask_export(self) -> None:
        """Ask what to export."""
        experiment = self._session.experiment
        if experiment is None:
            return
        dialog = ExportDialog(experiment, self._session.movie, self)
        dialog.accepted.connect(lambda: self.work_asked.emit(dialog.work(), self._on_written))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def show_keys(self) -> None:
        """Show keys and gestures."""
        dialog = KeyHelp(self)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_written(self, paths: list[object]) -> None:
        parents = {str(getattr(path, "parent", "")) for path in paths}
        where = min(parents, key=len) if parents else ""
        self.said.emit(f"{len(paths)} files written into {where}")


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton(text=text)
    button.setToolTip(tip)
    return button
