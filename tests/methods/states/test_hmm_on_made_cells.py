"""States of cells that move by the simulator's laws, from positions to states, beside what the truth allows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.families import Rows
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.scaling import fit_scaling
from napari_cellstate.core.tables import make_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods.features.motility import Motility
from napari_cellstate.methods.states.gaussian_mixture import GaussianMixture
from napari_cellstate.methods.states.hmm import Hmm
from napari_cellstate.metrics.agreement import adjusted_rand
from napari_cellstate.simulate.chain import generator, sample_paths
from napari_cellstate.simulate.motion import step_lengths, turns
from napari_cellstate.simulate.oracle import decode
from napari_cellstate.simulate.scene import Scene

TRACKS, FRAMES, WINDOW = 160, 60, 3
RATES = generator(25.0, [[0, 0.6, 0.4], [0.4, 0, 0.6], [0.6, 0.4, 0]])


def made(seed):
    """Cells of tracks without walls or neighbours, and the true state of each."""
    scene, rng = Scene(), np.random.default_rng(seed)
    state = sample_paths(RATES, TRACKS, FRAMES, rng)
    heading = rng.uniform(-np.pi, np.pi, TRACKS)
    at = np.zeros((TRACKS, FRAMES, 2))
    for t in range(FRAMES - 1):
        heading = heading + turns(state[:, t], scene.behaviour, rng)[:, 0]
        length = step_lengths(state[:, t], scene.behaviour, rng)
        at[:, t + 1] = at[:, t] + length[:, None] * np.stack([np.sin(heading), np.cos(heading)], axis=1)
    at += rng.normal(0, scene.behaviour.position_noise, at.shape)
    frame, track = np.repeat(np.arange(FRAMES), TRACKS), np.tile(np.arange(1, TRACKS + 1), FRAMES)
    place = at.transpose(1, 0, 2).reshape(-1, 2)
    cells = pd.DataFrame({"frame": frame, "label": track, "y": place[:, 0], "x": place[:, 1], "elongation": 1.0})
    return scene, cells, state.T.ravel()


def switches(state, track):
    return int(((np.diff(state) != 0) & (np.diff(track) == 0)).sum())


@pytest.mark.parametrize("seed", [0])
def test_states_of_made_cells(seed):
    scene, cells, truth = made(seed)
    source = np.arange(len(cells) - TRACKS)
    windows = Windows(Tracks(cells, make_links(source, source + TRACKS)), WINDOW)
    features = Motility()
    values = features.describe(windows, Runtime())
    used = [at for at, one in enumerate(features.features()) if one.pooled]
    points = fit_scaling(values[:, used]).apply(values[:, used])
    row = windows.cell[:, (WINDOW - 1) // 2]
    true = truth[row]
    best = decode(cells.assign(track=cells["label"]), scene, RATES)[row]
    rows = Rows(points, windows.track, WINDOW)
    found = Hmm().fit(rows, Runtime())
    mixture = GaussianMixture().fit(rows, Runtime())
    agreement = adjusted_rand(found.state, true)
    assert agreement >= 0.88 * adjusted_rand(best, true)
    assert agreement >= adjusted_rand(mixture.state, true) + 0.15
    assert 1 / 1.4 <= switches(found.state, windows.track) / switches(true, windows.track) <= 1.4
