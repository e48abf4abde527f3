"""What holds for every state method; for rows that are told apart by themselves, time changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import Cancelled
from napari_cellstate.core.families import Rows
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.states.gaussian_mixture import GaussianMixture
from napari_cellstate.methods.states.hmm import Hmm
from napari_cellstate.methods.states.kmeans import KMeans
from napari_cellstate.methods.states.ward import Ward
from napari_cellstate.metrics.agreement import adjusted_rand

METHODS = [KMeans, GaussianMixture, Ward, Hmm]
each = pytest.mark.parametrize("method", METHODS)


def rows(points):
    points = np.asarray(points, float)
    return Rows(points, np.zeros(len(points), np.int64))


def blobs(seed=0, count=600, axes=4):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, count)
    centres = np.eye(3, axes) * 12
    return centres[truth] + rng.normal(size=(count, axes)), truth


def check(fit, count, states):
    """What a fit must be."""
    assert fit.state.shape == (count,)
    assert fit.state.dtype == np.int64
    np.testing.assert_array_equal(fit.cluster, fit.state)
    assert np.unique(fit.state).tolist() == list(range(states))
    if fit.posterior is not None:
        assert fit.posterior.shape == (count, states)
        np.testing.assert_allclose(fit.posterior.sum(axis=1), 1.0)
        np.testing.assert_array_equal(fit.posterior.argmax(axis=1) if states else [], fit.state)


@each
def test_finds_blobs(method):
    points, truth = blobs()
    fit = method().fit(rows(points), Runtime())
    check(fit, 600, 3)
    assert adjusted_rand(fit.state, truth) >= 0.99
    assert fit.notes == ()
    assert (fit.posterior is None) == (method in (KMeans, Ward))


@each
@pytest.mark.parametrize("shape", [(0, 2), (0, 0)])
def test_no_rows(method, shape):
    fit = method().fit(rows(np.zeros(shape)), Runtime())
    check(fit, 0, 0)
    assert len(fit.notes) == 1


@each
@pytest.mark.parametrize("count", [1, 2, 3])
def test_more_states_than_rows(method, count):
    fit = method(k=5).fit(rows(np.arange(count)[:, None]), Runtime())
    check(fit, count, count)
    assert f"{count} states instead of 5" in fit.notes[0]


@each
def test_rows_that_do_not_differ(method):
    fit = method().fit(rows(np.full((40, 2), 3.5)), Runtime())
    check(fit, 40, 1)
    assert len(fit.notes) == 1


@each
def test_two_values_give_two_states(method):
    points = np.repeat([[0.0, 1.0], [5.0, 1.0]], 20, axis=0)
    fit = method().fit(rows(points), Runtime())
    check(fit, 40, 2)
    assert adjusted_rand(fit.state, points[:, 0]) == 1.0


@each
def test_one_state(method):
    fit = method(k=1).fit(rows(blobs()[0]), Runtime())
    check(fit, 600, 1)
    assert fit.notes == ()


@each
def test_constant_column_changes_nothing(method):
    points, truth = blobs()
    fit = method().fit(rows(np.column_stack([points, np.full(600, 7.0)])), Runtime())
    assert adjusted_rand(fit.state, truth) >= 0.99


@each
@pytest.mark.parametrize("count", [6, 12, 30])
def test_few_rows_of_many_axes_come_to_an_end(method, count):
    fit = method().fit(rows(np.random.default_rng(3).normal(size=(count, 10))), Runtime())
    check(fit, count, int(fit.state.max()) + 1)


@each
def test_same_seed_same_bytes(method):
    points = np.random.default_rng(2).normal(size=(900, 5))
    first, second = (method(seed=7).fit(rows(points), Runtime(threads=threads)) for threads in (1, 2))
    assert first.state.tobytes() == second.state.tobytes()
    if first.posterior is not None:
        assert first.posterior.tobytes() == second.posterior.tobytes()


@each
def test_points_stay_as_they_were(method):
    points, _ = blobs()
    before = points.copy()
    method().fit(rows(points), Runtime())
    np.testing.assert_array_equal(points, before)


@each
@pytest.mark.parametrize("at", [0, 1])
def test_cancel_stops_at_once(method, at):
    calls = []

    def stop(done, total, what):
        calls.append((done, total))
        if len(calls) > at:
            raise Cancelled

    with pytest.raises(Cancelled):
        method().fit(rows(np.random.default_rng(5).normal(size=(1500, 3))), Runtime(progress=stop))
    assert len(calls) == at + 1


@each
def test_progress_goes_forward_to_its_total(method):
    told = []
    method().fit(rows(blobs()[0]), Runtime(progress=lambda done, total, what: told.append((done, total))))
    done, totals = zip(*told, strict=True)
    assert list(done) == sorted(done)
    assert done[-1] == totals[-1]
    assert len(set(totals)) == 1
