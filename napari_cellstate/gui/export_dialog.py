"""What to export, in which format, and where to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_cellstate.core.progress import Progress
from napari_cellstate.experiment.export import FORMATS, export
from napari_cellstate.experiment.overlay_movie import FRAMES_A_SECOND, KINDS, export_movie
from napari_cellstate.experiment.report import report
from napari_cellstate.experiment.store import Experiment

_MEANING = {
    "csv": "Tables as CSV: states, features, cells, links, tracks, transitions, occupancy, dwell, bouts",
    "parquet": "The same tables as parquet",
    "h5ad": "The behaviour table (AnnData), for scanpy and others",
    "ctc": "Cell Tracking Challenge: a folder a movie with masks and res_track.txt",
    "geff": "GEFF: cells, links and states as a graph",
    "ome-zarr": "OME-Zarr: label images of tracks and of states",
    "trackmate": "TrackMate CSV: spots with tracks",
}
_REPORT, _MOVIE = "report", "movie"
_MOVIES = {"auto": "MP4, or GIF without an encoder", "mp4": "MP4", "gif": "GIF", "tiff": "TIFF stack"}


class ExportDialog(QDialog):
    """One format into one folder.

    Parameters
    ----------
    movie : the one that is shown; overlay movies are made of it, or of all.
    """

    def __init__(self, experiment: Experiment, movie: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._experiment, self._movie = experiment, movie
        self.setWindowTitle("Export")
        self.format, self.kind, self.which = QComboBox(), QComboBox(), QComboBox()
        for name in FORMATS:
            self.format.addItem(_MEANING.get(name, name).split(":")[0], name)
        self.format.addItem("Report: tables, figures (PNG and PDF) and overlay movies", _REPORT)
        self.format.addItem("Overlay movie: states on the cells, with time, scale bar and legend", _MOVIE)
        for name in KINDS:
            self.kind.addItem(_MOVIES[name], name)
        for text, names in ((f"this movie ({movie})", (movie,)), ("all movies", ())):
            self.which.addItem(text, names)
        self.fps = QSpinBox()
        self.fps.setRange(1, 60)
        self.fps.setValue(FRAMES_A_SECOND)
        self.folder = QLineEdit()
        self.browse = QPushButton("...")
        self.browse.setToolTip("Choose a folder")
        self.force = QCheckBox("write into a folder that is not empty")
        self._about = QLabel()
        self._about.setWordWrap(True)
        self._about.setEnabled(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.ok.setText("Export")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._lay_out(buttons)
        self.format.currentIndexChanged.connect(self._on_format)
        self.browse.clicked.connect(self._on_browse)
        self._on_format()
        self.setMinimumWidth(460)

    def work(self) -> Callable[[Progress], list[Path]]:
        """What is to be done with the answers; it may run in another thread."""
        folder, chosen, force = Path(self.folder.text()).expanduser(), self.format.currentData(), self.force.isChecked()
        if chosen == _REPORT:
            return lambda progress: report(self._experiment, folder, force=force, progress=progress)
        if chosen == _MOVIE:
            return partial(
                _movies,
                self._experiment,
                folder,
                self.kind.currentData(),
                self.which.currentData(),
                self.fps.value(),
                force,
            )
        return lambda progress: export(self._experiment, folder, chosen, force=force, progress=progress)

    def _lay_out(self, buttons: QDialogButtonBox) -> None:
        where = QHBoxLayout()
        where.addWidget(self.folder, 1)
        where.addWidget(self.browse)
        self._form = QFormLayout()
        self._form.addRow("What", self.format)
        self._form.addRow("", self._about)
        self._form.addRow("File", self.kind)
        self._form.addRow("Of", self.which)
        self._form.addRow("Frames a second", self.fps)
        self._form.addRow("Folder", where)
        self._form.addRow("", self.force)
        column = QVBoxLayout(self)
        column.addLayout(self._form)
        column.addWidget(buttons)

    def _on_format(self) -> None:
        chosen = self.format.currentData()
        for widget in (self.kind, self.which, self.fps):
            self._form.setRowVisible(widget, chosen == _MOVIE)
        about = _MEANING.get(chosen, "")
        self._about.setText(about.split(":", 1)[1].strip() if ":" in about else "")
        self._form.setRowVisible(self._about, bool(self._about.text()))
        self.folder.setText(str(self._free_folder(chosen)))
        self.adjustSize()

    def _free_folder(self, chosen: str) -> Path:
        """A folder beside the experiment that is not there yet."""
        base = self._experiment.root.with_suffix("")
        wanted = base.with_name(f"{base.name}_{chosen}")
        nth = 2
        while wanted.exists():
            wanted, nth = base.with_name(f"{base.name}_{chosen}_{nth}"), nth + 1
        return wanted

    def _on_browse(self) -> None:
        path = QFileDialog.getExistingDirectory(
            self, "A folder for what is exported", str(self._experiment.root.parent)
        )
        if path:
            self.folder.setText(path)


def _movies(
    experiment: Experiment, folder: Path, kind: str, movies: tuple[str, ...], fps: int, force: bool, progress: Progress
) -> list[Path]:
    return export_movie(experiment, folder, kind, movies=tuple(movies), fps=fps, force=force, progress=progress)
