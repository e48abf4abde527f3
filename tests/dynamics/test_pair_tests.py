from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, false_discovery_control

from napari_cellstate.dynamics.pair_tests import pair_tests, pair_tests_of

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


def published(path):
    """Both states (as text) and their counts, of each pair in a table of the original."""
    table = pd.read_csv(path)
    half = (table.shape[1] - 4) // 2
    ends = [[",".join(map(str, row)) for row in table.iloc[:, at : at + half].to_numpy(int)] for at in (2, 2 + half)]
    return *ends, table["state0"].to_numpy(int), table["state1"].to_numpy(int), table["pval_corr"].to_numpy(float)


@pytest.mark.real
def test_published_q_of_every_table_given_its_counts(data_dir):
    for path in sorted((data_dir / "heteromotility_reference" / "pfa").glob("*_sig_transitions.csv")):
        start, end, forth, back, q = published(path)
        number = {name: at for at, name in enumerate(sorted({*start, *end}))}
        source, target = (np.array([number[name] for name in names]) for names in (start, end))
        once = source <= target
        found = pair_tests_of(
            np.concatenate(
                [np.repeat(source[once], forth[once]), np.repeat(target, np.where(source < target, back, 0))]
            ),
            np.concatenate(
                [np.repeat(target[once], forth[once]), np.repeat(source, np.where(source < target, back, 0))]
            ),
            as_published=True,
        )
        same = dict(zip(zip(found.first.tolist(), found.second.tolist(), strict=True), found.q, strict=True))
        low, high = np.minimum(source, target), np.maximum(source, target)
        np.testing.assert_allclose([same[pair] for pair in zip(low.tolist(), high.tolist(), strict=True)], q, rtol=1e-9)
