"""Two rows of the dock: panels to open, and tools to take in hand."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QMenu, QToolButton, QWidget
from superqt import QFlowLayout

from napari_cellstate.gui.panel import PANELS
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.tool import TOOLS, Desk, Tool


class PanelPicker(QWidget):
    """A button for each panel, and a menu for the rare ones.

    Signals
    -------
    chosen : key of a panel to open.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QToolButton] = {}
        row = _row(self, "Panels:")
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for key, kind in PANELS.items():
            if kind.rare:
                action = menu.addAction(kind.title)
                action.setToolTip(kind.tip)
                action.triggered.connect(partial(self._choose, key))
                continue
            button = self.buttons[key] = _button(kind.title, kind.tip)
            button.clicked.connect(partial(self._choose, key))
            row.addWidget(button)
        if menu.actions():
            more = _button("more", "More panels")
            more.setMenu(menu)
            more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            row.addWidget(more)

    def _choose(self, key: str, _checked: bool = False) -> None:
        self.chosen.emit(key)


class ToolPicker(QWidget):
    """A button for each tool; at most one tool is on.

    Signals
    -------
    taken : the `Tool` that is on now, or None.
    work_asked, failed : as those of a `Tool`, of all of them.
    """

    taken = Signal(object)
    work_asked = Signal(object, object)
    failed = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.buttons: dict[str, QToolButton] = {}
        self.made: dict[str, Tool] = {}
        """Tools that were taken so far, by key."""
        self._on = ""
        row = _row(self, "Tools:")
        for key, kind in TOOLS.items():
            button = self.buttons[key] = _button(kind.title, kind.tip)
            button.setCheckable(True)
            button.clicked.connect(partial(self._on_clicked, key))
            row.addWidget(button)
        self.setVisible(bool(TOOLS))

    def take(self, key: str) -> Tool:
        """Take a tool in hand, in place of the one that was."""
        self.put_away()
        tool = self.made.get(key) or self._make(key)
        self._on = key
        self.buttons[key].setChecked(True)
        self.taken.emit(tool)
        tool.activate()
        return tool

    def put_away(self) -> None:
        """Back to no tool."""
        if not self._on:
            return
        self.made[self._on].deactivate()
        self.buttons[self._on].setChecked(False)
        self._on = ""
        self.taken.emit(None)

    def show_results(self, found: MovieResults | None) -> None:
        """Tell all tools what is shown."""
        for tool in self.made.values():
            tool.show_results(found)

    def _make(self, key: str) -> Tool:
        tool = self.made[key] = TOOLS[key].make(self._desk)
        tool.work_asked.connect(self.work_asked)
        tool.failed.connect(self.failed)
        return tool

    def _on_clicked(self, key: str, checked: bool) -> None:
        if checked:
            self.take(key)
        else:
            self.put_away()


def _row(widget: QWidget, title: str) -> QFlowLayout:
    """Goes on in the next line where the dock is narrow."""
    row = QFlowLayout(widget)
    row.setContentsMargins(0, 0, 0, 0)
    row.setHorizontalSpacing(3)
    row.setVerticalSpacing(2)
    row.addWidget(QLabel(title))
    return row


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton(text=text)
    button.setToolTip(tip)
    button.setStyleSheet("QToolButton:checked { background: palette(highlight); color: palette(highlighted-text) }")
    return button
