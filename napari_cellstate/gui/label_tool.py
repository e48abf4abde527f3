"""Label states: click a cell, press a digit; a net labels the rest, and learns again from every correction."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QWidget

from napari_cellstate.core.behavior import state_name
from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.labelling import (
    LabelPlaces,
    label_counts,
    labels_in_force,
    learn_states,
    taught_recipe,
)
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.scrolled import scrolled
from napari_cellstate.gui.session import Pick
from napari_cellstate.gui.tool import Desk, Tool
from napari_cellstate.gui.tool_keys import Keys
from napari_cellstate.plots.colours import state_colour

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellstate.core.progress import Progress
    from napari_cellstate.experiment.edit import Edited
    from napari_cellstate.experiment.pipeline import RunReport

LABELS = "labels of states"
"""Our layer of the windows that were labelled."""
MOST = 9
NEXT, UNDO, REDO = "n", "z", "Shift-z"
_WARN = "color: #C62828"
HELP = (
    "Click a cell (in the movie, the scatter, the timeline), then press the <b>digit</b> of its state; <b>0</b> takes "
    "it back. A net labels the rest; where it is wrong, label some more."
)


class LabelTool(Tool):
    """Every label is a correction, in the journal, that can be undone; what is learnt is the method `taught`."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._places: LabelPlaces | None = None
        self._shown: MovieResults | None = None
        self._on = False
        acts: dict[str, Callable[[], object]] = {
            str(digit): partial(self.say_state, digit) for digit in range(MOST + 1)
        }
        self._keys = Keys(desk.viewer, acts | {NEXT: self.go_next, UNDO: self.undo, REDO: self.redo})
        title, help_text = QLabel("Label states"), QLabel(HELP)
        title.setStyleSheet("font-weight: bold; font-size: 12pt")
        self.chosen, self.said, self.says = QLabel(), QLabel(), QLabel()
        self.next_button = QPushButton("Next doubtful (N)")
        self.next_button.setToolTip("The window of this movie whose state is least sure: its label teaches most.")
        self.learn_button = QPushButton("Label the rest")
        self.learn_button.setToolTip("Makes 'taught by example' the method of stage States, and runs it.")
        self.live = QCheckBox("Learn again after every label")
        for label in (help_text, self.chosen, self.said, self.says):
            label.setWordWrap(True)
        column = scrolled(self)
        for widget in (title, help_text, self.said, self.chosen):
            column.addWidget(widget)
        buttons = QHBoxLayout()
        buttons.addWidget(self.next_button, 1)
        buttons.addWidget(self.learn_button, 1)
        column.addLayout(buttons)
        column.addWidget(self.live)
        column.addWidget(self.says)
        column.addStretch()
        self.next_button.clicked.connect(self.go_next)
        self.learn_button.clicked.connect(self.learn)
        desk.session.picked.connect(self._on_picked)
        desk.session.edited.connect(self._on_edited)

    def activate(self) -> None:
        """Take the keys."""
        self._keys.start()
        self._on = True
        self.says.setText("")
        self._on_picked()
        self._show_said()

    def deactivate(self) -> None:
        """Give the keys back, and take the rings away."""
        self._keys.stop()
        self._on = False
        self._desk.layers.mark(LABELS, [])

    def show_results(self, found: MovieResults | None) -> None:
        """Another movie is shown, or the same with other results."""
        experiment, self._shown = self._desk.session.experiment, found
        self._places = None
        if experiment is not None and found is not None and experiment.record("embed") is not None:
            self._places = LabelPlaces.of(experiment.behavior, found.movie)
        self._show_said()

    def say_state(self, state: int) -> bool:
        """Label the chosen cell in the frame that was chosen; 0 takes its label back."""
        pick, places = self._desk.session.pick, self._places
        if places is None:
            return self._say("There are no windows to label yet: press Run all.", done=False)
        if pick is None or pick.movie != places.movie:
            return self._say("Click a cell first; then press the digit of its state.", done=False)
        return self._try(lambda: self._desk.session.edit(places.label(pick.track, pick.frame, state)))

    def undo(self) -> bool:
        """Take the last correction back."""
        return self._try(self._desk.session.undo, "taken back: ")

    def redo(self) -> bool:
        """Make it again."""
        return self._try(self._desk.session.redo, "made again: ")

    def go_next(self) -> None:
        """Go to the window whose state is least sure."""
        experiment, places = self._desk.session.experiment, self._places
        found = places.least_sure(labels_in_force(experiment.history)) if experiment and places else None
        if found is not None and places is not None:
            self._desk.panels.go_to(Pick(places.movie, *found))

    def learn(self) -> None:
        """Train on the labels, and label the rest, beside the window."""
        session, experiment = self._desk.session, self._desk.session.experiment
        if experiment is None:
            return
        if len(label_counts(experiment.history)) < 2:
            self._say("Label cells of two states or more first.", done=False)
            return
        try:
            session.set_recipe(taught_recipe(session.recipe))
        except (CellStateError, OSError) as error:
            self.failed.emit(error)
            return

        def work(progress: Progress) -> RunReport:
            return learn_states(experiment, progress=progress)

        self.work_asked.emit(work, self._on_learnt)

    def _on_learnt(self, report: RunReport) -> None:
        notes = [said for said in report.warnings if "labelled" in said]
        self._say("; ".join(notes) or "learnt", done=True)
        self._desk.session.results_changed.emit()

    def _try(self, act: Callable[[], Edited], before: str = "") -> bool:
        try:
            edited = act()
        except CellStateError as error:  # no window there, or it is learning just now
            return self._say(str(error), done=False)
        except OSError as error:
            self.failed.emit(error)
            return False
        if edited.edit is None:
            return self._say("nothing to do", done=True)
        self._say(f"{before}{edited.edit.words()}", done=True)
        if self.live.isChecked() and len(label_counts(edited.history)) > 1:
            self.learn()
        return True

    def _say(self, text: str, *, done: bool) -> bool:
        self.says.setStyleSheet("" if done else _WARN)
        self.says.setText(text)
        return done

    def _on_picked(self) -> None:
        pick = self._desk.session.pick
        text = "none" if pick is None else f"track {pick.track}, frame {pick.frame}"
        self.chosen.setText(f"Chosen: <b>{text}</b>")

    def _on_edited(self, _: object = None) -> None:
        if self._on:
            self._show_said()

    def _show_said(self) -> None:
        """How many windows each key has been given, and a ring around those of this movie."""
        experiment, found = self._desk.session.experiment, self._shown
        if experiment is None or not self._on:
            return
        history = experiment.history
        counts = label_counts(history)
        most = min(MOST, max([2, found.k if found is not None else 0, *counts]) + 1)
        lines = "".join(_line(state, counts.get(state, 0)) for state in range(1, most + 1))
        self.said.setText(f'<table cellspacing="2">{lines}</table>')
        here = [one for one in labels_in_force(history) if found is not None and one.movie == found.movie]
        self._desk.layers.mark(
            LABELS,
            [(one.frame, one.y, one.x) for one in here],
            texts=[str(one.state) for one in here],
            colour=[state_colour(one.state) for one in here],
            size=24.0,
        )


def _line(state: int, count: int) -> str:
    square = f'<span style="color:{state_colour(state)}">■</span>'
    many = f"{count} label" + ("" if count == 1 else "s")
    cells = (f"<b>{state}</b>&nbsp;{square}&nbsp;", f"{escape(state_name(state))}&nbsp;&nbsp;", many)
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
