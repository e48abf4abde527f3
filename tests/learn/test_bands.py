"""Shares of bands as parts that are free of one another."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_cellstate.learn.bands import BandScale


@pytest.fixture(scope="module")
def shares() -> tuple[np.ndarray, np.ndarray]:
    """Log shares of four bands, driven by two things of very different strength, and masks."""
    rng = np.random.default_rng(0)
    strong, weak = 2 * rng.normal(size=(60, 8, 8)), 0.1 * rng.normal(size=(60, 8, 8))
    energy = np.exp(np.stack([strong, strong + weak, -strong, weak - strong], axis=1))
    masks = (rng.random((60, 1, 8, 8)) < 0.6).astype(np.float32)
    return (np.log(energy / energy.sum(axis=1, keepdims=True)) * masks).astype(np.float32), masks


def test_parts_have_variance_one_and_are_not_correlated(shares):
    values, masks = shares
    scale = BandScale.fit(values, masks)
    assert scale.mix.shape == (3, 4)
    parts = np.moveaxis(scale.parts(values), 1, -1)[masks[:, 0] > 0]
    assert np.allclose(parts.mean(axis=0), 0, atol=1e-4)
    assert np.allclose(np.cov(parts[:, :2].T), np.eye(2), atol=1e-2)
    assert parts[:, 2].std() < 0.05  # two things drive four bands: a third part has nothing to say
    assert np.allclose(scale.mix.sum(axis=1), 0, atol=1e-6)  # ratios: the same for all bands says nothing


def test_there_and_back(shares):
    values, masks = shares
    scale = BandScale.of_card(json.loads(json.dumps(BandScale.fit(values, masks).card())))
    back = scale.shares(scale.parts(values))
    ratios = [one - one.mean(axis=1, keepdims=True) for one in (back, values)]
    there = np.broadcast_to(masks > 0, values.shape)
    off = ratios[0] - ratios[1]
    assert np.abs(off - off[there].mean()).max(where=there, initial=0) < 0.02


def test_no_bands_no_parts():
    scale = BandScale.fit(np.zeros((2, 0, 4, 4), np.float32), np.ones((2, 1, 4, 4), np.float32))
    assert scale.parts(np.zeros((2, 0, 4, 4), np.float32)).shape == (2, 0, 4, 4)
    assert BandScale.of_card(scale.card()).mix.shape == scale.mix.shape == (0, 0)
