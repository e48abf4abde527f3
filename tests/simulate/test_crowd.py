from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.simulate.chain import generator
from napari_cellstate.simulate.crowd import divide, first_crowd, grow, reach
from napari_cellstate.simulate.scene import Body, Scene

SCENE = Scene()
RATES = generator(20.0, SCENE.behaviour.jumps)


def test_first_cells_are_apart_and_inside() -> None:
    crowd = first_crowd(SCENE, RATES, np.random.default_rng(0))
    assert len(crowd) == 40
    apart = np.linalg.norm(crowd.centre[:, None] - crowd.centre, axis=-1) + np.eye(40) * 1e9
    assert (apart >= crowd.axes[0][:, None] + crowd.axes[0]).all()
    assert (crowd.centre > crowd.axes[0][:, None]).all()


def test_ages_are_those_of_steady_growth() -> None:
    crowd = first_crowd(Scene(size=2048, cells=1500), RATES, np.random.default_rng(0))
    phase = crowd.age / crowd.cycle
    assert ((phase >= 0) & (phase < 1)).all()
    # density 2 ln 2 2^-a: mean 1/ln 2 - 1
    assert phase.mean() == pytest.approx(1 / np.log(2) - 1, abs=0.03)


def test_area_doubles_over_a_cycle() -> None:
    crowd = first_crowd(SCENE, RATES, np.random.default_rng(0))
    born = replace(crowd, age=np.zeros(40))
    np.testing.assert_allclose(grow(born, 1.0).area / born.area, 2 ** (1 / crowd.cycle))
    np.testing.assert_allclose(replace(crowd, age=crowd.cycle).area, 2 * crowd.birth_area)


def test_division_makes_two_daughters_in_the_mothers_place() -> None:
    crowd = first_crowd(SCENE, RATES, np.random.default_rng(0))
    age = crowd.age.copy()
    age[7] = crowd.cycle[7]
    after = divide(replace(crowd, age=age), SCENE, np.random.default_rng(1))
    assert len(after) == 41
    assert 8 not in after.track
    daughters = after.take(np.flatnonzero(after.parent == 8))
    assert daughters.track.tolist() == [41, 42]
    assert (daughters.state == crowd.state[7]).all()
    assert np.hypot(*(daughters.centre[0] - daughters.centre[1])) == pytest.approx(16.0)
    np.testing.assert_allclose(daughters.centre.mean(axis=0), crowd.centre[7])
    assert daughters.area.sum() == pytest.approx(2 * crowd.birth_area[7])


def test_nothing_changes_where_no_cell_is_due() -> None:
    crowd = replace(first_crowd(SCENE, RATES, np.random.default_rng(0)), age=np.zeros(40))
    assert divide(crowd, SCENE, np.random.default_rng(0)) is crowd


def test_reach_of_an_ellipse_along_its_axes() -> None:
    axes = (np.array([6.0]), np.array([3.0]))
    axis = np.array([0.4])
    assert reach(axis, axes, axis)[0] == pytest.approx(6.0)
    assert reach(axis, axes, axis + np.pi / 2)[0] == pytest.approx(3.0)


def test_too_many_cells_are_refused() -> None:
    with pytest.raises(InputError, match="do not fit into 64 x 64 px"):
        first_crowd(Scene(size=64, cells=40), RATES, np.random.default_rng(0))


def test_a_cell_larger_than_the_field_is_refused() -> None:
    with pytest.raises(InputError, match="does not fit into a field of 48 px"):
        first_crowd(Scene(size=48, cells=1, body=Body(birth_radius=30.0)), RATES, np.random.default_rng(0))
