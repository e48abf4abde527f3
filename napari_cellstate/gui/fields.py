"""Editors of single settings, one class a type, all with the same three names: value, setValue, changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QHBoxLayout, QLineEdit, QSpinBox, QWidget

if TYPE_CHECKING:
    from qtpy.QtGui import QWheelEvent

_MOST_WHOLE = 2**31 - 1
_MOST = 1e12


class _Whole(QSpinBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the page, not a number that only happens to lie under the mouse."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class _Floating(QDoubleSpinBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        """As for whole numbers."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def textFromValue(self, value: float) -> str:
        """As people write it, without a tail of zeros."""
        return f"{value:.10g}"


class _Choice(QComboBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        """As for numbers."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Field(QWidget):
    """Base: one editor, a signal when the user changed it."""

    changed = Signal()

    def __init__(self, inner: QWidget) -> None:
        super().__init__()
        self.inner = inner
        inner.setMinimumWidth(60)
        inner.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocusProxy(inner)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(inner)
        self._quiet = False

    def value(self) -> Any:
        """What the setting is."""
        raise NotImplementedError

    def setValue(self, value: Any) -> None:
        """Show a value, without `changed`."""
        self._quiet = True
        try:
            self._show(value)
        finally:
            self._quiet = False

    def _show(self, value: Any) -> None:
        raise NotImplementedError

    def _told(self, *_: object) -> None:
        if not self._quiet:
            self.changed.emit()


class Whole(Field):
    """A whole number."""

    inner: _Whole

    def __init__(self, low: float | None, high: float | None, *, special: str = "") -> None:
        box = _Whole()
        box.setRange(int(low) if low is not None else -_MOST_WHOLE, int(high) if high is not None else _MOST_WHOLE)
        box.setKeyboardTracking(False)
        box.setSpecialValueText(special)
        super().__init__(box)
        box.valueChanged.connect(self._told)

    def value(self) -> int:
        """The number."""
        return int(self.inner.value())

    def _show(self, value: int) -> None:
        self.inner.setValue(value)


class Floating(Field):
    """A real number; what was set comes back exactly, however many digits it has."""

    inner: _Floating

    def __init__(self, low: float | None, high: float | None, *, step: float, special: str = "") -> None:
        box = _Floating()
        box.setDecimals(12)
        box.setRange(low if low is not None else -_MOST, high if high is not None else _MOST)
        box.setSingleStep(step)
        box.setKeyboardTracking(False)
        box.setSpecialValueText(special)
        super().__init__(box)
        self._exact: float | None = None
        box.valueChanged.connect(self._edited)

    def value(self) -> float:
        """The number."""
        return float(self.inner.value()) if self._exact is None else self._exact

    def _show(self, value: float) -> None:
        self.inner.setValue(value)
        self._exact = value

    def _edited(self) -> None:
        if not self._quiet:
            self._exact = None
        self._told()


class Switch(Field):
    """Yes or no."""

    inner: QCheckBox

    def __init__(self) -> None:
        super().__init__(QCheckBox())
        self.inner.toggled.connect(self._told)

    def value(self) -> bool:
        """Yes or no."""
        return bool(self.inner.isChecked())

    def _show(self, value: bool) -> None:
        self.inner.setChecked(value)


class Choice(Field):
    """One of a few."""

    inner: _Choice

    def __init__(self, options: tuple[Any, ...]) -> None:
        box = _Choice()
        for option in options:
            box.addItem(str(option), option)
        super().__init__(box)
        box.currentIndexChanged.connect(self._told)

    def value(self) -> Any:
        """The chosen one."""
        return self.inner.currentData()

    def _show(self, value: Any) -> None:
        self.inner.setCurrentIndex(self.inner.findData(value))


class Text(Field):
    """A word."""

    inner: QLineEdit

    def __init__(self) -> None:
        super().__init__(QLineEdit())
        self.inner.editingFinished.connect(self._told)

    def value(self) -> str:
        """The word."""
        return str(self.inner.text())

    def _show(self, value: str) -> None:
        self.inner.setText(value)
