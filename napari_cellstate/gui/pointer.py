"""What the mouse does in the movie while a tool is on: clicks and drags, in pixels of the movie."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_cellstate.gui.layers import Layers

_STILL = 2.0
"""A press that moves less than this, px of the canvas, is a click."""


@dataclass(frozen=True)
class Gesture:
    """A click or a drag with the left button.

    Attributes
    ----------
    frame : the frame that is shown.
    path : places (y, x), px of the movie; one for a click.
    keys : modifier keys held: "Shift", "Control", "Alt".
    """

    frame: int
    path: tuple[tuple[float, float], ...]
    keys: frozenset[str]


class Pointer:
    """Hooks the left button while it is on; the movie does not move under a drag then (the wheel still zooms)."""

    def __init__(self, viewer: Viewer, layers: Layers, act: Callable[[Gesture], None]) -> None:
        self._viewer, self._layers, self._act = viewer, layers, act
        self._on = False

    def start(self) -> None:
        """Take the left button."""
        if not self._on:
            self._on = True
            self._viewer.mouse_drag_callbacks.append(self._on_press)

    def stop(self) -> None:
        """Give it back."""
        if self._on:
            self._on = False
            if self._on_press in self._viewer.mouse_drag_callbacks:
                self._viewer.mouse_drag_callbacks.remove(self._on_press)

    def _on_press(self, _: Any, event: Any) -> Generator[None, None, None]:
        basis = self._layers.basis()
        if event.button != 1 or basis is None:
            return
        keys = frozenset(str(key) for key in event.modifiers)
        start, moved = np.asarray(event.pos, float), False
        world = [event.position]
        camera = self._viewer.scene.camera
        panned, camera.mouse_pan = camera.mouse_pan, False  # only now: another active layer would set it back
        yield
        while event.type == "mouse_move":
            moved = moved or bool(np.abs(np.asarray(event.pos, float) - start).max() > _STILL)
            world.append(event.position)
            yield
        camera.mouse_pan = panned
        places = [np.asarray(basis.world_to_data(one), float)[-2:] for one in (world if moved else world[:1])]
        path = tuple((float(y), float(x)) for y, x in places)
        self._act(Gesture(int(self._viewer.dims.current_step[0]), path, keys))
