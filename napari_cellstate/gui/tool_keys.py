"""Keys of a tool: they win over those of whatever layer is active, and are given back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.viewer import Viewer


class Keys:
    """Binds keys while it is on.

    napari asks the active layer before the viewer, and most letters mean something to some layer (2 would rotate the
    image, Z leave a mode), so keys are bound to the viewer and to each layer.
    """

    def __init__(self, viewer: Viewer, acts: Mapping[str, Callable[[], object]]) -> None:
        self._viewer = viewer
        self._handlers = {key: _handler(act) for key, act in acts.items()}
        self._on = False

    def start(self) -> None:
        """Take the keys."""
        if self._on:
            return
        self._on = True
        for owner in (self._viewer, *self._viewer.layers):
            self._bind(owner)
        self._viewer.layers.events.inserted.connect(self._on_inserted)

    def stop(self) -> None:
        """Give them back."""
        if not self._on:
            return
        self._on = False
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        for owner in (self._viewer, *self._viewer.layers):
            for key in self._handlers:
                owner.bind_key(key, None, overwrite=True)

    def _bind(self, owner: Any) -> None:
        for key, handler in self._handlers.items():
            owner.bind_key(key, handler, overwrite=True)

    def _on_inserted(self, event: Any) -> None:
        self._bind(event.value)


def _handler(act: Callable[[], object]) -> Callable[[Any], None]:
    def pressed(_: Any) -> None:
        act()

    return pressed
