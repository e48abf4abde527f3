from __future__ import annotations

import pandas as pd
import pytest

from napari_cellstate.plots.occupancy import occupancy


def shares(rows):
    return pd.DataFrame(rows, columns=["movie", "condition", "replicate", "state", "share"])


def bars(panel):
    return [bar.get_height() for bar in panel.patches]


def dots(panel):
    return [(line.get_marker(), line.get_ydata()[0]) for line in panel.lines if line.get_marker() not in ("None", "")]


def test_bar_is_the_mean_of_replicates_not_of_movies():
    drawn = occupancy(
        shares(
            [("m1", "a", "r1", 1, 0.1), ("m2", "a", "r1", 1, 0.3), ("m3", "a", "r2", 1, 0.8), ("m4", "b", "r1", 1, 0.4)]
        )
    )
    assert bars(drawn.axes[0]) == pytest.approx([(0.2 + 0.8) / 2, 0.4])
    assert dots(drawn.axes[0]) == [("o", 0.1), ("o", 0.3), ("s", 0.8), ("o", 0.4)]
    assert "4 movies, 3 replicates" in drawn.get_suptitle()


def test_movies_without_replicate_count_one_each():
    drawn = occupancy(shares([("m1", "", "", 1, 0.2), ("m2", "", "", 1, 0.4), ("m3", "", "", 1, 0.9)]))
    assert bars(drawn.axes[0]) == pytest.approx([0.5])
    assert "3 movies, 3 replicates" in drawn.get_suptitle()
    assert not drawn.legends


def test_a_state_that_a_movie_lacks_counts_as_zero():
    drawn = occupancy(shares([("m1", "a", "", 1, 1.0), ("m2", "a", "", 1, 0.5), ("m2", "a", "", 2, 0.5)]))
    assert [panel.get_title() for panel in drawn.axes] == ["state 1", "state 2"]
    assert bars(drawn.axes[1]) == [0.25]


def test_no_state_has_no_panel():
    drawn = occupancy(shares([("m1", "a", "", 0, 0.5), ("m1", "a", "", 1, 0.5)]))
    assert [panel.get_title() for panel in drawn.axes] == ["state 1"]
