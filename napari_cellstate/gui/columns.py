"""Which column of a table is what: four choices, filled in as far as the names tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QWidget

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.formats.columns import FRAME_NAMES, TRACK_NAMES, X_NAMES, Y_NAMES
from napari_cellstate.formats.read_sheet import TEXT_SUFFIXES, read_sheet

if TYPE_CHECKING:
    from pathlib import Path

_KNOWN = {"track": TRACK_NAMES, "time": FRAME_NAMES, "y": Y_NAMES, "x": X_NAMES}
_TITLES = {"track": "Track", "time": "Frame number", "y": "y", "x": "x"}
_CHOOSE = "choose ..."


def is_table(path: Path) -> bool:
    """Whether a file is a table by its name."""
    endings = [suffix.lower() for suffix in path.suffixes[-2:]]
    if endings[-1:] == [".gz"]:
        endings = endings[:1]
    return bool(endings) and endings[-1] in (*TEXT_SUFFIXES, ".parquet")


class Columns(QWidget):
    """Track, frame, y and x of a table of tracks.

    Signals
    -------
    changed : the user chose another column.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes = {what: QComboBox() for what in _KNOWN}
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._note.setEnabled(False)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        for what, box in self.boxes.items():
            box.activated.connect(lambda _=0: self.changed.emit())
            form.addRow(_TITLES[what], box)
        form.addRow(self._note)

    def show_table(self, path: Path) -> None:
        """Offer the columns of a table; InputError where it cannot be read."""
        try:
            sheet = read_sheet(path)
        except CellStateError:
            for box in self.boxes.values():
                box.clear()
            raise
        names = [str(name) for name in sheet.frame.columns]
        for what, box in self.boxes.items():
            found = sheet.find_optional(_KNOWN[what])
            box.clear()
            box.addItem(_CHOOSE, "")
            for name in names:
                box.addItem(name, name)
            box.setCurrentIndex(box.findData(found) if found else 0)
        first = ", ".join(str(value) for value in sheet.frame.iloc[0].tolist()[:8]) if len(sheet.frame) else ""
        self._note.setText(f"{len(sheet.frame):,} rows; the first: {first}")

    def value(self) -> dict[str, str]:
        """Name of the column of each."""
        return {what: str(box.currentData() or "") for what, box in self.boxes.items()}

    @property
    def complete(self) -> bool:
        """Whether all four are chosen, and none twice."""
        chosen = list(self.value().values())
        return all(chosen) and len(set(chosen)) == len(chosen)
