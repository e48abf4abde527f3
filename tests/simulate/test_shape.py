from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cellstate.simulate.chain import generator
from napari_cellstate.simulate.crowd import Crowd, first_crowd
from napari_cellstate.simulate.draw import draw
from napari_cellstate.simulate.scene import Behaviour, Scene
from napari_cellstate.simulate.shape import ANGLES, deform, outlines

SCENE = Scene()


@pytest.fixture
def crowd() -> Crowd:
    return first_crowd(SCENE, generator(20.0, Behaviour().jumps), np.random.default_rng(0))


def test_outlines_have_the_area_and_the_centroid_of_the_cell(crowd: Crowd) -> None:
    radius = outlines(replace(crowd, irregularity=np.full(40, 0.08)))
    y, x = radius * np.sin(ANGLES), radius * np.cos(ANGLES)
    cross = x * np.roll(y, -1, 1) - y * np.roll(x, -1, 1)
    area = cross.sum(axis=1) / 2
    np.testing.assert_allclose(area, crowd.area, rtol=0.02)
    for axis in (y, x):
        centroid = ((axis + np.roll(axis, -1, 1)) * cross).sum(axis=1) / 6 / area
        assert np.abs(centroid).max() < 0.05


def test_a_smooth_cell_is_an_ellipse(crowd: Crowd) -> None:
    radius = outlines(replace(crowd, irregularity=np.zeros(40), axis=np.zeros(40)))
    np.testing.assert_allclose(radius[:, 0] / radius[:, 18], crowd.elongation, rtol=1e-6)


def test_runners_stretch_along_their_heading_and_others_do_not_follow(crowd: Crowd) -> None:
    running = replace(crowd, state=np.full(40, 2), heading=np.full(40, 1.0), stretch=np.zeros(40))
    resting = replace(running, state=np.zeros(40, np.int64))
    rng = np.random.default_rng(0)
    for _ in range(15):
        running, resting = deform(running, SCENE, rng), deform(resting, SCENE, rng)
    assert (np.abs(np.sin(running.axis - 1.0)) < 0.3).all()
    assert (np.abs(np.sin(resting.axis - 1.0)) > 0.3).any()
    quiet = running.mitosis == 0
    np.testing.assert_allclose(running.elongation[quiet], 1.4, atol=0.02)
    assert (running.elongation > resting.elongation)[quiet].all()


def test_a_dividing_cell_rounds_up(crowd: Crowd) -> None:
    late = replace(crowd, age=crowd.cycle, state=np.full(40, 2))
    for _ in range(15):
        late = deform(late, SCENE, np.random.default_rng(0))
    np.testing.assert_allclose(late.elongation, 1.0, atol=0.01)


def test_the_mask_lies_where_the_cell_is(crowd: Crowd) -> None:
    centre = crowd.centre + 0.37
    mask = draw(crowd, centre, SCENE).mask
    for track, at, area in zip(crowd.track, centre, crowd.area, strict=True):
        pixels = np.argwhere(mask == track)
        np.testing.assert_allclose(pixels.mean(axis=0), at, atol=0.25)
        assert len(pixels) == pytest.approx(area, rel=0.08)


def test_cells_on_top_of_each_other_share_pixels_without_overlap_and_in_one_piece(crowd: Crowd) -> None:
    from scipy.ndimage import label

    two = crowd.take(np.array([0, 1]))
    drawing = draw(two, np.array([[100.0, 100.0], [100.0, 109.0]]), SCENE)
    for track in two.track:
        assert (drawing.mask == track).sum() > 80
        assert label(drawing.mask == track)[1] == 1


def test_cells_at_the_border_are_cut_and_those_outside_left_out(crowd: Crowd) -> None:
    three = crowd.take(np.array([0, 1, 2]))
    drawing = draw(three, np.array([[0.0, 100.0], [-300.0, 50.0], [383.0, 383.0]]), SCENE)
    seen, count = np.unique(drawing.mask[drawing.mask > 0], return_counts=True)
    assert seen.tolist() == [three.track[0], three.track[2]]
    assert (count < three.area[[0, 2]]).all()


def test_no_cells_draw_nothing(crowd: Crowd) -> None:
    drawing = draw(crowd.take(np.empty(0, np.int64)), np.empty((0, 2)), SCENE)
    assert not drawing.mask.any()
    assert not drawing.signal.any()
