from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import label

from napari_cellstate.core.errors import Cancelled
from napari_cellstate.core.tables import check_cells, make_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.simulate.movie import Simulation, run_movie
from napari_cellstate.simulate.scene import Behaviour, Body, Light, Scene


def small_scene(**values: object) -> Scene:
    return Scene(**{"frames": 12, "size": 128, "cells": 8, "body": Body(cycle=30.0), **values})


def test_the_default_movie_has_about_forty_cells_in_every_frame(default: Simulation) -> None:
    assert default.images.shape == default.masks.shape == (60, 384, 384)
    assert default.images.dtype == default.masks.dtype == np.uint16
    per_frame = default.cells.groupby("frame").size()
    assert len(per_frame) == 60
    assert per_frame.min() >= 40
    assert per_frame.max() <= 60
    assert set(default.cells["state"]) == {1, 2, 3}


def test_every_mask_is_one_piece_and_has_its_row(default: Simulation) -> None:
    check_cells(default.cells)
    for t in range(0, 60, 10):
        rows = default.cells[default.cells["frame"] == t]
        assert np.unique(default.masks[t])[1:].tolist() == rows["label"].tolist()
        assert all(label(default.masks[t] == name)[1] == 1 for name in rows["label"])


def test_positions_are_centroids_of_the_masks(small: Simulation) -> None:
    for row in small.cells.itertuples():
        at = np.argwhere(small.masks[row.frame] == row.label).mean(axis=0)
        np.testing.assert_allclose(at, [row.y, row.x], atol=1e-9)


def test_states_and_steps_of_the_movie_are_those_of_the_scene(default: Simulation) -> None:
    cells = default.cells.sort_values(["track", "frame"])
    step = np.hypot(cells["y"].diff(), cells["x"].diff())[cells["track"].diff() == 0]
    state = cells["state"].shift()[step.index]
    noise = 4 * 0.3**2  # jitter of two positions in two directions
    square = np.array(default.scene.behaviour.speeds) ** 2 * 1.25 + noise
    for k in (1, 2, 3):
        assert (step[state == k] ** 2).mean() == pytest.approx(square[k - 1], rel=0.15)


def test_divisions_have_a_mother_that_ends_where_two_daughters_begin(small: Simulation) -> None:
    tracks = small.tracks.set_index("track")
    daughters = small.tracks[small.tracks["parent"] > 0]
    assert len(daughters) >= 2
    assert (daughters.groupby("parent").size() == 2).all()
    assert (tracks.loc[daughters["parent"], "last_frame"].to_numpy() + 1 == daughters["first_frame"].to_numpy()).all()
    assert (small.cells["parent"] == tracks.loc[small.cells["track"], "parent"].to_numpy()).all()


def test_the_tables_make_the_tracks_that_they_say(small: Simulation) -> None:
    cells = small.cells
    row = {key: i for i, key in enumerate(zip(cells["track"], cells["frame"], strict=True))}
    ends = dict(zip(small.tracks["track"], small.tracks["last_frame"], strict=True))
    source, target = [], []
    for (track, frame), i in row.items():
        parent = cells["parent"].iloc[i]
        before = row.get((track, frame - 1), row.get((parent, ends.get(parent))))
        if before is not None:
            source.append(before)
            target.append(i)
    found = Tracks(cells, make_links(source, target)).table()
    columns = ["track", "parent", "first_frame", "last_frame"]
    assert found[columns].to_numpy().tolist() == small.tracks[columns].to_numpy().tolist()


def test_same_seed_same_movie_and_another_seed_another(small: Simulation) -> None:
    again = run_movie(small.scene, seed=(3,))
    np.testing.assert_array_equal(again.images, small.images)
    np.testing.assert_array_equal(again.masks, small.masks)
    assert again.cells.equals(small.cells)
    other = run_movie(small.scene, seed=(4,))
    assert (other.images != small.images).any()
    assert (other.rates != small.rates).any()


def test_cells_are_brighter_than_the_field_and_bleach(default: Simulation) -> None:
    inside = [default.images[t][default.masks[t] > 0].mean() for t in (0, 59)]
    outside = [default.images[t][default.masks[t] == 0].mean() for t in (0, 59)]
    assert inside[0] > 2 * outside[0]
    ratio = (inside[1] - outside[1]) / (inside[0] - outside[0])
    assert ratio == pytest.approx(0.8, abs=0.1)


def test_shapes_differ_between_states_but_weakly(default: Simulation) -> None:
    from skimage.measure import regionprops_table

    long, state = [], []
    for t in range(0, 60, 6):
        table = regionprops_table(default.masks[t], properties=("axis_major_length", "axis_minor_length"))
        long.append(table["axis_major_length"] / table["axis_minor_length"])
        state.append(default.cells.loc[default.cells["frame"] == t, "state"].to_numpy())
    ratio, states = np.concatenate(long), np.concatenate(state)
    rest, run = ratio[states == 1], ratio[states == 3]
    apart = (run.mean() - rest.mean()) / np.sqrt((run.var() + rest.var()) / 2)
    assert 0.3 < apart < 3.0


def test_drift_moves_pictures_and_positions() -> None:
    still = small_scene(frames=9)
    moved = run_movie(still.model_copy(update={"light": Light(drift=(1.0, 0.0))}), seed=(3,))
    fixed = run_movie(still, seed=(3,))
    assert fixed.cells["y"].between(40, 90).any()
    middle = fixed.cells[(fixed.cells["frame"] == 8) & fixed.cells["y"].between(40, 90)]
    where = moved.cells[moved.cells["frame"] == 8]
    for row in middle.itertuples():
        distance = np.hypot(where["y"] - row.y - 8.0, where["x"] - row.x)
        assert distance.min() < 0.3


def test_cells_that_leave_and_come_back_are_new_tracks_without_gaps() -> None:
    behaviour = Behaviour(speeds=(2.0, 4.0, 8.0))
    scene = small_scene(frames=40, size=64, cells=3, overhang=30.0, behaviour=behaviour, body=Body())
    result = run_movie(scene, seed=(1,))
    assert result.tracks["first_frame"].max() > 0
    assert (result.tracks.loc[result.tracks["first_frame"] == 0, "parent"] == 0).all()
    spans = result.tracks["last_frame"] - result.tracks["first_frame"] + 1
    assert spans.tolist() == result.cells.groupby("track").size().tolist()
    for t in range(40):
        rows = result.cells[result.cells["frame"] == t]
        assert np.unique(result.masks[t][result.masks[t] > 0]).tolist() == rows["label"].tolist()


@pytest.mark.parametrize(("cells", "frames"), [(0, 3), (1, 1)])
def test_no_cells_and_one_frame_are_movies_too(cells: int, frames: int) -> None:
    result = run_movie(small_scene(cells=cells, frames=frames), seed=(0,))
    assert result.images.shape == (frames, 128, 128)
    assert len(result.cells) == cells * frames
    assert result.cells.columns.tolist() == ["frame", "label", "track", "parent", "state", "y", "x"]
    assert result.tracks.columns.tolist() == ["track", "parent", "first_frame", "last_frame"]
    assert len(result.tracks) == cells


def test_progress_counts_frames_and_can_stop() -> None:
    calls: list[tuple[int, int, str]] = []

    def stop(done: int, total: int, what: str) -> None:
        calls.append((done, total, what))
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_movie(small_scene(), seed=(0,), progress=stop)
    assert calls == [(1, 12, "simulate"), (2, 12, "simulate"), (3, 12, "simulate")]
