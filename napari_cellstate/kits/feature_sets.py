"""What every feature set must do."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.core.windows import Windows
from napari_cellstate.kits.expect import expect, same_bytes
from napari_cellstate.kits.inputs import runtime, tracks


def measured(method: FeatureSet, lengths: tuple[int, ...] = (12, 1, 9), **how: Any) -> Tracks:
    """Random walks with all the columns that the set asks for."""
    made = tracks(lengths, **how)
    rng = np.random.default_rng(3)
    for name in (*method.asks(), "protrusion", "retraction", "deformation"):
        made.cells[name] = rng.random(len(made.cells)) + (2 if name.startswith("intensity_mean") else 0)
    return made


def _described(method: FeatureSet, made: Tracks, window: int = 5) -> tuple[Windows, Any]:
    windows = Windows(made, window)
    values = method.describe(windows, runtime())
    expected = (len(windows), len(method.features()))
    expect(values.shape == expected, f"values of shape {values.shape}; expected {expected}, windows by features")
    expect(not np.isinf(values).any(), "a value is infinite; undefined ones are NaN")
    return windows, values


def names_and_defines_its_columns(method: FeatureSet) -> None:
    """Every column has a name of its own, a definition, and a word on how it can mislead."""
    features = method.features()
    names = [feature.name for feature in features]
    expect(len(set(names)) == len(names) > 0, "columns need names, each once")
    for feature in features:
        expect(bool(feature.definition), f"{feature.name} has no definition")
        expect(bool(feature.note), f"{feature.name} has no note on how it can mislead")


def gives_one_row_a_window(method: FeatureSet) -> None:
    """For short and long windows."""
    for window in (1, 2, 5, 9):
        values = _described(method, measured(method), window)[1]
        expect(values.dtype == np.float64, f"values are {values.dtype}; expected float64")


def defines_ordinary_windows(method: FeatureSet) -> None:
    """In windows of the length that it needs, nearly all values are defined."""
    length = method.needs + 15
    values = _described(method, measured(method, (length, length)), method.needs)[1]
    expect(np.isfinite(values).mean() > 0.95, f"{1 - np.isfinite(values).mean():.0%} of the values are not defined")


def copes_without_windows(method: FeatureSet) -> None:
    """Tracks shorter than a window."""
    _described(method, measured(method, (3, 1)))


def copes_with_a_gap(method: FeatureSet) -> None:
    """A cell that is missing in some frames."""
    expect(len(_described(method, measured(method, (12,), missing=(5, 6)))[1]) == 8, "a gap loses windows")


def copes_with_a_still_cell(method: FeatureSet) -> None:
    """A cell that does not move."""
    still = measured(method, (9,))
    still.cells["y"] = still.cells["x"] = 5.0
    _described(method, still)


def copes_without_measurements(method: FeatureSet) -> None:
    """Tracks alone, without areas and intensities."""
    plain = tracks((9,))
    bare = Tracks(plain.cells[["frame", "label", "y", "x"]], plain.links, plain.max_gap)
    _described(method, bare)


def gives_the_same_bytes(method: FeatureSet) -> None:
    """Same input, same bytes."""
    same_bytes(lambda: method.describe(Windows(measured(method), 5), runtime()).tobytes())


CHECKS = (
    names_and_defines_its_columns,
    gives_one_row_a_window,
    defines_ordinary_windows,
    copes_without_windows,
    copes_with_a_gap,
    copes_with_a_still_cell,
    copes_without_measurements,
    gives_the_same_bytes,
)
