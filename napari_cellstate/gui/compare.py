"""Compare: conditions against each other, verdicts in three words, figures, and the report."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt, QUrl
from qtpy.QtGui import QDesktopServices, QPalette, QPixmap
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.core.progress import Progress
from napari_cellstate.experiment.comparing.kept import (
    Kept,
    compare_and_keep,
    factor_names,
    kept_comparison,
    levels_of,
)
from napari_cellstate.gui.boxes import refill
from napari_cellstate.gui.fields import Floating
from napari_cellstate.gui.movie_table import MovieTable
from napari_cellstate.gui.panel import Panel
from napari_cellstate.gui.session import Session
from napari_cellstate.gui.verdicts import Card

_NONE = "none"


class ComparePanel(Panel):
    """Choices above, verdicts and figures below."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.kept: Kept | None = None
        self.cards: list[Card] = []
        """Cards as they are shown."""
        self.by, self.reference, self.batch = QComboBox(), QComboBox(), QComboBox()
        self.by.setToolTip("What is compared: the condition, or something else that the table of movies says.")
        self.reference.setToolTip("Effects are the other conditions against this one.")
        self.batch.setToolTip("Plate or day; checked before an effect is claimed.")
        self.link_error = Floating(0.0, 50.0, step=1.0, special="from review")
        self.link_error.setToolTip(
            "Wrong links in percent: the checks say how far rates move by them. 0 takes what review measured."
        )
        self.run_button = QPushButton("Compare")
        self.table_button = QPushButton("Table of movies ...")
        self.table_button.setToolTip("Condition, replicate, well, times: by hand or from CSV")
        self.open_button, self.save_button = QPushButton("Open report"), QPushButton("Save report ...")
        self.says = QLabel()
        self.says.setWordWrap(True)
        self._scroll, self._found = QScrollArea(), QVBoxLayout()
        self._build()
        self.by.currentIndexChanged.connect(self._fill_reference)
        self.run_button.clicked.connect(self._on_run)
        self.table_button.clicked.connect(self._on_table)
        self.open_button.clicked.connect(self._on_open)
        self.save_button.clicked.connect(self._on_save)

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment = self._session.experiment
        wanted = (self.by.currentText(), self.batch.currentText())
        factors = [] if experiment is None else factor_names(experiment)
        pairs = [f"{one},{other}" for nth, one in enumerate(factors) for other in factors[nth + 1 :]]
        refill(self.by, [*factors, *(pair for pair in pairs if not pair.startswith("condition,"))], wanted[0])
        refill(self.batch, [_NONE, *(name for name in factors if name != "condition")], wanted[1])
        self._fill_reference()
        self.kept = None if experiment is None else kept_comparison(experiment)
        self._show()

    def _build(self) -> None:
        form = QFormLayout()
        form.addRow("Compare by", self.by)
        form.addRow("against", self.reference)
        form.addRow("Batch", self.batch)
        form.addRow("Wrong links (%)", self.link_error)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row, buttons in (
            (first, (self.table_button, self.run_button)),
            (second, (self.open_button, self.save_button)),
        ):
            for button in buttons:
                row.addWidget(button)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(form)
        column.addLayout(first)
        column.addWidget(self.says)
        column.addWidget(self._scroll, 1)
        column.addLayout(second)

    def _fill_reference(self) -> None:
        experiment, by = self._session.experiment, self.by.currentText()
        levels = [] if experiment is None or "," in by else levels_of(experiment, by)
        refill(self.reference, ["the first", *levels], self.reference.currentText())

    def _show(self) -> None:
        """Statements, cards and figures of the comparison that lies on disk."""
        inside = QWidget()
        self._found = QVBoxLayout(inside)
        self._found.setContentsMargins(0, 0, 4, 0)
        self.cards = []
        kept, experiment = self.kept, self._session.experiment
        for button in (self.open_button, self.save_button):
            button.setEnabled(kept is not None)
        ready = experiment is not None and experiment.record("dynamics") is not None
        self.run_button.setEnabled(ready)
        if kept is None:
            text = "Not compared yet." if ready else "Press Run all; then conditions can be compared."
        else:
            text = "The experiment has changed since: compare again." if kept.stale else ""
            self._fill_found(kept)
        self.says.setText(text)
        self.says.setVisible(bool(text))
        self._found.addStretch()
        self._scroll.setWidget(inside)  # a new one: the height of wrapped text is then found anew
        inside.show()

    def _fill_found(self, kept: Kept) -> None:
        for pair, statement in kept.content["statements"].items():
            self._add_pair(kept.content, pair, statement)
        for note in kept.content["notes"]:
            self._add(_text(f"Note: {note}."))
        for path in kept.figures:
            self._add(_Picture(path))

    def _add_pair(self, content: dict[str, Any], pair: str, statement: str) -> None:
        title = _text(f"{pair}: {statement}.")
        title.setStyleSheet("font-weight: bold")
        self._add(title)
        design = next(one for one in content["checks"] if one["name"] == f"design {pair}")
        self._add(_text(f"{design['says']}; the unit of n is the replicate"))
        for one in content["cards"][pair]:
            card = Card(one, dark=self.palette().color(QPalette.ColorRole.Window).lightness() < 128)
            self.cards.append(card)
            self._add(card)

    def _add(self, widget: QWidget) -> None:
        self._found.addWidget(widget)

    def _on_run(self) -> None:
        experiment = self._session.experiment
        if experiment is None:
            return
        batch = self.batch.currentText()
        chosen = {
            "by": "" if self.by.currentText() == "condition" else self.by.currentText(),
            "batch": "" if batch == _NONE else batch,
            "reference": self.reference.currentText() if self.reference.currentIndex() > 0 else "",
        }
        share = self.link_error.value() / 100

        def work(progress: Progress) -> Kept:
            return compare_and_keep(experiment, link_error=share, progress=progress, **chosen)

        self.work_asked.emit(work, self._on_done)

    def _on_done(self, kept: Kept) -> None:
        self.kept = kept
        self._show()

    def _on_table(self) -> None:
        if self._session.experiment is None:
            return
        dialog = MovieTable(self._session.experiment, self)
        dialog.failed.connect(self.failed)
        dialog.changed.connect(self._session.results_changed)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_open(self) -> None:
        if self.kept is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.kept.folder / "report.html")))

    def _on_save(self) -> None:
        if self.kept is None:
            return
        path, _ = QFileDialog.getSaveFileName(self, "Save the report", "report.html", "HTML (*.html);;PDF (*.pdf)")
        if path:
            self.save_report(Path(path))

    def save_report(self, path: Path) -> None:
        """Copy the report, PDF or HTML by its name."""
        if self.kept is None:
            return
        source = self.kept.folder / ("report.pdf" if path.suffix.lower() == ".pdf" else "report.html")
        try:
            shutil.copyfile(source, path)
        except OSError as error:
            self.failed.emit(CellStateError(f"{path}: {error.strerror or error}"))


class _Picture(QLabel):
    """A figure as wide as there is room; a click opens its PDF."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path, self._pixmap = path, QPixmap(str(path))
        self.setToolTip(f"{path.stem}; click opens it as PDF, with text that can be edited")
        self.setMinimumWidth(120)
        self._fit()

    def resizeEvent(self, event: Any) -> None:
        """Scale with the panel."""
        super().resizeEvent(event)
        self._fit()

    def mouseReleaseEvent(self, event: Any) -> None:
        """Open the PDF."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._path.with_suffix(".pdf"))))

    def _fit(self) -> None:
        width = min(max(self.width(), 120), self._pixmap.width())
        if width > 0 and not self._pixmap.isNull():
            scaled = self._pixmap.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
            self.setPixmap(scaled)
            self.setFixedHeight(scaled.height())


def _text(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    return label
