from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial import ConvexHull

from napari_cellstate.methods.measure._outline import COLUMNS
from napari_cellstate.methods.measure.regions import Measure


def filled(radius, size: int = 240) -> np.ndarray:
    """The pixels with a middle inside the outline `radius(angle)` around the middle of the image."""
    y, x = np.mgrid[:size, :size] - size / 2
    return (np.hypot(y, x) <= radius(np.arctan2(y, x))).astype(np.uint32)


def described(labels: np.ndarray) -> dict[str, float]:
    return Measure().measure(labels, [], COLUMNS)[list(COLUMNS)].iloc[0].to_dict()


def ellipse(a: float, b: float, turn: float = 0.0) -> np.ndarray:
    return filled(lambda angle: a * b / np.hypot(b * np.cos(angle - turn), a * np.sin(angle - turn)))


def test_a_disc_is_round() -> None:
    one = described(filled(lambda angle: 0 * angle + 80.3))
    assert (one["bending"], one["convexity"]) == pytest.approx((1, 1), abs=0.01)
    assert one["curvature_sd"] < 0.1
    assert one["concave"] == 0
    assert max(one[f"lobes_{n}"] for n in range(2, 7)) < 0.005


@pytest.mark.parametrize("lobes", [2, 3, 4, 5, 6])
def test_lobes_are_told_apart(lobes: int) -> None:
    for height in (0.05, 0.12):
        one = described(filled(lambda angle, e=height: 80 * (1 + e * np.cos(lobes * angle + 0.4))))
        assert one[f"lobes_{lobes}"] == pytest.approx(height / np.sqrt(2), rel=0.12)
        others = [one[f"lobes_{n}"] for n in range(2, 7) if n != lobes]
        assert max(others) < 0.25 * one[f"lobes_{lobes}"]


def test_an_ellipse_has_the_bending_of_its_formula() -> None:
    a, b = 90.0, 60.0
    t = np.linspace(0, 2 * np.pi, 200_001)[:-1]
    speed = np.hypot(a * np.sin(t), b * np.cos(t))
    bent, length = a * b / speed**3, speed.mean()  # the length over 2 pi
    known = (bent**2 * speed).mean() / length * length**2
    for turn in (0.0, 0.3, 1.1):
        one = described(ellipse(a, b, turn))
        assert one["bending"] == pytest.approx(known, rel=0.03)
        assert one["curvature_sd"] == pytest.approx(np.sqrt(known - 1), rel=0.05)
        assert one["convexity"] == pytest.approx(1, abs=0.01)


def test_dents_are_seen() -> None:
    star = described(filled(lambda angle: 70 * (1 + 0.15 * np.cos(4 * angle))))
    t = np.linspace(0, 2 * np.pi, 4001)[:-1]
    r, first, second = 1 + 0.15 * np.cos(4 * t), -0.6 * np.sin(4 * t), -2.4 * np.cos(4 * t)
    inward = r**2 + 2 * first**2 - r * second < 0
    share = np.hypot(r, first)[inward].sum() / np.hypot(r, first).sum()
    assert star["concave"] == pytest.approx(share, abs=0.06)
    points = np.stack([r * np.cos(t), r * np.sin(t)], axis=1)
    hull = ConvexHull(points).area  # of points in the plane, scipy calls the length so
    assert star["convexity"] == pytest.approx(hull / np.hypot(*np.diff(points, axis=0).T).sum(), abs=0.01)
    deep = described(filled(lambda angle: 70 * (1 + 0.3 * np.cos(4 * angle))))
    assert deep["convexity"] < 0.95


def test_turning_mirroring_and_holes_change_nothing() -> None:
    plain = filled(lambda angle: 60 * (1 + 0.15 * np.cos(3 * angle) + 0.1 * np.sin(2 * angle)))
    holed = plain.copy()
    holed[118:124, 110:117] = 0
    known = list(described(plain).values())
    for other in (np.rot90(plain), plain[::-1], plain[:, ::-1], holed):
        assert_allclose(list(described(np.ascontiguousarray(other)).values()), known, rtol=0.03, atol=1.1 / 64)


def test_specks_and_pieces() -> None:
    labels = np.zeros((60, 60), np.uint32)
    labels[3, 3] = 1
    labels[5, 20] = 2  # a speck of a cell whose main part lies below
    labels[15:35, 10:30] = 2
    labels[40, 40], labels[41, 41] = 3, 3  # joined at a corner
    table = Measure().measure(labels, [], COLUMNS)
    alone = np.where(labels == 2, 2, 0).astype(np.uint32)
    alone[5, 20] = 0
    table, kept = (one[list(COLUMNS)].to_numpy() for one in (table, Measure().measure(alone, [], COLUMNS)))
    assert_allclose(table[1], kept[0])
    assert np.isfinite(table).all()
