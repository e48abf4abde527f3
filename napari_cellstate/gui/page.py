"""The page of a stage: one class for all seven."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.core.method import Method
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.gui.choices import (
    MEANING,
    TITLES,
    choices,
    chosen,
    edited,
    explained,
    number,
    with_defaults,
    with_kind,
    with_methods,
    with_set,
)
from napari_cellstate.gui.exclusions import Exclusions
from napari_cellstate.gui.form import Form
from napari_cellstate.gui.learning import LearningView
from napari_cellstate.gui.preview import STAGES
from napari_cellstate.gui.session import Session
from napari_cellstate.gui.standing import Standing
from napari_cellstate.gui.state_names import StateNames
from napari_cellstate.methods import available

_PREVIEW = (
    "Shows the current frame as these settings would have it, while they change; for links, the next ten frames. "
    "Nothing is kept: Run does the work."
)


class StagePage(QWidget):
    """Method, settings, Run and Reset of one stage; every change goes into the recipe at once.

    Signals
    -------
    run_asked : with the name of the stage.
    failed : with an exception, where the recipe could not be changed.
    preview_asked : with the name of the stage, "" for no preview any more.
    """

    run_asked = Signal(str)
    failed = Signal(object)
    preview_asked = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.stage = "segment"
        self.forms: list[Form] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(2, 4, 2, 4)
        self._column.setSpacing(6)
        self._title, self._status, self._meaning = QLabel(), QLabel(), QLabel()
        self._title.setStyleSheet("font-weight: bold; font-size: 12pt")
        self._status.setEnabled(False)
        self._meaning.setWordWrap(True)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch()
        head.addWidget(self._status)
        self.chooser = QComboBox()
        self.chooser.setObjectName("chooser")
        self.chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.chooser.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.chooser.activated.connect(self._on_chosen)
        self._about = QLabel()
        self._about.setWordWrap(True)
        self._about.setEnabled(False)
        self._body = QVBoxLayout()
        self._body.setSpacing(6)
        self.run_button = QPushButton("Run this stage")
        self.run_button.setToolTip("Does this stage, and those before it that are missing or out of date.")
        self.run_button.clicked.connect(lambda: self.run_asked.emit(self.stage))
        self.reset_button = QPushButton("Reset")
        self.reset_button.setToolTip("Puts the default method and settings of this stage back.")
        self.reset_button.clicked.connect(self._on_reset)
        buttons = QHBoxLayout()
        self.preview_button = QPushButton("Preview", checkable=True)
        self.preview_button.setToolTip(_PREVIEW)
        self.preview_button.toggled.connect(lambda on: self.preview_asked.emit(self.stage if on else ""))
        buttons.addWidget(self.run_button)
        buttons.addWidget(self.preview_button)
        buttons.addStretch()
        buttons.addWidget(self.reset_button)
        self._column.addLayout(head)
        self._column.addWidget(self._meaning)
        self._column.addWidget(self.chooser)
        self._column.addWidget(self._about)
        self.learning = LearningView(session)
        self.learning.resume_asked.connect(lambda: self.run_asked.emit("embed"))
        self._column.addWidget(self.learning)
        self._column.addLayout(self._body)
        self._column.addLayout(buttons)
        self.state_names, self.exclusions = StateNames(session), Exclusions(session)
        for extra in (self.state_names, self.exclusions):
            extra.failed.connect(self.failed)
            self._column.addWidget(extra)
        self._column.addStretch()
        session.recipe_changed.connect(self._on_recipe)
        self.show_stage(self.stage)

    def show_stage(self, stage: str) -> None:
        """Show another stage."""
        self.stage = stage
        self._title.setText(f"{number(stage)}  {TITLES[stage]}")
        self._meaning.setText(MEANING[stage])
        self.chooser.clear()
        for choice in choices(stage):
            self.chooser.addItem(choice.title, choice.kind)
        self.chooser.setVisible(self.chooser.count() > 0 and stage != "features")
        self.preview_button.setChecked(False)
        self.preview_button.setVisible(stage in STAGES)
        self.learning.set_wanted(wanted=stage == "embed")
        self.exclusions.setVisible(stage == "embed")
        self.show_corrections()
        self._rebuild()

    def set_locked(self, *, locked: bool) -> None:
        """While something runs nothing can be edited, but a training can be looked at and stopped."""
        for child in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if child is not self.learning and not isinstance(child, QLabel):
                child.setEnabled(not locked)

    def show_standing(self, standing: Standing) -> None:
        """Say where the stage stands."""
        self._status.setText({"part": "partly done"}.get(standing.status, standing.status))

    def show_corrections(self) -> None:
        """Show names of states, and what is left out, as they are now."""
        self.state_names.refresh()
        self.state_names.setVisible(self.stage == "states" and self.state_names.rowCount() > 0)
        if self.stage == "embed":
            self.exclusions.refresh()

    def show_resolved(self) -> None:
        """Say beside estimated settings what was found for the movie that is shown."""
        session = self._session
        found: dict[str, Any] = {}
        if session.experiment is not None:
            movies = session.movie if self.stage in ("segment", "measure", "link", "features") else None
            if movies != "":
                found = (session.experiment.record(self.stage, movies) or {}).get("resolved", {})
        for form in self.forms:
            form.set_resolved(found)

    def _rebuild(self) -> None:
        while self._body.count():
            widget = self._body.takeAt(0).widget()
            widget.hide()
            widget.deleteLater()
        recipe = self._session.recipe
        self.chooser.setCurrentIndex(self.chooser.findData(chosen(recipe, self.stage)))
        methods = edited(recipe, self.stage)
        self.forms = []
        if self.stage == "features":
            self._body.addWidget(self._sets(recipe))
        about = explained(recipe, self.stage)
        self._about.setText(about)
        self._about.setVisible(bool(about))
        for method in methods:
            form = Form(method)
            form.changed.connect(self._on_edited)
            self.forms.append(form)
            if len(methods) > 1 and type(method).model_fields:
                self._body.addWidget(_heading(method))
            self._body.addWidget(form)
        self.show_resolved()

    def _sets(self, recipe: Recipe) -> QWidget:
        """A check box for each set of features."""
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        used = {one.kind for one in recipe.features}
        for kind, cls in available("features").items():
            check = QCheckBox(cls.title or kind)
            check.setObjectName(kind)
            check.setToolTip((cls.__doc__ or "").strip().split("\n\n")[0])
            check.setChecked(kind in used)
            check.clicked.connect(self._on_set)
            column.addWidget(check)
        return box

    def _on_set(self, checked: bool) -> None:
        kind = self.sender().objectName()
        self._change(with_set(self._session.recipe, kind, used=checked))
        self._rebuild()

    def _on_chosen(self, _: int) -> None:
        kind = self.chooser.currentData()
        if kind != chosen(self._session.recipe, self.stage):
            self._change(with_kind(self._session.recipe, self.stage, kind))

    def _on_reset(self) -> None:
        self._change(with_defaults(self._session.recipe, self.stage))

    def _on_edited(self) -> None:
        try:
            methods = tuple(form.value() for form in self.forms)
        except CellStateError as error:
            self.failed.emit(error)
            return
        self._change(with_methods(self._session.recipe, self.stage, methods))

    def _change(self, recipe: Recipe) -> None:
        try:
            self._session.set_recipe(recipe)
        except (CellStateError, OSError) as error:
            self.failed.emit(error)
            self._rebuild()

    def _on_recipe(self) -> None:
        """Follow a recipe that is not the one shown, and leave the forms alone where it is."""
        methods = edited(self._session.recipe, self.stage)
        try:
            shown = tuple(form.value() for form in self.forms)
        except CellStateError:
            shown = ()
        if shown != methods or self.chooser.currentData() != chosen(self._session.recipe, self.stage):
            self._rebuild()


def _heading(method: Method) -> QLabel:
    label = QLabel(method.title or method.kind)
    label.setStyleSheet("font-weight: bold")
    label.setFrameShape(QFrame.Shape.NoFrame)
    return label
