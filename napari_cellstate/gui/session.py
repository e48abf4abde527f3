"""What the window has open: an experiment, its recipe, a movie, a cell. It holds and announces; it never computes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from napari_cellstate.core.edits import Edit
from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.edit import Edited, edit, redo, undo
from napari_cellstate.experiment.lock import writing
from napari_cellstate.experiment.pipeline import current_recipe, use_recipe
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.store import Experiment


@dataclass(frozen=True)
class Pick:
    """A cell that the user chose: a track of a movie, in one frame."""

    movie: str
    track: int
    frame: int


class Session(QObject):
    """The one place that all parts of the window look at.

    Signals
    -------
    experiment_changed : another experiment was opened, or none.
    recipe_changed : a method or a setting is another.
    results_changed : something was computed, or a movie was added.
    movie_changed : another movie is shown.
    picked : another cell was chosen, or none.
    edited : a correction was made, undone or redone; with an `Edited`.
    """

    experiment_changed = Signal()
    recipe_changed = Signal()
    results_changed = Signal()
    movie_changed = Signal()
    picked = Signal()
    edited = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.experiment: Experiment | None = None
        self.recipe = Recipe()
        self.movie = ""
        self.pick: Pick | None = None

    def open(self, experiment: Experiment | str | Path) -> None:
        """Show an experiment; InputError where the folder is none, and then the old one stays open."""
        opened = experiment if isinstance(experiment, Experiment) else Experiment(experiment)
        recipe = current_recipe(opened)
        self.experiment, self.recipe, self.pick = opened, recipe, None
        self.movie = next((entry.name for entry in opened.movies), "")
        self.experiment_changed.emit()
        self.movie_changed.emit()

    def set_recipe(self, recipe: Recipe) -> None:
        """Make a recipe the experiment's own; LockedError where something is writing to it."""
        if self.experiment is None or recipe == self.recipe:
            return
        with writing(self.experiment.paths.lock):
            self.recipe = use_recipe(self.experiment, recipe)
        self.recipe_changed.emit()

    def show_movie(self, name: str) -> None:
        """Show another movie."""
        if name != self.movie:
            self.movie, self.pick = name, None
            self.movie_changed.emit()

    def choose(self, pick: Pick | None) -> None:
        """Choose a cell, or none."""
        if pick is not None and pick.movie != self.movie:
            self.show_movie(pick.movie)
        if pick != self.pick:
            self.pick = pick
            self.picked.emit()

    def edit(self, one: Edit) -> Edited:
        """Correct a result by hand; InputError or LockedError where that cannot be."""
        return self._tell(edit(self._open(), one))

    def undo(self) -> Edited:
        """Take the last correction back."""
        return self._tell(undo(self._open()))

    def redo(self) -> Edited:
        """Make it again."""
        return self._tell(redo(self._open()))

    def _open(self) -> Experiment:
        if self.experiment is None:
            raise InputError("no experiment is open; open one first")
        return self.experiment

    def _tell(self, edited: Edited) -> Edited:
        if edited.edit is not None:
            self.edited.emit(edited)
        return edited
