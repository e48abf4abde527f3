"""Drag an experiment folder into napari: its dock opens, and everything is back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari_cellstate.experiment.paths import Paths

_NOTHING = [(None,)]
"""How a reader says that it has read something that is no layer."""


def get_reader(path: str | list[str]) -> Callable[[str | list[str]], list[tuple[None]]] | None:
    """The reader of one experiment folder, None for everything else."""
    if isinstance(path, list):
        return None
    return _read if Paths(Path(path)).experiment.is_file() else None


def _read(path: str | list[str]) -> list[tuple[None]]:
    from napari.viewer import current_viewer

    from napari_cellstate.gui.opening import dock_of

    viewer = current_viewer()
    if viewer is not None:
        dock_of(viewer).open(str(path))
    return _NOTHING
