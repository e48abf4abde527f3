"""How many states, and which lag? Evidence, and a suggestion that is taken on a click only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_cellstate.experiment.state_evidence import StateEvidence, state_evidence
from napari_cellstate.gui.panel import Panel, stamp
from napari_cellstate.gui.session import Session
from napari_cellstate.gui.themed import themed_plot, wear_theme

if TYPE_CHECKING:
    from napari_cellstate.core.progress import Progress

_PLOTS = {
    "log_likelihood": "left-out likelihood",
    "stability": "found again (ARI)",
    "slow": "slow processes",
    "silhouette": "silhouette",
    "timescales": "relaxation times (frames)",
}
_TIPS = {
    "log_likelihood": "Log likelihood of a window of movies that were left out of the fit.",
    "stability": "Median adjusted Rand index between models fitted to resamples of tracks.",
    "slow": "Processes of the model that are still seen a window later; states that cells hold add one each.",
    "silhouette": "How much nearer windows lie to their own state than to the next one.",
    "timescales": "Of the states that the experiment has, over the lag; below the dotted line nothing can be seen.",
}


class HowManyPanel(Panel):
    """Small plots, the suggestion with its reason, and a button that takes it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.found: StateEvidence | None = None
        self._stamp: tuple[str, str] | None = None
        self.most = QSpinBox()
        self.most.setRange(3, 12)
        self.most.setValue(5)
        self.most.setToolTip("Numbers of states from 1 to this are tried.")
        self.gather, self.take = QPushButton("Gather evidence"), QPushButton("Use the suggestion")
        self.take.setToolTip("Sets the number of states; the states are made anew at the next run.")
        self.plots = {name: themed_plot() for name in _PLOTS}
        self.says = QLabel()
        self.says.setWordWrap(True)
        top = QHBoxLayout()
        top.addWidget(QLabel("up to"))
        top.addWidget(self.most)
        top.addWidget(QLabel("states"))
        top.addWidget(self.gather, 1)
        grid = QGridLayout()
        for nth, (name, plot) in enumerate(self.plots.items()):
            plot.setMinimumSize(0, 120)
            plot.setToolTip(_TIPS[name])
            across = 2 if name == "timescales" else 1
            grid.addWidget(plot, nth // 2, nth % 2, 1, across)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addLayout(grid, 1)
        column.addWidget(self.says)
        column.addWidget(self.take)
        self.gather.clicked.connect(self._ask)
        self.take.clicked.connect(self._take)

    def refresh(self) -> None:
        """Read what is on disk now."""
        now = stamp(self._session, "embed")
        ready = now is not None
        if ready and self.found is not None and now == self._stamp:
            return
        self._stamp, self.found = now, None
        self.gather.setEnabled(ready)
        self._draw()
        if not ready:
            self.says.setText("Nothing to judge yet: press Run all.")

    def show_found(self, found: StateEvidence) -> None:
        """Draw it, and say what it suggests."""
        self.found = found
        self._draw()

    def _ask(self) -> None:
        experiment, ks = self._session.experiment, range(1, self.most.value() + 1)
        if experiment is None:
            return

        def work(progress: Progress) -> StateEvidence:
            return state_evidence(experiment, ks=ks, progress=progress)

        self.says.setText("Gathering: models are fitted to parts of the movies and judged on the rest.")
        self.work_asked.emit(work, self.show_found)

    def _take(self) -> None:
        if self.found is not None:
            from dataclasses import replace

            recipe = self._session.recipe
            states = recipe.states.model_copy(update={"k": self.found.suggested})
            self._session.set_recipe(replace(recipe, states=states))
            self.says.setText(f"{self.found.suggested} states are set; press Run all to make them.")

    def _draw(self) -> None:
        self.take.setEnabled(self.found is not None)
        for name, plot in self.plots.items():
            ink = wear_theme(plot, self)
            plot.clear()
            plot.setTitle(_PLOTS[name], color=ink, size="8pt")
            plot.setLabel("bottom", "lag (frames)" if name == "timescales" else "states")
        if self.found is None:
            self.says.setText("Evidence takes a minute or two: press the button.")
            return
        table = self.found.states
        for name in ("log_likelihood", "stability", "slow", "silhouette"):
            plot = self.plots[name]
            plot.plot(table["k"].to_numpy(), table[name].to_numpy(), pen=pg.mkPen("#0072B2", width=2), symbol="o")
            line = pg.InfiniteLine(self.found.suggested, pen=pg.mkPen("#D55E00", style=Qt.PenStyle.DashLine))
            plot.addItem(line)
        times = self.found.timescales
        for _, one in times.groupby("process"):
            values = one["frames"].to_numpy(np.float64)
            known = np.isfinite(values)
            lag = one["lag"].to_numpy(np.float64)
            self.plots["timescales"].plot(lag[known], values[known], pen=pg.mkPen("#0072B2", width=2), symbol="o")
        if len(times):
            most = float(times["lag"].max())
            self.plots["timescales"].plot([0, most], [0, most], pen=pg.mkPen("#999999", style=Qt.PenStyle.DotLine))
        markov = self.found.markov_p
        fits = markov.loc[markov["p"] >= 0.05, "lag"]
        said = f" Lags at which a Markov chain is not refuted: {', '.join(map(str, fits))}." if len(fits) else ""
        self.says.setText(f"Suggested: {self.found.suggested} states. {self.found.reason}{said}")
