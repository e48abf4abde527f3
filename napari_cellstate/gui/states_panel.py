"""What each state is like: its five telling features, a suggested name, typical cells as little movies; corrections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QTimer, Signal
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_cellstate.core.behavior import state_name
from napari_cellstate.core.edits import Edit
from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.behaviours import DescribedStates, describe_states
from napari_cellstate.experiment.edits.state_looks import NameState, NoteState, notes_of
from napari_cellstate.experiment.edits.states import MergeStates, OrderStates, SplitState
from napari_cellstate.experiment.exemplars import cell_movies
from napari_cellstate.experiment.labelling import LabelPlaces
from napari_cellstate.gui.panel import Panel, stamp
from napari_cellstate.gui.session import Pick, Session

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellstate.core.progress import Progress

_ACROSS, _EXEMPLARS, _SIDE = 4, 8, 72


@dataclass(frozen=True, eq=False)
class Typical:
    """Profiles, and the little movies of one state."""

    described: DescribedStates
    state: int
    movies: NDArray[np.uint8]


class _Cell(QLabel):
    clicked = Signal()

    def mousePressEvent(self, event: object) -> None:
        """Tell that it was clicked."""
        self.clicked.emit()


class StatesPanel(Panel):
    """One state at a time."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.found: Typical | None = None
        self._stamp: tuple[str, str] | None = None
        self.state, self.other = QComboBox(), QComboBox()
        self.show_button = QPushButton("Show")
        self.name_button, self.merge_button = QPushButton("Use the name"), QPushButton("Merge with")
        self.split_button, self.up_button = QPushButton("Split"), QPushButton("Move up")
        self.teach_button = QPushButton("The chosen cell is in this state")
        self.teach_button.setToolTip("For states taught by example; the tool Label states does it with one key.")
        self.note = QLineEdit()
        self.note.setPlaceholderText("your note on this state")
        self.note.setToolTip("What you know of this state; it is kept with the experiment and in the report.")
        self.says, self.telling = QLabel(), QLabel()
        self.cells = [_Cell() for _ in range(_EXEMPLARS)]
        self._time = 0
        self.timer = QTimer(self)
        self.timer.setInterval(180)
        self._build()
        self.timer.timeout.connect(self._step)
        self.show_button.clicked.connect(self._ask)
        self.name_button.clicked.connect(self._name)
        self.merge_button.clicked.connect(lambda: self._edit(MergeStates(states=[self._state(), self._other()])))
        self.split_button.clicked.connect(lambda: self._edit(SplitState(state=self._state())))
        self.up_button.clicked.connect(self._move_up)
        self.teach_button.clicked.connect(self._teach)
        self.state.currentIndexChanged.connect(self._on_state)
        self.note.editingFinished.connect(self._write_note)

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment = self._session.experiment
        record = experiment.record("states") if experiment is not None else None
        now = stamp(self._session, "states")
        kept = self.found is not None and now is not None and now == self._stamp
        self._stamp = now
        k = int(record["summary"].get("states", 0)) if record else 0
        for box in (self.state, self.other):
            wanted = box.currentIndex()
            box.clear()
            box.addItems([state_name(one) for one in range(1, k + 1)])
            box.setCurrentIndex(min(max(wanted, 0), k - 1))
        self.note.setEnabled(k > 0)
        self._on_state()
        for button in (self.show_button, self.name_button, self.split_button, self.up_button, self.teach_button):
            button.setEnabled(k > 0)
        self.merge_button.setEnabled(k > 1)
        if kept:
            return
        self.timer.stop()
        self.found = None
        self.telling.setText("")
        for cell in self.cells:
            cell.clear()
        doubtful = int(record["summary"].get("doubtful", 0)) if record else 0
        said = f"{doubtful:,} of {record['summary']['rows']:,} windows are doubtful and drawn faint" if record else ""
        self.says.setText(said if k else "No states yet: press Run all.")

    def show_found(self, found: Typical) -> None:
        """Say what the state is like, and let its cells move."""
        self.found, self._time = found, 0
        profiles = found.described.profiles
        lines = "\n".join(f"  {line}" for line in profiles.telling(found.state))
        self.telling.setText(
            f"Suggested name: {profiles.names[found.state - 1]}. What tells it from the rest:\n{lines}"
        )
        count = len(found.described.keys[found.state - 1])
        self.says.setText(f"{min(count, _EXEMPLARS)} typical windows; a click goes to the cell")
        self.timer.start()
        self._step()

    def hideEvent(self, event: object) -> None:
        """Nothing moves unseen."""
        self.timer.stop()
        super().hideEvent(event)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        rows = (
            (self.state, self.show_button),
            (self.name_button, self.split_button, self.up_button),
            (self.merge_button, self.other),
            (self.note,),
            (self.teach_button,),
        )
        for widgets in rows:
            row = QHBoxLayout()
            for widget in widgets:
                row.addWidget(widget, 1)
            column.addLayout(row)
        for label in (self.telling, self.says):
            label.setWordWrap(True)
            column.addWidget(label)
        grid = QGridLayout()
        for nth, cell in enumerate(self.cells):
            cell.setFixedSize(_SIDE, _SIDE)
            cell.clicked.connect(lambda nth=nth: self._go(nth))
            grid.addWidget(cell, nth // _ACROSS, nth % _ACROSS)
        grid.setColumnStretch(_ACROSS, 1)
        column.addLayout(grid)
        column.addStretch(1)

    def _state(self) -> int:
        return self.state.currentIndex() + 1

    def _other(self) -> int:
        return self.other.currentIndex() + 1

    def _ask(self) -> None:
        experiment, state = self._session.experiment, self._state()
        if experiment is None:
            return

        def work(progress: Progress) -> Typical:
            described = describe_states(experiment, exemplars=_EXEMPLARS)
            return Typical(described, state, cell_movies(experiment, described.keys[state - 1], progress=progress))

        self.work_asked.emit(work, self.show_found)

    def _name(self) -> None:
        if self.found is not None:
            name = self.found.described.profiles.names[self.found.state - 1]
            self._edit(NameState(state=self.found.state, name=name), again=False)

    def _move_up(self) -> None:
        state, k = self._state(), self.state.count()
        if state > 1:
            order = list(range(1, k + 1))
            order[state - 2], order[state - 1] = order[state - 1], order[state - 2]
            self._edit(OrderStates(order=order))

    def _on_state(self, _: object = None) -> None:
        """Its note; and another state to merge it with."""
        if self._other() == self._state() and self.other.count() > 1:
            self.other.setCurrentIndex(self._state() % self.other.count())
        experiment = self._session.experiment
        self.note.setText("" if experiment is None else notes_of(experiment.history).get(self._state(), ""))

    def _write_note(self) -> None:
        experiment, text = self._session.experiment, self.note.text().strip()
        if experiment is not None and text != notes_of(experiment.history).get(self._state(), ""):
            self._edit(NoteState(state=self._state(), note=text), again=False)

    def _teach(self) -> None:
        pick, experiment = self._session.pick, self._session.experiment
        if pick is None or experiment is None:
            self.says.setText("Choose a cell in the movie first.")
            return
        try:
            one = LabelPlaces.of(experiment.behavior, pick.movie).label(pick.track, pick.frame, self._state())
        except CellStateError as error:
            self.says.setText(str(error))
            return
        self._edit(one)

    def _edit(self, one: Edit, *, again: bool = True) -> None:
        try:
            self._session.edit(one)
        except CellStateError as error:
            self.failed.emit(error)
            return
        self.says.setText(f"{one.words()}: press Run all to see it" if again else one.words())

    def _go(self, nth: int) -> None:
        if self.found is not None:
            keys = self.found.described.keys[self.found.state - 1]
            if nth < len(keys):
                self.pick_asked.emit(Pick(*keys[nth]))

    def _step(self) -> None:
        if self.found is None:
            return
        movies = self.found.movies
        self._time = (self._time + 1) % max(movies.shape[1], 1)
        for cell, frames in zip(self.cells, movies, strict=False):
            grey = np.ascontiguousarray(frames[self._time])
            image = QImage(grey.data, grey.shape[1], grey.shape[0], grey.shape[1], QImage.Format.Format_Grayscale8)
            cell.setPixmap(QPixmap.fromImage(image.copy()).scaled(_SIDE, _SIDE))
