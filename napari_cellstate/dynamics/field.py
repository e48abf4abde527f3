"""Where an embedding flows: mean movement by state, and a velocity field on a grid of nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.dynamics.pairs import check_states, row_pairs

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Steps:
    """Movements between consecutive rows of tracks.

    Attributes
    ----------
    start : (P, D), where each begins.
    velocity : (P, D), displacement over the time between the two rows, in data units per unit of time.
    row : (P,), number of the row at which it begins.
    track : (P,), of which track.
    time : between the two rows, in the unit of time of the velocities.
    """

    start: Floats
    velocity: Floats
    row: Ints
    track: Ints
    time: float = 1.0


def find_steps(points: Floats, run: Ints, frame: Ints, lag: int, *, track: Ints, time: float = 1.0) -> Steps:
    """Movements over one lag.

    Parameters
    ----------
    points : (N, D), finite. run, frame : (N,), as for `count_transitions`. track : (N,), unique over movies.
    lag : frames.
    time : of one frame, in the unit wanted (hours: dt_s / 3600).
    """
    pairs = row_pairs(run, frame, lag)
    moved = (points[pairs[:, 1]] - points[pairs[:, 0]]) / (lag * time)
    return Steps(points[pairs[:, 0]], moved, pairs[:, 0], np.asarray(track)[pairs[:, 0]], lag * time)


def statewise_vectors(steps: Steps, state: Ints, k: int) -> pd.DataFrame:
    """Mean movement from each state, with its standard error over tracks.

    Parameters
    ----------
    state : (N,), of the rows that the steps were found in, 1 to `k`, 0 for none.

    Returns
    -------
    One row a state: state, n (steps), n_tracks, at_1.. (where its steps begin, on average), mean_1.., error_1.., size
    (length of the mean), magnitude (mean length of the steps), magnitude_error.

    Notes
    -----
    The mean of rows picked by where they are points back to the middle in any cloud that does not grow: compare
    conditions, not a state's vector with 0.
    """
    import pandas as pd

    check_states(state, k, len(state))
    of = state[steps.row]
    length = np.linalg.norm(steps.velocity, axis=1)
    rows = []
    for one in range(1, k + 1):
        mine = of == one
        mean, error = _mean(steps.velocity[mine], steps.track[mine])
        size, size_error = _mean(length[mine, None], steps.track[mine])
        middle = steps.start[mine].mean(axis=0) if mine.any() else np.full(steps.start.shape[1], np.nan)
        axes = range(steps.velocity.shape[1])
        rows.append(
            {
                "state": one,
                "n": int(mine.sum()),
                "n_tracks": len(np.unique(steps.track[mine])),
                **{f"at_{axis + 1}": float(middle[axis]) for axis in axes},
                **{f"mean_{axis + 1}": mean[axis] for axis in axes},
                **{f"error_{axis + 1}": error[axis] for axis in axes},
                "size": float(np.linalg.norm(mean)),
                "magnitude": float(size[0]),
                "magnitude_error": float(size_error[0]),
            }
        )
    return pd.DataFrame(rows)


def _mean(values: Floats, track: Ints) -> tuple[Floats, Floats]:
    """Mean of rows and its standard error over tracks (the linearised ratio), (D,)."""
    nothing = np.full(values.shape[1], np.nan)
    if not len(values):
        return nothing, nothing
    mean = values.mean(axis=0)
    number = np.unique(track, return_inverse=True)[1]
    units = int(number.max()) + 1
    if units < 2:
        return mean, nothing
    away = np.zeros((units, values.shape[1]))
    np.add.at(away, number, values - mean)
    return mean, np.sqrt(np.square(away).sum(axis=0) * units / (units - 1)) / len(values)


@dataclass(frozen=True, eq=False)
class Field:
    """Velocities on the nodes of a regular grid.

    Attributes
    ----------
    axes : for each axis its nodes, (B,).
    n : (B1, ..., BD), steps that a node rests on: (sum of weights)^2 / sum of squared weights.
    velocity, error : (B1, ..., BD, D), NaN at nodes with fewer than `least` steps: nobody was there. Errors are over
        tracks.
    slope : (B1, ..., BD, D, D), derivative along each axis (first) of each velocity (last), per unit of time.
    width : (D,), standard deviation of the kernel on each axis.

    Notes
    -----
    Velocities are observed, from one window to the next; nothing is inferred. Neighbouring nodes share steps.
    """

    axes: tuple[Floats, ...]
    n: Floats
    velocity: Floats
    error: Floats
    slope: Floats
    width: Floats

    @property
    def divergence(self) -> Floats:
        """Sum of the derivatives of each velocity along its own axis, per unit of time; below 0 where paths meet."""
        return np.asarray(np.trace(self.slope, axis1=-2, axis2=-1))

    @property
    def curl(self) -> Floats:
        """dv2/dx1 - dv1/dx2 on two axes, per unit of time; NaN on any other number."""
        if len(self.axes) != 2:
            return np.full(self.n.shape, np.nan)
        return np.asarray(self.slope[..., 0, 1] - self.slope[..., 1, 0])

    def table(self) -> pd.DataFrame:
        """One row a node: at_1.., n, velocity_1.., error_1.., divergence, curl."""
        import pandas as pd

        nodes = grid_nodes(self.axes)
        columns = {f"at_{axis + 1}": nodes[:, axis] for axis in range(nodes.shape[1])}
        columns["n"] = self.n.ravel()
        for name, values in (("velocity", self.velocity), ("error", self.error)):
            flat = values.reshape(-1, nodes.shape[1])
            columns |= {f"{name}_{axis + 1}": flat[:, axis] for axis in range(nodes.shape[1])}
        return pd.DataFrame({**columns, "divergence": self.divergence.ravel(), "curl": self.curl.ravel()})


def grid_nodes(axes: tuple[Floats, ...]) -> Floats:
    """All nodes of a grid, (B1 * ... * BD, D), last axis fastest."""
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))


def velocity_field(
    steps: Steps, *, nodes: int = 20, width: float = 1.0, least: float = 10.0, progress: Progress = silent
) -> Field:
    """Velocity and its derivatives around each node, by a straight line fitted with Gaussian weights.

    Parameters
    ----------
    steps : from `find_steps`.
    nodes : on each axis, between the 1 % and 99 % quantiles of the starts, so that no single far point spreads them.
    width : standard deviation of the kernel, in distances between nodes.
    least : nodes that rest on fewer steps (see `Field.n`) are masked.

    Raises
    ------
    InputError
        Fewer than two nodes, no kernel, or no step.

    Notes
    -----
    The local line (Cleveland 1979, J. Am. Stat. Assoc. 74:829) frees the velocity of the bias that a plain mean has
    where the density of rows changes, and gives divergence and curl in data units; of a linear field both are exact.
    """
    if nodes < 2 or not len(steps.start) or width <= 0:
        raise InputError(
            f"field: {nodes} nodes, kernel {width:g}, {len(steps.start)} steps; expected at least 2 nodes, a kernel "
            "wider than 0 and one step"
        )
    order = np.argsort(steps.start[:, 0], kind="stable")
    start, velocity, track = steps.start[order], steps.velocity[order], steps.track[order]
    axes = tuple(_nodes(column, nodes) for column in start.T)
    sd = width * np.array([one[1] - one[0] for one in axes])
    places, dims = grid_nodes(axes), start.shape[1]
    n, mean, error = np.zeros(len(places)), *np.full((2, len(places), dims), np.nan)
    slope = np.full((len(places), dims, dims), np.nan)
    for nth, place in enumerate(places):
        if nth % nodes == 0:
            progress(nth, len(places), "velocity field")
        low, high = np.searchsorted(start[:, 0], place[0] + np.array([-_REACH, _REACH]) * sd[0])
        away = (start[low:high] - place) / sd
        near = (np.abs(away[:, 1:]) < _REACH).all(axis=1)
        weight = np.exp(-0.5 * np.square(away[near]).sum(axis=1))
        n[nth] = np.square(weight.sum()) / max(float(np.square(weight).sum()), 1e-300)
        if n[nth] >= least:
            mean[nth], error[nth], slope[nth] = _local_line(
                away[near], weight, velocity[low:high][near], track[low:high][near]
            )
    progress(len(places), len(places), "velocity field")
    shape = tuple(len(one) for one in axes)
    slope = slope.reshape(*shape, dims, dims) / sd[:, None]
    return Field(axes, n.reshape(shape), mean.reshape(*shape, dims), error.reshape(*shape, dims), slope, sd)


_REACH = 4.0  # standard deviations of the kernel; beyond it nothing weighs


def _nodes(values: Floats, count: int) -> Floats:
    low, high = np.quantile(values, [0.01, 0.99])
    if not low < high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, count)


def _local_line(away: Floats, weight: Floats, velocity: Floats, track: Ints) -> tuple[Floats, Floats, Floats]:
    """Velocity at 0, its error over tracks, and its derivative along each axis (first index)."""
    design = np.column_stack([np.ones(len(away)), away])
    weighted = design * weight[:, None]
    inverse = np.linalg.pinv(weighted.T @ design, rcond=1e-8)
    found = inverse @ (weighted.T @ velocity)
    each = (velocity - design @ found) * (weighted @ inverse[0])[:, None]
    number = np.unique(track, return_inverse=True)[1]
    units = int(number.max()) + 1
    if units < 2:
        return found[0], np.full(velocity.shape[1], np.nan), found[1:]
    sums = np.stack([np.bincount(number, column, units) for column in each.T], axis=1)
    return found[0], np.sqrt(np.square(sums).sum(axis=0) * units / (units - 1)), found[1:]
