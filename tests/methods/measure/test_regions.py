from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from skimage.measure import regionprops_table

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array
from napari_cellstate.methods import available
from napari_cellstate.methods.measure.regions import COLUMNS, Measure

NAMES_IN_SKIMAGE = {
    "area": "area",
    "perimeter": "perimeter",
    "major_axis": "axis_major_length",
    "minor_axis": "axis_minor_length",
    "eccentricity": "eccentricity",
    "solidity": "solidity",
    "equivalent_diameter": "equivalent_diameter_area",
    "orientation": "orientation",
    "extent": "extent",
    "perimeter_crofton": "perimeter_crofton",
    "hull_area": "area_convex",
    "euler_number": "euler_number",
    "box_top": "bbox-0",
    "box_left": "bbox-1",
    **{f"hu_{n + 1}": f"moments_hu-{n}" for n in range(7)},
}
BRIGHTNESS = {"mean": "mean", "sd": "std", "min": "min", "max": "max", "median": "median"}
FIRST = ["label", "y", "x", "area", "touches_border"]


def ellipse(shape: tuple[int, int], y: float, x: float, a: float, b: float, angle: float) -> Array:
    """Long half axis a at `angle` from the y axis."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    along = (rows - y) * np.cos(angle) + (columns - x) * np.sin(angle)
    across = (columns - x) * np.cos(angle) - (rows - y) * np.sin(angle)
    return (along / a) ** 2 + (across / b) ** 2 <= 1


def crowd() -> Array:
    """Ellipses that touch, overlap and leave the image, specks, and a cell in two pieces; numbers with gaps."""
    rng = np.random.default_rng(0)
    labels = np.zeros((200, 170), np.uint32)
    for label in (3, 4, 9, 10, 11, 40, 41, 300):
        y, x, a = rng.uniform(0, 200), rng.uniform(0, 170), rng.uniform(4, 30)
        labels[ellipse(labels.shape, y, x, a, a * rng.uniform(0.3, 1), rng.uniform(0, np.pi))] = label
    labels[100:103, 20:23], labels[150, 5:12], labels[10, 160] = 500, 501, 502
    labels[110, 20:24] = 500
    return labels


def test_is_registered() -> None:
    assert available("measure")["regions"] is Measure
    ring = {"ring_from": 2, "ring_to": 7, "texture_step": 1}
    assert Measure().record() == {"method": "regions", "version": 2, **ring}


def test_same_numbers_as_skimage() -> None:
    labels = crowd()
    image = np.random.default_rng(1).normal(1e4, 50, (*labels.shape, 2))
    asked = [f"intensity_{ours}_{c}" for ours in (*BRIGHTNESS, "y", "x") for c in (0, 1)]
    table = Measure().measure(labels, [image[..., 0], image[..., 1]], [*NAMES_IN_SKIMAGE, *asked])
    theirs = [*NAMES_IN_SKIMAGE.values(), *(f"intensity_{name}" for name in BRIGHTNESS.values()), "centroid_weighted"]
    wanted = ["label", "centroid", *dict.fromkeys(name.partition("-")[0] for name in theirs)]
    oracle = regionprops_table(labels.astype(np.int32), image, properties=wanted)
    pairs = {"label": "label", "y": "centroid-0", "x": "centroid-1", **NAMES_IN_SKIMAGE}
    for c in (0, 1):
        pairs |= {f"intensity_{ours}_{c}": f"intensity_{other}-{c}" for ours, other in BRIGHTNESS.items()}
        pairs |= {f"intensity_{axis}_{c}": f"centroid_weighted-{nth}-{c}" for nth, axis in enumerate("yx")}
    assert len(table) == 11
    for ours, theirs in pairs.items():
        defined = ~np.isnan(table[ours].to_numpy(np.float64))
        assert defined.sum() >= 10, ours
        np.testing.assert_allclose(table[ours][defined], oracle[theirs][defined], rtol=1e-6, atol=1e-6, err_msg=ours)


def test_columns_types_and_order() -> None:
    labels = crowd()
    table = Measure().measure(labels, [labels * 2], ["solidity", "area", "perimeter", "intensity_mean_0", "solidity"])
    assert list(table) == [*FIRST, "solidity", "perimeter", "intensity_mean_0", "intensity_sd_0"]
    empty = Measure().measure(np.zeros((7, 9), np.uint32), [np.ones((7, 9))], list(COLUMNS))
    full = Measure().measure(labels, [labels], list(COLUMNS))
    assert len(empty) == 0
    assert list(empty.dtypes.items()) == list(full.dtypes.items())
    assert dict(empty.dtypes.items())["label"] == np.int64
    assert dict(empty.dtypes.items())["touches_border"] == np.bool_
    assert {str(kind) for name, kind in full.dtypes.items() if name not in ("label", "touches_border")} == {"float64"}
    assert table["label"].is_monotonic_increasing


@pytest.mark.parametrize("radius", [8, 20, 45])
def test_disc(radius: int) -> None:
    labels = ellipse((120, 130), 60, 62, radius, radius, 0).astype(np.uint32)
    cell = Measure().measure(labels, [], list(COLUMNS)).iloc[0]
    assert (cell["y"], cell["x"]) == (60, 62)
    assert cell["area"] == pytest.approx(np.pi * radius**2, rel=0.03)
    assert cell["equivalent_diameter"] == pytest.approx(2 * radius, rel=0.02)
    assert cell["major_axis"] == pytest.approx(2 * radius, rel=0.03)
    assert cell["perimeter"] == pytest.approx(2 * np.pi * radius, rel=0.06)
    assert cell["elongation"] == pytest.approx(0, abs=1e-6)
    assert cell["form_factor"] == pytest.approx(1, abs=0.15)
    assert cell["solidity"] == pytest.approx(1, abs=0.08)
    assert cell["extent"] == cell["area"] / (2 * radius + 1) ** 2
    assert np.isnan(cell["orientation"])


@pytest.mark.parametrize("angle", [-1.2, 0.0, 0.5, 1.5])
def test_ellipse(angle: float) -> None:
    labels = ellipse((160, 160), 80, 75, 60, 20, angle).astype(np.uint32)
    cell = Measure().measure(labels, [], list(COLUMNS)).iloc[0]
    assert (cell["major_axis"], cell["minor_axis"]) == pytest.approx((120, 40), rel=0.01)
    assert cell["elongation"] == pytest.approx(2 / 3, abs=0.01)
    assert cell["eccentricity"] == pytest.approx(np.sqrt(1 - 1 / 9), abs=0.01)
    assert cell["orientation"] == pytest.approx(angle, abs=0.01)


def test_rectangle() -> None:
    labels = np.zeros((30, 40), np.uint32)
    labels[5:15, 10:30] = 7
    cell = Measure().measure(labels, [], list(COLUMNS)).iloc[0]
    assert (cell["y"], cell["x"], cell["area"]) == (9.5, 19.5, 200)
    assert cell["perimeter"] == 2 * 9 + 2 * 19
    assert cell["form_factor"] == pytest.approx(4 * np.pi * 200 / 56**2)
    assert (cell["extent"], cell["solidity"]) == (1, 1)
    assert cell["major_axis"] == pytest.approx(4 * np.sqrt((20**2 - 1) / 12))
    assert cell["minor_axis"] == pytest.approx(4 * np.sqrt((10**2 - 1) / 12))
    assert cell["orientation"] == pytest.approx(np.pi / 2)


def test_one_pixel() -> None:
    labels = np.zeros((5, 6), np.uint32)
    labels[2, 3] = 1
    cell = Measure().measure(labels, [labels * 9], list(COLUMNS)).iloc[0]
    known = {"y": 2, "x": 3, "area": 1, "perimeter": 0, "major_axis": 0, "minor_axis": 0, "eccentricity": 0}
    known |= {"elongation": 0, "solidity": 1, "extent": 1, "intensity_mean_0": 9, "intensity_sd_0": 0}
    assert {name: cell[name] for name in known} == known
    assert np.isnan([cell["form_factor"], cell["orientation"]]).all()


def test_touches_border() -> None:
    labels = np.zeros((8, 9), np.uint32)
    labels[0, 4], labels[7, 4], labels[3, 0], labels[3, 8], labels[1:7, 2:7] = 1, 2, 3, 4, 5
    assert Measure().measure(labels, [])["touches_border"].tolist() == [True] * 4 + [False]


def test_labels_up_to_the_largest() -> None:
    small = crowd()
    large = np.where(small > 0, small + np.uint32(2**32 - 1 - 502), 0).astype(np.uint32)
    ours, theirs = Measure().measure(large, [small], list(COLUMNS)), Measure().measure(small, [small], list(COLUMNS))
    assert ours["label"].max() == 2**32 - 1
    np.testing.assert_array_equal(ours["label"] - (2**32 - 1 - 502), theirs["label"])
    pd.testing.assert_frame_equal(ours.drop(columns="label"), theirs.drop(columns="label"), check_exact=True)


def test_intensity_of_far_off_values_keeps_its_spread() -> None:
    labels = np.ones((50, 50), np.uint32)
    plane = 1e9 + np.tile([-1.0, 1.0], (50, 25))
    table = Measure().measure(labels, [plane])
    assert table["intensity_sd_0"][0] == pytest.approx(1, abs=1e-9)


def test_bad_input() -> None:
    labels = crowd()
    with pytest.raises(InputError, match="no column 'roundness'; known: area, perimeter"):
        Measure().measure(labels, [], ["roundness"])
    with pytest.raises(InputError, match="background_1 asks for channel 1, but the movie has 1"):
        Measure().measure(labels, [labels], ["background_1"])
    with pytest.raises(InputError, match="channel 1 is 170 x 200 px, the labels 200 x 170"):
        Measure().measure(labels, [labels, labels.T])


def test_what_columns_are() -> None:
    lengths = {"area": 2, "perimeter": 1, "major_axis": 1, "minor_axis": 1, "equivalent_diameter": 1}
    lengths |= {"hull_area": 2, "perimeter_crofton": 1}
    lengths |= {f"box_{side}": 1 for side in ("top", "left", "bottom", "right")}
    assert {name: feature.length for name, feature in COLUMNS.items() if feature.length} == lengths
    assert all(feature.name == name and feature.definition for name, feature in COLUMNS.items())
    assert COLUMNS["orientation"].angle
    assert not COLUMNS["orientation"].pooled


def test_contacts() -> None:
    labels = np.zeros((20, 30), np.uint32)
    labels[5:10, 5:10] = 1
    labels[5:10, 10:15] = 2  # touches 1 along 5 of its 16 border pixels
    labels[11:16, 10:15] = 3  # a pixel away from 2
    labels[5:10, 17:22] = 4  # two pixels away from 2
    table = Measure().measure(labels, [], ["contact", "contacts"])
    assert table["contacts"].tolist() == [1, 2, 1, 0]
    assert table["contact"].tolist() == [5 / 16, 9 / 16, 5 / 16, 0]
    ring = np.zeros((9, 9), np.uint32)
    ring[2:7, 2:7], ring[4, 4] = 1, 2
    assert Measure().measure(ring, [], ["contact", "contacts"])["contacts"].tolist() == [1, 1]
