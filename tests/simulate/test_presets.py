from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from pydantic import ValidationError

from napari_cellstate.core.errors import InputError
from napari_cellstate.simulate.movie import Simulation, run_movie
from napari_cellstate.simulate.presets import SCENES, named_scene
from napari_cellstate.simulate.sample import simulate
from napari_cellstate.simulate.scene import Light, Scene
from napari_cellstate.simulate.truth import read_truth


def made(name: str, **values: object) -> Simulation:
    return run_movie(named_scene(name).model_copy(update={"frames": 10, "size": 256, **values}), seed=(2,))


def touching_share(mask: np.ndarray) -> float:
    """Share of cells with a pixel of another cell beside one of theirs."""
    touched: set[int] = set()
    for one, other in ((mask[:-1], mask[1:]), (mask[:, :-1], mask[:, 1:])):
        meet = (one != other) & (one > 0) & (other > 0)
        touched |= set(one[meet].tolist()) | set(other[meet].tolist())
    return len(touched) / len(np.unique(mask[mask > 0]))


def long_over_short(simulation: Simulation) -> np.ndarray:
    from skimage.measure import regionprops_table

    found = regionprops_table(simulation.masks[-1].astype(int), properties=("axis_major_length", "axis_minor_length"))
    return np.asarray(found["axis_major_length"] / found["axis_minor_length"])


@pytest.mark.parametrize("name", SCENES)
def test_every_scene_can_be_written_and_read(name: str, tmp_path: Path) -> None:
    values = {"replicates": 1, "frames": 3, "size": 128, "cells": 4}
    [movie] = simulate(tmp_path, scene=name, conditions={"a": 15.0}, **values)
    truth = read_truth(movie.truth)
    assert truth.scene.behaviour == named_scene(name).behaviour.model_copy(update={"mean_dwell": 15.0})
    assert truth.scene.n_states == len(truth.rates)
    with tifffile.TiffFile(movie.path) as file:
        channels = len(named_scene(name).channels)
        assert file.series[0].axes == ("TYX" if channels == 1 else "TCYX")
        assert len(file.pages) == 3 * channels


def test_touching_cells_touch_and_are_long() -> None:
    touching, default = made("touching", cells=40), made("default", cells=40)
    shares = [touching_share(mask) for mask in touching.masks[-3:]]
    assert np.mean(shares) > 0.4 > 3 * np.mean([touching_share(mask) for mask in default.masks[-3:]])
    assert np.median(long_over_short(touching)) > 1.25 * np.median(long_over_short(default))


def test_two_channels_show_cells_and_their_nuclei() -> None:
    both = made("two-channels", size=128, cells=6)
    assert both.images.shape == (10, 2, 128, 128)
    cells, nuclei = (both.images[0, channel] > 250 for channel in (0, 1))
    assert 0.1 < nuclei.sum() / cells.sum() < 0.6
    assert (cells | ~nuclei).mean() > 0.995
    alone = made("default", size=128, cells=6)
    np.testing.assert_array_equal(alone.masks, both.masks)
    assert alone.images.shape == (10, 128, 128)


def test_states_that_differ_in_appearance_only_move_alike() -> None:
    """Mean step of both states within five standard errors of each other; grey means of cells likewise."""
    movie = made("appearance", frames=30, size=384, cells=30)
    cells = movie.cells.sort_values(["track", "frame"])
    same = (cells["track"].diff() == 0).to_numpy()
    step = np.hypot(cells["y"].diff(), cells["x"].diff())[same]
    state = cells["state"].shift()[same]
    assert set(state) == {1, 2}
    apart = [(step[state == k].mean(), step[state == k].std() / np.sqrt((state == k).sum())) for k in (1, 2)]
    assert abs(apart[0][0] - apart[1][0]) < 5 * np.hypot(apart[0][1], apart[1][1])


def test_states_that_differ_in_motion_only_look_alike_and_move_as_by_default() -> None:
    scene = named_scene("motion")
    assert scene.behaviour == Scene().behaviour
    assert len(set(scene.body.elongation)) == len(set(scene.body.irregularity)) == 1
    assert scene.body.follow == 0.0


def test_phase_contrast_has_dark_cells_and_bright_halos() -> None:
    from scipy.ndimage import binary_dilation

    movie = made("phase-contrast", cells=10)
    image, cells = movie.images[5].astype(float), movie.masks[5] > 0
    ring = binary_dilation(cells, iterations=5) & ~binary_dilation(cells, iterations=1)
    field = np.median(image[~binary_dilation(cells, iterations=40)])
    assert np.median(image[cells]) < 0.9 * field
    assert np.median(image[ring]) > 1.03 * field


def test_an_unknown_scene_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no scene 'xray'; known: default .*phase-contrast"):
        simulate(tmp_path / "x", scene="xray")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"channels": ()}, "at least one"),
        ({"channels": ("cells", "cells")}, "none twice"),
        ({"light": Light(grain=0.1)}, "one length above 0"),
    ],
)
def test_scenes_that_make_no_sense_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Scene(**values)
