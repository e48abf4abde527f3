from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.errors import Cancelled
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.embed.pca import MOST, PCA, principal_axes


def behavior(scaled, used=None):
    scaled = np.asarray(scaled, float)
    names = [f"f{nth}" for nth in range(scaled.shape[1])]
    used = np.ones(len(names), bool) if used is None else np.asarray(used)
    table = anndata.AnnData(
        X=scaled.copy(),
        obs=pd.DataFrame(index=[str(row) for row in range(len(scaled))]),
        var=pd.DataFrame({"used": used}, index=names),
    )
    table.layers["scaled"] = scaled
    return table


def embed(scaled, used=None, **settings):
    return PCA(**settings).embed(behavior(scaled, used), Runtime())


def test_known_covariance():
    # four points on a cross: variances (divisor 3) 2 * 9 / 3 = 6 along f0 and 2 * 1 / 3 along f1
    found = embed([[3, 0], [-3, 0], [0, 1], [0, -1]], components=2)
    np.testing.assert_allclose(found.coordinates, [[3, 0], [-3, 0], [0, 1], [0, -1]], atol=1e-12)
    np.testing.assert_allclose(found.info["variance_explained"], [0.9, 0.1])
    np.testing.assert_allclose(found.info["loadings"]["f0"], [1, 0], atol=1e-12)
    assert found.info["notes"] == []


def test_variance_decides_how_many():
    cross = [[3, 0], [-3, 0], [0, 1], [0, -1]]  # shares are 0.9 and 0.1
    assert embed(cross, variance=0.9).coordinates.shape == (4, 1)
    assert embed(cross, variance=0.95).coordinates.shape == (4, 2)
    assert embed(cross, variance=1.0).coordinates.shape == (4, 2)


def test_largest_loading_is_positive():
    line = np.linspace(-1, 1, 9)[:, None]
    loadings = embed(line * [-3.0, 2.0, 1.0], components=1).info["loadings"]
    np.testing.assert_allclose([loadings[f"f{nth}"][0] for nth in range(3)], np.array([3, -2, -1]) / np.sqrt(14))


def test_sign_of_equal_loadings_is_that_of_the_first():
    _, vectors = principal_axes(np.linspace(-1, 1, 9)[:, None] * [-1.0, 1.0])
    np.testing.assert_allclose(vectors[:, 0], [np.sqrt(0.5), -np.sqrt(0.5)])


def test_equals_sklearn():
    from sklearn.decomposition import PCA as Other

    rng = np.random.default_rng(1)
    scaled = rng.normal(size=(200, 6)) @ rng.normal(size=(6, 6))
    found, other = embed(scaled, components=4, clip=0.0), Other(4).fit(scaled)
    np.testing.assert_allclose(np.abs(found.coordinates), np.abs(other.transform(scaled)), atol=1e-9)
    np.testing.assert_allclose(found.info["variance_explained"], other.explained_variance_ratio_)


def test_info_projects_rows_again():
    scaled = np.random.default_rng(2).normal(size=(30, 4)) + 1
    found = embed(scaled, components=2)
    mean, loadings = np.array(list(found.info["mean"].values())), np.array(list(found.info["loadings"].values()))
    np.testing.assert_allclose((scaled - mean) @ loadings, found.coordinates, atol=1e-12)


def test_only_used_columns_enter():
    scaled = np.random.default_rng(3).normal(size=(50, 3))
    found = embed(scaled, used=[True, False, True], components=2)
    assert list(found.info["loadings"]) == ["f0", "f2"]
    np.testing.assert_array_equal(found.coordinates, embed(scaled[:, [0, 2]], components=2).coordinates)


def test_outlier_is_clipped_and_said():
    scaled = np.random.default_rng(4).normal(size=(500, 2)) * [2.0, 1.0]
    scaled[0, 1] = 1e6
    found = embed(scaled, components=1)
    assert abs(found.info["loadings"]["f0"][0]) > 0.95
    assert found.info["notes"] == ["1 of 1000 scaled values lay beyond ±8 and were clipped"]
    assert abs(embed(scaled, components=1, clip=0.0).info["loadings"]["f1"][0]) > 0.99


def test_many_features_of_equal_variance_stop_at_most():
    found = embed(np.random.default_rng(5).normal(size=(400, 20)))
    assert found.coordinates.shape == (400, MOST)
    assert "components explain" in found.info["notes"][0]


@pytest.mark.parametrize(
    ("shape", "columns"), [((0, 3), 1), ((1, 3), 1), ((2, 3), 1), ((3, 5), 2), ((4, 0), 1), ((0, 0), 1)]
)
def test_few_rows_or_features(shape, columns):
    found = embed(np.random.default_rng(6).normal(size=shape), components=7)
    assert found.coordinates.shape == (shape[0], columns)
    assert np.isfinite(found.coordinates).all()
    assert len(found.info["notes"]) == 1
    assert len(found.info["variance_explained"]) == columns


def test_rows_that_do_not_differ_are_at_0():
    found = embed(np.full((5, 3), 2.0))
    np.testing.assert_array_equal(found.coordinates, np.zeros((5, 1)))
    assert found.info["variance_explained"] == [0.0]


def test_constant_column_has_no_loading():
    scaled = np.random.default_rng(7).normal(size=(40, 3))
    scaled[:, 1] = 5.0
    assert embed(scaled, components=2).info["loadings"]["f1"] == pytest.approx([0, 0])


def test_same_input_same_bytes():
    scaled = np.random.default_rng(8).normal(size=(300, 12))
    assert embed(scaled).coordinates.tobytes() == embed(scaled).coordinates.tobytes()


def test_cancel():
    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        PCA().embed(behavior(np.eye(4)), Runtime(progress=stop))
