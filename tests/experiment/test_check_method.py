"""The conformance kit on somebody's own file, and what an experiment should cite."""

from __future__ import annotations

from pathlib import Path

import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.core.method import registered

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_method.py"

BROKEN = """
from typing import ClassVar
from pathlib import Path
import numpy as np
from napari_cellstate.core.families import Segmenter
from napari_cellstate.core.method import register, setting

@register
class Bad(Segmenter):
    "Finds noise, and writes."
    kind: ClassVar[str] = "bad"
    title: ClassVar[str] = "Bad"
    papers: ClassVar[tuple[str, ...]] = ("Somebody 2020, J. Bad Methods 1:1",)
    level: float = setting(0.5, "Level", help="Higher finds less.")

    def segment(self, image):
        Path("left.txt").write_text("x")
        if image.max() > 390:
            raise ZeroDivisionError("no reason")
        return np.random.default_rng().integers(0, 2, image.shape).astype(np.int32)
"""


def test_the_example_keeps_all_rules(capsys):
    assert main(["check-method", str(EXAMPLE)]) == 0
    assert "10 of 10 rules are kept" in capsys.readouterr().out
    assert "cutoff" not in registered("segment")


def test_what_is_broken_is_named(tmp_path):
    (tmp_path / "bad.py").write_text(BROKEN)
    found = {one.rule: one.problem for one in cs.check_method(tmp_path / "bad.py")}
    assert found["floats have steps and numbers bounds"] == "setting level is a float without a step"
    assert "ZeroDivisionError: no reason (line" in found["finds plain discs"]
    assert "bad.py" in found["finds plain discs"]
    assert found["come back from a record"] == ""
    assert not (tmp_path / "left.txt").exists()
    assert "bad" not in registered("segment")


def test_a_method_that_writes_is_found(tmp_path):
    text = BROKEN.replace("image.max() > 390", "False").replace("np.random.default_rng()", "np.random.default_rng(0)")
    (tmp_path / "writes.py").write_text(text)
    found = {one.rule: one.problem for one in cs.check_method(tmp_path / "writes.py")}
    assert found["can start in the middle"] == "it wrote left.txt; a method writes nothing"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "no method is registered"),
        ("import no_such_package\n", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("def f(:\n", "SyntaxError"),
        (None, r"expected a Python file"),
    ],
)
def test_files_that_hold_no_method(tmp_path, text, message):
    if text is not None:
        (tmp_path / "m.py").write_text(text)
    with pytest.raises(cs.InputError, match=message):
        cs.check_method(tmp_path / "m.py")


def test_cite_names_versions_and_papers(tmp_path, capsys):
    exp = cs.new(tmp_path / "e.cellstate")
    said = cs.cite(exp)
    assert said.made_with == ()
    assert said.versions["napari-cellstate"] and said.versions["numpy"]
    assert {stage for stage, *_ in said.methods} >= {"features", "embed", "states", "dynamics"}
    assert main(["cite", str(exp.root)]) == 0
    assert "Rabiner 1989" in capsys.readouterr().out
