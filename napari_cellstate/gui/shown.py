"""What the window shows of a movie, and how it follows: all anew, or only the tracks that a correction changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.edit import Edited
from napari_cellstate.gui.results import MovieResults, load

if TYPE_CHECKING:
    from napari_cellstate.gui.canvas import Canvas
    from napari_cellstate.gui.layers import Layers
    from napari_cellstate.gui.panels import Panels
    from napari_cellstate.gui.picker import ToolPicker
    from napari_cellstate.gui.session import Session

MANY = 20_000
"""Cells of a movie from which on a correction is first shown by the tracks that it changed alone."""
REST_MS = 700


class Shown(QObject):
    """Brings the results of the movie that is shown to layers, canvas, panels and tools.

    A correction of the links of a large movie shows at once in the movie: masks, rings, and the tracks that changed.
    Panels and the whole layer of tracks follow when the hand rests.

    Signals
    -------
    failed : an exception to tell the user about.
    settled : layers, panels and all else may be brought to where the results are.
    """

    failed = Signal(object)
    settled = Signal()

    def __init__(
        self, session: Session, layers: Layers, canvas: Canvas, panels: Panels, tools: ToolPicker, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._layers, self._canvas, self._panels, self._tools = session, layers, canvas, panels, tools
        self.found: MovieResults | None = None
        """What is shown; None before the movie is linked."""
        self.loaded: list[Any] = []
        """Name and results of a movie that were read beside the window."""
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(REST_MS)
        self._resting.timeout.connect(self.settle)

    def publish(self) -> None:
        """Read the results of the session's movie, and show them."""
        self._resting.stop()
        experiment, name = self._session.experiment, self._session.movie
        if experiment is None or not name:
            return
        try:
            self._layers.show_movie(experiment, name)
            loaded, self.loaded = self.loaded, []
            self.found = loaded[1] if loaded and loaded[0] == name else load(experiment, name)
        except (CellStateError, OSError) as error:
            self.failed.emit(error)
            return
        self._layers.show_results(experiment, name, self.found)
        self._canvas.show_results(self.found)
        self._panels.show_results(self.found)
        self._tools.show_results(self.found)

    def correct(self, edited: Edited) -> bool:
        """Show a correction of the links of this movie; False where it is another thing that was corrected."""
        found, experiment = self.found, self._session.experiment
        if edited.links is None or edited.edit is None or found is None or found.reading is None or experiment is None:
            return False
        if edited.edit.movie != found.movie or found.reading.experiment is not experiment:
            return False
        tracks, gone = edited.links.tracks, edited.links.dropped
        if tracks is None or len(tracks.cells) + len(gone) != len(found.reading.cells):
            return False  # the cells are others than were read
        now = found.reading.with_tracks(tracks, gone)
        quick = len(now.frame) >= MANY and self._layers.patch_tracks(now)
        self.found = now
        self._layers.show_results(experiment, now.movie, now, before=found, tracks=not quick)
        self._canvas.show_results(now)
        self._panels.forget_marks()
        self._panels.follow(now)  # before the tools, which choose the same cell by its new track
        self._tools.show_results(now)
        if quick:
            self._panels.ring()
            self._resting.start()
        else:
            self._panels.show_results(now)
            self._panels.refresh()
            self.settled.emit()
        return True

    def settle(self) -> None:
        """Bring the layer of tracks and the panels to where the corrections are."""
        self._resting.stop()
        experiment, found = self._session.experiment, self.found
        if experiment is not None and found is not None:
            self._layers.show_results(experiment, found.movie, found, before=found)
            self._panels.show_results(found)
            self._panels.refresh()
            self.settled.emit()

    def close(self) -> None:
        """Nothing follows any more."""
        self._resting.stop()
