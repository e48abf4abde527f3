"""A form for the settings of any method: an editor of one value, `setValue(v); value() == v`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellstate.core.method import Method, parse_settings
from napari_cellstate.gui.fields import Choice, Field, Floating, Switch, Text, Whole

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

_LABEL, _MARK = 108, 58
"""Widths, so that the fields of all forms of a page stand under each other and the page fits into 340 pixels."""


class Form(QWidget):
    """The settings of one method; rare ones are folded away.

    Signals
    -------
    changed : the user changed a setting (not `setValue`).
    """

    changed = Signal()

    def __init__(self, method: Method, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cls = type(method)
        self._fields: dict[str, Field] = {}
        self._marks: dict[str, QLabel] = {}
        self._labels: list[QLabel] = []
        self._resolved: dict[str, Any] = {}
        self._usual, self._rare = _rows(), _rows()
        self._more = QToolButton(text="more", checkable=True, autoRaise=True)
        self._more.setArrowType(Qt.ArrowType.RightArrow)
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more.toggled.connect(self._fold)
        for name in self._cls.model_fields:
            self._add(name)
        rare = QWidget()
        rare.setLayout(self._rare)
        self._folded = rare
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(self._usual)
        column.addWidget(self._more)
        column.addWidget(rare)
        self._more.setVisible(self._rare.rowCount() > 0)
        rare.setVisible(False)
        self.setValue(method)

    def value(self) -> Method:
        """The method as the form stands; InputError where two settings do not go together."""
        values = {name: field.value() for name, field in self._fields.items()}
        return parse_settings(self._cls, values, self._cls.title or self._cls.kind)

    def setValue(self, method: Method) -> None:
        """Show the settings of a method of the same kind."""
        for name, field in self._fields.items():
            field.setValue(getattr(method, name))
        self._mark()

    def set_resolved(self, values: dict[str, Any]) -> None:
        """Say beside estimated settings which value was found."""
        self._resolved = values
        self._mark()

    def field(self, name: str) -> Field:
        """The editor of one setting."""
        return self._fields[name]

    def showEvent(self, event: QShowEvent) -> None:
        """Only now, with the fonts of the window, is it known how high a label of two lines is."""
        super().showEvent(event)
        for label in self._labels:
            label.setMinimumHeight(label.heightForWidth(_LABEL))

    def _add(self, name: str) -> None:
        info = self._cls.model_fields[name]
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        field = _editor(info, extra)
        field.setObjectName(name)
        field.setToolTip(_tip(info, extra))
        field.changed.connect(self._on_changed)
        label = QLabel(str(info.title or name))
        label.setToolTip(field.toolTip())
        label.setBuddy(field)
        label.setWordWrap(True)
        label.setFixedWidth(_LABEL)
        self._labels.append(label)
        line = QHBoxLayout()
        line.setSpacing(6)
        field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        line.addWidget(field, 1)
        mark = QLabel(_unit(extra), self)
        mark.setEnabled(False)
        mark.setFixedWidth(_MARK)
        line.addWidget(mark)
        self._marks[name] = mark
        self._fields[name] = field
        (self._rare if extra.get("rare") else self._usual).addRow(label, line)

    def _mark(self) -> None:
        """Say of estimated settings which value was found; unit, or where a value comes from, beside each field."""
        for name, field in self._fields.items():
            info = self._cls.model_fields[name]
            extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
            if not extra.get("estimated"):
                continue
            found = self._resolved.get(name)
            known = isinstance(found, int | float) and not isinstance(found, bool) and found != 0
            unit, untouched = _unit(extra), field.value() == info.default
            if info.default == 0 and isinstance(field, Whole | Floating):
                field.inner.setSpecialValueText(f"estimated: {found:.3g} {unit}".strip() if known else "estimated")
                self._marks[name].setVisible(not untouched)
            elif info.default:
                self._marks[name].setText("a guess" if untouched else unit)

    def _on_changed(self) -> None:
        self._mark()
        self.changed.emit()

    def _fold(self, shown: bool) -> None:
        self._folded.setVisible(shown)
        self._more.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        self._more.setText("less" if shown else "more")


def _unit(extra: dict[str, Any]) -> str:
    return str(extra.get("unit") or "")


def _rows() -> QFormLayout:
    rows = QFormLayout()
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setVerticalSpacing(4)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return rows


def _editor(info: Any, extra: dict[str, Any]) -> Field:
    kind = info.annotation
    if get_origin(kind) is Literal:
        return Choice(get_args(kind))
    if kind is bool:
        return Switch()
    low, high = _bounds(info)
    special = "estimated" if extra.get("estimated") and info.default == 0 else ""
    if kind is int:
        return Whole(low, high, special=special)
    if kind is float:
        return Floating(low, high, step=float(extra.get("step") or 0.1), special=special)
    if kind is str:
        return Text()
    raise TypeError(f"no editor for settings of type {kind!r}")


def _bounds(info: Any) -> tuple[float | None, float | None]:
    low = high = None
    for limit in info.metadata:
        low = getattr(limit, "ge", low)
        if getattr(limit, "gt", None) is not None:
            low = limit.gt + 1e-12 if info.annotation is float else limit.gt + 1
        high = getattr(limit, "le", high)
    return low, high


def _tip(info: Any, extra: dict[str, Any]) -> str:
    low, high = _bounds(info)
    span = ""
    if low is not None and high is not None:
        span = f"{low:g} to {high:g}"
    elif low is not None:
        span = f"{low:g} or more"
    about = ", ".join(part for part in (str(extra.get("unit") or ""), span) if part)
    parts = [info.description or "", about, f"default: {info.default}"]
    if extra.get("estimated") and info.default == 0:
        parts.append("0: estimated from the data")
    return "<p>" + "<br>".join(part for part in parts if part) + "</p>"
