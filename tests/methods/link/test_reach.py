from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.tables import empty_cells
from napari_cellstate.methods.link.reach import estimated_range


def grid(step: float, *, spacing: float = 40.0, frames: tuple[int, ...] = (0, 1, 2, 3), n: int = 10) -> pd.DataFrame:
    """Cells on a grid that all move by `step` from one of the frames to the next, in random directions."""
    rng = np.random.default_rng(0)
    y, x = (part.ravel() * spacing for part in np.mgrid[:n, :n])
    parts = []
    for t in frames:
        parts.append(pd.DataFrame({"frame": t, "label": np.arange(1, n * n + 1), "y": y, "x": x}))
        angle = rng.uniform(0, 2 * np.pi, n * n)
        y, x = y + step * np.sin(angle), x + step * np.cos(angle)
    return pd.concat(parts, ignore_index=True)


def test_twice_the_displacement() -> None:
    assert estimated_range(grid(8.0)) == pytest.approx(16, abs=0.1)


def test_kept_between_a_quarter_of_the_spacing_and_the_spacing() -> None:
    spacing = 40.0
    assert estimated_range(grid(0.0)) == 10.0
    assert estimated_range(grid(0.5)) >= spacing / 4 * 0.95
    assert estimated_range(grid(60.0)) <= spacing


def test_a_fast_minority_is_within_reach() -> None:
    cells = grid(1.0)
    fast = cells["label"] <= 3  # 3 in 100, twelve times as fast
    cells.loc[fast, "y"] += 12.0 * cells.loc[fast, "frame"]
    assert estimated_range(cells) > 13


def test_empty_frames_are_passed_over() -> None:
    assert estimated_range(grid(8.0, frames=(0, 3, 4, 9))) == estimated_range(grid(8.0))


def test_lengths_scale() -> None:
    cells = grid(8.0)
    doubled = cells.assign(y=cells["y"] * 2, x=cells["x"] * 2)
    assert estimated_range(doubled) == pytest.approx(2 * estimated_range(cells), abs=0.1)


def test_little_or_nothing_to_read() -> None:
    assert estimated_range(empty_cells()) == 1.0
    one = pd.DataFrame({"frame": [4], "label": [1], "y": [3.0], "x": [3.0]})
    assert estimated_range(one) == 1.0
    one_frame = grid(0.0, frames=(0,))
    assert estimated_range(one_frame) == 20.0
    lone = pd.DataFrame({"frame": [0, 1], "label": [1, 1], "y": [0.0, 30.0], "x": [0.0, 40.0]})
    assert estimated_range(lone) == 100.0
    at_rest = lone.assign(y=0.0, x=0.0)
    assert estimated_range(at_rest) == 1.0
