from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from napari_cellstate.core.lineage_layout import lay_out

#        1 divides into 2 and 3, 3 into 4 and 5; 6 is alone; 7 follows 6 after a long gap
PARENTS = np.array([0, 0, 1, 1, 3, 3, 0, 6])
SPANS = {1: (0, 3), 2: (4, 9), 3: (4, 6), 4: (7, 9), 5: (7, 8), 6: (0, 4), 7: (8, 9)}


def cells():
    rows = np.array([(t, track) for track, (a, b) in SPANS.items() for t in range(a, b + 1)])
    return rows[:, 0], rows[:, 1]


def test_mothers_are_above_the_middle_of_their_daughters():
    layout = lay_out(*cells(), PARENTS)
    assert_allclose(layout.x[1:], [0.75, 0, 1.5, 1, 2, 3, 3])
    assert_array_equal(layout.generation[1:], [0, 1, 1, 2, 2, 0, 0])
    assert layout.width == 4


def test_only_what_was_asked_for():
    assert set(lay_out(*cells(), PARENTS, "divided").tracks.tolist()) == {1, 2, 3, 4, 5}
    assert set(lay_out(*cells(), PARENTS, 7).tracks.tolist()) == {6, 7}
    assert not len(lay_out(*cells(), PARENTS, -1).tracks)


def test_pieces_change_where_the_level_does():
    frame, track = cells()
    level = (frame >= 2).astype(np.int64)
    x, y, of = lay_out(frame, track, PARENTS, 6).segments(frame, track, level)
    assert_array_equal(of, [0, 1, 1])
    assert_allclose(y, [0, 2, 2, 4.4, 8, 9.4])
    assert_allclose(x, 0)


def test_the_nearest_track():
    layout = lay_out(*cells(), PARENTS)
    assert layout.nearest(0.1, 6, 0.5) == 2
    assert layout.nearest(0.7, 2, 0.5) == 1
    assert layout.nearest(2.5, 8, 0.1) == 0
    forks = layout.forks()
    assert len(forks[0]) == 2 * 5  # four daughters, and what follows the gap


def test_nothing_and_deep_lineages():
    none = np.empty(0, np.int64)
    assert not len(lay_out(none, none, np.zeros(1, np.int64)).tracks)
    n = 5000
    layout = lay_out(np.arange(n), np.arange(1, n + 1), np.arange(n + 1) - 1 + (np.arange(n + 1) == 0))
    assert_allclose(layout.x[1:], 0)
