"""What is left out of everything pooled, by hand: tracks and frames; page Embed shows it."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_cellstate.core.edits import Edit
from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.edits.exclude import ExcludeFrames, ExcludeTrack, excluded_frames, excluded_tracks
from napari_cellstate.gui.session import Session


class Exclusions(QWidget):
    """Leave the chosen track or some frames of the movie out, or take them in again.

    Signals
    -------
    failed : an exception.
    """

    failed = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._tracks: set[int] = set()
        self.track_button = QPushButton()
        self.first, self.last = QSpinBox(), QSpinBox()
        self.out_button, self.in_button = QPushButton("Leave these frames out"), QPushButton("Take them in")
        self.says = QLabel()
        self.says.setWordWrap(True)
        self.says.setEnabled(False)
        title = QLabel("Left out by hand")
        title.setStyleSheet("font-weight: bold")
        frames = QHBoxLayout()
        for widget in (QLabel("frames"), self.first, QLabel("to"), self.last):
            frames.addWidget(widget)
        frames.addStretch()
        buttons = QHBoxLayout()
        for widget in (self.out_button, self.in_button):
            buttons.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(4)
        for widget in (title, self.track_button):
            column.addWidget(widget)
        column.addLayout(frames)
        column.addLayout(buttons)
        column.addWidget(self.says)
        self.track_button.clicked.connect(self._on_track)
        self.out_button.clicked.connect(lambda: self._on_frames(excluded=True))
        self.in_button.clicked.connect(lambda: self._on_frames(excluded=False))
        session.picked.connect(self._show_pick)
        session.movie_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is left out of the movie that is shown."""
        experiment, movie = self._session.experiment, self._session.movie
        self.setEnabled(experiment is not None and bool(movie))
        if experiment is None or not movie:
            return
        first, stop = experiment.entry(movie).frames
        for box in (self.first, self.last):
            box.setRange(first, stop - 1)
        try:
            edits = experiment.history.of("embed", movie)
            frames = sorted(excluded_frames(tuple(one for one in edits if isinstance(one, ExcludeFrames))))
            tracks = tuple(one for one in edits if isinstance(one, ExcludeTrack))
            self._tracks, lost = excluded_tracks(experiment.tracks(movie), tracks) if tracks else (set(), ())
        except CellStateError as error:
            self.failed.emit(error)
            return
        parts = [f"track {track}" for track in sorted(self._tracks)] + [_spans(frames)] * bool(frames)
        said = f"{movie}: {', '.join(parts)}" if parts else f"{movie}: nothing"
        self.says.setText("\n".join([said, *(f"fits no cell any more: {words}" for words in lost)]))
        self._show_pick()

    def _show_pick(self) -> None:
        pick = self._session.pick
        self.track_button.setEnabled(pick is not None)
        if pick is None:
            self.track_button.setText("Leave a track out: click a cell first")
        else:
            verb = "Take track {} in again" if pick.track in self._tracks else "Leave track {} out"
            self.track_button.setText(verb.format(pick.track))

    def _on_track(self) -> None:
        experiment, pick = self._session.experiment, self._session.pick
        if experiment is None or pick is None:
            return
        tracks = experiment.tracks(pick.movie)
        cells = tracks.cells[tracks.track == pick.track]
        if not len(cells):
            return
        at = cells.iloc[int((cells["frame"] - pick.frame).abs().to_numpy().argmin())]
        self._do(
            ExcludeTrack(
                movie=pick.movie,
                frame=int(at["frame"]),
                y=float(at["y"]),
                x=float(at["x"]),
                excluded=pick.track not in self._tracks,
            )
        )

    def _on_frames(self, *, excluded: bool) -> None:
        first, last = sorted((self.first.value(), self.last.value()))
        self._do(ExcludeFrames(movie=self._session.movie, first=first, last=last, excluded=excluded))

    def _do(self, one: Edit) -> None:
        try:
            self._session.edit(one)
        except (CellStateError, OSError) as error:
            self.failed.emit(error)
        self.refresh()


def _spans(frames: list[int]) -> str:
    """Frames as "frames 3-5, 9"."""
    spans: list[list[int]] = []
    for frame in frames:
        if spans and frame == spans[-1][1] + 1:
            spans[-1][1] = frame
        else:
            spans.append([frame, frame])
    return "frames " + ", ".join(f"{a}-{b}" if b > a else f"{a}" for a, b in spans)
