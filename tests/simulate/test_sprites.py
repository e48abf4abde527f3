from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.metrics.disentanglement import dci, factor_vae_score, mig
from napari_cellstate.simulate.sprites import FACTORS, sprites


def test_pictures_show_their_factors():
    made = sprites(500)
    assert made.images.shape == (500, 32, 32)
    assert set(np.unique(made.images)) == {0, 1}
    at = np.arange(32)
    area = made.images.sum(axis=(1, 2))
    y = (made.images * at[:, None]).sum(axis=(1, 2)) / area
    x = (made.images * at[None, :]).sum(axis=(1, 2)) / area
    for name, value in (("y", y), ("x", x)):
        assert np.corrcoef(value, made.factors[:, FACTORS.index(name)])[0, 1] > 0.95
    assert np.corrcoef(area, made.factors[:, 2])[0, 1] > 0.7
    assert not made.images[:, 0].any()  # nothing is cut by the border
    assert not made.images[:, :, -1].any()


def test_factors_by_themselves_score_one_and_turned_ones_near_nothing():
    factors = sprites(3000, size=8).factors
    codes = factors.astype(float)
    assert mig(codes, factors) == pytest.approx(1, abs=0.02)
    assert factor_vae_score(codes, factors) == 1
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))[0]
    turned = (codes - codes.mean(axis=0)) / codes.std(axis=0) @ turn
    assert mig(turned, factors) < 0.2
    assert dci(codes, factors).disentanglement > 0.95 > dci(turned, factors).disentanglement


def test_same_seed_same_pictures_and_one_level_is_held():
    assert np.array_equal(sprites(20, seed=3).images, sprites(20, seed=3).images)
    held = sprites(50, levels=(1, 1, 1, 1, 3)).factors
    assert not held[:, :4].any()
    assert set(held[:, 4]) == {0, 1, 2}


def test_bad_input():
    with pytest.raises(InputError, match="at most 3 shapes"):
        sprites(5, levels=(1, 1, 1, 1, 4))
