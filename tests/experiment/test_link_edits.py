from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.core.cell_ref import Places
from napari_cellstate.core.errors import EditsAtRiskError, InputError
from napari_cellstate.core.gestures import Gestures
from napari_cellstate.core.link_edits import LinkAgain
from napari_cellstate.core.review_edits import Accept
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages.own_links import amend_links
from napari_cellstate.methods.link.trackpy import TrackpyLinker
from napari_cellstate.methods.segment.threshold import Threshold
from tests.experiment_kit import blobs, results, write_movie


@pytest.fixture
def linked(tmp_path):
    experiment = cs.new(tmp_path / "a.cellstate")
    cs.add(experiment, write_movie(tmp_path / "m.ome.tif", blobs()), name="m")
    cs.run(experiment, until="link")
    return experiment


def now(experiment, movie="m"):
    return Gestures.on(movie, experiment.tracks(movie), experiment.planes(movie))


def row_of(experiment, track, frame, movie="m"):
    tracks = experiment.tracks(movie)
    return int(np.flatnonzero((tracks.track == track) & (tracks.cells["frame"] == frame))[0])


def tables(experiment):
    """Bytes of all results but what is kept for undoing."""
    return {
        name: content
        for name, content in results(experiment.root).items()
        if "links.own" not in name and name != "edits.jsonl"
    }


def stages(experiment):
    return cs.status(experiment)["movies"][0]["stages"]


def there(experiment, frame):
    """Tracks that are there in this frame and the one before."""
    tracks = experiment.tracks("m")
    frames = tracks.cells["frame"].to_numpy()
    return np.intersect1d(tracks.track[frames == frame], tracks.track[frames == frame - 1]).tolist()


def any_edits(experiment):
    """One gesture of each kind, each on what the one before left."""

    def at(nth, frame):
        return row_of(experiment, there(experiment, frame)[nth], frame)

    yield now(experiment).swap(there(experiment, 5)[0], at(1, 5))
    yield now(experiment).cut(at(2, 4))
    yield now(experiment).join(there(experiment, 3)[0], at(3, 4))
    yield now(experiment).divide(there(experiment, 6)[1], at(2, 6))
    yield now(experiment).delete(at(3, 7))
    yield now(experiment).re_assign(there(experiment, 8)[0], at(1, 8))
    yield now(experiment).fill(there(experiment, 2)[0], at(4, 5))
    yield LinkAgain(movie="m")
    yield now(experiment).cut(at(0, 10))


def test_do_undo_redo_of_each_is_exact_and_survives_a_restart(linked):
    seen = [tables(linked)]
    for one in any_edits(linked):
        cs.edit(cs.Experiment(linked.root), one)
        seen.append(tables(linked))
        assert stages(linked)["link"] == "edited"
    n = len(seen)
    for back in range(2, n + 1):
        cs.undo(cs.Experiment(linked.root))
        assert tables(linked) == seen[n - back]
    assert cs.undo(linked).edit is None
    assert stages(linked)["link"] == "fresh"
    for forward in range(1, n):
        cs.redo(cs.Experiment(linked.root))
        assert tables(linked) == seen[forward]


def test_corrections_survive_linking_again_with_another_method(linked):
    edit = now(linked).swap(1, row_of(linked, 2, 5))
    cs.edit(linked, edit)
    asked = cs.run(linked, Recipe(link=TrackpyLinker()), until="link")
    assert ("m", "link") in asked.done  # every cell is still there, so nobody need be asked
    tracks = linked.tracks("m")
    places = Places.of(tracks.cells)
    for source, target in edit.claims().made:
        ends = places.fitting(source)[0], places.fitting(target)[0]
        assert tracks.track[ends[0]] == tracks.track[ends[1]]
    assert linked.links("m")["by_hand"].sum() == 2
    assert linked.record("link", "m")["summary"]["tracks"] == tracks.n_tracks


def test_linking_again_around_corrections_is_done_by_the_method_of_now(linked, tmp_path):
    other = Recipe(link=TrackpyLinker(max_gap=0))
    one, fresh = now(linked).swap(1, row_of(linked, 2, 5)), cs.new(tmp_path / "b.cellstate")
    cs.add(fresh, tmp_path / "m.ome.tif", name="m")
    cs.run(fresh, other, until="link")
    for experiment in (linked, fresh):
        cs.edit(experiment, one)
        cs.edit(experiment, LinkAgain(movie="m"))
    cs.run(linked, other, until="link")
    pd.testing.assert_frame_equal(linked.links("m"), fresh.links("m"))
    assert linked.record("link", "m")["summary"] == fresh.record("link", "m")["summary"]


def test_corrections_survive_another_segmentation_as_far_as_cells_fit(linked):
    cs.edit(linked, now(linked).swap(1, row_of(linked, 2, 5)))
    cs.edit(linked, now(linked).cut(row_of(linked, 3, 4)))
    recipe, before = Recipe(segment=Threshold(threshold="otsu", smoothing=2.0)), linked.cells("m")
    report = cs.run(linked, recipe, until="link")
    assert not report.warnings
    assert not np.array_equal(linked.cells("m")["area"], before["area"])
    assert linked.links("m")["by_hand"].sum() == 2
    assert stages(linked)["link"] == "edited"


def test_what_fits_no_cell_is_asked_for_and_listed(linked):
    edit = now(linked).cut(row_of(linked, 3, 4))
    cs.edit(linked, edit)
    recipe = Recipe(segment=Threshold(min_area=100_000))
    with pytest.raises(EditsAtRiskError, match="1 of its 1 corrections"):
        cs.run(linked, recipe, until="link")
    report = cs.run(linked, recipe, until="link", reapply_edits=True)
    assert any(edit.words() in sentence for sentence in report.warnings)
    cs.run(linked, Recipe(), until="link", reapply_edits=True)
    assert not linked.record("link", "m")["warnings"]


def test_an_edit_that_fits_nothing_is_not_written(linked):
    edit = now(linked).delete(row_of(linked, 3, 4))
    cs.edit(linked, edit)
    with pytest.raises(InputError, match="fits no cell"):
        cs.edit(
            linked, edit.model_copy(update={"cells": (edit.cells[0].model_copy(update={"y": 1.0, "outline": ""}),)})
        )
    assert len(linked.history.done) == 1


def test_deleted_cells_are_in_no_track_and_no_window(linked):
    n = linked.tracks("m").n_tracks
    gone = row_of(linked, 2, 0)
    cs.edit(linked, now(linked).delete_track(gone))
    assert linked.tracks("m").n_tracks == n - 1
    cs.run(linked)
    assert set(linked.features("m")["track"]) == set(range(1, n))
    assert not cs.check(linked.root)
    cs.undo(linked)
    assert linked.tracks("m").n_tracks == n


def test_accepting_leaves_results_fresh(linked):
    cells = linked.tracks("m").cells
    cs.edit(linked, Accept(movie="m", cells=(Places.of(cells).ref(0),), reasons=("jump",)))
    assert stages(linked)["link"] == "fresh"


def test_given_tracks_are_corrected_too(tmp_path):
    frame, track = np.repeat(np.arange(8), 3), np.tile([11, 12, 13], 8)
    table = pd.DataFrame({"frame": frame, "track": track, "y": 30.0 * track - 300 + frame, "x": 5.0 * frame})
    table.to_csv(tmp_path / "t.csv", index=False)
    experiment = cs.new(tmp_path / "g.cellstate")
    cs.add(experiment, tracks=tmp_path / "t.csv", name="m", dt=60, pixel_size=1)
    cs.run(experiment, until="link")
    before = experiment.tracks("m").track
    cs.edit(experiment, now(experiment).swap(1, row_of(experiment, 2, 4)))
    after = experiment.tracks("m").track
    assert (before != after).any()
    assert experiment.tracks("m").n_tracks == 3
    cs.undo(experiment)
    assert (experiment.tracks("m").track == before).all()


def test_a_kill_in_the_middle_of_editing_loses_at_most_the_gesture_in_hand(linked, tmp_path):
    """Many gestures, killed at any time: the journal is whole, and the next run ends where the journal says."""
    script = tmp_path / "edit.py"
    script.write_text(
        textwrap.dedent("""
        import sys
        import napari_cellstate as cs
        from napari_cellstate.core.gestures import Gestures
        experiment = cs.Experiment(sys.argv[1])
        while True:
            made = Gestures.on("m", experiment.tracks("m"))
            cs.edit(experiment, made.cut(30))
            print("done", flush=True)
            cs.undo(experiment)
            cs.edit(experiment, made.delete(20))
            cs.undo(experiment)
        """)
    )
    rng = np.random.default_rng(0)
    for _ in range(3):
        while linked.history.done:  # of the kill before: each round starts with nothing done
            cs.undo(linked)
        running = subprocess.Popen(
            [sys.executable, str(script), str(linked.root)], stdout=subprocess.PIPE, env=os.environ
        )
        assert running.stdout is not None
        running.stdout.readline()
        try:
            running.wait(float(rng.uniform(0.0, 0.3)))
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
        running.wait()
        running.stdout.close()
        assert len(linked.history.done) <= 1
    history = linked.history
    cs.run(linked, until="link")
    edited = linked.tracks("m")
    while linked.history.done:
        cs.undo(linked)
    plain = linked.tracks("m")
    expected = {"": plain.n_tracks, "break": plain.n_tracks + 1, "delete": plain.n_tracks + 1}
    assert edited.n_tracks == expected[history.done[-1].kind if history.done else ""]
    fresh = cs.new(Path(tmp_path) / "b.cellstate")
    cs.add(fresh, Path(tmp_path) / "m.ome.tif", name="m")
    cs.run(fresh, until="link")
    pd.testing.assert_frame_equal(linked.links("m"), fresh.links("m"))


def test_one_correction_more_is_made_on_the_links_that_are_there_and_is_what_all_together_give(linked):
    edits = []
    for edit in any_edits(linked):
        cs.edit(linked, edit)  # on the links on disk
        edits.append(edit)
        links, dropped = linked.links("m"), linked.dropped("m")
        resolved = linked.record("link", "m")["resolved"]
        whole = amend_links(cs.Experiment(linked.root), "m", (), tuple(edits), resolved)  # on the linker's own, at once
        pd.testing.assert_frame_equal(whole.links.links, links)
        assert np.array_equal(whole.links.dropped, dropped)
        assert linked.record("link", "m")["summary"] == linked.record("link", "m")["summary"] | whole.summary
