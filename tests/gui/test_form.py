from __future__ import annotations

from typing import Literal

import pytest

from napari_cellstate.core.method import FAMILIES, Method, setting
from napari_cellstate.dynamics.settings import DynamicsSettings
from napari_cellstate.experiment.recipe import WindowSettings
from napari_cellstate.gui.form import Form
from napari_cellstate.methods import available
from napari_cellstate.methods.measure.regions import Measure

CHOSEN = [cls for family in FAMILIES if family not in ("measure", "dynamics") for cls in available(family).values()]
ALL = [*CHOSEN, Measure, WindowSettings, DynamicsSettings]


class Everything(Method):
    """One of each."""

    family = "segment"
    kind = "everything"

    small: float = setting(0.0004, "Small", ge=0, step=0.0001, help="A float that a coarse box turns into 0.")
    open_below: float = setting(0.5, "Above zero", gt=0, step=0.1, help="Not 0.")
    count: int = setting(3, "Count", ge=1, le=9, help="A few.")
    guess: int = setting(0, "Guess", ge=0, estimated=True, unit="px", help="0 is estimated.")
    on: bool = setting(True, "On", help="Yes or no.")
    way: Literal["this", "that"] = setting("that", "Way", help="One of two.")
    word: str = setting("embed", "Word", rare=True, help="A word.")


@pytest.mark.parametrize("cls", [*ALL, Everything], ids=lambda cls: f"{cls.family}-{cls.kind}")
def test_what_is_set_comes_back(qtbot, cls):
    form = Form(cls())
    qtbot.addWidget(form)
    assert form.value() == cls()


@pytest.mark.parametrize("value", [0.0004, 1e-7, 1 / 3, 123456.789, 2.0])
def test_floats_come_back_exactly(qtbot, value):
    form = Form(Everything())
    qtbot.addWidget(form)
    form.setValue(Everything(small=value))
    assert form.value().small == value


def test_other_values_come_back(qtbot):
    form = Form(Everything())
    qtbot.addWidget(form)
    wanted = Everything(small=0.25, open_below=0.1, count=9, guess=7, on=False, way="this", word="features")
    form.setValue(wanted)
    assert form.value() == wanted


def test_only_the_user_changes(qtbot):
    form = Form(Everything())
    qtbot.addWidget(form)
    with qtbot.assertNotEmitted(form.changed):
        form.setValue(Everything(count=5, small=0.1))
    box = form.field("small").inner
    with qtbot.waitSignal(form.changed):
        box.stepUp()
    assert form.value().small == pytest.approx(0.1001)
    with qtbot.waitSignal(form.changed):
        form.field("on").inner.click()


def test_estimates_are_shown(qtbot):
    form = Form(Everything())
    qtbot.addWidget(form)
    assert form.field("guess").inner.text() == "estimated"
    form.set_resolved({"guess": 12})
    assert form.field("guess").inner.text() == "estimated: 12 px"


def test_every_field_explains_itself(qtbot):
    for cls in ALL:
        form = Form(cls())
        qtbot.addWidget(form)
        for name in cls.model_fields:
            assert cls.model_fields[name].description in form.field(name).toolTip()
