"""The panels beside the dock, and how what they choose shows in the movie: one selection for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject

from napari_cellstate.gui.events import Event
from napari_cellstate.gui.layers import CHOSEN, EVENTS, TRACKS, WINDOWS, Layers
from napari_cellstate.gui.matrix import MatrixPanel
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.scatter import ScatterPanel
from napari_cellstate.gui.session import Pick, Session
from napari_cellstate.gui.timeline import TimelinePanel
from napari_cellstate.plots.colours import state_colour

if TYPE_CHECKING:
    from napari.viewer import Viewer

TITLES = {"matrix": "Transitions", "scatter": "Scatter", "timeline": "Timeline"}
_TIPS = {
    "matrix": "How often cells go from one state to another; click a number to see where",
    "scatter": "All windows in the embedding; draw a lasso to see them in the movie",
    "timeline": "The states of all tracks over time; click to go there",
}


def tip(key: str) -> str:
    """What a panel is for."""
    return _TIPS[key]


class Panels(QObject):
    """Makes panels when they are asked for, keeps them up to date, and shows their choices in the movie."""

    def __init__(self, viewer: Viewer, session: Session, layers: Layers, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._session, self._layers = viewer, session, layers
        self._docks: dict[str, Any] = {}
        self._found: MovieResults | None = None
        self._chosen_windows: list[tuple[str, int, int]] = []
        self.matrix: MatrixPanel | None = None
        self.scatter: ScatterPanel | None = None
        self.timeline: TimelinePanel | None = None
        session.picked.connect(self._on_picked)
        viewer.dims.events.current_step.connect(self._on_frame)

    def show(self, key: str) -> None:
        """Open a panel in a tab beside the dock, or bring it to the front."""
        panel = getattr(self, key) or self._make(key)
        if key not in self._docks or panel.parent() is None:
            self._docks[key] = self._viewer.window.add_dock_widget(panel, name=TITLES[key], area="right", tabify=True)
        self._docks[key].show()
        self._docks[key].raise_()
        self._refresh(key)

    def refresh(self) -> None:
        """Results on disk are others."""
        self._chosen_windows = []
        for key in TITLES:
            self._refresh(key)

    def show_results(self, found: MovieResults | None) -> None:
        """Another movie is shown, or the same with other results."""
        self._found = found
        self._on_picked()
        if self.matrix is not None:
            self._on_events(self.matrix.shown)
        if self.timeline is not None:
            self.timeline.show_results(found)
        self._on_windows(self._chosen_windows)

    def close(self) -> None:
        """Take all panels away."""
        self._viewer.dims.events.current_step.disconnect(self._on_frame)
        for key in TITLES:
            panel = getattr(self, key)
            if panel is not None:
                panel.close()
                panel.deleteLater()
                setattr(self, key, None)

    def go_to(self, pick: Pick) -> None:
        """Show a cell: its movie, its frame, and the cell in the middle where it is out of sight."""
        self._session.choose(pick)
        found, basis = self._found, self._layers.find(TRACKS)
        row = found.row_of(pick.track, pick.frame) if found is not None else -1
        if found is None or basis is None or row < 0:
            return
        world = basis.data_to_world((pick.frame, found.y[row], found.x[row]))
        self._viewer.dims.set_point(0, world[0])
        if not self._layers.in_sight(found.y[row], found.x[row]):
            self._viewer.scene.camera.center = (0.0, *world[1:])

    def _make(self, key: str) -> Any:
        if key == "matrix":
            self.matrix = MatrixPanel(self._session)
            self.matrix.events_shown.connect(self._on_events)
            self.matrix.event_chosen.connect(self._on_event)
        elif key == "scatter":
            self.scatter = ScatterPanel(self._session)
            self.scatter.windows_chosen.connect(self._on_windows)
            self.scatter.window_clicked.connect(self.go_to)
        else:
            self.timeline = TimelinePanel(self._session)
            self.timeline.place_clicked.connect(self.go_to)
            self.timeline.frame_asked.connect(lambda frame: self._viewer.dims.set_current_step(0, frame))
        return getattr(self, key)

    def _refresh(self, key: str) -> None:
        panel = getattr(self, key)
        if key == "timeline" and panel is not None:
            panel.show_results(self._found)
            self._on_frame()
        elif panel is not None:
            panel.refresh()

    def _on_frame(self, _: object = None) -> None:
        if self.timeline is not None and self._viewer.dims.ndim:
            self.timeline.follow_frame(int(self._viewer.dims.current_step[0]))

    def _on_picked(self) -> None:
        """Ring the chosen cell in every frame of its track."""
        pick, found = self._session.pick, self._found
        points = np.empty((0, 3))
        if pick is not None and found is not None and pick.movie == found.movie:
            rows = found.track_rows(pick.track)
            points = np.stack([found.frame[rows], found.y[rows], found.x[rows]], axis=1)
        self._layers.mark(CHOSEN, points, size=self._ring)

    def _on_event(self, event: Event) -> None:
        self.go_to(Pick(event.movie, event.track, event.frame))

    def _on_events(self, shown: list[Event]) -> None:
        """Mark the events that the matrix lists, as far as they are in this movie."""
        found = self._found
        kept = [(one, self._row(one.movie, one.track, one.frame)) for one in shown]
        kept = [(one, row) for one, row in kept if row >= 0]
        points: Any = [] if found is None else [(found.frame[row], found.y[row], found.x[row]) for _, row in kept]
        colours = [state_colour(one.after) for one, _ in kept]
        texts = [f"{one.before}→{one.after}" for one, _ in kept]
        self._layers.mark(EVENTS, points, texts=texts, colour=colours, size=self._ring * 1.3)

    def _on_windows(self, keys: list[tuple[str, int, int]]) -> None:
        """Ring the windows of the lasso, as far as they are in this movie."""
        self._chosen_windows, found = keys, self._found
        rows = [row for row in (self._row(*key) for key in keys) if row >= 0]
        points: Any = [] if found is None else np.stack([found.frame[rows], found.y[rows], found.x[rows]], axis=1)
        self._layers.mark(WINDOWS, points, colour="#AAAAAA", size=self._ring * 0.9)

    def _row(self, movie: str, track: int, frame: int) -> int:
        found = self._found
        return found.row_of(track, frame) if found is not None and movie == found.movie else -1

    @property
    def _ring(self) -> float:
        """Size of a ring around a cell, px: one and a half typical diameters."""
        experiment, movie = self._session.experiment, self._session.movie
        if experiment is None or not movie or not experiment.movie_paths(movie).cells.exists():
            return 20.0
        area = experiment.cells(movie).get("area")
        return 20.0 if area is None or not len(area) else 1.7 * float(np.sqrt(np.nanmedian(area)))
