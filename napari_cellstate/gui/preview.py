"""Preview in the movie: the frame that is shown, and the links of the next ones, under the settings as they change."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_cellstate.experiment.preview import LinksPreview, Preview
from napari_cellstate.gui.messages import words
from napari_cellstate.gui.task import Task

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_cellstate.core.progress import Progress
    from napari_cellstate.experiment.recipe import Recipe
    from napari_cellstate.gui.layers import Layers
    from napari_cellstate.gui.session import Session

STAGES = ("segment", "link")
"""Stages that can be previewed."""
_SETTLE = 150
"""Milliseconds without a change before anything is computed."""


class Previewer(QObject):
    """Shows what a stage would give while its settings are changed; a change in the middle begins anew.

    Signals
    -------
    said : a line for the user.
    """

    said = Signal(str)

    def __init__(self, viewer: Viewer, session: Session, layers: Layers, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._session, self._layers = viewer, session, layers
        self.task = Task(self)
        self._preview: Preview | None = None
        self._of: tuple[Any, str] = (None, "")
        self._stage, self._again, self._began = "", False, 0.0
        self._asked: tuple[Any, ...] = ()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._start)
        self.task.succeeded.connect(self._on_succeeded)
        self.task.failed.connect(self._on_failed)
        self.task.progressed.connect(self._on_progress)
        self.task.ended.connect(self._on_ended)
        session.recipe_changed.connect(self.ask)
        session.movie_changed.connect(self.ask)
        session.experiment_changed.connect(self.stop)
        viewer.dims.events.current_step.connect(self._on_frame)

    @property
    def stage(self) -> str:
        """What is previewed now, "" for nothing."""
        return self._stage

    def show(self, stage: str) -> None:
        """Preview a stage from now on, "" for none."""
        if stage not in STAGES:
            self.stop()
            return
        if stage != self._stage:
            self._clear()
        self._stage = stage
        self._timer.start(0)

    def stop(self) -> None:
        """Show no preview any more."""
        self._stage, self._again = "", False
        self._timer.stop()
        self.task.cancel()
        self._clear()
        self._release()
        self.said.emit("")

    def close(self) -> None:
        """Leave the viewer alone."""
        self._viewer.dims.events.current_step.disconnect(self._on_frame)
        self.stop()

    def ask(self) -> None:
        """Something changed: show it as soon as the user pauses."""
        if self._stage:
            self._timer.start(_SETTLE)

    def _on_frame(self, _: object = None) -> None:
        self.ask()

    def _start(self) -> None:
        experiment, movie = self._session.experiment, self._session.movie
        if not self._stage or experiment is None or not movie or not self._viewer.dims.ndim:
            return
        if self.task.running:
            self._again = True
            self.task.cancel()
            return
        if self._of != (experiment, movie) or self._preview is None:
            self._release()
            self._preview, self._of = Preview(experiment, movie), (experiment, movie)
        frame = int(self._viewer.dims.current_step[0])
        self._asked = (self._stage, movie, frame)
        self._began = time.perf_counter()
        self.task.start(partial(_look, self._preview, self._stage, self._session.recipe, frame))

    def _on_succeeded(self, found: Any) -> None:
        stage, movie, frame = self._asked
        if not self._stage or self._again or (stage, movie) != (self._stage, self._session.movie):
            return
        experiment = self._session.experiment
        spent = time.perf_counter() - self._began
        if experiment is None:
            return
        if isinstance(found, LinksPreview):
            self._layers.preview_links(experiment, movie, found)
            first, stop = found.frames
            text = f"{found.links} links, {found.starts} new tracks, frames {first}-{stop - 1}"
        else:
            self._layers.preview_cells(experiment, movie, frame, found)
            text = f"{len(np.unique(found)) - int((found == 0).any())} cells in frame {frame}"
        self.said.emit(f"{text} ({spent:.1f} s)")

    def _on_progress(self, _done: int, _total: int, what: str) -> None:
        if self._stage:
            self.said.emit(f"{what} ...")

    def _on_failed(self, error: BaseException) -> None:
        if self._stage:
            self._clear()
            self.said.emit(f"no preview: {words(error)}")

    def _on_ended(self) -> None:
        if self._again and self._stage:
            self._again = False
            self._timer.start(0)
        elif not self._stage:
            self._release()

    def _clear(self) -> None:
        self._layers.hide_preview()

    def _release(self) -> None:
        """Close the movie's files, unless they are being read: then when that ends."""
        if self._preview is not None and not self.task.running:
            self._preview.close()
            self._preview = None


def _look(preview: Preview, stage: str, recipe: Recipe, frame: int, progress: Progress) -> Any:
    if stage == "segment":
        return preview.segment(recipe, frame, progress)
    return preview.link(recipe, frame, progress)
