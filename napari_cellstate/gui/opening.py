"""Open napari with the dock and an experiment in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellstate.experiment.store import Experiment

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_cellstate.gui.dock import CellStateDock


def open_window(experiment: str | Path | None = None) -> None:
    """Show an experiment in napari and return when the window is closed.

    Raises
    ------
    InputError
        The folder is no experiment; said before a window opens.
    """
    opened = None if experiment is None else Experiment(experiment)
    import napari

    viewer = napari.Viewer(title="Cell State")
    dock = add_dock(viewer)
    if opened is not None:
        dock.open(opened)
    napari.run()


def add_dock(viewer: Viewer) -> CellStateDock:
    """Put the dock at the right side of a viewer."""
    from napari_cellstate.gui.dock import CellStateDock

    dock = CellStateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Cell State", area="right")
    return dock


def dock_of(viewer: Viewer) -> CellStateDock:
    """The dock that a viewer has already, else a new one."""
    from napari_cellstate.gui.dock import CellStateDock

    for widget in viewer.window.dock_widgets.values():
        if isinstance(widget, CellStateDock):
            return widget
    return add_dock(viewer)
