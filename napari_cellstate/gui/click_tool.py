"""Click-segment: masks corrected in the movie by clicks and drags."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_cellstate.core.errors import CellStateError, InputError
from napari_cellstate.core.mask_edits import AddCell, MaskEdit, MergeCells, RemoveCell, SplitCell
from napari_cellstate.core.progress import Progress
from napari_cellstate.core.review_edits import Confirm
from napari_cellstate.experiment.click import PreparedFrames, Spot, add_cell, diameter, next_spot
from napari_cellstate.gui.layers import CHOSEN
from napari_cellstate.gui.pointer import Gesture, Pointer
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.tool import Desk, Tool
from napari_cellstate.gui.tool_keys import Keys

HELP = """
<table cellspacing="4">
<tr><td><b>click</b></td><td>a missed cell: it gets a mask</td></tr>
<tr><td><b>Shift + click</b></td><td>removes the cell</td></tr>
<tr><td><b>drag</b></td><td>across cells: they become one</td></tr>
<tr><td><b>Alt + drag</b></td><td>a line through a cell: it is split</td></tr>
<tr><td><b>Ctrl + click</b></td><td>into one half, then into the other: it is split between</td></tr>
</table>
"""


class ClickTool(Tool):
    """Add, remove, split and merge masks; each gesture is a correction that can be undone."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._prepared = PreparedFrames()
        self._half: tuple[float, float] | None = None
        self._seen: list[Spot] = []
        self._movie = ""
        self._pointer = Pointer(desk.viewer, desk.layers, self.act)
        self._keys = Keys(desk.viewer, {"n": self.go_on, "y": self.confirm})
        title, keys = QLabel("Click-segment"), QLabel(HELP)
        title.setStyleSheet("font-weight: bold; font-size: 12pt")
        keys.setWordWrap(True)
        self.carry = QSpinBox()
        self.carry.setRange(0, 500)
        self.carry.setSuffix(" frames")
        self.carry.setToolTip("Does each correction in so many of the following frames as well, as far as it fits.")
        self.next_button = QPushButton("Next place (N)")
        self.next_button.setToolTip(
            "Goes to the cell, found or missed, that stands for most of what the net is unsure of:\n"
            "many doubtful cells look like it, and you have not yet seen one of its kind."
        )
        self.next_button.clicked.connect(self.go_on)
        self.right_button = QPushButton("Right as it is (Y)")
        self.right_button.setToolTip(
            "The cell at the place that was shown last, or that there is none, is right.\n"
            "Teach learns from it as from a correction; masks and results stay as they are."
        )
        self.right_button.setEnabled(False)
        self.right_button.clicked.connect(self.confirm)
        buttons = QHBoxLayout()
        for button in (self.next_button, self.right_button):
            buttons.addWidget(button)
        self.says = QLabel()
        self.says.setWordWrap(True)
        form = QFormLayout()
        form.addRow("Carry on to the next", self.carry)
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 4, 2, 4)
        for widget in (title, keys):
            column.addWidget(widget)
        column.addLayout(form)
        column.addLayout(buttons)
        column.addWidget(self.says)
        column.addStretch()

    def activate(self) -> None:
        """Take the mouse, and show the masks as they are."""
        self._pointer.start()
        self._keys.start()
        self._show_masks()
        self.says.setText("")

    def deactivate(self) -> None:
        """Give the mouse back."""
        self._pointer.stop()
        self._keys.stop()
        self._desk.layers.hide_masks()

    def show_results(self, found: MovieResults | None) -> None:
        """Another movie, or other masks."""
        movie = found.movie if found is not None else ""
        if movie != self._movie:
            self._movie, self._seen = movie, []
            self.right_button.setEnabled(False)
        if self._desk.layers.find("masks") is not None:
            self._show_masks()

    def act(self, gesture: Gesture) -> None:
        """Do what a gesture asks for."""
        session = self._desk.session
        if session.experiment is None or not session.movie:
            return
        if not session.experiment.movie_paths(session.movie).labels.exists():
            self.failed.emit(InputError("there are no masks to correct yet; press Run all, or run stage 1"))
            return
        place = gesture.path[0]
        if len(gesture.path) == 1 and not gesture.keys:
            self._add(gesture.frame, place)
        elif len(gesture.path) == 1 and "Control" in gesture.keys:
            self._split_between(gesture.frame, place)
        else:
            self._edit(self._correction(gesture))

    def go_on(self) -> None:
        """Go to the next place where a click helps most."""
        frame, seen = int(self._desk.viewer.dims.current_step[0]), tuple(self._seen)
        experiment, movie = self._desk.session.experiment, self._desk.session.movie
        if experiment is None or not movie:
            return

        def work(progress: Progress) -> Spot | None:
            return next_spot(experiment, movie, frame, seen=seen, prepared=self._prepared, progress=progress)

        self.work_asked.emit(work, self._show_spot)

    def confirm(self) -> None:
        """What is at the place that was shown last is right."""
        if self.right_button.isEnabled():
            spot = self._seen[-1]
            self._edit(Confirm(movie=self._desk.session.movie, frame=spot.frame, place=spot.place))
            self.right_button.setEnabled(False)

    def _correction(self, gesture: Gesture) -> MaskEdit:
        movie, through = self._desk.session.movie, self.carry.value() + 1
        path, frame = gesture.path, gesture.frame
        if len(path) == 1:
            return RemoveCell(movie=movie, frame=frame, place=path[0], through=through)
        if "Alt" in gesture.keys:
            middle = ((path[0][0] + path[-1][0]) / 2, (path[0][1] + path[-1][1]) / 2)
            return SplitCell(movie=movie, frame=frame, place=middle, line=(path[0], path[-1]), through=through)
        return MergeCells(movie=movie, frame=frame, path=path, through=through)

    def _split_between(self, frame: int, place: tuple[float, float]) -> None:
        first, self._half = self._half, place
        if first is None:
            self.says.setText("Now Ctrl + click into the other half.")
            return
        self._half = None
        self._edit(SplitCell.between(self._desk.session.movie, frame, first, place, self.carry.value() + 1))

    def _add(self, frame: int, place: tuple[float, float]) -> None:
        carried = self.carry.value()

        def work(progress: Progress) -> AddCell:
            experiment, movie = self._open()
            return add_cell(experiment, movie, frame, place, prepared=self._prepared, carry=carried, progress=progress)

        self.work_asked.emit(work, self._edit)

    def _edit(self, one: Any) -> None:
        try:
            self._desk.session.edit(one)
        except (CellStateError, OSError) as error:
            self.failed.emit(error)
            return
        self.says.setText(f"done: {one.words()}")

    def _open(self) -> Any:
        session = self._desk.session
        return session.experiment, session.movie

    def _show_spot(self, spot: Spot | None) -> None:
        self.right_button.setEnabled(spot is not None)
        if spot is None:
            self.says.setText("You have seen every place that may be a cell in the frames that were looked at.")
            return
        self._seen.append(spot)
        basis, viewer = self._desk.layers.basis(), self._desk.viewer
        if basis is not None:
            world = basis.data_to_world((spot.frame, *spot.place))
            viewer.dims.set_point(0, world[0])
            viewer.scene.camera.center = (0.0, *world[1:])
            self._desk.layers.mark(CHOSEN, [(spot.frame, *spot.place)], size=2 * self._size())
        self.says.setText(
            f"Frame {spot.frame}: stands for most of what the net is unsure of (own doubt {spot.doubt:.0%}). "
            "Is a cell missed, or wrong? If not, press Y."
        )

    def _size(self) -> float:
        """Diameter of a typical cell, px."""
        experiment, movie = self._open()
        return diameter(experiment, movie, int(self._desk.viewer.dims.current_step[0])) or 20.0

    def _show_masks(self) -> None:
        session = self._desk.session
        if session.experiment is not None and session.movie:
            self._desk.layers.show_masks(session.experiment, session.movie)
