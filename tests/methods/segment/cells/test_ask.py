from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.methods.segment._cells.ask import possible_cells, where_next
from napari_cellstate.methods.segment._cells.predict import Prediction
from tests.methods.segment.cells.test_decode import maps_of

HALF_SURE, UNSURE, FAINT = 0.85, 0.0, -1.5  # scores: probabilities 0.7, 0.5, 0.18
RARE = 17


def cells(rare_score=UNSURE):
    """Sixteen discs, numbers 1 to 16, of which the first eight are doubtful, and a long cell, the most doubtful."""
    y, x = np.mgrid[:200, :160]
    labels = np.zeros(y.shape, np.int32)
    for n in range(16):
        labels[np.hypot(y - 20 - 38 * (n // 4), x - 20 - 38 * (n % 4)) <= 11] = n + 1
    labels[(abs(y - 180) < 6) & (abs(x - 80) < 40)] = RARE
    maps = maps_of(labels)
    maps["cell"][(labels > 0) & (labels <= 8)] = HALF_SURE
    maps["cell"][labels == RARE] = rare_score
    return Prediction(maps, labels.shape, 24.0), labels


def walk(predictions, labels, n):
    """Frame and cell of the first so many places, a person looking at a disc around each."""
    seen = {t: np.zeros(labels.shape, bool) for t in predictions}
    rows, columns = np.ogrid[: labels.shape[0], : labels.shape[1]]
    found = []
    for _ in range(n):
        one = where_next(predictions, seen)
        if one is None:
            break
        t, y, x, _ = one
        assert not seen[t][y, x]
        seen[t] |= np.hypot(rows - y, columns - x) < 12
        found.append((t, int(labels[y, x])))
    return found


def test_a_cell_of_the_doubtful_group_comes_before_the_single_most_doubtful_one():
    prediction, labels = cells()
    (_, first), (_, second) = walk({7: prediction}, labels, 2)
    assert 1 <= first <= 8
    assert second == RARE


def test_every_cell_is_asked_once():
    prediction, labels = cells()
    found = walk({7: prediction}, labels, 20)
    assert len(found) == 17 == len(set(found))


def test_the_same_cells_in_another_frame_bring_nothing_new():
    prediction, labels = cells()
    again, _ = cells()
    kinds = [cell == RARE for _, cell in walk({0: prediction, 1: again}, labels, 2)]
    assert kinds == [False, True]
    found = walk({0: prediction, 1: again}, labels, 40)
    assert len(found) == 34 == len(set(found))


def test_a_missed_cell_is_a_place_too():
    prediction, labels = cells(FAINT)
    assert not prediction.labels()[labels == RARE].any()
    assert RARE in [cell for _, cell in walk({0: prediction}, labels, 2)]


def test_places_say_where_and_how_doubtful():
    prediction, labels = cells()
    places = possible_cells(prediction.maps, prediction.shape)
    at = labels[tuple(places.at.T)]
    assert sorted(at) == list(range(1, 18))
    # 4 p (1 - p) of the probabilities 0.7 and 0.5.
    assert places.doubt[at <= 8] == pytest.approx(4 * 0.7 * 0.3, abs=0.01)
    assert places.doubt[at == RARE] == pytest.approx(1.0, abs=0.01)
    # Long over short axis of 79 x 11 px.
    assert places.looks[at == RARE, 1] == pytest.approx(np.log(79 / 11), abs=0.05)
    assert np.abs(places.looks[at != RARE, 1]).max() < 0.05
    twice = possible_cells(prediction.maps, (400, 320))
    assert np.abs(twice.at - 2 * places.at).max() <= 1


def test_what_the_border_cuts_is_said():
    prediction, labels = cells()
    maps = {name: np.ascontiguousarray(values[..., 20:, :]) for name, values in prediction.maps.items()}
    places = possible_cells(maps, (180, 160))
    at = labels[20:][tuple(places.at.T)]
    assert sorted(at) == list(range(1, 18))
    assert sorted(at[places.cut]) == [1, 2, 3, 4]


def test_nothing_left_to_look_at():
    prediction, labels = cells()
    assert where_next({0: prediction}, {0: np.ones(labels.shape, bool)}) is None
    assert where_next({}) is None


@pytest.mark.parametrize("shape", [(0, 0), (0, 40), (60, 60)])
def test_no_cells(shape):
    maps = (
        {name: values * 0 - 9 for name, values in maps_of(np.zeros(shape, np.int32)).items()}
        if all(shape)
        else {
            name: np.zeros((2, *shape) if name == "flow" else shape, np.float32)
            for name in ("cell", "edge", "distance", "centre", "flow", "size")
        }
    )
    assert where_next({0: Prediction(maps, shape, 24.0)}) is None


def test_many_places_are_thinned_alike_in_every_call(monkeypatch):
    from napari_cellstate.methods.segment._cells import ask

    monkeypatch.setattr(ask, "_MOST", 5)
    prediction, labels = cells()
    found = walk({0: prediction}, labels, 20)
    assert len(found) == 5 == len(set(found))
