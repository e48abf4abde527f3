from __future__ import annotations

import pytest
from pydantic import ValidationError

from napari_cellstate.simulate.scene import Behaviour, Body, Scene


def test_the_default_sample_is_fixed() -> None:
    scene = Scene()
    assert (scene.frames, scene.size, scene.cells, scene.dt_s, scene.pixel_size_um) == (60, 384, 40, 390.0, 0.65)
    behaviour = scene.behaviour
    assert behaviour.speeds == (0.45, 1.8, 4.2)
    assert behaviour.turning == (0.0, 1.0, 8.0)
    assert (behaviour.step_shape, behaviour.position_noise, behaviour.mean_dwell) == (4.0, 0.3, 20.0)


def test_a_scene_survives_json() -> None:
    scene = Scene(frames=7, behaviour=Behaviour(mean_dwell=33.0))
    assert Scene.model_validate_json(scene.model_dump_json()) == scene


@pytest.mark.parametrize(
    "values",
    [
        {"speeds": (1.0, 2.0)},
        {"turning": (0.0, 1.0)},
        {"speeds": (0.0, 1.0, 2.0)},
        {"jumps": ((0.0, 0.6, 0.6), (0.4, 0.0, 0.6), (0.6, 0.4, 0.0))},
        {"jumps": ((0.5, 0.5, 0.0), (0.4, 0.0, 0.6), (0.6, 0.4, 0.0))},
        {"mean_dwell": 0.0},
    ],
)
def test_behaviour_that_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Behaviour(**values)


def test_body_needs_a_value_for_each_state() -> None:
    with pytest.raises(ValidationError, match="elongation needs one value for each of 3 states"):
        Scene(body=Body(elongation=(1.0, 1.2)))


def test_two_states_are_enough() -> None:
    behaviour = Behaviour(speeds=(1.0, 3.0), turning=(0.0, 4.0), jumps=((0.0, 1.0), (1.0, 0.0)))
    assert Scene(behaviour=behaviour, body=Body(elongation=(1.0, 1.2), irregularity=(0.0, 0.1))).n_states == 2
