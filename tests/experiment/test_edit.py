from __future__ import annotations

import json
from typing import ClassVar

import pytest

import napari_cellstate as cs
from napari_cellstate.core.edits import Edit, History
from napari_cellstate.core.errors import EditsAtRiskError
from napari_cellstate.experiment import edits
from napari_cellstate.experiment.journal import append, read_journal
from napari_cellstate.experiment.stages import link
from napari_cellstate.experiment.stages.base import Correction
from napari_cellstate.formats.tables import read_parquet, write_parquet


class Colour(Edit):
    kind: ClassVar[str] = "colour"
    value: str


class CutRow(Edit):
    """A correction of links that only a test would want: it takes one row away."""

    kind: ClassVar[str] = "cut-row"
    stage: ClassVar[str] = "link"
    row: int

    def words(self) -> str:
        return f"cut row {self.row}"


def _amend(experiment, movie, before, after, resolved):
    path = experiment.movie_paths(movie).links
    own = path.with_name("links.own.parquet")
    links = read_parquet(own if own.exists() else path)
    fits = [edit for edit in after if edit.row < len(links)]
    lost = tuple(edit.words() for edit in after if edit not in fits)
    amended = links.drop(index=[edit.row for edit in fits]).reset_index(drop=True)

    def write() -> None:
        write_parquet(links, own)
        write_parquet(amended, path)

    return Correction(write, lost)


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    for cls in (Colour, CutRow):
        monkeypatch.setitem(edits.KINDS, cls.kind, cls)
    monkeypatch.setitem(vars(link.STAGE), "amend", _amend)
    monkeypatch.setitem(vars(link.STAGE), "lost", None)


def _stages(exp, movie):
    return next(one["stages"] for one in cs.status(exp)["movies"] if one["name"] == movie)


def test_history_is_a_stack_with_a_past_and_a_future():
    a, b, c = (Colour(value=v) for v in "abc")
    history = History().do(a).do(b)
    assert history.undo() == History((a,), (b,))
    assert history.undo().redo() == history
    assert history.undo().undo().undo() == History((), (b, a))
    assert history.undo().undo().redo().redo() == history
    assert history.undo().do(c) == History((a, c), ())
    assert History().undo() == History() == History().redo()


def test_an_edit_amends_the_result_and_turns_what_follows_stale(two_movies):
    cs.run(two_movies)
    before = two_movies.links("young_1")
    edited = cs.edit(two_movies, CutRow(movie="young_1", row=0))
    assert edited.lost == ()
    assert len(two_movies.links("young_1")) == len(before) - 1
    stages = _stages(two_movies, "young_1")
    assert (stages["measure"], stages["link"], stages["features"]) == ("fresh", "edited", "stale")
    assert set(_stages(two_movies, "aged_1").values()) == {"fresh"}
    report = cs.run(two_movies)
    assert ("young_1", "link") not in report.done
    assert ("young_1", "features") in report.done
    assert _stages(two_movies, "young_1")["features"] == "fresh"


def test_undo_and_redo_survive_the_process_and_are_exact(two_movies):
    cs.run(two_movies)
    path = two_movies.movie_paths("young_1").links
    first = path.read_bytes()
    cs.edit(two_movies, CutRow(movie="young_1", row=0))
    second = path.read_bytes()
    assert cs.undo(cs.Experiment(two_movies.root)).edit == CutRow(movie="young_1", row=0)
    assert path.read_bytes() == first
    assert _stages(two_movies, "young_1")["link"] == "fresh"
    assert _stages(two_movies, "young_1")["features"] == "fresh"  # its key is again what it was
    assert cs.redo(cs.Experiment(two_movies.root)).edit is not None
    assert path.read_bytes() == second
    assert cs.redo(two_movies).edit is None


def test_a_kill_between_journal_and_result_is_made_good_by_the_next_run(two_movies):
    cs.run(two_movies)
    n = len(two_movies.links("young_1"))
    append(two_movies.paths.edits, {"do": CutRow(movie="young_1", row=1).record()})
    assert _stages(two_movies, "young_1")["link"] == "stale"
    report = cs.run(two_movies)
    assert ("young_1", "link") in report.done
    assert len(two_movies.links("young_1")) == n - 1
    assert _stages(two_movies, "young_1")["link"] == "edited"


def test_an_edit_before_the_result_is_there_waits_for_it(two_movies):
    cs.edit(two_movies, CutRow(movie="aged_1", row=0))
    cs.run(two_movies)
    assert _stages(two_movies, "aged_1")["link"] == "edited"


def test_an_edit_that_fits_nothing_is_refused_and_not_written(two_movies):
    cs.run(two_movies)
    with pytest.raises(cs.InputError, match="cut row 99999: it fits no cell"):
        cs.edit(two_movies, CutRow(movie="young_1", row=99999))
    assert not two_movies.paths.edits.exists()
    with pytest.raises(cs.InputError, match="no movie 'nobody'"):
        cs.edit(two_movies, CutRow(movie="nobody", row=0))


def test_corrections_are_kept_unless_the_user_says_otherwise(two_movies):
    cs.run(two_movies)
    cs.edit(two_movies, CutRow(movie="young_1", row=0))
    kept = two_movies.movie_paths("young_1").links.read_bytes()
    other = cs.recipe_from({"segment": {"method": "threshold", "smoothing": 2.0}})
    with pytest.raises(EditsAtRiskError, match=r"young_1: link .* 1 of its 1 corrections .*--reapply-edits"):
        cs.run(two_movies, other)
    assert two_movies.movie_paths("young_1").links.read_bytes() == kept
    assert _stages(two_movies, "young_1")["link"] == "edits-at-risk"
    cs.run(two_movies, reapply_edits=True)
    assert _stages(two_movies, "young_1")["link"] == "edited"


def test_edits_that_only_show_change_no_key(two_movies):
    cs.run(two_movies)
    cs.edit(two_movies, Colour(value="#ff0000"))
    assert set(_stages(two_movies, "young_1").values()) == {"fresh"}
    assert two_movies.history.of_class(Colour) == (Colour(value="#ff0000"),)


def test_a_cut_last_line_is_left_out_and_written_over(tmp_path):
    path = tmp_path / "edits.jsonl"
    append(path, {"do": Colour(value="a").record()})
    with path.open("ab") as stream:
        stream.write(b'{"at": "2026", "do": {"kind": "colo')
    assert read_journal(path, edits.KINDS).done == (Colour(value="a"),)
    append(path, {"do": Colour(value="b").record()})
    assert read_journal(path, edits.KINDS).done == (Colour(value="a"), Colour(value="b"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"not json", "line 2: not a line of a journal"),
        (b'{"do": {"kind": "wish"}}', "line 2: no correction is called 'wish'"),
        (b'{"do": {"kind": "colour"}}', "line 2: colour: value: Field required"),
        (b"[1]", "line 2: not a line"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, line, says):
    path = tmp_path / "edits.jsonl"
    append(path, {"do": Colour(value="a").record()})
    with path.open("ab") as stream:
        stream.write(line + b"\n")
    with pytest.raises(cs.InputError, match=says):
        read_journal(path, edits.KINDS)


def test_check_finds_a_damaged_journal(two_movies):
    two_movies.paths.edits.write_text("no\n")
    assert any(finding.where == "edits.jsonl" for finding in cs.check(two_movies))


def test_the_terminal_lists_undoes_and_redoes(two_movies, capsys):
    from napari_cellstate.cli import main

    folder = str(two_movies.root)
    assert main(["edits", folder]) == 0
    assert "no corrections" in capsys.readouterr().out
    cs.edit(two_movies, Colour(value="red"))
    assert main(["undo", folder]) == 0
    assert capsys.readouterr().out == "undone: colour\n"
    assert main(["redo", folder]) == 0
    assert main(["edits", folder, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.split("\n", 1)[1])["done"] == [
        {"kind": "colour", "movie": "", "value": "red"}
    ]


def test_each_handle_knows_what_another_one_did(two_movies):
    cs.run(two_movies)
    here, there = cs.Experiment(two_movies.root), cs.Experiment(two_movies.root)
    for nth, (one, other) in enumerate([(here, there), (there, here), (here, there)]):
        cs.edit(one, CutRow(movie="young_1", row=nth))
        assert other.history == one.history
        assert other.record("link", "young_1") == one.record("link", "young_1")
        assert other.links("young_1").equals(one.links("young_1"))
    cs.undo(there)
    assert here.history == there.history == cs.Experiment(two_movies.root).history
