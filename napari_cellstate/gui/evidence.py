"""Evidence: does the embedding add anything, and which cells do controls not explain."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_cellstate.core.progress import Progress
from napari_cellstate.experiment.evidence import embedding_evidence
from napari_cellstate.experiment.latent import trained_embeddings
from napari_cellstate.experiment.novelty import Novelty, novelty
from napari_cellstate.experiment.stability import Stability
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.gui.panel import Panel
from napari_cellstate.gui.session import Session
from napari_cellstate.metrics.evidence import Evidence

_HEAD = ("space", "adds?", "dims", "next R²", "condition", "states", "stays")
_COLOURS = ("#888888", "#2F6DB5", "#D9822B", "#3A9D6B", "#9A5DB5", "#B54747")
_TIPS = (
    "An embedding, or the features by themselves",
    "What it tells beyond the features, at 5 % over all questions",
    "Dimensions",
    "Share of the variance of the next window's features that it tells",
    "Balanced accuracy of telling the condition of movies that were kept apart",
    "Balanced accuracy of telling known states",
    "Share of nearest neighbours that stay when it is made anew from other tracks",
)
_COLUMNS = ("next", "condition", "state", "stability")
_ASK = "Compares every embedding with the features on this experiment: press the button."


class EvidencePanel(Panel):
    """A button, a table, a plot; below them novelty against chosen controls."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._novelty: Novelty | None = None
        self._of: object = ()
        self.ask_button = QPushButton("Does it add anything?")
        self.ask_button.setToolTip(
            "How well each embedding, and the features by themselves, tell the next window, the condition (movies kept "
            "apart), and how stable its neighbourhoods are."
        )
        self.nets = QCheckBox("nets too")
        self.nets.setToolTip(
            "Also trains each net once more, on other tracks, to see whose neighbours stay. This takes as long as its "
            "training did."
        )
        self.table = QTableWidget(0, len(_HEAD))
        self.table.setHorizontalHeaderLabels(list(_HEAD))
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setWordWrap(True)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        for column, tip in enumerate(_TIPS):
            self.table.horizontalHeaderItem(column).setToolTip(tip)
        self.plot = pg.PlotWidget()
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.plot.setLabel("left", "told (R² or accuracy)")
        self.plot.getAxis("left").enableAutoSIPrefix(False)
        self.says = QLabel()
        self.says.setWordWrap(True)
        self.controls = QComboBox()
        self.controls.setToolTip("The condition, or the movie, whose cells are ordinary.")
        self.novel_button = QPushButton("Which cells do they not explain?")
        self.novel_button.setToolTip("Rings the windows that 95 of 100 control windows are less strange than.")
        self.novel_says = QLabel()
        self.novel_says.setWordWrap(True)
        below = QHBoxLayout()
        below.addWidget(QLabel("Controls:"))
        below.addWidget(self.controls, 1)
        below.addWidget(self.novel_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        above = QHBoxLayout()
        above.addWidget(self.ask_button, 1)
        above.addWidget(self.nets)
        column.addLayout(above)
        column.addWidget(self.table, 2)
        column.addWidget(self.plot, 2)
        column.addWidget(self.says)
        column.addLayout(below)
        column.addWidget(self.novel_says)
        self.ask_button.clicked.connect(self.ask)
        self.novel_button.clicked.connect(self.find_novel)

    def refresh(self) -> None:
        """Read what is on disk now; what was said of other results goes."""
        experiment = self._session.experiment
        made = None if experiment is None else (experiment.root, experiment.record("embed"), experiment.movies)
        if made == self._of:
            return
        self._of = made
        there = experiment is not None and experiment.paths.behavior.exists()
        self.ask_button.setEnabled(there)
        self.nets.setVisible(experiment is not None and bool(trained_embeddings(experiment)))
        self.novel_button.setEnabled(there)
        self.table.setRowCount(0)
        self.plot.clear()
        self.plot.hide()
        self.says.setText(_ASK if there else "Nothing to compare yet: press Run all.")
        self.novel_says.setText("")
        names: list[str] = []
        if there and experiment is not None:
            entries = experiment.movies
            names = [*dict.fromkeys(one.condition for one in entries if one.condition), *(one.name for one in entries)]
        self.controls.clear()
        self.controls.addItems(names)

    def ask(self) -> None:
        """Compare, beside the window."""
        if self._session.experiment is not None:
            self.says.setText("Comparing ...")
            which: Stability = "all" if self.nets.isChecked() else "quick"
            self.work_asked.emit(partial(_compare, self._session.experiment, which), self.show_evidence)

    def show_evidence(self, found: Evidence) -> None:
        """Show what was found, as a table and as a plot."""
        table = found.table()
        self.table.setRowCount(len(table))
        for row, one in enumerate(table.to_dict(orient="records")):
            values = [one["space"], one["verdict"], one["dimensions"], *(_number(one[name]) for name in _COLUMNS)]
            for column, value in enumerate(values):
                self.table.setItem(row, column, QTableWidgetItem(str(value)))
        self.table.resizeRowsToContents()
        self._plot(table)
        self.says.setText(" ".join([_summary(found), *found.notes]))

    def find_novel(self) -> None:
        """Score every window against the chosen controls, and ring the novel ones in the movie."""
        experiment, controls = self._session.experiment, self.controls.currentText()
        if experiment is not None and controls:
            self.novel_says.setText("Comparing ...")
            self.work_asked.emit(partial(_novel, experiment, controls), self.show_novelty)

    def show_novelty(self, found: Novelty) -> None:
        """Say how many windows of each movie are novel, and ring them."""
        self._novelty = found
        rows = found.by_movie()
        said = [f"{row.movie}{' (control)' if row.control else ''} {row.novel:.1%}" for row in rows.itertuples()]
        notes = ". ".join(note[0].upper() + note[1:] for note in found.notes)
        self.novel_says.setText(f"Novel at 5 %: {', '.join(said)}. {notes}.")
        novel = found.table[found.table["novel"]]
        keys = zip(novel["movie"].astype(str), novel["track"], novel["frame"], strict=True)
        self.windows_chosen.emit([(movie, int(track), int(frame)) for movie, track, frame in keys])

    def _plot(self, table: Any) -> None:
        self.plot.clear()
        self.plot.show()
        self.plot.setBackground(self.palette().window().color())
        for name in ("left", "bottom"):
            self.plot.getAxis(name).setPen(self.palette().text().color())
            self.plot.getAxis(name).setTextPen(self.palette().text().color())
        asked = [name for name in _COLUMNS if table[name].notna().any()]
        count = len(table)
        width = 0.8 / max(count, 1)
        self.plot.addLegend(offset=(-5, 5), labelTextSize="8pt", labelTextColor=self.palette().text().color())
        for row in range(count):
            x = np.arange(len(asked)) + (row - (count - 1) / 2) * width
            height = [float(np.nan_to_num(table[name].iloc[row])) for name in asked]
            bars = pg.BarGraphItem(x=x, height=height, width=width * 0.95, brush=_COLOURS[row % len(_COLOURS)])
            self.plot.addItem(bars)
            self.plot.plotItem.legend.addItem(bars, str(table["space"].iloc[row]))
        titles = dict(zip(_COLUMNS, ("next window", "condition", "known states", "neighbours"), strict=True))
        self.plot.getAxis("bottom").setTicks([[(nth, titles[name]) for nth, name in enumerate(asked)]])
        self.plot.setYRange(0, 1.3)  # room for the legend


def _compare(experiment: Experiment, which: Stability, progress: Progress) -> Evidence:
    return embedding_evidence(experiment, stability=which, progress=progress)


def _novel(experiment: Experiment, controls: str, progress: Progress) -> Novelty:
    progress(0, 1, "novelty")
    return novelty(experiment, [controls])


def _summary(found: Evidence) -> str:
    adds = [one.name for one in found.spaces[1:] if one.adds]
    if not adds:
        return "No embedding adds anything to the features that were there (for a linear reader)."
    return f"{', '.join(adds)}: adds something to the features (5 % over all questions)."


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "-"
