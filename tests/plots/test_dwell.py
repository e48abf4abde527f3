from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.plots.dwell import dwell, survival


def test_survival_by_hand():
    # ends at 2 (of 5 at risk), 3 (of 4), 5 (of 2); still going on at 3 and 6
    times, share = survival([2, 3, 3, 5, 6], [True, True, False, True, False])
    assert times.tolist() == [0, 2, 3, 5, 6]
    assert share == pytest.approx([1, 4 / 5, 4 / 5 * 3 / 4, 4 / 5 * 3 / 4 * 1 / 2, 0.3])


def test_survival_of_the_leukaemia_trial():
    # remission in weeks under 6-mercaptopurine, Freireich et al. 1963; estimates as in Kalbfleisch and Prentice 2002
    weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    over = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    times, share = survival(weeks, over)
    assert times.tolist() == [0, 6, 7, 10, 13, 16, 22, 23, 35]
    assert share == pytest.approx([1, 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448, 0.448], abs=5e-4)


def test_survival_without_censoring_is_the_share_that_lasts_longer():
    lengths = np.random.default_rng(1).geometric(0.2, 300)
    times, share = survival(lengths, np.ones(300, bool))
    assert share == pytest.approx([(lengths > time).mean() for time in times])


def test_survival_at_the_edges():
    assert [part.tolist() for part in survival([], [])] == [[0], [1]]
    assert [part.tolist() for part in survival([4, 2], [False, False])] == [[0, 4], [1, 1]]


BOUTS = pd.DataFrame(
    [
        ("a", 1, 2, True, True),
        ("a", 1, 4, True, False),
        ("a", 1, 9, False, True),
        ("b", 1, 4, True, True),
        ("b", 2, 3, True, True),
        ("b", 0, 3, True, True),
    ],
    columns=["condition", "state", "frames", "start_seen", "end_seen"],
)


def curves(panel):
    return {
        line.get_label(): (line.get_xdata().tolist(), line.get_ydata().tolist())
        for line in panel.lines
        if line.get_drawstyle() == "steps-post"
    }


def test_curves_and_what_is_left_out():
    drawn = dwell(BOUTS, dt_s=1800)
    first, second = drawn.axes
    assert curves(first) == {"n = 2": ([0, 1, 2], [1, 0.5, 0.5]), "n = 1": ([0, 2], [1, 0])}
    assert list(curves(second)) == ["n = 1"]
    assert drawn.get_suptitle().startswith("4 stays; 1 still going on")
    assert "1 left out (start not seen)" in drawn.get_suptitle()
    assert first.get_xlabel().endswith("(h)")


def test_frames_without_an_interval():
    assert dwell(BOUTS).axes[0].get_xlabel().endswith("(frames)")


def test_a_curve_stops_at_the_last_stay_seen():
    x, _ = curves(dwell(BOUTS).axes[0])["n = 2"]
    assert x[-1] == 4


def test_no_start_seen_at_all():
    assert dwell(BOUTS.assign(start_seen=False)).texts[-1].get_text() == "5 stays, none with its start seen"
