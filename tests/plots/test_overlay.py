from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.plots.colours import state_rgb
from napari_cellstate.plots.overlay import contrast_limits, overlay_frame

GREY, ORANGE, BLUE = state_rgb(2)


@pytest.fixture
def scene():
    labels = np.zeros((20, 30), np.uint32)
    labels[2:9, 2:9] = 1
    labels[2:9, 9:16] = 2
    labels[12:18, 4:12] = 7
    return np.full((20, 30), 100.0), labels


def test_colours_at_known_pixels(scene):
    frame = overlay_frame(*scene, np.array([0, 1, 2]), limits=(0, 200), fill=0.5, scale=1)
    assert frame.shape == (20, 30, 3)
    assert frame.dtype == np.uint8
    assert frame[0, 0].tolist() == [127] * 3  # background is the image
    assert frame[2, 4].tolist() == ORANGE.tolist()  # outline
    assert frame[5, 8].tolist() == ORANGE.tolist()  # outlines between two cells, each in its colour
    assert frame[5, 9].tolist() == BLUE.tolist()
    assert np.abs(frame[5, 5].astype(int) - (ORANGE.astype(int) + 127) / 2).max() <= 1  # tinted inside
    assert frame[12, 6].tolist() == GREY.tolist()  # label 7 is not in the table


def test_mapping_and_array_are_the_same(scene):
    by_array = overlay_frame(*scene, np.array([0, 2, 0, 0, 0, 0, 0, 1]))
    assert np.array_equal(by_array, overlay_frame(*scene, {1: 2, 7: 1}))
    nobody = overlay_frame(*scene, {}, scale=1)
    assert nobody[2, 4].tolist() == nobody[12, 6].tolist() == GREY.tolist()


def test_huge_label_numbers_need_no_huge_table(scene):
    image, labels = scene
    frame = overlay_frame(image, np.where(labels == 7, 4_000_000_000, labels).astype(np.uint32), {1: 1}, scale=1)
    assert frame[12, 6].tolist() == GREY.tolist()


def test_enlarged_with_a_legend_of_constant_height(scene):
    image, labels = scene
    legend = {1: "resting", 2: "running"}
    frame = overlay_frame(image, labels, {1: 1}, limits=(0, 200), legend=legend)
    assert frame.shape[1] == 8 * 30
    assert frame.shape[0] > 8 * 20
    assert overlay_frame(image * 0, labels * 0, {}, legend=legend).shape == frame.shape
    strip = frame[160:].reshape(-1, 3).tolist()
    assert all(colour.tolist() in strip for colour in (GREY, ORANGE, BLUE))
    assert frame[0, 0].tolist() == [127] * 3


def test_the_border_of_the_image_is_no_outline():
    labels = np.ones((10, 10), np.uint32)
    frame = overlay_frame(np.zeros((10, 10)), labels, {1: 1}, fill=0.0, scale=1)
    assert not frame.any()


def test_stretch_is_clipped_and_nan_is_black():
    image = np.array([[-5.0, 0.0, 5.0, 10.0, 99.0, np.nan]])
    frame = overlay_frame(image, np.zeros((1, 6), np.uint32), {}, limits=(0, 10), scale=1)
    assert frame[0, :, 0].tolist() == [0, 0, 127, 255, 255, 0]
    assert overlay_frame(image, np.zeros((1, 6), np.uint32), {}, limits=(3, 3), scale=1).shape == (1, 6, 3)


def test_no_image(scene):
    frame = overlay_frame(None, scene[1], {1: 1}, scale=1)
    assert not frame[0, 0].any()
    assert frame[2, 4].tolist() == ORANGE.tolist()


def test_time_and_scale_bar():
    labels = np.zeros((400, 640), np.uint32)
    image = np.zeros((400, 640), np.uint16)
    frame = overlay_frame(image, labels, {}, time_text="1:30 h", pixel_size_um=0.5)
    assert frame[:40, :120].max() == 255
    bar = np.flatnonzero((frame[388] == 255).all(axis=1))
    assert (bar.min(), bar.max()) == (640 - 10 - 100, 640 - 10 - 1)  # 50 um of 0.5 um pixels; a quarter is 80 um
    assert not frame[200].any()


def test_input_is_left_as_it_was(scene):
    image, labels = scene
    before = image.copy(), labels.copy()
    overlay_frame(image, labels, {1: 1}, time_text="x", pixel_size_um=1.0)
    assert np.array_equal(before[0], image)
    assert np.array_equal(before[1], labels)


def test_wrong_shapes(scene):
    with pytest.raises(InputError, match=r"shape \(3, 3\), its labels \(20, 30\)"):
        overlay_frame(np.zeros((3, 3)), scene[1], {})


def test_contrast_limits():
    low, high = contrast_limits([np.arange(1001.0)[None], np.full((1, 1), np.nan)])
    assert (low, high) == pytest.approx((5, 997), abs=5)
    assert contrast_limits([np.full((4, 4), 7)]) == (7.0, 8.0)
    assert contrast_limits([]) == (0.0, 1.0)
