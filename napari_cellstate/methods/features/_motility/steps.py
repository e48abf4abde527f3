"""Speeds, distances, arrest, runs and pauses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled
from napari_cellstate.methods.features._motility.names import AT

Floats = NDArray[np.float64]

SPEED, MEDIAN, SD, FASTEST = AT["speed"], AT["speed_median"], AT["speed_sd"], AT["speed_max"]
VARIATION, PATH, NET, STRAIGHT, OUTREACH = (
    AT["speed_variation"],
    AT["path_length"],
    AT["displacement"],
    AT["straightness"],
    AT["outreach"],
)
ARREST, PAUSE, RUN, RATE, REPEATED = (
    AT["arrest"],
    AT["pause_time"],
    AT["run_time"],
    AT["pause_rate"],
    AT["repeated_steps"],
)
PASSAGE, MISSING = AT["passage_time"], AT["missing"]
ROUNDING = 1e-9


@compiled
def _fill_speeds(length: Floats, out: Floats) -> None:
    """Statistics of the step lengths that are there."""
    there = length[np.isfinite(length)]
    if len(there) == 0:
        return
    out[SPEED], out[MEDIAN], out[FASTEST] = there.mean(), np.median(there), there.max()
    if len(there) > 1:
        out[SD] = 0.0 if there.min() == there.max() else there.std()
        if out[SPEED] > 0:
            out[VARIATION] = out[SD] / out[SPEED]


@compiled
def _fill_distances(y: Floats, x: Floats, out: Floats) -> None:
    """Distances through the positions that are there; over a gap it goes straight."""
    seen, last, path, far = 0, -1, 0.0, 0.0
    first = 0
    for t in range(len(x)):
        if not (np.isfinite(x[t]) and np.isfinite(y[t])):
            continue
        if seen:
            path += np.sqrt((x[t] - x[last]) ** 2 + (y[t] - y[last]) ** 2)
            far = max(far, np.sqrt((x[t] - x[first]) ** 2 + (y[t] - y[first]) ** 2))
        else:
            first = t
        seen, last = seen + 1, t
    if seen == 0:
        return
    out[MISSING] = 1 - seen / (last - first + 1)
    if seen == 1:
        return
    net = np.sqrt((x[last] - x[first]) ** 2 + (y[last] - y[first]) ** 2)
    out[PATH], out[NET] = path, net
    if path > 0:
        out[STRAIGHT], out[OUTREACH] = min(net / path, 1.0), min(far / path, 1.0)


@compiled
def _fill_pauses(length: Floats, slow: float, out: Floats) -> None:
    """Arrest, and mean lengths of runs and pauses; a missing step ends either."""
    frames, count, begun = np.zeros(2), np.zeros(2), 0
    before = -1
    for value in length:
        now = -1 if np.isnan(value) else int(value < slow)
        if now >= 0:
            frames[now] += 1
            if now != before:
                count[now] += 1
                begun += now == 1 and before == 0
        before = now
    steps = frames.sum()
    if steps == 0:
        return
    out[ARREST], out[RATE] = frames[1] / steps, begun / steps
    if count[1]:
        out[PAUSE] = frames[1] / count[1]
    if count[0]:
        out[RUN] = frames[0] / count[0]


@compiled
def _fill_repeats(y: Floats, x: Floats, out: Floats) -> None:
    """Part of the steps, not at rest, that are the step before again, but for rounding."""
    repeats, pairs, greatest = 0, 0, 0.0
    for t in range(len(x)):
        if np.isfinite(x[t]) and np.isfinite(y[t]):
            greatest = max(greatest, abs(x[t]), abs(y[t]))
    close = ROUNDING * greatest
    for t in range(len(x) - 2):
        dy, dx = y[t + 2] - y[t + 1], x[t + 2] - x[t + 1]
        change = max(abs(dy - (y[t + 1] - y[t])), abs(dx - (x[t + 1] - x[t])))
        if np.isnan(change):
            continue
        pairs += 1
        repeats += change <= close and max(abs(dy), abs(dx)) > close
    if pairs:
        out[REPEATED] = repeats / pairs


@compiled
def _fill_passage(y: Floats, x: Floats, radius: float, out: Floats) -> None:
    """Mean time from each position to the first that is as far away as `radius`."""
    total, reached = 0.0, 0
    for start in range(len(x) - 1):
        if not (np.isfinite(x[start]) and np.isfinite(y[start])):
            continue
        for t in range(start + 1, len(x)):
            if (x[t] - x[start]) ** 2 + (y[t] - y[start]) ** 2 >= radius * radius:
                total, reached = total + t - start, reached + 1
                break
    if reached:
        out[PASSAGE] = total / reached


@compiled
def fill_steps(y: Floats, x: Floats, slow: float, radius: float, out: Floats) -> None:
    """All columns of this file for paths y, x (N, W)."""
    for row in range(len(x)):
        length = np.sqrt((y[row, 1:] - y[row, :-1]) ** 2 + (x[row, 1:] - x[row, :-1]) ** 2)
        _fill_speeds(length, out[row])
        _fill_distances(y[row], x[row], out[row])
        _fill_pauses(length, slow, out[row])
        _fill_repeats(y[row], x[row], out[row])
        _fill_passage(y[row], x[row], radius, out[row])
