"""Review: doubtful links one by one, and a random sample that tells how many links are wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QHBoxLayout, QLabel, QListWidget, QPushButton, QWidget

from napari_cellstate.core.cell_ref import CellRef
from napari_cellstate.core.edits import Edit
from napari_cellstate.core.errors import CellStateError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.core.review_edits import Accept, Judge
from napari_cellstate.experiment.edit import Edited
from napari_cellstate.experiment.review import LinkItem, MovieReview, SampleItem, measured_error, sample_links
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.gui.link_keys import KEYS, LinkKeys, key_map
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.scrolled import scrolled
from napari_cellstate.gui.session import Pick
from napari_cellstate.gui.shown import MANY, REST_MS
from napari_cellstate.gui.task import Task
from napari_cellstate.gui.tool import Desk, Tool
from napari_cellstate.gui.tool_keys import Keys
from napari_cellstate.metrics.doubts import REASONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

REVIEW = "review"
_SHOWN = 200
_WARN = "color: #C62828"
_BEFORE, _AFTER = "#FF7043", "#FFD54F"
_RINGS = f'<font color="{_BEFORE}">&#9711;</font> the cell before, <font color="{_AFTER}">&#9711;</font> after. '
HELP = (
    "<b>A</b> accept: right, and not shown again; <b>X</b> skip; <b>P</b> back; <b>E</b> earlier and later frame, "
    "in turn."
)
SAMPLE_HELP = (
    "Are both rings the same cell (or mother and daughter)? <b>1</b> right, <b>2</b> wrong, <b>3</b> unclear; "
    "<b>E</b> earlier and later frame, in turn."
)
VERDICTS = {"1": "right", "2": "wrong", "3": "unclear"}


@dataclass(frozen=True, eq=False)
class _Looked:
    """What came of looking at all links: rows of the doubtful ones, and the sample; None where none was asked for."""

    review: MovieReview
    rows: NDArray[np.int64]
    sample: tuple[list[SampleItem], list[bool]] | None


class ReviewTool(Tool):
    """A queue of doubtful links, and a sample to judge; the keys of Correct mend what is wrong."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.keys = LinkKeys(desk, self.say, self.failed.emit)
        self._bound = Keys(desk.viewer, self.keys.bindings() | self._bindings())
        self.review: MovieReview | None = None
        self.rows = np.empty(0, np.int64)
        self.at = 0
        self.sample: list[SampleItem] = []
        self.judged: list[bool] = []
        self._found: MovieResults | None = None
        self._on = self._fresh = self._looking = self._acting = False
        self._first_open = False  # go to the first link of the sample that is not judged, once there is a sample
        self.task = Task(self)
        """Looks at the links of a large movie beside the window."""
        self.task.succeeded.connect(self._on_looked)
        self.task.failed.connect(self.failed)
        desk.session.edited.connect(self._on_edited)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(REST_MS)
        self._resting.timeout.connect(self.read)
        self._build()

    def _build(self) -> None:
        title = QLabel("Review links")
        title.setStyleSheet("font-weight: bold; font-size: 12pt")
        self.where, self.why, self.says, self.error = QLabel(), QLabel(), QLabel(), QLabel()
        self.help, self.more = QLabel(HELP), QLabel(key_map(KEYS))
        for label in (self.where, self.why, self.says, self.error, self.help, self.more):
            label.setWordWrap(True)
        self.list = QListWidget()
        self.list.setMaximumHeight(150)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._on_row)
        self.buttons = {name: QPushButton(name) for name in ("Accept", "Skip", "Back")}
        row = QHBoxLayout()
        for name, act in (("Accept", self.accept), ("Skip", self.skip), ("Back", self.back)):
            self.buttons[name].clicked.connect(act)
            row.addWidget(self.buttons[name])
        self.sample_button = QPushButton("Sample 50")
        self.sample_button.setToolTip("Draws 50 links at random from all movies: judged, they tell how many are wrong.")
        self.sample_button.setCheckable(True)
        self.sample_button.clicked.connect(self.toggle_sample)
        column = scrolled(self)
        row.addWidget(self.sample_button)
        for widget in (title, self.where, self.why):
            column.addWidget(widget)
        column.addLayout(row)
        for widget in (self.says, self.help, self.list, self.error, QLabel("To mend:"), self.more):
            column.addWidget(widget)
        column.addStretch()

    def activate(self) -> None:
        """Take the keys, and read the queue."""
        self._on = True
        self._bound.start()
        if not self._fresh:
            self.read()

    def deactivate(self) -> None:
        """Give the keys back."""
        self._on = False
        self._resting.stop()
        self._bound.stop()
        self._desk.layers.mark(REVIEW, np.empty((0, 3)))

    def show_results(self, found: MovieResults | None) -> None:
        """Other results: another queue; of a large movie that was corrected, when the hand rests."""
        again = self.review is not None and found is not None and self.review.movie == found.movie
        self.keys.show_results(found)
        self._found, self._fresh = found, False
        if not self._on or self._looking:  # a sample goes from movie to movie by itself
            return
        if again and self._many:
            self._resting.start()
        else:
            self.read()

    def read(self) -> None:
        """Look at all links, of a large movie beside the window: that takes a second."""
        experiment, found = self._desk.session.experiment, self._found
        self._resting.stop()
        self._fresh = True
        if experiment is None or found is None or found.tracks is None:
            self.review, self.rows = None, np.empty(0, np.int64)
            self._show()
            return
        try:
            review = MovieReview(found.movie, found.tracks, experiment.history)
            sample = self._sample_number() if self.sample_button.isChecked() else 0
            work = partial(_looked, experiment, review, sample)
            if not self._many:
                self._on_looked(work(silent))
            elif self.task.running:
                self._resting.start()
            else:
                self._say_looking(review.movie)
                self.task.start(work)
        except (CellStateError, OSError) as error:
            self.failed.emit(error)

    @property
    def _many(self) -> bool:
        return self._found is not None and len(self._found.frame) >= MANY

    def _say_looking(self, movie: str) -> None:
        """Until there is a queue of this movie, say that there will be one; an older one of it stays."""
        if self.review is None or self.review.movie != movie or (self.sample_button.isChecked() and not self.sample):
            self.where.setText("Looking at all links ...")
            self.why.setText("")

    def _on_looked(self, looked: _Looked) -> None:
        """Show what was found, unless it is of other links than are shown now."""
        experiment, found, sampling = self._desk.session.experiment, self._found, self.sample_button.isChecked()
        same = found is not None and found.tracks is looked.review.tracks and sampling == (looked.sample is not None)
        if not self._on or not same or experiment is None or experiment.history != looked.review.history:
            self._fresh = False
            if self._on:
                self._resting.start()
            return
        self.review, self.rows = looked.review, looked.rows
        self.error.setText(f"Link errors: {measured_error(experiment).words()}.")
        if looked.sample is not None:
            self.sample, self.judged = looked.sample
        self.at = min(self.at, max(self._count() - 1, 0))
        if self._first_open and sampling and self.sample:
            self.at = self.judged.index(False) if False in self.judged else 0
        self._first_open = False
        self._show()

    def _on_edited(self, edited: Edited) -> None:
        """What was accepted or judged was taken back, or made again."""
        if isinstance(edited.edit, Accept | Judge) and not self._acting:
            self._fresh = False
            if self._on:
                self.read()

    # acting

    def accept(self) -> None:
        """The link is right; it leaves the queue."""
        item = self.item()
        if item is None or self.sample_button.isChecked():
            return
        if self._edit(Accept(movie=item.movie, cells=item.cells, reasons=item.reasons)):
            self.rows = np.delete(self.rows, self.at)
            self.at = min(self.at, max(len(self.rows) - 1, 0))
            self._show()

    def skip(self) -> None:
        """On to the next."""
        self._go(self.at + 1)

    def back(self) -> None:
        """To the one before."""
        self._go(self.at - 1)

    def flip(self) -> None:
        """From the later cell to the earlier one, and back."""
        cells = self._cells()
        if not cells:
            return
        now, viewer = int(self._desk.viewer.dims.current_step[0]), self._desk.viewer
        viewer.dims.set_current_step(0, cells[0].frame if now != cells[0].frame else cells[1].frame)

    def toggle_sample(self) -> None:
        """From the queue to the sample, and back."""
        self.at, self._first_open = 0, self.sample_button.isChecked()
        self.read()  # the sample may have led to another movie

    def judge(self, verdict: str) -> None:
        """Judge the link of the sample that is shown, and go on to the next that is not judged."""
        experiment = self._desk.session.experiment
        if not self.sample_button.isChecked() or not self.sample or experiment is None:
            return
        at = self.at
        if not self._edit(self.sample[at].judge(self._sample_number(), verdict)):
            return
        self.judged[at] = True
        self.error.setText(f"Link errors: {measured_error(experiment).words()}.")
        left = [nth for nth, done in enumerate(self.judged) if not done]
        self._go(next((nth for nth in left if nth > at), left[0] if left else at))

    def item(self) -> LinkItem | None:
        """The doubtful link that is shown."""
        if self.review is None or not len(self.rows):
            return None
        return self.review.item(int(self.rows[self.at]))

    def say(self, text: str, done: bool) -> None:
        """Show what was done, or why not."""
        self.says.setStyleSheet("" if done else _WARN)
        self.says.setText(text)

    # showing

    def _bindings(self) -> dict[str, Callable[[], object]]:
        keys: dict[str, Callable[[], object]] = {"a": self.accept, "x": self.skip, "p": self.back, "e": self.flip}
        return keys | {key: _judging(self, verdict) for key, verdict in VERDICTS.items()}

    def _edit(self, edit: Edit) -> bool:
        self._acting = True
        try:
            self._desk.session.edit(edit)
        except CellStateError as error:
            self.say(str(error), False)
            return False
        finally:
            self._acting = False
        self.say(f"done: {edit.words()}", True)
        return True

    def _go(self, at: int) -> None:
        if self._count():
            self.at = at % self._count()
            self._show()

    def _count(self) -> int:
        return len(self.sample) if self.sample_button.isChecked() else len(self.rows)

    def _on_row(self, row: int) -> None:
        if row >= 0:
            self._go(row)

    def _sample_number(self) -> int:
        return 1

    def _cells(self) -> tuple[CellRef, ...]:
        if self.sample_button.isChecked():
            return (self.sample[self.at].source, self.sample[self.at].target) if self.sample else ()
        item = self.item()
        return item.cells if item is not None else ()

    def _show(self) -> None:
        sampling = self.sample_button.isChecked()
        for button in self.buttons.values():
            button.setEnabled(not sampling or button is not self.buttons["Accept"])
        self.help.setText(_RINGS + (SAMPLE_HELP if sampling else HELP))
        self._fill_list()
        if sampling:
            self._show_sample()
        else:
            self._show_doubt()

    def _show_doubt(self) -> None:
        item = self.item()
        if item is None:
            links = 0 if self.review is None else len(self.review.tracks.links)
            self.where.setText("Nothing is doubtful." if links else "There are no links yet: press Run all.")
            self.why.setText("")
            self._desk.layers.mark(REVIEW, np.empty((0, 3)))
            return
        self.where.setText(
            f"<b>{self.at + 1} of {len(self.rows)}</b>: track {item.track}, frame {item.cells[0].frame} to "
            f"{item.frame}, doubt {item.doubt:.2f}"
        )
        self.why.setText("; ".join(REASONS[name] for name in item.reasons))
        self._look(Pick(item.movie, item.track, item.frame), item.cells)

    def _show_sample(self) -> None:
        if not self.sample:
            self.where.setText("There are no links to judge yet: press Run all.")
            return
        item = self.sample[self.at]
        self.where.setText(
            f"<b>Sample: {self.at + 1} of {len(self.sample)}</b> ({sum(self.judged)} judged): {item.movie}, track "
            f"{item.track}, frame {item.source.frame} to {item.frame}"
        )
        self.why.setText("")
        self._look(Pick(item.movie, item.track, item.frame), (item.source, item.target))

    def _look(self, pick: Pick, cells: tuple[CellRef, ...]) -> None:
        """Go to the later cell, and ring all of them: each in its frame, and the earlier one in the later frame too."""
        self._looking = True
        try:
            self._desk.panels.go_to(pick)
        finally:
            self._looking = False
        if pick.movie != self._desk.session.movie:
            return
        points = [(cells[0].frame, cells[0].y, cells[0].x), *((pick.frame, one.y, one.x) for one in cells)]
        colours = [_BEFORE, _BEFORE, *(_AFTER for _ in cells[1:])]
        size = 3 * max(np.sqrt(max(one.area for one in cells) / np.pi), 6.0)
        self._desk.layers.mark(REVIEW, points, colour=colours, size=float(size))

    def _fill_list(self) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        if self.sample_button.isChecked():
            self.list.addItems(
                [f"{'✓' if done else '·'} {one.movie}, track {one.track}, frame {one.frame}"
                 for one, done in zip(self.sample, self.judged, strict=True)]
            )  # fmt: skip
        elif self.review is not None:
            found, tracks = self.review.doubts, self.review.tracks
            target = tracks.links["target"].to_numpy(np.int64)
            frame = tracks.cells["frame"].to_numpy()
            self.list.addItems(
                [f"{found.score[row]:.2f}  track {tracks.track[target[row]]}, frame {frame[target[row]]}: "
                 f"{', '.join(str(found.reasons[row]).split())}" for row in self.rows[:_SHOWN].tolist()]
            )  # fmt: skip
        self.list.setCurrentRow(min(self.at, self.list.count() - 1))
        self.list.blockSignals(False)


def _looked(experiment: Experiment, review: MovieReview, sample: int, progress: Progress) -> _Looked:
    """Look at the links of a movie, and draw from those of all movies; `sample` 0 draws none."""
    progress(0, 1, "looking at links")
    return _Looked(review, review.queue(), sample_links(experiment, sample) if sample else None)


def _judging(tool: ReviewTool, verdict: str) -> Callable[[], None]:
    return lambda: tool.judge(verdict)
