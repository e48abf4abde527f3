"""States decoded with the simulator's true parameters from true tracks: as well as positions alone allow.

Each state's law of steps and turns, with the jitter of positions in it, gives the likelihood of every frame; the
forward-backward recursions (Rabiner 1989, in logs) add what the frames before and after tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.simulate.chain import stationary, transition_matrix
from napari_cellstate.simulate.scene import Scene

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MET_SOMETHING = 0.03
"""Share of steps whose turn a wall or a neighbour decided: such a turn tells nothing of the state."""


def decode(cells: pd.DataFrame, scene: Scene, rates: Floats) -> Ints:
    """Most probable state of each row, (N,), 1..k; see `posterior`."""
    return np.asarray(posterior(cells, scene, rates).argmax(axis=1) + 1, np.int64)


def posterior(cells: pd.DataFrame, scene: Scene, rates: Floats) -> Floats:
    """Probability of each state in each row given its whole track.

    Parameters
    ----------
    cells : true tracks of one movie: frame, track, y, x (px), in any order.
    rates : (k, k), transitions per frame.

    Returns
    -------
    (N, k), rows sum to 1.

    Notes
    -----
    Tracks are taken one by one: what a mother did says nothing here about her daughters. Jitter is taken as
    independent between steps, though neighbouring steps share a position.
    """
    k = len(rates)
    row, present = _grid(cells)
    evidence = np.where(present[..., None], log_likelihood(cells, scene)[row], 0.0)
    with np.errstate(divide="ignore"):
        step = np.log(transition_matrix(rates))
        start = np.log(stationary(rates))
    n_tracks, n_frames = row.shape
    forward = np.empty((n_tracks, n_frames, k))
    backward = np.zeros((n_tracks, n_frames, k))
    now = start + evidence[:, 0]
    for t in range(n_frames):
        if t:
            now = _log_sum(forward[:, t - 1, :, None] + step, axis=1) + evidence[:, t]
        forward[:, t] = now
    for t in range(n_frames - 2, -1, -1):
        backward[:, t] = _log_sum((evidence[:, t + 1] + backward[:, t + 1])[:, None, :] + step, axis=2)
    both = forward + backward
    share = np.exp(both - _log_sum(both, axis=2)[..., None])
    result = np.empty((len(cells), k))
    result[row[present]] = share[present]
    return result


def log_likelihood(cells: pd.DataFrame, scene: Scene) -> Floats:
    """Log density of the step that starts in each row, and of its turn, in each state, (N, k).

    0 in all states where the track has no next frame; without turn where it has no frame before.
    """
    row, present = _grid(cells)
    at = cells[["y", "x"]].to_numpy(np.float64)[row]
    step = np.full(at.shape, np.nan)
    pairs = present[:, 1:] & present[:, :-1]
    step[:, :-1][pairs] = (at[:, 1:] - at[:, :-1])[pairs] - np.asarray(scene.light.drift)
    length, angle = np.hypot(step[..., 0], step[..., 1]), np.arctan2(step[..., 0], step[..., 1])
    before, turn = np.full(length.shape, np.nan), np.full(length.shape, np.nan)
    before[:, 1:], turn[:, 1:] = length[:, :-1], angle[:, 1:] - angle[:, :-1]
    logs = np.zeros((*row.shape, scene.n_states))
    known = np.isfinite(length)
    logs[known] += _step_density(length[known], scene)
    turned = np.isfinite(turn)
    logs[turned] += _turn_density(turn[turned], before[turned], length[turned], scene)
    result = np.zeros((len(cells), scene.n_states))
    result[row[present]] = logs[present]
    return result


def _grid(cells: pd.DataFrame) -> tuple[Ints, NDArray[np.bool_]]:
    """Row of each track at each of its frames, (tracks, frames) counted from its first, and where there is one."""
    frame, track = cells["frame"].to_numpy(), np.unique(cells["track"].to_numpy(), return_inverse=True)[1]
    n = int(track.max(initial=-1)) + 1
    first = np.full(n, np.iinfo(np.int64).max)
    np.minimum.at(first, track, frame)
    since = frame - first[track]
    row = np.full((n, int(since.max(initial=0)) + 1), -1, np.int64)
    row[track, since] = np.arange(len(frame))
    return np.maximum(row, 0), row >= 0


def _noise(scene: Scene) -> float:
    """Standard deviation of the jitter of one position, each axis, px."""
    return max(float(np.hypot(scene.behaviour.position_noise, scene.light.drift_wander / np.sqrt(2.0))), 0.05)


def _step_density(length: Floats, scene: Scene) -> Floats:
    """Log density of observed step lengths, (n, k): gamma lengths seen through jitter, which makes each a Rice law.

    The mean over the gamma law is taken over 400 of its quantiles, on a grid of observed lengths.
    """
    from scipy.special import ive
    from scipy.stats import gamma

    variance = 2.0 * _noise(scene) ** 2
    shape = scene.behaviour.step_shape
    at = np.linspace(0.0, float(length.max(initial=1.0)) * 1.001 + 1e-6, 600)[1:, None]
    quantiles = gamma.ppf((np.arange(400) + 0.5) / 400, shape) / shape
    logs = np.empty((len(length), scene.n_states))
    for i, speed in enumerate(scene.behaviour.speeds):
        true = speed * quantiles
        rice = np.exp(-((at - true) ** 2) / (2.0 * variance)) * ive(0, at * true / variance) / variance
        # over the length itself the density goes to a constant at 0, so that it can be interpolated there
        logs[:, i] = np.interp(length, at[:, 0], np.log(rice.mean(axis=1) + 1e-300))
    return logs


def _turn_density(turn: Floats, before: Floats, length: Floats, scene: Scene) -> Floats:
    """Log density of turns, (n, k): von Mises, with the mean cosine lowered by what jitter does to directions.

    With jitter s of each position, the turn between steps of length a and b has the extra variance
    s^2 (1/a^2 + (1/a + 1/b)^2 + 1/b^2).
    """
    from scipy.special import i0e, i1e

    a, b = np.maximum(before, 1e-6), np.maximum(length, 1e-6)
    variance = _noise(scene) ** 2 * (a**-2 + (1.0 / a + 1.0 / b) ** 2 + b**-2)
    logs = np.empty((len(turn), scene.n_states))
    for i, kappa in enumerate(scene.behaviour.turning):
        wide = _concentration(i1e(kappa) / i0e(kappa) * np.exp(-variance / 2.0))
        density = np.exp(wide * (np.cos(turn) - 1.0)) / i0e(wide)
        logs[:, i] = np.log(((1.0 - _MET_SOMETHING) * density + _MET_SOMETHING) / (2.0 * np.pi))
    return logs


def _concentration(cosine: Floats) -> Floats:
    """Concentration of a von Mises law with the given mean cosine (Fisher 1993, eq. 4.40)."""
    r = np.clip(cosine, 0.0, 0.999)
    small = 2.0 * r + r**3 + 5.0 * r**5 / 6.0
    middle = -0.4 + 1.39 * r + 0.43 / (1.0 - r)
    large = 1.0 / np.maximum(r**3 - 4.0 * r**2 + 3.0 * r, 1e-9)
    return np.asarray(np.where(r < 0.53, small, np.where(r < 0.85, middle, large)))


def _log_sum(logs: Floats, axis: int) -> Floats:
    top = logs.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(logs - top).sum(axis=axis)) + np.squeeze(top, axis))
