"""The events that were asked for: a list, a player that shows one after another in the movie, and a file of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QGridLayout, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_cellstate.core.progress import Progress
from napari_cellstate.experiment.exemplars import MOST, save_cells
from napari_cellstate.gui.events import Event
from napari_cellstate.gui.lines import Lines
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.session import Pick, Session

_FILES = "Strip or clip (*.png *.mp4 *.gif)"
_SPEEDS = (2, 5, 10, 20)
_AROUND = 5


class EventBox(QWidget):
    """Events one by one: chosen in the list, stepped through, or played.

    Signals
    -------
    pick_asked, frame_asked, events_shown, work_asked : as those of a `Panel`.
    said : what there is to say.
    """

    pick_asked = Signal(object)
    frame_asked = Signal(int)
    events_shown = Signal(object)
    work_asked = Signal(object, object)
    said = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._found: MovieResults | None = None
        self._frame = self._last = 0
        self.shown: list[Event] = []
        """The events that are listed."""
        self.list = Lines()
        self.before_button, self.next_button = QPushButton("< previous"), QPushButton("next >")
        self.play_button, self.save_button = QPushButton("Play"), QPushButton("Save...")
        self.play_button.setToolTip("Shows every event, one after another: some frames before it to some frames after.")
        self.save_button.setToolTip("The listed events as a strip (.png) or a clip (.mp4, .gif).")
        self.around, self.speed = QSpinBox(), QComboBox()
        self.around.setRange(1, 100)
        self.around.setValue(_AROUND)
        self.around.setPrefix("± ")
        self.around.setToolTip("Frames before and after each event that are played and saved")
        for speed in _SPEEDS:
            self.speed.addItem(f"{speed} frames/s", speed)
        self.speed.setCurrentIndex(_SPEEDS.index(5))
        self.timer = QTimer(self)
        self._build()
        self.timer.timeout.connect(self.tick)
        self.list.chosen.connect(self._on_chosen)
        self.before_button.clicked.connect(lambda: self._step(-1))
        self.next_button.clicked.connect(lambda: self._step(1))
        self.play_button.clicked.connect(self.play)
        self.save_button.clicked.connect(self._save)
        self.speed.currentIndexChanged.connect(lambda _: self.timer.setInterval(self._interval()))

    def show_events(self, shown: Sequence[Event]) -> None:
        """List these, and mark them in the movie."""
        self.pause()
        if not shown and not self.shown:
            return
        self.shown = list(shown)
        self.list.show_lines([f"{one.movie}   cell {one.track}   frame {one.frame}" for one in self.shown])
        self._buttons()
        self.events_shown.emit(list(self.shown))

    def mark(self) -> None:
        """Mark what is listed in the movie once more."""
        if self.shown:
            self.events_shown.emit(list(self.shown))

    def show_results(self, found: MovieResults | None) -> None:
        """What is known of the movie that is shown."""
        self._found = found

    def play(self) -> None:
        """Play from the chosen event on, or pause."""
        if self.timer.isActive():
            self.pause()
            return
        if not self.shown:
            return
        self.timer.start(self._interval())
        self.play_button.setText("Pause")
        at = self.list.current()
        again = at < 0 or (at == len(self.shown) - 1 and self._frame >= self._last)
        self._begin(0 if again else at)

    def pause(self) -> None:
        """Stop where it is."""
        self.timer.stop()
        self.play_button.setText("Play")

    def tick(self) -> None:
        """One frame further; after the last frame of an event, the next event."""
        if self._frame < self._last:
            self._frame += 1
            self.frame_asked.emit(self._frame)
        elif self.list.current() < len(self.shown) - 1:
            self._begin(self.list.current() + 1)
        else:
            self.pause()

    def save_events(self, path: Path) -> None:
        """Write the listed events as a strip or a clip, beside the window."""
        experiment, around = self._session.experiment, self.around.value()
        keys = [(one.movie, one.track, one.frame) for one in self.shown]
        if experiment is None or not keys:
            return

        def work(progress: Progress) -> Path:
            return save_cells(experiment, keys, path, before=around, after=around, progress=progress)

        some = f"the first {MOST} of {len(keys):,} events" if len(keys) > MOST else f"{len(keys)} events"
        self.work_asked.emit(work, lambda written: self.said.emit(f"{some} written: {written}"))

    def hideEvent(self, event: object) -> None:
        """Nothing plays unseen."""
        self.pause()
        super().hideEvent(event)

    def _build(self) -> None:
        grid = QGridLayout()
        buttons = (self.before_button, self.play_button, self.next_button)
        for row, widgets in enumerate((buttons, (self.around, self.speed, self.save_button))):
            for column, widget in enumerate(widgets):
                grid.addWidget(widget, row, column)
        for column in range(3):
            grid.setColumnStretch(column, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.list, 1)
        whole.addLayout(grid)
        self._buttons()

    def _interval(self) -> int:
        return round(1000 / int(self.speed.currentData()))

    def _begin(self, at: int) -> None:
        """Go to the first frame that is played of an event; a track that begins later or ends earlier cuts it short."""
        one, around = self.shown[at], self.around.value()
        if self.list.current() == at:
            self._on_chosen(at)
        else:
            self.list.choose(at)  # the movie goes to the event, and `show_results` tells of another movie
        first, last = one.frame - around, one.frame + around
        found = self._found
        if found is not None and found.movie == one.movie:
            seen = found.frame[found.track_rows(one.track)]
            first, last = max(first, int(seen.min(initial=one.frame))), min(last, int(seen.max(initial=one.frame)))
        self._frame, self._last = max(first, 0), last
        self.frame_asked.emit(self._frame)

    def _on_chosen(self, at: int) -> None:
        self._buttons()
        one = self.shown[at]
        self._frame = self._last = one.frame
        self.pick_asked.emit(Pick(one.movie, one.track, one.frame))

    def _step(self, by: int) -> None:
        if not self.shown:
            return
        at = int(np.clip(self.list.current() + by, 0, len(self.shown) - 1))
        if self.timer.isActive():
            self._begin(at)
        else:
            self.list.choose(at)

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the listed events", "events.png", _FILES)
        if name:
            self.save_events(Path(name))

    def _buttons(self) -> None:
        at = self.list.current()
        self.save_button.setEnabled(bool(self.shown))
        self.play_button.setEnabled(bool(self.shown))
        self.before_button.setEnabled(bool(self.shown) and at > 0)
        self.next_button.setEnabled(bool(self.shown) and at < len(self.shown) - 1)
