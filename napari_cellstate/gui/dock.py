"""The dock "Cell State": movies, stages, the page of one stage, Run all."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellstate.core.errors import CellStateError, EditsAtRiskError
from napari_cellstate.core.looks import Looks, wear
from napari_cellstate.core.progress import Progress
from napari_cellstate.experiment.edit import Edited
from napari_cellstate.experiment.edits.describe_movie import DescribeMovie
from napari_cellstate.experiment.pipeline import RunReport, run
from napari_cellstate.experiment.status import status
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.gui.begin import Begin
from napari_cellstate.gui.canvas import Canvas
from napari_cellstate.gui.keys import REDO, UNDO
from napari_cellstate.gui.layers import Layers
from napari_cellstate.gui.lists import MovieList, StageList
from napari_cellstate.gui.messages import words
from napari_cellstate.gui.notice import Notice
from napari_cellstate.gui.outlets import Outlets
from napari_cellstate.gui.page import StagePage
from napari_cellstate.gui.panels import Panels
from napari_cellstate.gui.picker import PanelPicker, ToolPicker
from napari_cellstate.gui.preferences import preferences
from napari_cellstate.gui.preview import Previewer
from napari_cellstate.gui.results import MovieResults, load
from napari_cellstate.gui.runbar import RunBar
from napari_cellstate.gui.session import Pick, Session
from napari_cellstate.gui.shown import Shown
from napari_cellstate.gui.standing import standings
from napari_cellstate.gui.start import StartPage
from napari_cellstate.gui.task import Task
from napari_cellstate.gui.tool import Desk, Tool
from napari_cellstate.gui.undo import UndoButtons

if TYPE_CHECKING:
    from napari.viewer import Viewer

log = logging.getLogger(__name__)


class CellStateDock(QWidget):
    """The plugin's one dock.

    Parameters
    ----------
    napari_viewer : napari gives it by this name.
    """

    def __init__(self, napari_viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = napari_viewer
        self.session, self.task = Session(self), Task(self)
        self.layers = Layers(napari_viewer, self)
        self.canvas = Canvas(napari_viewer, self.layers, self)
        self.panels = Panels(napari_viewer, self.session, self.layers, self)
        self.start, self.notice = StartPage(), Notice()
        self.movies, self.stages = MovieList(), StageList()
        self.page = StagePage(self.session)
        self.runbar = RunBar(self.task)
        self.preview = Previewer(napari_viewer, self.session, self.layers, self)
        self.panel_picker, self.undo_buttons = PanelPicker(), UndoButtons(self.session)
        self.tool_picker = ToolPicker(Desk(napari_viewer, self.session, self.layers, self.panels))
        self.shown = Shown(self.session, self.layers, self.canvas, self.panels, self.tool_picker, self)
        self.begin, self.outlets = Begin(napari_viewer, self.session, self), Outlets(self.session)
        self._then: Any = None
        self._only_reads = False
        self._step = ""
        self._lost: set[str] = set()
        self._build()
        self._connect()
        self.setMinimumWidth(340)
        self._show_status()

    def open(self, experiment: Experiment | str | Path) -> None:
        """Show an experiment; what is wrong with it is said in the dock."""
        try:
            self.session.open(experiment)
        except (CellStateError, OSError) as error:
            self.fail(error)

    def run(self, until: str = "", *, reapply_edits: bool = False) -> None:
        """Bring the experiment up to date, beside the window."""
        experiment = self.session.experiment
        if experiment is None or self.task.running:
            return
        self._then = self._on_run
        movie, device = self.session.movie, preferences().device

        def work(progress: Progress) -> tuple[RunReport, str, MovieResults | None]:
            report = run(experiment, until=until, device=device, reapply_edits=reapply_edits, progress=progress)
            return report, movie, load(experiment, movie)  # read here, so that the window need not wait

        self.task.start(work)

    def fail(self, error: BaseException) -> None:
        """Tell the user what went wrong; the traceback goes to the log."""
        if not isinstance(error, CellStateError):
            log.error("failed", exc_info=error)
        if isinstance(error, EditsAtRiskError):
            again = partial(self.run, reapply_edits=True)
            self.notice.show_text(words(error), error=False, action="Run, and list what is lost", then=again)
            return
        self.notice.show_text(words(error), error=True)

    def work(self, work: Callable[[Progress], Any], then: Callable[[Any], None]) -> None:
        """Call a function of a panel or a tool beside the window, and `then` with its result.

        It reads results, or announces itself what it changed: panels keep what they show.
        """
        if self.task.running:
            self.notice.show_text("Something is running; wait until it has ended, or press Cancel.", error=False)
            return
        self._then, self._only_reads = then, True
        self.task.start(work)

    def show_keys(self) -> None:
        """Show keys and gestures."""
        self.outlets.show_keys()

    # parts

    def _build(self) -> None:
        self._name = QLabel()
        self._name.setStyleSheet("font-weight: bold")
        self._add = _tool("+ movie", "Adds movies to this experiment")
        self._add.setMenu(self.begin.menu(self._add))
        self._add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._open = _tool("open", "Opens another experiment")
        bar = QHBoxLayout()
        bar.addWidget(self._name, 1)
        bar.addWidget(self.undo_buttons)
        bar.addWidget(self._add)
        bar.addWidget(self._open)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.page)
        self._middle = QStackedWidget()
        self._middle.addWidget(scroll)
        work = QWidget()
        column = QVBoxLayout(work)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(bar)
        column.addWidget(self.movies)
        column.addWidget(self.stages)
        column.addWidget(self._middle, 1)
        column.addWidget(self.panel_picker)
        column.addWidget(self.tool_picker)
        column.addWidget(self.outlets)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.start)
        self._pages.addWidget(work)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(6, 6, 6, 6)
        whole.setSpacing(4)
        whole.addWidget(self._pages, 1)
        whole.addWidget(self.notice)
        whole.addWidget(self.runbar)

    def _connect(self) -> None:
        self.start.movie_asked.connect(self.begin.new_from_layer)
        self.start.experiment_asked.connect(self.begin.ask_experiment)
        self.start.sample_asked.connect(self.begin.try_sample)
        self.begin.opened.connect(self.open)
        self.begin.said.connect(partial(self.notice.show_text, error=False))
        self._open.clicked.connect(self.begin.ask_experiment)
        self.outlets.said.connect(self.runbar.say)
        self.movies.described.connect(self._describe)
        self.runbar.run_asked.connect(self.run)
        self.page.run_asked.connect(self.run)
        self.page.failed.connect(self.fail)
        self.page.preview_asked.connect(self.preview.show)
        self.preview.said.connect(self.runbar.say)
        self.movies.chosen.connect(self.session.show_movie)
        self.stages.chosen.connect(self._on_stage)
        self.session.experiment_changed.connect(self._on_experiment)
        self.session.recipe_changed.connect(self._show_status)
        self.session.results_changed.connect(self._on_results)
        self.session.movie_changed.connect(self._on_movie)
        self.task.started.connect(self._on_started)
        self.task.started.connect(partial(self.page.learning.set_running, running=True))
        self.task.ended.connect(partial(self.page.learning.set_running, running=False))
        self.page.learning.cancel_asked.connect(self.task.cancel)
        self.task.progressed.connect(self._on_progress)
        self.task.succeeded.connect(self._on_succeeded)
        self.task.failed.connect(self._on_failed)
        self.task.stopped.connect(partial(self.runbar.say, "stopped; what was done stays done"))
        self.task.ended.connect(self._on_ended)
        self.canvas.clicked.connect(self._on_clicked)
        self.panel_picker.chosen.connect(self.panels.show)
        self.tool_picker.taken.connect(self._on_tool)
        for asker in (self.panels, self.tool_picker, self.begin, self.outlets):
            asker.work_asked.connect(self.work)
            asker.failed.connect(self.fail)
        self.undo_buttons.failed.connect(self.fail)
        self.shown.failed.connect(self.fail)
        self.shown.settled.connect(self._show_status)
        self.shown.settled.connect(self.page.show_corrections)
        self.session.edited.connect(self._on_edited)
        self.session.picked.connect(self._on_picked)
        for keys, act in (
            ("Ctrl+Z", self.undo_buttons.undo_button.click),
            ("Ctrl+Shift+Z", self.undo_buttons.redo_button.click),
            ("Ctrl+R", self.runbar.run_button.click),
            ("Escape", self.runbar.cancel_button.click),
            ("F1", self.show_keys),
        ):  # only while the keyboard is in the dock: in the movie these are napari's
            QShortcut(QKeySequence(keys), self, act, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        for key, button in ((UNDO, self.undo_buttons.undo_button), (REDO, self.undo_buttons.redo_button)):
            self._viewer.bind_key(key, lambda _viewer, button=button: button.click(), overwrite=True)

    # what happens

    def _on_experiment(self) -> None:
        self.notice.clear()
        self._wear()
        self.layers.clear()
        self._pages.setCurrentIndex(0 if self.session.experiment is None else 1)
        self.page.show_stage("segment")
        self.stages.choose("segment")
        self._show_status()
        self.runbar.say("")
        self.panels.refresh()

    def _on_movie(self) -> None:
        self.movies.choose(self.session.movie)
        self.page.show_resolved()
        self.shown.publish()

    def _on_results(self) -> None:
        self._wear()
        self._show_status()
        self.page.show_corrections()
        self.page.show_resolved()
        self.shown.publish()
        self.panels.refresh()

    def _on_stage(self, stage: str) -> None:
        self.tool_picker.put_away()
        self.page.show_stage(stage)
        self.outlets.show_stage(stage)
        self._show_status()

    def _on_started(self) -> None:
        self.notice.clear()
        self._lock(locked=True)

    def _on_succeeded(self, result: object) -> None:
        then, self._then = self._then, None
        if then is not None:
            then(result)

    def _on_failed(self, error: BaseException) -> None:
        self.runbar.say("")
        self.fail(error)

    def _on_progress(self, _done: int, _total: int, what: str) -> None:
        """Whenever another step begins, something was finished."""
        if what != self._step:
            self._step = what
            self._show_status()

    def _on_run(self, result: tuple[RunReport, str, MovieResults | None]) -> None:
        report, *self.shown.loaded = result
        made = len(report.done)
        self.runbar.say(f"done: {made} results made" if made else "done: everything was up to date")
        if report.warnings:
            self.notice.show_text("\n".join(report.warnings), error=False)

    def _on_ended(self) -> None:
        self._lock(locked=False)
        only_reads, self._only_reads = self._only_reads, False
        if self.session.experiment is not None and not only_reads:
            self.session.results_changed.emit()

    def _on_tool(self, tool: Tool | None) -> None:
        """Show the page of the tool that is on, else that of the stage."""
        if tool is not None:
            self.page.preview_button.setChecked(False)
        if tool is not None and self._middle.indexOf(tool) < 0:
            self._middle.addWidget(tool)
        self._middle.setCurrentIndex(0 if tool is None else self._middle.indexOf(tool))
        if tool is not None:
            tool.show_results(self.shown.found)

    def _describe(self, movie: str, condition: str, replicate: str) -> None:
        try:
            self.session.edit(DescribeMovie(movie=movie, condition=condition, replicate=replicate))
        except (CellStateError, OSError) as error:
            self.fail(error)
            self._show_status()

    def _on_edited(self, edited: Edited) -> None:
        if set(edited.lost) - self._lost:  # said once, not after every gesture
            self.notice.show_text(
                "Without effect, as they fit no cell any more: " + "; ".join(edited.lost), error=False
            )
        self._lost = set(edited.lost)
        changes_view = edited.edit is None or edited.edit.changes_view
        if changes_view and not self.shown.correct(edited):
            self.session.results_changed.emit()
        else:
            self._show_status()

    def _on_clicked(self, track: int, frame: int) -> None:
        self.session.choose(Pick(self.session.movie, track, frame) if track else None)

    def _on_picked(self) -> None:
        pick, found = self.session.pick, self.shown.found
        if pick is not None and found is not None:
            self.runbar.say(self.canvas.describe(found.row_of(pick.track, pick.frame)).split("\n")[0])

    # showing

    def _wear(self) -> None:
        """Have the names and colours of this experiment in the whole window."""
        experiment = self.session.experiment
        try:
            wear(preferences().looks(Looks() if experiment is None else experiment.looks))
        except CellStateError as error:
            self.fail(error)

    def _show_status(self) -> None:
        experiment = self.session.experiment
        self.runbar.setVisible(True)
        self.runbar.run_button.setVisible(experiment is not None)
        if experiment is None:
            return
        self._name.setText(experiment.root.name)
        self._name.setToolTip(str(experiment.root))
        try:
            found = status(experiment)
        except CellStateError as error:
            self.fail(error)
            return
        self.movies.show_movies(found["movies"])
        self.movies.choose(self.session.movie)
        stood = standings(found)
        self.stages.show_standings(stood, self.session.recipe)
        self.page.show_standing(stood[self.page.stage])
        problems = [movie["problem"] for movie in found["movies"] if movie["problem"]]
        if problems:
            self.notice.show_text("\n".join(problems), error=True)

    def _lock(self, *, locked: bool) -> None:
        """While something runs, what it reads cannot be edited; the movie can be looked at all the time."""
        self.page.set_locked(locked=locked)
        for widget in (self.start, self._add, self._open, self.undo_buttons, self.tool_picker):
            widget.setEnabled(not locked)

    @property
    def _found(self) -> MovieResults | None:
        return self.shown.found

    def closeEvent(self, event: Any) -> None:
        """Stop what runs, and leave the canvas as it was."""
        self.task.cancel()
        self.shown.close()
        self.preview.close()
        self.tool_picker.put_away()
        for key in (UNDO, REDO):
            self._viewer.bind_key(key, None, overwrite=True)
        self.canvas.close()
        self.panels.close()
        super().closeEvent(event)


def _tool(text: str, tip: str) -> QToolButton:
    button = QToolButton(text=text)
    button.setToolTip(tip)
    button.setAutoRaise(False)
    return button
