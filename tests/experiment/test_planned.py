from __future__ import annotations

import json

import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.experiment.planned import add_planned, parse_name, plan_by_pattern, plan_by_table
from tests.experiment_kit import blobs, write_movie


@pytest.fixture
def folder(tmp_path):
    for name in ("aged_m3_01", "aged_m3_02", "young_m1_01"):
        write_movie(tmp_path / f"{name}.tif", blobs(3))
    (tmp_path / "notes.txt").write_text("x")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "pattern", "found"),
    [
        ("aged_m3_01.tif", "{condition}_{replicate}_*.tif", {"condition": "aged", "replicate": "m3"}),
        ("aged_m3_01.TIF", "{condition}_m{replicate}_*.tif", {"condition": "aged", "replicate": "3"}),
        ("a b_c.d_e.tif", "{condition}_{name}.tif", {"condition": "a b", "name": "c.d_e"}),
        ("(x)+1.tif", "(x)+{replicate}.tif", {"replicate": "1"}),
        ("/data/aged/m3/01.tif", "{condition}/{replicate}/*.tif", {"condition": "aged", "replicate": "m3"}),
        ("aged-m3.tif", "{condition}_{replicate}.tif", None),
        ("aged_7.tif", "{condition}_?.tif", {"condition": "aged"}),
        ("aged_77.tif", "{condition}_?.tif", None),
    ],
)
def test_what_a_pattern_reads(name, pattern, found):
    assert parse_name(name, pattern) == found


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("{cond}_*", "no field {cond}; known: {condition}"), ("{name}{name}", "stands twice"), ("{name", "brace")],
)
def test_patterns_that_cannot_be_used(pattern, said):
    with pytest.raises(cs.InputError) as error:
        parse_name("a", pattern)
    assert said in str(error.value)


def test_a_folder_by_pattern(folder):
    planned = plan_by_pattern([folder], "{condition}_{replicate}_*.tif")
    assert [(one.path.name, one.condition, one.replicate) for one in planned] == [
        ("aged_m3_01.tif", "aged", "m3"),
        ("aged_m3_02.tif", "aged", "m3"),
        ("young_m1_01.tif", "young", "m1"),
    ]
    exp = cs.new(folder / "e.cellstate")
    entries = add_planned(exp, planned)
    assert [(one.name, one.condition, one.replicate) for one in entries] == [
        ("aged_m3_01", "aged", "m3"),
        ("aged_m3_02", "aged", "m3"),
        ("young_m1_01", "young", "m1"),
    ]


def test_what_does_not_fit_is_said_and_nothing_is_added(folder):
    planned = plan_by_pattern([folder / "notes.txt", folder / "aged_m3_01.tif"], "{condition}_{replicate}_*.tif")
    assert [bool(one.problem) for one in planned] == [True, False]
    exp = cs.new(folder / "e.cellstate")
    with pytest.raises(cs.InputError, match=r"notes\.txt: does not fit"):
        add_planned(exp, planned)
    assert exp.movies == ()
    twice = plan_by_pattern([folder / "aged_m3_01.tif"] * 2, "{condition}_*.tif")
    assert "stands twice" in twice[1].problem


def test_a_table(folder):
    table = folder / "plan.csv"
    table.write_text(
        "file,condition,replicate,dt_s\naged_m3_01.tif,aged,m3,60\nyoung_m1_01.tif,young,m1,\nno.tif,a,b,\n"
    )
    planned = plan_by_table(table)
    assert [(one.condition, one.dt, one.problem) for one in planned] == [
        ("aged", 60.0, ""),
        ("young", None, ""),
        ("a", None, "no such file"),
    ]
    entries = add_planned(cs.new(folder / "e.cellstate"), planned[:2])
    assert [entry.dt_s for entry in entries] == [60.0, 390.0]
    table.write_text("file,dt\na.tif,1 min\n")
    with pytest.raises(cs.InputError, match="row 2: dt is '1 min'"):
        plan_by_table(table)


def test_corrections_from_a_table(folder):
    exp = cs.new(folder / "e.cellstate")
    add_planned(exp, plan_by_pattern([folder], "{condition}_{replicate}_*.tif"))
    table = folder / "said.csv"
    table.write_text("movie,condition,replicate\naged_m3_01,old,\nyoung_m1_01,young,m1\n")
    assert [entry.name for entry in cs.update_from_table(exp, table)] == ["aged_m3_01"]
    assert (exp.entry("aged_m3_01").condition, exp.entry("aged_m3_01").replicate) == ("old", "m3")
    table.write_text("movie,condition\nnobody,old\n")
    with pytest.raises(cs.InputError, match="no movie 'nobody'"):
        cs.update_from_table(exp, table)


def test_from_the_terminal(folder, capsys):
    exp = cs.new(folder / "e.cellstate")
    arguments = ["add", str(exp.root), str(folder), "--pattern", "{condition}_{replicate}_*.tif", "--json"]
    assert main([*arguments, "--dry-run"]) == 0
    assert [one["replicate"] for one in json.loads(capsys.readouterr().out)] == ["m3", "m3", "m1"]
    assert exp.movies == ()
    assert main(arguments) == 0
    assert len(exp.movies) == 3
    assert main(["add", str(exp.root), "a.tif", "b.tif", "--frames", "0:2"]) == 2
    assert "--frames is for one movie" in capsys.readouterr().err
    (folder / "t.csv").write_text("movie,replicate\naged_m3_02,m4\n")
    assert main(["update", str(exp.root), "--table", str(folder / "t.csv")]) == 0
    assert exp.entry("aged_m3_02").replicate == "m4"


def test_axes_of_all_are_said_once(tmp_path, capsys):
    import tifffile

    for name in ("a_1", "b_1"):
        tifffile.imwrite(tmp_path / f"{name}.tif", blobs(4), metadata=None)
    exp = cs.new(tmp_path / "e.cellstate")
    arguments = ["add", str(exp.root), str(tmp_path), "--pattern", "{condition}_{replicate}.tif"]
    assert main(arguments) == 2
    assert exp.movies == ()
    assert main([*arguments, "--axes", "TYX"]) == 0
    assert [entry.images.axes for entry in exp.movies] == ["TYX", "TYX"]
