from __future__ import annotations

import numpy as np

from napari_cellstate.dynamics.dwell import find_bouts
from napari_cellstate.dynamics.survival import survival_table, survivals
from napari_cellstate.plots.dwell import dwell

# one run a line: condition, states
RUNS = [("a", [2, 1, 1, 2]), ("a", [2, 1, 1, 1, 1]), ("a", [1, 1, 2]), ("b", [2, 1, 1, 1, 1, 2, 2, 1])]


def curves_of(runs, dt_s=None):
    state = np.concatenate([np.array(states) for _, states in runs])
    run = np.concatenate([np.full(len(states), nth) for nth, (_, states) in enumerate(runs)])
    frame = np.concatenate([np.arange(len(states)) for _, states in runs])
    condition = np.array([condition for condition, states in runs for _ in states], object)
    bouts = find_bouts(run, frame, state)
    return survival_table(survivals(bouts, 2, condition=condition, movie=condition, track=run), dt_s=dt_s)


CURVES = curves_of(RUNS)


def curves(panel):
    return [
        (line.get_xdata().tolist(), line.get_ydata().tolist())
        for line in panel.lines
        if line.get_drawstyle() == "steps-post"
    ]


def test_curves_and_what_is_left_out():
    drawn = dwell(CURVES, dt_s=1800)
    first = drawn.axes[0]
    # a: stays of 2 frames (ended) and of 3 (still going on); b: one of 4 that ended, one that was seen for no time
    assert curves(first) == [([0, 1, 1.5], [1, 0.5, 0.5]), ([0, 2], [1, 0])]
    assert drawn.get_suptitle().startswith("7 stays; 4 still going on")
    assert "4 left out (start not seen)" in drawn.get_suptitle()
    assert first.get_xlabel().endswith("(h)")


def test_frames_without_an_interval():
    assert dwell(CURVES).axes[0].get_xlabel().endswith("(frames)")


def test_window_is_drawn_as_a_line():
    plain, lined = dwell(CURVES), dwell(CURVES, shortest=3)
    assert len(lined.axes[0].lines) == len(plain.axes[0].lines) + 1
    assert list(lined.axes[0].lines[-1].get_xdata()) == [3, 3]


def test_no_start_seen_at_all():
    drawn = dwell(curves_of([("a", [1, 1, 1]), ("a", [2, 2])]))
    assert drawn.texts[-1].get_text() == "2 stays, none with its start seen"
