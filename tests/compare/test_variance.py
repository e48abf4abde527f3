from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.compare.variance import variance_shares
from napari_cellstate.core.errors import InputError


def planted(seed: int, *, balanced: bool = True) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Type 50 %, condition 20 %, replicate in condition 10 %, rest 20 % of the variance."""
    rng = np.random.default_rng(seed)
    n = 24_000
    if balanced:
        kind, condition, animal = np.arange(n) % 3, np.arange(n) // 3 % 2, np.arange(n) // 6 % 4
    else:
        kind = rng.choice(3, n, p=[0.6, 0.3, 0.1])
        condition = (rng.random(n) < np.where(kind == 0, 0.7, 0.4)).astype(int)
        animal = rng.integers(0, 4, n)
    replicate = condition * 4 + animal
    effects = [np.array([-1, 0, 1.0])[kind], np.array([-1, 1.0])[condition], np.array([-1, 1, 1, -1.0])[animal]]
    parts = [np.sqrt(share) * one / one.std() for share, one in zip((0.5, 0.2, 0.1), effects, strict=True)]
    values = sum(parts) + np.sqrt(0.2) * rng.normal(size=n)
    return values[:, None], {"type": kind, "condition": condition, "replicate": replicate}


def test_planted_shares_are_found():
    values, factors = planted(0)
    found = variance_shares(values, factors)
    np.testing.assert_allclose(found.share, [0.5, 0.2, 0.1], atol=0.02)
    np.testing.assert_allclose(found.adjusted, [0.5, 0.2, 0.1], atol=0.02)
    assert found.residual == pytest.approx(0.2, abs=0.02)
    assert found.levels.tolist() == [2, 1, 6]
    assert found.table()["factor"].tolist() == ["type", "condition", "replicate", "residual"]


def test_type_two_by_least_squares():
    values, factors = planted(1, balanced=False)
    found = variance_shares(values, factors)

    def explained(*names: str) -> float:
        columns = [np.ones((len(values), 1))]
        columns += [(factors[name][:, None] == np.unique(factors[name])).astype(float) for name in names]
        design = np.concatenate(columns, axis=1)
        fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
        return float(((fitted - values.mean()) ** 2).sum() / ((values - values.mean()) ** 2).sum())

    expected = [
        explained("type", "condition", "replicate") - explained("condition", "replicate"),
        explained("type", "condition") - explained("type"),
        explained("type", "condition", "replicate") - explained("type", "condition"),
    ]
    np.testing.assert_allclose(found.share, expected, atol=1e-9)


def test_noise_explains_nothing_after_adjustment():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(400, 50))
    found = variance_shares(values, {"replicate": np.arange(400) % 40})
    assert found.share[0] == pytest.approx(39 / 399, abs=0.02)
    assert found.adjusted[0] == pytest.approx(0, abs=0.02)
    assert found.each.shape == (1, 50)


def test_what_cannot_be_is_said():
    with pytest.raises(InputError, match="expected one a row"):
        variance_shares(np.ones((3, 1)) * [[1], [2], [3]], {"type": np.zeros(2)})
    with pytest.raises(InputError, match="no variance"):
        variance_shares(np.ones((3, 1)), {"type": np.arange(3)})
    with pytest.raises(InputError, match="finite"):
        variance_shares(np.full((3, 1), np.nan), {"type": np.arange(3)})
