from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cellstate.simulate.crowd import Crowd, first_crowd
from napari_cellstate.simulate.draw import draw
from napari_cellstate.simulate.grain import grain
from napari_cellstate.simulate.presets import SCENES
from napari_cellstate.simulate.render import blur
from napari_cellstate.simulate.scene import Scene

SCENE: Scene = SCENES["appearance"][1]
RATES = np.array([[-0.05, 0.05], [0.05, -0.05]])


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    return first_crowd(SCENE, RATES, np.random.default_rng(0))


def test_mean_and_variance_of_every_cell_are_the_same_in_both_states(crowd: Crowd) -> None:
    seen = []
    for state in (0, 1):
        now = replace(crowd, state=np.full(len(crowd), state))
        drawing = draw(now, now.centre, SCENE)
        signal = blur(drawing.signal, SCENE.light).astype(float)
        whole = signal + grain(drawing.mask, signal, now, now.centre, SCENE)
        cells = [whole[drawing.mask == name] for name in now.track]
        seen.append([(len(pixels), pixels.mean(), pixels.var()) for pixels in cells])
    np.testing.assert_allclose(seen[0], seen[1], rtol=1e-5)


def test_grain_outside_of_cells_is_none_and_inside_as_strong_as_asked(crowd: Crowd) -> None:
    drawing = draw(crowd, crowd.centre, SCENE)
    added = grain(drawing.mask, drawing.signal, crowd, crowd.centre, SCENE)
    assert not added[drawing.mask == 0].any()
    for name, bright in zip(crowd.track, crowd.brightness, strict=True):
        pixels = added[drawing.mask == name]
        assert pixels.mean() == pytest.approx(0, abs=1e-9)
        assert pixels.std() == pytest.approx(SCENE.light.grain * bright, rel=1e-6)


@pytest.mark.parametrize(("state", "length"), [(0, 2.0), (1, 5.0)])
def test_the_correlation_length_is_that_of_the_state(crowd: Crowd, state: int, length: float) -> None:
    """At a distance of one length the correlation of the field is exp(-1/2)."""
    n = 60
    one, rng = crowd.take(np.zeros(n, np.int64)), np.random.default_rng(1)
    waves = np.concatenate([rng.normal(size=(n, 64, 2)), rng.uniform(-np.pi, np.pi, (n, 64, 1))], axis=-1)
    one = replace(one, track=np.arange(1, n + 1), state=np.full(n, state), grain=waves, brightness=np.ones(n))
    mask = np.repeat(np.arange(1, n + 1), 30)[:, None] + np.zeros((1, 90), np.int64)
    centre = np.stack([np.arange(n) * 30.0 + 15.0, np.full(n, 45.0)], axis=1)
    added = grain(mask, np.ones(mask.shape), one, centre, SCENE) / SCENE.light.grain
    step = int(length)
    products = (added[:, step:] * added[:, :-step]).reshape(n, -1).mean(axis=1)
    error = 4 * products.std() / np.sqrt(n) + 0.02  # the mean of each strip is taken out: some hundredths
    assert products.mean() == pytest.approx(np.exp(-0.5), abs=error)


def test_grain_moves_with_its_cell(crowd: Crowd) -> None:
    one = crowd.take(np.array([0]))
    picture = []
    for shift in (0.0, 7.0):
        centre = np.array([[100.0, 100.0 + shift]])
        drawing = draw(one, centre, SCENE)
        picture.append(grain(drawing.mask, drawing.signal, one, centre, SCENE))
    np.testing.assert_allclose(picture[1][:, 7:], picture[0][:, :-7], atol=1e-9)
