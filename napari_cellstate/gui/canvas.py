"""On the movie itself: the legend, what lies under the mouse, and choosing a cell by a click."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.components.overlays import TextOverlay
from qtpy.QtCore import QObject, Signal

from napari_cellstate.core.behavior import state_name
from napari_cellstate.gui.layers import Layers
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.under import row_at
from napari_cellstate.plots.colours import NO_STATE_COLOUR, state_colour

if TYPE_CHECKING:
    from napari.viewer import Viewer

_LEGEND = "cellstate_legend"
_READOUT = "cellstate_readout"
_BOX: dict[str, Any] = {"box": True, "box_color": "black"}
"""Behind all words, so that they are read on a bright movie and in the light theme too."""


class Canvas(QObject):
    """Legend, readout and clicks of one viewer.

    Signals
    -------
    clicked : track and frame of a cell that was clicked; (0, frame) beside all cells.
    """

    clicked = Signal(int, int)

    def __init__(self, viewer: Viewer, layers: Layers, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._layers = viewer, layers
        self._found: MovieResults | None = None
        self._shown: list[tuple[str, str]] = []
        viewer.mouse_move_callbacks.append(self._on_move)
        viewer.mouse_drag_callbacks.append(self._on_press)

    def show_results(self, found: MovieResults | None) -> None:
        """Follow these results from now on."""
        self._found = found
        self._legend(found.k if found is not None else 0)
        self._say("")

    def close(self) -> None:
        """Leave the viewer as it was."""
        for callbacks, one in (
            (self._viewer.mouse_move_callbacks, self._on_move),
            (self._viewer.mouse_drag_callbacks, self._on_press),
        ):
            if one in callbacks:
                callbacks.remove(one)
        self._legend(0)
        self._drop(_READOUT)

    def row_at(self, position: Any) -> int:
        """Row of the results under a place in the world, -1 for none."""
        return row_at(self._layers, self._found, position)

    def describe(self, row: int) -> str:
        """What is known about a cell in its frame, in a line or two."""
        found = self._found
        if found is None or row < 0:
            return ""
        state = int(found.state[row])
        named = state_name(state) if state else "no state"
        probability = found.probability[row]
        sure = f" ({probability:.0%})" if state and np.isfinite(probability) else ""
        lines = [f"cell {found.track[row]}, frame {found.frame[row]}: {named if found.k else 'not sorted yet'}{sure}"]
        if found.values is not None and found.row[row] >= 0:
            values = found.values[found.row[row]]
            named_values = zip(found.features, values, strict=True)
            lines.append(", ".join(f"{name} {value:.3g} {unit}".strip() for (name, unit), value in named_values))
        return "\n".join(lines)

    def _on_move(self, _: Any, event: Any) -> None:
        self._say(self.describe(self.row_at(event.position)))

    def _on_press(self, _: Any, event: Any) -> Generator[None, None, None]:
        active = self._viewer.layers.selection.active
        if event.button != 1 or event.modifiers or (active is not None and str(active.mode) != "pan_zoom"):
            return
        position, moved = event.position, False
        yield
        while event.type == "mouse_move":
            moved = True
            yield
        if not moved and self._found is not None:
            row = self.row_at(position)
            frame = int(self._viewer.dims.current_step[0])
            self.clicked.emit(int(self._found.track[row]) if row >= 0 else 0, frame)

    def _say(self, text: str) -> None:
        overlays = self._viewer.canvas.overlays
        if _READOUT not in overlays:
            if not text:
                return
            overlays[_READOUT] = TextOverlay(text=text, visible=True, position="bottom_left", color="white", **_BOX)
            return
        overlay = overlays[_READOUT]
        if overlay.text != text:
            overlay.text = text
            overlay.visible = bool(text)

    def _legend(self, k: int) -> None:
        entries = [(state_name(state), state_colour(state)) for state in range(1, k + 1)]
        if entries == self._shown:  # an overlay made anew takes a tenth of a second
            return
        self._shown = entries
        for key in [key for key in self._viewer.canvas.overlays if key.startswith(_LEGEND)]:
            self._drop(key)
        if not k:
            return
        for nth, (text, colour) in enumerate([*entries, ("no state", NO_STATE_COLOUR)]):
            overlay = TextOverlay(text=text, color=colour, visible=True, **_BOX, position="top_left", font_size=10)
            self._viewer.canvas.overlays[f"{_LEGEND}_{nth}"] = overlay

    def _drop(self, key: str) -> None:
        if key in self._viewer.canvas.overlays:
            self._viewer.canvas.overlays[key].visible = False
            del self._viewer.canvas.overlays[key]
