"""Find a behaviour: an ordered query over states; the tracks that show it, one by one."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QListWidget, QPushButton, QVBoxLayout, QWidget

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.behaviours import FoundBehaviour, find
from napari_cellstate.gui.panel import Panel, stamp
from napari_cellstate.gui.session import Pick, Session

HELP = "States in order: 1>2h -> 2 ~> divide. -> at once, ~> later; any, divide, end; <30min, >=5frames"
_MOST = 2000


class FindPanel(Panel):
    """A line to ask, shares with intervals, and a list to go through."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.found: FoundBehaviour | None = None
        self._stamp: tuple[str, str] | None = None
        self.query = QLineEdit()
        self.query.setPlaceholderText("1 -> 2 -> 3")
        self.query.setToolTip(HELP)
        self.button = QPushButton("Find")
        self.list = QListWidget()
        self.says, self.help = QLabel(), QLabel(HELP)
        for label in (self.says, self.help):
            label.setWordWrap(True)
        top = QHBoxLayout()
        top.addWidget(self.query, 1)
        top.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addWidget(self.help)
        column.addWidget(self.says)
        column.addWidget(self.list, 1)
        self.button.clicked.connect(self.ask)
        self.query.returnPressed.connect(self.ask)
        self.list.currentRowChanged.connect(self._on_row)

    def refresh(self) -> None:
        """Read what is on disk now."""
        now = stamp(self._session, "states")
        ready = now is not None
        if ready and self.found is not None and now == self._stamp:
            return
        self._stamp, self.found = now, None
        self.list.clear()
        self.button.setEnabled(ready)
        self.says.setText("" if ready else "No states yet: press Run all.")
        self.windows_chosen.emit([])

    def ask(self) -> None:
        """Look for what the line says."""
        experiment, text = self._session.experiment, self.query.text().strip()
        if experiment is None or not self.button.isEnabled() or not text:
            return
        try:
            self.show_found(find(experiment, text))
        except CellStateError as error:
            self.found = None
            self.list.clear()
            self.says.setText(str(error))
            self.windows_chosen.emit([])

    def show_found(self, found: FoundBehaviour) -> None:
        """List what was found, and ring it in the movie."""
        self.found = found
        said = [
            f"{row['condition']}: {row['tracks']} of {row['watched']} tracks, {row['share']:.0%} "
            f"({row['low']:.0%} to {row['high']:.0%} over {row['unit']}s)"
            if row["low"] == row["low"]
            else f"{row['condition']}: {row['tracks']} of {row['watched']} tracks"
            for row in found.conditions.to_dict("records")
        ]
        self.says.setText("\n".join(said))
        self.list.blockSignals(True)
        self.list.clear()
        rows = found.table[["movie", "track", "frame"]].to_numpy()
        keys = [(str(movie), int(track), int(frame)) for movie, track, frame in rows]
        self.list.addItems([f"{movie}   cell {track}   frame {frame}" for movie, track, frame in keys[:_MOST]])
        self.list.blockSignals(False)
        self.windows_chosen.emit(keys)

    def _on_row(self, at: int) -> None:
        if self.found is not None and 0 <= at < len(self.found.table):
            row: Any = self.found.table.iloc[at]
            self.pick_asked.emit(Pick(str(row["movie"]), int(row["track"]), int(row["frame"])))
