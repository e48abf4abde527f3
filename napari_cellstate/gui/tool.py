"""What a tool is, and the list of all tools: one line each."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_cellstate.gui.results import MovieResults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.viewer import Viewer

    from napari_cellstate.gui.layers import Layers
    from napari_cellstate.gui.panels import Panels
    from napari_cellstate.gui.session import Session


@dataclass(frozen=True)
class Desk:
    """What a tool works on.

    Attributes
    ----------
    viewer : napari's; only what is public.
    session : what is open.
    layers : ours in the viewer.
    panels : `panels.go_to(pick)` shows a cell.
    """

    viewer: Viewer
    session: Session
    layers: Layers
    panels: Panels


class Tool(QWidget):
    """A page in the dock that takes the place of the stage's page while the tool is on.

    While it is on, its mouse and key callbacks are hooked to the viewer; off, nothing of them is left. Corrections go
    through `session.edit(...)`, which makes them, and tells everybody.

    Signals
    -------
    work_asked : a function of `progress` to call beside the window, and one to call with its result.
    failed : an exception to tell the user about.
    """

    work_asked = Signal(object, object)
    failed = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk

    def activate(self) -> None:
        """Hook the mouse and the keys."""

    def deactivate(self) -> None:
        """Unhook them."""

    def show_results(self, found: MovieResults | None) -> None:
        """Another movie is shown, or the same with other results; called while the tool is on, and before."""


@dataclass(frozen=True)
class ToolKind:
    """One tool of the list.

    Attributes
    ----------
    title : on its button.
    tip : what it is for.
    home : "module:Class", imported when the tool is first taken.
    """

    title: str
    tip: str
    home: str

    def make(self, desk: Desk) -> Tool:
        """The widget."""
        module, name = self.home.split(":")
        tool: Callable[[Any], Tool] = getattr(importlib.import_module(f"napari_cellstate.gui.{module}"), name)
        return tool(desk)


TOOLS: Mapping[str, ToolKind] = {
    "click": ToolKind(
        "Click-segment",
        "Correct the masks: click adds, Shift-click removes, drag joins, a line splits",
        "click_tool:ClickTool",
    ),
    "teach": ToolKind(
        "Teach", "A copy of the net learns from what you corrected, while you watch", "teach_tool:TeachTool"
    ),
    "label": ToolKind(
        "Label states",
        "Click a cell and press a digit: that is its state; a net labels the rest",
        "label_tool:LabelTool",
    ),
    "correct": ToolKind(
        "Correct", "Correct the tracks: join, break, swap, divide, delete, one key each", "correct_tool:CorrectTool"
    ),
    "review": ToolKind(
        "Review", "Look at doubtful links one by one, and measure how many are wrong", "review_tool:ReviewTool"
    ),
}
