"""The panels beside the dock, and how what they choose shows in the movie: one selection for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_cellstate.gui.events import Event
from napari_cellstate.gui.layers import CHOSEN, EVENTS, WINDOWS, Layers
from napari_cellstate.gui.panel import PANELS, Panel
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.session import Pick, Session
from napari_cellstate.gui.shades import Shades
from napari_cellstate.gui.track_layer import TRACKS
from napari_cellstate.plots.colours import state_colour

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from numpy.typing import NDArray


class Panels(QObject):
    """Makes panels when they are asked for, keeps them up to date, and shows their choices in the movie.

    Signals
    -------
    work_asked, failed : as those of a `Panel`, of all of them.
    """

    work_asked = Signal(object, object)
    failed = Signal(object)

    def __init__(self, viewer: Viewer, session: Session, layers: Layers, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._session, self._layers = viewer, session, layers
        self.made: dict[str, Panel] = {}
        """Panels that were opened so far, by key."""
        self._docks: dict[str, Any] = {}
        self._found: MovieResults | None = None
        self._ring = 20.0
        self._chosen_windows: list[tuple[str, int, int]] = []
        self._events: list[Event] = []
        self._shades: tuple[Shades | None, str] = (None, "")
        session.picked.connect(self._on_picked)
        viewer.dims.events.current_step.connect(self._on_frame)

    def show(self, key: str) -> None:
        """Open a panel in a tab beside the dock, or bring it to the front."""
        panel = self.made.get(key) or self._make(key)
        if key not in self._docks or panel.parent() is None:
            title = PANELS[key].title
            self._docks[key] = self._viewer.window.add_dock_widget(panel, name=title, area="right", tabify=True)
        self._docks[key].show()
        self._docks[key].raise_()
        panel.refresh()
        panel.show_results(self._found)
        self._on_frame()

    def refresh(self) -> None:
        """Results on disk are others."""
        self.forget_marks()
        for panel in self.made.values():
            panel.refresh()

    def show_results(self, found: MovieResults | None) -> None:
        """Another movie is shown, or the same with other results."""
        self._found = found
        self._ring = self._ring_size()
        self._on_picked()
        for panel in self.made.values():
            panel.show_results(found)
        self._on_events(self._events)
        self._on_windows(self._chosen_windows)
        self._colour()

    def forget_marks(self) -> None:
        """Windows and events that were chosen are named by tracks, which may have other numbers now."""
        self._chosen_windows, self._events = [], []

    def follow(self, found: MovieResults) -> None:
        """Rings are of these results from now on; what the panels themselves show follows by `show_results`."""
        self._found = found

    def ring(self) -> None:
        """Have the rings of the chosen cell right."""
        self._on_picked()

    def close(self) -> None:
        """Take all panels away."""
        self._viewer.dims.events.current_step.disconnect(self._on_frame)
        for panel in self.made.values():
            panel.close()
            panel.deleteLater()
        self.made.clear()

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

    def _make(self, key: str) -> Panel:
        panel = self.made[key] = PANELS[key].make(self._session)
        panel.pick_asked.connect(self.go_to)
        panel.frame_asked.connect(self._show_frame)
        panel.windows_chosen.connect(self._on_windows)
        panel.events_shown.connect(self._on_events)
        panel.coloured.connect(self._on_coloured)
        panel.work_asked.connect(self.work_asked)
        panel.failed.connect(self.failed)
        return panel

    def _show_frame(self, frame: int) -> None:
        self._viewer.dims.set_current_step(0, frame)

    def _on_frame(self, _: object = None) -> None:
        if self._viewer.dims.ndim:
            for panel in self.made.values():
                panel.follow_frame(int(self._viewer.dims.current_step[0]))

    def _on_picked(self) -> None:
        """Ring the chosen cell in every frame of its track."""
        pick, found = self._session.pick, self._found
        points = np.empty((0, 3))
        if pick is not None and found is not None and pick.movie == found.movie:
            rows = found.track_rows(pick.track)
            points = np.stack([found.frame[rows], found.y[rows], found.x[rows]], axis=1)
        self._layers.mark(CHOSEN, points, size=self._ring)

    def _on_events(self, shown: list[Event]) -> None:
        """Mark the events that are listed, as far as they are in this movie."""
        self._events, found = shown, self._found
        rows = self._rows([(one.movie, one.track, one.frame) for one in shown])
        here = np.flatnonzero(rows >= 0).tolist()
        points: Any = [] if found is None else self._places(found, rows[here])
        colours = [state_colour(shown[at].after) for at in here]
        texts = [f"{shown[at].before}→{shown[at].after}" for at in here]
        self._layers.mark(EVENTS, points, texts=texts, colour=colours, size=self._ring * 1.3)

    def _on_windows(self, keys: list[tuple[str, int, int]]) -> None:
        """Ring the windows of the lasso, as far as they are in this movie."""
        self._chosen_windows, found = keys, self._found
        rows = self._rows(keys)
        points: Any = [] if found is None else self._places(found, rows[rows >= 0])
        self._layers.mark(WINDOWS, points, colour="#AAAAAA", size=self._ring * 0.9)
        for panel in self.made.values():
            panel.follow_windows(keys)

    def _on_coloured(self, shown: Shades | None, title: str) -> None:
        self._shades = (shown, title)
        self._colour()

    def _colour(self) -> None:
        """Paint the cells by what a panel asks for; each by the window that it is in the middle of."""
        shown, title = self._shades
        found, experiment = self._found, self._session.experiment
        if shown is None or found is None or experiment is None or int(found.row.max(initial=-1)) >= len(shown.codes):
            self._layers.colour_by(experiment, found)
            return
        codes = np.append(shown.codes, -1)[found.row]
        self._layers.colour_by(experiment, found, codes, shown.colours, title)

    def _rows(self, keys: list[tuple[str, int, int]]) -> NDArray[np.int64]:
        """Row of the movie's results of each window (movie, track, frame), -1 where it is of another movie."""
        found = self._found
        if found is None or not keys:
            return np.full(len(keys), -1, np.int64)
        here = np.array([movie == found.movie for movie, _, _ in keys])
        track, frame = np.array([key[1:] for key in keys], np.int64).T
        return np.where(here, found.rows_at(track, frame), -1)

    def _places(self, found: MovieResults, rows: NDArray[np.int64]) -> Any:
        return np.stack([found.frame[rows], found.y[rows], found.x[rows]], axis=1)

    def _ring_size(self) -> float:
        """Size of a ring around a cell, px: one and a half typical diameters."""
        area = None if self._found is None or self._found.tracks is None else self._found.tracks.cells.get("area")
        return 20.0 if area is None or not len(area) else 1.7 * float(np.sqrt(np.nanmedian(area)))
