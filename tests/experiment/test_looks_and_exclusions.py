from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.core.behavior import state_name
from napari_cellstate.core.looks import Looks, wearing
from napari_cellstate.experiment.edit import edit, redo, undo
from napari_cellstate.experiment.edits.describe_movie import DescribeMovie
from napari_cellstate.experiment.edits.exclude import ExcludeFrames, ExcludeTrack
from napari_cellstate.experiment.edits.state_looks import ColourState, NameState
from napari_cellstate.experiment.overlay_movie import export_movie
from napari_cellstate.plots.colours import state_colour
from tests.experiment_kit import FRAMES, results


@pytest.fixture
def done(two_movies):
    cs.run(two_movies)
    return two_movies


def test_names_and_colours_are_worn_inside_a_block_only():
    with wearing(Looks({1: "resting"}, {1: "#123456"})):
        assert (state_name(1), state_name(2), state_colour(1)) == ("resting", "state 2", "#123456")
    assert (state_name(1), state_colour(1)) == ("state 1", "#E69F00")


def test_names_and_colours_show_in_what_is_exported(done, tmp_path):
    before = results(done.root)
    edit(done, NameState(state=1, name="resting"))
    edit(done, ColourState(state=1, colour="#0a0b0c"))
    cs.export(done, tmp_path / "out")
    names = set(pd.read_csv(tmp_path / "out" / "states.csv")["state_name"].dropna())
    assert "resting" in names
    assert "state 1" not in names
    assert done.looks.colours == {1: "#0A0B0C"}
    assert set(cs.status(done)["stages"].values()) == {"fresh"}, "no result depends on a name"
    movie = export_movie(done, tmp_path / "movie", "gif", movies=("young_1",))
    undo(done)
    undo(done)
    plain = export_movie(done, tmp_path / "plain", "gif", movies=("young_1",))
    assert movie[0].read_bytes() != plain[0].read_bytes()
    after = results(done.root)
    after.pop("edits.jsonl")
    assert after == before
    assert cs.Experiment(done.root).looks == Looks()
    redo(done)
    assert cs.Experiment(done.root).looks.names == {1: "resting"}


@pytest.mark.parametrize(
    "wrong", [{"state": 0, "name": "a"}, {"state": 1, "name": "a\nb"}, {"state": 1, "name": "a" * 61}]
)
def test_names_that_cannot_be(wrong):
    with pytest.raises(ValueError, match="validation error"):
        NameState(**wrong)


def test_a_movie_described_anew_makes_stale_what_depends_on_it_and_undo_brings_it_back(done):
    behavior = done.paths.behavior.read_bytes()
    edit(done, DescribeMovie(movie="young_1", condition="old", replicate="7"))
    assert (done.entry("young_1").condition, done.entry("young_1").replicate) == ("old", "7")
    found = cs.status(done)
    assert found["movies"][0]["stages"]["features"] == "fresh"
    assert found["stages"]["embed"] == "stale"
    undo(done)
    assert done.entry("young_1").condition == "young"
    assert cs.status(done)["stages"]["embed"] == "fresh"
    redo(done)
    cs.run(done)
    assert set(done.behavior.obs["condition"].astype(str)) == {"old", "aged"}
    undo(done)
    cs.run(done)
    assert done.paths.behavior.read_bytes() == behavior


def test_what_was_given_stays_though_movies_are_added_and_corrected(two_movies):
    edit(two_movies, DescribeMovie(movie="young_1", condition="old", replicate="7"))
    cs.update(two_movies, "young_1", pixel_size=0.3)
    assert (two_movies.entry("young_1").condition, two_movies.entry("young_1").pixel_size_um) == ("old", 0.3)
    assert cs.update(two_movies, "young_1", condition="very old").condition == "very old"
    undo(two_movies)
    undo(two_movies)
    assert two_movies.entry("young_1").condition == "very old", "what update wrote is what is given now"


def _first_cell(experiment, movie, track):
    tracks = experiment.tracks(movie)
    return tracks.cells[tracks.track == track].iloc[2]


def test_a_track_left_out_is_in_nothing_that_is_pooled(done):
    whole = done.behavior.obs
    cell = _first_cell(done, "young_1", 2)
    edit(done, ExcludeTrack(movie="young_1", frame=int(cell["frame"]), y=float(cell["y"]) + 1.0, x=float(cell["x"])))
    assert cs.status(done)["stages"]["embed"] == "stale"
    report = cs.run(done)
    left = done.behavior.obs
    gone = whole[(whole["movie"] == "young_1") & (whole["track"] == 2)]
    assert len(gone)
    assert len(left) == len(whole) - len(gone)
    assert any("are left out by hand" in sentence for sentence in report.warnings)
    assert cs.status(done)["stages"]["embed"] == "edited"
    edit(
        done,
        ExcludeTrack(movie="young_1", frame=int(cell["frame"]), y=float(cell["y"]), x=float(cell["x"]), excluded=False),
    )
    cs.run(done)
    pd.testing.assert_frame_equal(done.behavior.obs[["track", "frame", "run"]], whole[["track", "frame", "run"]])


def test_frames_left_out_take_every_window_that_looks_at_them_and_break_runs(done):
    whole = done.behavior.obs
    edit(done, ExcludeFrames(movie="aged_1", first=6, last=6))
    cs.run(done)
    left = done.behavior.obs
    mine = left[left["movie"] == "aged_1"]
    assert not ((mine["t0"] <= 6) & (mine["t1"] >= 6)).any()
    seen = (whole["movie"] == "aged_1") & (whole["t0"] <= 6) & (whole["t1"] >= 6)
    assert len(left) == len(whole) - seen.sum()
    assert FRAMES == 12
    for _, rows in mine.groupby("run"):
        assert (np.diff(rows["frame"]) == 1).all(), "rows of one run follow each other"


def test_an_exclusion_that_fits_no_cell_is_said(done):
    edit(done, ExcludeTrack(movie="young_1", frame=3, y=-500.0, x=-500.0))
    assert any("fits no cell any more" in sentence for sentence in cs.run(done).warnings)
