"""The ways to begin and to go on: an experiment from a layer, from files, from a table, the sample."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog, QMenu, QWidget

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.pipeline import use_recipe
from napari_cellstate.experiment.planned import plan_by_table
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.gui.many import AddMany
from napari_cellstate.gui.new_movie import NewMovie
from napari_cellstate.gui.preferences import preferences
from napari_cellstate.gui.sample import make_sample, sample_folder
from napari_cellstate.gui.session import Session

if TYPE_CHECKING:
    from napari.viewer import Viewer

_MOVIES = "Movies and tables of tracks (*.tif *.tiff *.nd2 *.avi *.mp4 *.png *.csv *.tsv *.parquet);;All files (*)"
_PLANS = "Tables (*.csv *.tsv *.parquet);;All files (*)"


class Begin(QObject):
    """Dialogs that make experiments and add movies to them; the work is done by whoever listens.

    Parameters
    ----------
    owner : of the dialogs.

    Signals
    -------
    work_asked : a function of `progress` that gives an experiment, and one to call with it.
    opened : an experiment to show.
    said : a hint for the user.
    failed : an exception.
    """

    work_asked = Signal(object, object)
    opened = Signal(object)
    said = Signal(str)
    failed = Signal(object)

    def __init__(self, viewer: Viewer, session: Session, owner: QWidget) -> None:
        super().__init__(owner)
        self._viewer, self._session, self._owner = viewer, session, owner

    def menu(self, owner: QWidget) -> QMenu:
        """All ways to add movies."""
        menu = QMenu(owner)
        for text, ask in (
            ("Files ...", self.ask_movies),
            ("A folder of images, or a Zarr ...", self.ask_folder),
            ("The selected layer", self.add_layer),
            ("Movies that a table names ...", self.ask_table),
        ):
            menu.addAction(text, ask)
        return menu

    def new_from_layer(self) -> None:
        """Start an experiment from the selected image layer."""
        dialog = NewMovie.from_layer(self._viewer, self._owner)
        if dialog is None:
            self.said.emit(
                "No movie is open. Open one (File > Open, or drag it into the window), select its layer, and press "
                "the button again."
            )
            return
        self._ask(dialog)

    def add_layer(self) -> None:
        """Add the selected layer to the experiment that is open."""
        experiment = self._session.experiment
        dialog = None if experiment is None else NewMovie.from_layer(self._viewer, self._owner, experiment.root)
        if dialog is None:
            self.said.emit("No movie is open beside this experiment. Open one, and select its layer.")
            return
        self._ask(dialog)

    def ask_movies(self) -> None:
        """Add one movie or many from files."""
        paths, _ = QFileDialog.getOpenFileNames(self._owner, "Add movies", self._folder(), _MOVIES)
        self.add_files([Path(path) for path in paths])

    def ask_folder(self) -> None:
        """Add a folder of numbered images, or a Zarr."""
        title = "Add a folder of images, or a Zarr"
        path = QFileDialog.getExistingDirectory(self._owner, title, self._folder())
        self.add_files([Path(path)] if path else [])

    def add_files(self, paths: list[Path]) -> None:
        """Ask about one file what it cannot tell; of many, read condition and replicate from their names."""
        experiment = self._session.experiment
        if experiment is None or not paths:
            return
        if len(paths) == 1:
            self._ask(NewMovie(paths[0], experiment.root, self._owner, viewer=self._viewer))
        else:
            self._ask(AddMany(experiment, tuple(paths), parent=self._owner))

    def ask_table(self) -> None:
        """Add the movies that a table names."""
        path, _ = QFileDialog.getOpenFileName(self._owner, "A table with a row a movie", self._folder(), _PLANS)
        if path and self._session.experiment is not None:
            try:
                self._ask(AddMany(self._session.experiment, planned=plan_by_table(path), parent=self._owner))
            except CellStateError as error:
                self.failed.emit(error)

    def ask_experiment(self) -> None:
        """Open an experiment folder."""
        title = "Open an experiment (a folder NAME.cellstate)"
        path = QFileDialog.getExistingDirectory(self._owner, title, self._folder())
        if path:
            self.opened.emit(path)

    def try_sample(self) -> None:
        """Simulate the sample, or open it where it is there already."""
        self.work_asked.emit(partial(make_sample, sample_folder()), self.opened.emit)

    def _folder(self) -> str:
        experiment = self._session.experiment
        return str(preferences().home if experiment is None else experiment.root.parent)

    def _ask(self, dialog: NewMovie | AddMany) -> None:
        dialog.accepted.connect(partial(self._on_accepted, dialog))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_accepted(self, dialog: NewMovie | AddMany) -> None:
        layer = dialog.layer if isinstance(dialog, NewMovie) else None
        new = self._session.experiment is None or (isinstance(dialog, NewMovie) and dialog.makes_new)
        self.work_asked.emit(dialog.work(), partial(self._on_added, layer, new))

    def _on_added(self, layer: Any, new: bool, experiment: Experiment) -> None:
        images, threads = experiment.movies[-1].images, preferences().threads
        if layer is not None and images is not None:  # so that the user's own layer goes on showing it
            layer.metadata = {**layer.metadata, "cellstate_file": str(images.resolve(experiment.root))}
        if new and threads != Recipe().threads:
            use_recipe(experiment, replace(Recipe(), threads=threads))
        self.opened.emit(experiment)
