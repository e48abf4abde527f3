"""The two lists of the dock: movies and stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from napari_cellstate.experiment.keys import UP_TO_DATE
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages import NAMES
from napari_cellstate.gui.choices import AUTO, MEANING, TITLES, choices, chosen, number
from napari_cellstate.gui.dots import TOOLTIPS, dot
from napari_cellstate.gui.standing import Standing

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

_KEY = int(Qt.ItemDataRole.UserRole)


_ICON = 34
"""Width of a status dot and the space around it."""


class _List(QTreeWidget):
    """Rows with a key each; the user's choice is announced, ours is not."""

    chosen = Signal(str)

    def __init__(self, headers: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(len(headers))
        self.setHeaderLabels(headers)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._quiet = False
        self.currentItemChanged.connect(self._told)

    def keys(self) -> list[str]:
        """Keys of all rows."""
        return [str(self.topLevelItem(at).data(0, _KEY)) for at in range(self.topLevelItemCount())]

    @property
    def row_height(self) -> int:
        """Said to the list, and not asked of it: it answers rightly only once it is drawn."""
        return int(self.fontMetrics().height()) + 4

    def choose(self, key: str) -> None:
        """Mark a row, without `chosen`."""
        keys = self.keys()
        if key in keys:
            self._quiet = True
            self.setCurrentItem(self.topLevelItem(keys.index(key)))
            self._quiet = False

    _rows = (1, 4)
    """The least and the most rows that are shown at once."""

    def fit(self, least: int, most: int) -> None:
        """As high as its rows, within limits."""
        rows = min(max(self.topLevelItemCount(), least), most)
        height = self.row_height
        for at in range(self.topLevelItemCount()):
            item = self.topLevelItem(at)
            width = self.fontMetrics().horizontalAdvance(item.text(0)) + _ICON
            item.setSizeHint(0, QSize(width, height))
        head = 0 if self.isHeaderHidden() else self.header().sizeHint().height()
        self.setFixedHeight(rows * height + head + 2 * self.frameWidth() + 2)

    def showEvent(self, event: QShowEvent) -> None:
        """Only now, with fonts and style of the window, is the height of a row known."""
        super().showEvent(event)
        self.fit(*self._rows)

    def row(self, key: str) -> QTreeWidgetItem:
        """One row."""
        return self.topLevelItem(self.keys().index(key))

    def _told(self, item: QTreeWidgetItem | None, _: object = None) -> None:
        if item is not None and not self._quiet:
            self.chosen.emit(str(item.data(0, _KEY)))


class MovieList(_List):
    """The movies of an experiment; a click shows one, a double-click on condition or replicate writes another.

    Signals
    -------
    described : movie, condition, replicate.
    """

    described = Signal(str, str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(["Movie", "Condition", "Repl.", "Frames"], parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.itemDoubleClicked.connect(self._on_double)
        self.itemChanged.connect(self._on_item)
        header = self.header()
        header.setStretchLastSection(False)
        for column in range(4):
            mode = QHeaderView.ResizeMode.Stretch if column < 2 else QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(column, mode)

    def show_movies(self, movies: list[dict[str, Any]]) -> None:
        """Show all movies as `status` tells of them."""
        self._quiet = True
        self.clear()
        for movie in movies:
            item = QTreeWidgetItem(
                [movie["name"], movie["condition"] or "-", movie["replicate"] or "-", _length(movie)]
            )
            item.setData(0, _KEY, movie["name"])
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            status = "problem" if movie["problem"] else _overall(list(movie["stages"].values()))
            item.setIcon(0, dot(status))
            for column in range(4):
                item.setToolTip(column, movie["problem"] or _movie_tip(movie, TOOLTIPS[status]))
            self.addTopLevelItem(item)
        self.fit(*self._rows)
        self._quiet = False

    def _on_double(self, item: QTreeWidgetItem, column: int) -> None:
        if column in (1, 2):
            self.editItem(item, column)

    def _on_item(self, item: QTreeWidgetItem, column: int) -> None:
        if not self._quiet and column in (1, 2):
            condition, replicate = (item.text(at).strip() for at in (1, 2))
            self.described.emit(str(item.data(0, _KEY)), _said(condition), _said(replicate))


class StageList(_List):
    """The seven stages, with status, method and result in one line each."""

    _rows = (len(NAMES), len(NAMES))

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(["Stage", "Method", "Result"], parent)
        self.setHeaderHidden(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(False)
        for stage in NAMES:
            item = QTreeWidgetItem([f"{number(stage)}  {TITLES[stage]}", "", ""])
            item.setData(0, _KEY, stage)
            item.setToolTip(0, MEANING[stage])
            item.setTextAlignment(2, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
            self.addTopLevelItem(item)

    def show_standings(self, found: dict[str, Standing], recipe: Recipe) -> None:
        """Show where all stages stand."""
        for stage in NAMES:
            item, standing = self.row(stage), found.get(stage, Standing("missing", ""))
            item.setIcon(0, dot(standing.status))
            item.setText(1, _method_title(recipe, stage))
            item.setText(2, standing.line)
            for column in range(3):
                tip = f"{MEANING[stage]}\n{TOOLTIPS[standing.status].capitalize()}."
                item.setToolTip(column, f"{tip}\n{standing.more}".strip())


def _method_title(recipe: Recipe, stage: str) -> str:
    listed = choices(stage)
    if not listed:
        return ""
    if stage == "features":
        return " + ".join(one.title or one.kind for one in recipe.features)
    kind = chosen(recipe, stage)
    return "Automatic" if kind == AUTO else next((one.title for one in listed if one.kind == kind), kind)


def _said(text: str) -> str:
    return "" if text == "-" else text


def _length(movie: dict[str, Any]) -> str:
    dt = movie["dt_s"]
    if not dt:
        return f"{movie['frames']} × ?"
    return f"{movie['frames']} × " + (f"{dt / 60:.3g} min" if dt >= 60 else f"{dt:.3g} s")


def _movie_tip(movie: dict[str, Any], standing: str) -> str:
    pixel = movie["pixel_size_um"]
    size = f"{pixel:.3g} um a pixel" if pixel else "size of a pixel not known: distances stay in pixels"
    dt = "" if movie["dt_s"] else "\nTime between frames not known: rates per hour stay blank."
    return (
        f"{movie['name']}: {standing}\n{size}{dt}\nClick to show it; double-click condition or replicate to correct it."
    )


def _overall(statuses: list[str]) -> str:
    if all(status in UP_TO_DATE for status in statuses):
        return "edited" if "edited" in statuses else "fresh"
    for worst in ("edits-at-risk", "stale"):
        if worst in statuses:
            return worst
    return "part" if "fresh" in statuses or "edited" in statuses else "missing"
