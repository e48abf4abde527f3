"""Every key and gesture of ours, in one list; the Help page and the documentation are made from it."""

from __future__ import annotations

from html import escape

from qtpy.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from napari_cellstate.gui.link_keys import KEYS as LINK_KEYS
from napari_cellstate.gui.link_keys import shown

UNDO, REDO = "Alt-Z", "Alt-Shift-Z"
"""In the movie, where Ctrl+Z undoes strokes in a layer of napari's."""

_LINK_KEYS = tuple(LINK_KEYS.values())

KEYS: dict[str, tuple[tuple[str, str], ...]] = {
    "In the movie": (
        ("click a cell", "choose its track everywhere: scatter, timeline, movie"),
        ("hover", "cell, frame, state, probability and features"),
        ("Left, Right", "the frame before, the next one (napari)"),
        (UNDO.replace("-", "+"), "undo the last correction by hand"),
        (REDO.replace("-", "+"), "make it again"),
    ),
    "Tools Correct and Review, on the cell under the mouse": (
        *(
            (", ".join(shown(one.key) for one in some), ", ".join(one.name.lower() for one in some))
            for some in (_LINK_KEYS[:4], _LINK_KEYS[4:])
        ),
        ("Z, Shift+Z", "undo, redo"),
    ),
    "Tool Review": (
        ("A, X, P", "accept, skip, back"),
        ("E", "earlier and later frame, in turn"),
        ("1, 2, 3", "of a sample: right, wrong, unclear"),
    ),
    "In the dock and the panels": (
        ("Ctrl+Z, Ctrl+Shift+Z", "undo and redo of corrections by hand"),
        ("Ctrl+R", "Run all"),
        ("Escape", "Cancel what runs; what is done stays done"),
        ("F1", "this list"),
        ("double-click", "in the list of movies: condition and replicate; on page States: names"),
    ),
    "Panels": (
        ("Scatter: Lasso, then draw", "ring the cells of these windows in the movie"),
        ("Scatter: click a dot", "go to its cell"),
        ("Timeline: click, drag the line", "go to a track and frame; scrub"),
        ("Transitions, State graph: click a number", "list these events; Play shows one after another"),
        ("Pseudotime: click a dot", "begin there"),
    ),
    "Tool Label states": (
        ("click a cell, then 1 to 9", "it is in this state; 0 takes it back"),
        ("N", "go to the window whose state is least sure"),
        ("Z, Shift+Z", "undo, redo"),
    ),
}


def key_text() -> str:
    """The list as HTML."""
    parts = []
    for title, rows in KEYS.items():
        lines = "".join(
            f"<tr><td><b>{escape(key)}</b>&nbsp;&nbsp;</td><td>{escape(what)}</td></tr>" for key, what in rows
        )
        parts.append(f"<h3>{title}</h3><table>{lines}</table>")
    return "".join(parts)


class KeyHelp(QDialog):
    """The list, to be read beside the work."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Cell State: keys and mouse")
        text = QLabel(key_text())
        text.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addWidget(text)
        column.addWidget(buttons)
        self.setMinimumWidth(520)


def show_keys() -> None:
    """Show the list; napari's command of this name calls it."""
    from napari.viewer import current_viewer

    from napari_cellstate.gui.opening import dock_of

    viewer = current_viewer()
    if viewer is not None:
        dock_of(viewer).show_keys()
