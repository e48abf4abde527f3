from __future__ import annotations

import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.experiment.recall import Recall
from napari_cellstate.formats.tables import write_parquet


def test_what_was_read_is_read_again_only_when_the_file_is_another(tmp_path) -> None:
    recall, path, read = Recall(), tmp_path / "a.txt", []

    def text(place):
        read.append(place)
        return place.read_text()

    path.write_text("one")
    assert [recall.of(path, text) for _ in range(3)] == ["one"] * 3
    assert len(read) == 1
    path.write_text("other")
    assert recall.of(path, text) == "other"
    with path.open("a") as stream:
        stream.write(" line")
    assert recall.of(path, text) == "other line"
    assert len(read) == 3


def test_a_table_that_was_written_is_not_read(tmp_path) -> None:
    recall, path = Recall(), tmp_path / "a.parquet"
    table = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    write_parquet(table, path)
    recall.put_table(path, table)
    assert recall.table(path) is table
    assert list(recall.table(path, ("b",)).columns) == ["b"]
    write_parquet(table.assign(a=3), path)
    assert recall.table(path)["a"].tolist() == [3, 3]


def test_only_the_last_few_are_kept(tmp_path) -> None:
    recall = Recall(most=6)
    for nth in range(20):
        (tmp_path / f"{nth}").write_text("x")
        recall.of(tmp_path / f"{nth}", lambda path: path.read_text())
    assert len(recall._kept) == 6


def test_what_was_just_written_is_forgotten_or_kept(tmp_path) -> None:
    recall, path = Recall(), tmp_path / "a"
    path.write_text("one")
    assert recall.of(path, lambda one: one.read_text()) == "one"
    recall.put(path, "said")
    assert recall.of(path, lambda one: one.read_text()) == "said"
    recall.forget(path)
    assert recall.of(path, lambda one: one.read_text()) == "one"


def test_records_are_read_again_when_another_process_wrote_them(two_movies) -> None:
    cs.run(two_movies, until="measure")
    here, there = cs.Experiment(two_movies.root), cs.Experiment(two_movies.root)
    before = here.record("measure", "young_1")
    assert before is not here.record("measure", "young_1")  # each may change its own
    cs.run(there, cs.recipe_from({"segment": {"method": "threshold", "smoothing": 2.0}}), until="measure")
    assert here.record("measure", "young_1") == there.record("measure", "young_1") != before
    here.movie_paths("young_1").record("measure").write_text("{")
    with pytest.raises(cs.InputError, match="not readable as JSON"):
        here.record("measure", "young_1")
