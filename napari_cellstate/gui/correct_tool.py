"""Correct: links put right in the movie, one key a gesture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLabel, QPushButton, QWidget

from napari_cellstate.core.link_edits import LinkAgain
from napari_cellstate.core.progress import Progress
from napari_cellstate.experiment.edit import Edited, edit
from napari_cellstate.gui.link_keys import KEYS, LinkKeys, key_map
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.scrolled import scrolled
from napari_cellstate.gui.tool import Desk, Tool
from napari_cellstate.gui.tool_keys import Keys

if TYPE_CHECKING:
    from napari_cellstate.core.edits import History

_WARN = "color: #C62828"


class CorrectTool(Tool):
    """Join, break, swap, divide, delete, re-assign and fill; each gesture is a correction that can be undone."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.keys = LinkKeys(desk, self.say, self.failed.emit)
        self._bound = Keys(desk.viewer, self.keys.bindings())
        title = QLabel("Correct tracks")
        title.setStyleSheet("font-weight: bold; font-size: 12pt")
        how = QLabel("Click a cell to choose its track. Then point at a cell (“here”) and press a key:")
        table = QLabel(key_map(KEYS))
        self.chosen, self.says, self.made = QLabel(), QLabel(), QLabel()
        for label in (how, table, self.chosen, self.says, self.made):
            label.setWordWrap(True)
        self.again = QPushButton("Link again around the corrections")
        self.again.setToolTip(
            "Makes the links of this movie anew with everything you corrected taken as given, so that the neighbours "
            "of a correction follow it. Can be undone."
        )
        self.again.clicked.connect(self.link_again)
        column = scrolled(self)
        for widget in (title, how, self.chosen, self.says, table, self.again, self.made):  # what changes is seen first
            column.addWidget(widget)
        column.addStretch()
        desk.session.picked.connect(self._on_picked)
        desk.session.edited.connect(self._on_edited)

    def activate(self) -> None:
        """Take the keys."""
        self._bound.start()
        self.says.setText("")
        self._on_picked()
        self._on_edited()

    def deactivate(self) -> None:
        """Give the keys back."""
        self._bound.stop()

    def show_results(self, found: MovieResults | None) -> None:
        """Other results."""
        self.keys.show_results(found)

    def say(self, text: str, done: bool) -> None:
        """Show what was done, or why not."""
        self.says.setStyleSheet("" if done else _WARN)
        self.says.setText(text)

    def link_again(self) -> None:
        """Make the links anew with the corrections as pins, beside the window."""
        session = self._desk.session
        experiment, movie = session.experiment, session.movie
        if experiment is None or not movie:
            return
        self.keys.remember()

        def work(progress: Progress) -> Edited:
            progress(0, 1, "linking around the corrections")
            return edit(experiment, LinkAgain(movie=movie))

        self.work_asked.emit(work, self._on_linked)

    def _on_linked(self, edited: Edited) -> None:
        self._desk.session.edited.emit(edited)
        self.say(f"done: {LinkAgain().words()}", True)

    def _on_picked(self) -> None:
        pick = self._desk.session.pick
        self.chosen.setText(f"Chosen: <b>track {pick.track}</b>" if pick is not None else "Chosen: <b>none</b>")

    def _on_edited(self, _: object = None) -> None:
        experiment, movie = self._desk.session.experiment, self._desk.session.movie
        if experiment is None:
            return
        self.made.setText(_listed(experiment.history, movie))


def _listed(history: History, movie: str, most: int = 6) -> str:
    """The last corrections of a movie's links."""
    made = history.of("link", movie)
    if not made:
        return "No corrections of links in this movie yet."
    lines = [one.words() for one in made[-most:][::-1]]
    more = f"<br>... and {len(made) - most} before" if len(made) > most else ""
    return f"<b>{len(made)} corrections of links</b><br>" + "<br>".join(lines) + more
