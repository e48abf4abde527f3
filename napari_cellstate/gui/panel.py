"""What a panel is, and the list of all panels: one line each."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping


class Panel(QWidget):
    """A docked widget that answers one question about the movies and leads back to them.

    It is made when it is first asked for. The cell that the user chose, anywhere, is `session.pick`; follow it by the
    signal `session.picked`.

    Signals
    -------
    pick_asked : a `Pick`: go to this cell, in its movie and frame.
    frame_asked : show this frame of the movie.
    windows_chosen : keys (movie, track, frame) to ring in the movie.
    events_shown : a list of `Event` to mark in the movie.
    work_asked : a function of `progress` to call beside the window, and one to call with its result.
    failed : an exception to tell the user about.
    coloured : `Shades` of the rows of the behaviour table to paint the cells in the movie by, or None, and their title.
    """

    pick_asked = Signal(object)
    frame_asked = Signal(int)
    windows_chosen = Signal(object)
    events_shown = Signal(object)
    work_asked = Signal(object, object)
    failed = Signal(object)
    coloured = Signal(object, str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session

    def refresh(self) -> None:
        """Read what is on disk now; called when the panel is opened and when results are others."""

    def show_results(self, found: MovieResults | None) -> None:
        """Another movie is shown, or the same with other results."""

    def follow_frame(self, frame: int) -> None:
        """Another frame is shown."""

    def follow_windows(self, keys: list[tuple[str, int, int]]) -> None:
        """Windows (movie, track, frame) were chosen in a panel."""


def stamp(session: Session, stage: str) -> tuple[str, str] | None:
    """What tells one result of a stage from another; None where it is not done. Work alone changes no result."""
    experiment = session.experiment
    record = experiment.record(stage) if experiment is not None else None
    return None if experiment is None or record is None else (str(experiment.root), str(record["key"]))


@dataclass(frozen=True)
class PanelKind:
    """One panel of the list.

    Attributes
    ----------
    title : on its button and its tab.
    tip : what it is for, and what a click does.
    home : "module:Class", imported when the panel is first opened.
    rare : in the menu "more" instead of a button of its own.
    """

    title: str
    tip: str
    home: str
    rare: bool = False

    def make(self, session: Session) -> Panel:
        """The widget."""
        module, name = self.home.split(":")
        panel: Callable[[Session], Panel] = getattr(importlib.import_module(f"napari_cellstate.gui.{module}"), name)
        return panel(session)


PANELS: Mapping[str, PanelKind] = {
    "matrix": PanelKind(
        "Transitions",
        "How often cells go from one state to another; click a number to see where",
        "matrix:MatrixPanel",
    ),
    "scatter": PanelKind(
        "Scatter", "All windows in the embedding; draw a lasso to see them in the movie", "scatter:ScatterPanel"
    ),
    "timeline": PanelKind(
        "Timeline", "The states of all tracks over time; click to go there", "timeline:TimelinePanel"
    ),
    "latent": PanelKind(
        "Latent",
        "What the dimensions of a trained embedding stand for, and what it makes of the chosen cell",
        "latent:LatentPanel",
        rare=True,
    ),
    "evidence": PanelKind(
        "Evidence",
        "Does an embedding add anything to the features; which cells do controls not explain",
        "evidence:EvidencePanel",
        rare=True,
    ),
    "table": PanelKind(
        "Features",
        "All windows and their features; sort, filter, colour the cells, export",
        "feature_table:FeatureTablePanel",
    ),
    "time": PanelKind("Time", "A feature of the chosen cells over time; click to go there", "time_plot:TimePlotPanel"),
    "compare": PanelKind(
        "Compare",
        "Conditions against each other: same states, same rates? With the report",
        "compare:ComparePanel",
    ),
    "tree": PanelKind("Tree", "Lineages over time; click a branch to go to the cell", "tree:TreePanel"),
    "graph": PanelKind(
        "State graph", "Rates between states as arrows; click a number to mark those events", "graph:GraphPanel"
    ),
    "dwell": PanelKind(
        "Dwell and time",
        "Dwell times, occupancy and rates over time, and whether they are driven",
        "dwell:DwellPanel",
    ),
    "states": PanelKind(
        "States", "What each state is like; typical cells; merge, split, order, teach", "states_panel:StatesPanel"
    ),
    "find": PanelKind(
        "Find", "Find tracks by an ordered query over states; click one to go there", "find_panel:FindPanel"
    ),
    "how_many": PanelKind(
        "How many?",
        "Evidence on the number of states and the lag; nothing is taken by itself",
        "how_many:HowManyPanel",
        rare=True,
    ),
    "chain": PanelKind(
        "Numbers",
        "Stationary law, generator, first passage, committors, relaxation and dwell times, cycle fluxes",
        "chain_panel:ChainPanel",
        rare=True,
    ),
    "flow": PanelKind(
        "Flow", "Velocity and flux in the embedding; points that drift along", "flow_panel:FlowPanel", rare=True
    ),
    "families": PanelKind(
        "Families",
        "State at division; do daughters and sisters behave alike, beside chance",
        "families_panel:FamiliesPanel",
        rare=True,
    ),
    "pseudotime": PanelKind(
        "Pseudotime",
        "Windows ordered along the embedding from a clicked dot or a state; how often cells go back",
        "pseudotime_panel:PseudotimePanel",
        rare=True,
    ),
}
