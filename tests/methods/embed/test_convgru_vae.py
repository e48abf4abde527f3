"""What states read of a sequence autoencoder's code."""

from __future__ import annotations

import numpy as np

from napari_cellstate.core.families import Embedding
from napari_cellstate.kits.points import behavior
from napari_cellstate.methods.embed.convgru_vae import ConvGRUVAE


def lasting(track: np.ndarray, frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Goes up or down along each track by chance: change that lasts."""
    return rng.choice([-1.0, 1.0], track.max() + 1)[track] * (frame - frame.mean()) + rng.normal(size=len(track))


def test_states_read_what_lasts_of_each_code():
    rng = np.random.default_rng(0)
    table = behavior(4000)
    track = np.unique(table.obs[["movie", "track"]].astype(str).agg("/".join, axis=1), return_inverse=True)[1]
    frame = table.obs["frame"].to_numpy()
    drifts = [lasting(track, frame, rng) for _ in range(5)]
    noise = rng.normal(size=(3, len(track)))
    # appearance: two that last and noise; levels: two that last and noise; motion: noise alone; most telling first
    code = np.stack([drifts[2], drifts[0], noise[0], drifts[1], noise[1], drifts[3], noise[2]], axis=1)
    code[:, [0, 5]] += 2 * rng.normal(size=(len(track), 2))  # levels last less long than appearance
    info = {"dims": [3, 0, 4, 1, 2, 5, 6], "notes": []}
    method = ConvGRUVAE(latent=3, levels=3, motion=2)
    found = method._slowed(Embedding(code, info), table, 3)
    assert (found.spaces["code"] == code).all()
    assert found.coordinates.shape == (len(track), 3)  # one of appearance, both levels, no motion
    one = np.linalg.lstsq(np.stack([drifts[0], drifts[1]], 1), found.coordinates[:, 0], rcond=None)
    assert 1 - float(one[1][0]) / len(track) > 0.98  # of what lasts in appearance, in some mixture
    for level in (code[:, 0], code[:, 5]):
        off = np.linalg.lstsq(found.coordinates[:, 1:], level - level.mean(), rcond=None)[1][0]
        assert 1 - float(off) / (len(track) * level.var()) > 0.999
    assert len(found.info["slow_levels"]) == 3
    assert max(found.info["slow_motion"]) < 0.05
    # where levels last longer, appearance is left to the whole code
    noisy = code + np.array([0, 1, 0, 1, 0, 0, 0]) * 3 * rng.normal(size=code.shape)
    less = method._slowed(Embedding(noisy, info), table, 3)
    assert less.coordinates.shape == (len(track), 2)
    assert 0.05 < less.info["slow_appearance"][0] < less.info["slow_levels"][0]
    whole = method.model_copy(update={"slow": 0})._slowed(Embedding(code, info), table, 3)
    assert (whole.coordinates == code).all()


def test_short_tracks_give_the_whole_code():
    table = behavior(4000)
    code = np.random.default_rng(0).normal(size=(len(table), 3))
    made = Embedding(code, {"dims": [0, 1, 2], "notes": []})
    found = ConvGRUVAE(latent=1, levels=1, motion=1)._slowed(made, table, 10_000)
    assert found.info["notes"] == ["tracks are too short to tell slow directions: all dimensions are given"]
    assert (found.coordinates == code).all()
