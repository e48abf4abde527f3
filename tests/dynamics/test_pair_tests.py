from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, false_discovery_control

from napari_cellstate.dynamics.counts import count_transitions
from napari_cellstate.dynamics.pair_tests import pair_tests

COUNTS = np.array([[50, 12, 3], [2, 40, 9], [3, 9, 4]])


def test_by_scipy():
    found = pair_tests(COUNTS)
    assert list(zip(found.first, found.second, strict=True)) == [(0, 1), (1, 2)]  # 3 and 3 are too few
    expected = [binomtest(12, 14).pvalue, binomtest(9, 18).pvalue]
    np.testing.assert_allclose(found.p, expected)
    np.testing.assert_allclose(found.q, false_discovery_control(expected))


def test_staying_only_dilutes():
    plain, published = pair_tests(COUNTS), pair_tests(COUNTS, as_published=True)
    assert published.q[0 if published.second[0] else 1] > plain.q[0]
    assert (published.p[published.first == published.second] == 1).all()


def test_nothing():
    assert pair_tests(np.zeros((3, 3), np.int64)).q.shape == (0,)


def published(path, bins):
    """Numbers of both states and their counts, of each pair in a table of the original."""
    table = pd.read_csv(path)
    weight = np.array([bins, 1])
    ends = (
        table[[name for name in table if name.startswith(end)]].to_numpy(int) @ weight for end in ("t0_dim", "t1_dim")
    )
    return *ends, table["state0"].to_numpy(int), table["state1"].to_numpy(int), table["pval_corr"].to_numpy(float)


@pytest.mark.real
@pytest.mark.parametrize(("ours", "theirs"), [("rw2rw", "rw2rw"), ("pwr2urw", "pwr2rw")])
def test_published_counts_and_tests(data_dir, ours, theirs):
    table = pd.read_csv(data_dir / "heteromotility_split_20" / f"sims__{ours}_split_20.csv.gz")
    values = table.iloc[:, 2:56].to_numpy(float)
    spread = values.std(axis=0)
    values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    left, size, _ = np.linalg.svd(values, full_matrices=False)
    at = (left * size)[:, :2]
    parts = table["cell_id"].str.rsplit("-", n=1)
    track = np.unique((table.iloc[:, 0].astype(str) + "/" + parts.str[0]).to_numpy(str), return_inverse=True)[1]
    for bins in (3, 5, 7, 10, 15):
        path = data_dir / "heteromotility_reference" / "pfa" / f"sim_{theirs}_D2_bins{bins:02d}_sig_transitions.csv"
        source, target, forth, back, q = published(path, bins)
        best = min(  # a component's sign means nothing
            (
                np.abs(_counts(at * signs, bins, track, parts.str[1].to_numpy(np.int64))[source, target] - forth)[
                    forth >= 20
                ].max(initial=0)
                for signs in ([1, 1], [1, -1], [-1, 1], [-1, -1])
            ),
        )
        assert best <= 5
        known = np.zeros((bins**2, bins**2), np.int64)
        known[source, target], known[target, source] = forth, back
        tested = pair_tests(known, as_published=True)
        same = pd.Series(tested.q, pd.MultiIndex.from_arrays([tested.first, tested.second]))
        low, high = np.minimum(source, target), np.maximum(source, target)
        np.testing.assert_allclose(same.loc[list(zip(low, high, strict=True))], q, rtol=1e-9)


def _counts(at, bins, track, frame):
    """Transitions between bins of equal width, their edges rounded to four decimals as in the original."""
    state = np.zeros(len(at), np.int64)
    for column in at.T:
        edges = np.round(np.linspace(column.min(), column.max(), bins + 1), 4)
        state = state * bins + np.clip(np.searchsorted(edges, column, side="right") - 1, 0, bins - 1)
    return count_transitions(track, frame, state + 1, bins**2, 1).counts
