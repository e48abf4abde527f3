"""Undo and redo of corrections by hand, each saying what it would do."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QToolButton, QWidget

from napari_cellstate.core.edits import Edit, History
from napari_cellstate.core.errors import CellStateError
from napari_cellstate.gui.session import Session


class UndoButtons(QWidget):
    """Two buttons that follow the journal of the open experiment.

    Signals
    -------
    failed : an exception to tell the user about.
    """

    failed = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.undo_button, self.redo_button = QToolButton(text="undo"), QToolButton(text="redo")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        row.addWidget(self.undo_button)
        row.addWidget(self.redo_button)
        self.undo_button.clicked.connect(lambda: self._try(session.undo))
        self.redo_button.clicked.connect(lambda: self._try(session.redo))
        session.experiment_changed.connect(self.refresh)
        session.edited.connect(self.refresh)
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Say what can be undone and redone."""
        experiment, history = self._session.experiment, History()
        if experiment is not None:
            try:
                history = experiment.history
            except CellStateError as error:
                self.failed.emit(error)
        _show(self.undo_button, "Undo", history.done)
        _show(self.redo_button, "Redo", history.undone)

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except (CellStateError, OSError) as error:
            self.failed.emit(error)


def _show(button: QToolButton, verb: str, edits: tuple[Edit, ...]) -> None:
    button.setEnabled(bool(edits))
    button.setVisible(bool(edits) or verb == "Undo")
    what = f"{verb}: {edits[-1].words()}" if edits else f"No correction by hand to {verb.lower()}"
    button.setToolTip(what)
