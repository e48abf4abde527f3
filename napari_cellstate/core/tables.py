"""The cell table and the link table: their columns, and what must hold in them.

cells
    One row per cell per frame, sorted by frame, then label. `frame` and `label` (int64) name the cell; `y` and
    `x` (float64, px, the middle of pixel (0, 0) is 0, 0) place it; further columns are measurements.
links
    `source` and `target` (int64) are row numbers of the cell table, `cost` (float64) is what the linker paid for
    the link (px, NaN where it has none). A link goes forward in time; a source has one target, or two where
    it divides, and a target has one source. Three columns may be there: `confidence` (float64, 0 to 1, 1 for corrected
    links), `by_hand` (bool): a corrected link is one track over a gap of any length, and `merged` (float64): the row of
    a cell that ends and seems to have become one with the target, NaN for none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]

CELL_KEYS = ("frame", "label", "y", "x")
LINK_COLUMNS = ("source", "target", "cost")
CONFIDENCE = "confidence"
"""Optional column of the links: 0 to 1, how much better than the next-best solution that lacks the link."""
BY_HAND = "by_hand"
"""Optional column of the links: whether a person made or accepted the link."""
MERGED = "merged"
"""Optional column of the links: row of a cell that ends and seems to have become one with the target; NaN for none."""


def empty_cells() -> pd.DataFrame:
    """A cell table without rows."""
    import pandas as pd

    return pd.DataFrame(
        {
            "frame": np.empty(0, np.int64),
            "label": np.empty(0, np.int64),
            "y": np.empty(0, np.float64),
            "x": np.empty(0, np.float64),
        }
    )


def make_links(source: object, target: object, cost: object = None) -> pd.DataFrame:
    """A link table from arrays of row numbers, sorted by source, then target; cost NaN where not given."""
    import pandas as pd

    source, target = np.asarray(source, np.int64), np.asarray(target, np.int64)
    paid = np.full(len(source), np.nan) if cost is None else np.asarray(cost, np.float64)
    order = np.lexsort((target, source))
    return pd.DataFrame({"source": source[order], "target": target[order], "cost": paid[order]})


def merges(links: pd.DataFrame) -> tuple[Ints, Ints]:
    """Merges that the links mark: positions in the link table, and the row of the cell that ended.

    A cell that goes on, as when a person linked it since, has not merged.
    """
    if MERGED not in links.columns:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    ended = links[MERGED].to_numpy(np.float64)
    at = np.flatnonzero(np.isfinite(ended))
    at = at[~np.isin(ended[at], links["source"].to_numpy())]
    return at, ended[at].astype(np.int64)


def join(frame: Ints, identity: Ints) -> tuple[Ints, Ints]:
    """Link each row to the next later one of the same identity, however far away in time.

    Parameters
    ----------
    frame, identity : (N,), rows in any order.

    Returns
    -------
    source, target : (M,) row numbers, sorted by identity, then frame.
    """
    order = np.lexsort((frame, identity))
    same = identity[order][1:] == identity[order][:-1]
    return order[:-1][same], order[1:][same]


def check_cells(cells: pd.DataFrame, where: str = "cells") -> None:
    """Raise InputError unless the keys are there, finite, and (frame, label) is unique and sorted."""
    missing = [name for name in CELL_KEYS if name not in cells.columns]
    if missing:
        raise InputError(f"{where}: column {missing[0]!r} is missing; found: {', '.join(map(str, cells.columns))}")
    frame, label = cells["frame"].to_numpy(), cells["label"].to_numpy()
    for name in ("y", "x"):
        bad = np.flatnonzero(~np.isfinite(cells[name].to_numpy(np.float64)))
        if len(bad):
            raise InputError(
                f"{where} row {bad[0]}: {name} is {cells[name].iloc[bad[0]]}; expected a finite number (px)"
            )
    low = np.flatnonzero((frame < 0) | (label < 1))
    if len(low):
        at = low[0]
        raise InputError(
            f"{where} row {at}: frame {frame[at]}, label {label[at]}; frames count from 0 and labels from 1"
        )
    step = (np.diff(frame) > 0) | ((np.diff(frame) == 0) & (np.diff(label) > 0))
    wrong = np.flatnonzero(~step)
    if len(wrong):
        at = wrong[0] + 1
        raise InputError(
            f"{where} row {at}: frame {frame[at]}, label {label[at]} does not come after row {at - 1} (frame "
            f"{frame[at - 1]}, label {label[at - 1]}); rows must be sorted and no cell may occur twice"
        )


def check_links(cells: pd.DataFrame, links: pd.DataFrame, where: str = "links") -> None:
    """Raise InputError unless every link joins two cells forward in time and no source has three targets."""
    missing = [name for name in LINK_COLUMNS if name not in links.columns]
    if missing:
        raise InputError(f"{where}: column {missing[0]!r} is missing; found: {', '.join(map(str, links.columns))}")
    _check_confidence(links, where)
    source, target = links["source"].to_numpy(), links["target"].to_numpy()
    outside = np.flatnonzero((source < 0) | (target < 0) | (source >= len(cells)) | (target >= len(cells)))
    if len(outside):
        at = outside[0]
        raise InputError(f"{where} row {at}: {source[at]} -> {target[at]}, but there are only {len(cells)} cells")
    frame = cells["frame"].to_numpy()
    backward = np.flatnonzero(frame[target] <= frame[source])
    if len(backward):
        at = backward[0]
        raise InputError(
            f"{where} row {at}: target {target[at]} is in frame {frame[target[at]]}, source {source[at]} in frame "
            f"{frame[source[at]]}; a link must go forward in time"
        )
    targets = np.bincount(source, minlength=1)
    if targets.size and targets.max(initial=0) > 2:
        cell = int(targets.argmax())
        raise InputError(
            f"{where}: cell {cell} (frame {frame[cell]}) has {targets[cell]} targets; at most 2 (a division)"
        )
    sources = np.bincount(target, minlength=1)
    if sources.size and sources.max(initial=0) > 1:
        cell = int(sources.argmax())
        raise InputError(
            f"{where}: cell {cell} (frame {frame[cell]}) has {sources[cell]} sources; at most 1 (a merge is a mark)"
        )
    _check_merges(frame, links, where)


def _check_confidence(links: pd.DataFrame, where: str) -> None:
    if CONFIDENCE not in links.columns:
        return
    sure = links[CONFIDENCE].to_numpy(np.float64)
    bad = np.flatnonzero((sure < 0) | (sure > 1))
    if len(bad):
        raise InputError(f"{where} row {bad[0]}: confidence {sure[bad[0]]:g}; expected 0 to 1 (NaN where not known)")


def _check_merges(frame: Ints, links: pd.DataFrame, where: str) -> None:
    at, ended = merges(links)
    target = links["target"].to_numpy()[at]
    bad = np.flatnonzero((ended < 0) | (ended >= len(frame)))
    if not len(bad):
        bad = np.flatnonzero(frame[ended] >= frame[target])
    if len(bad):
        raise InputError(
            f"{where} row {at[bad[0]]}: merged is {ended[bad[0]]}; expected the row of a cell in a frame before that "
            f"of the target ({frame[target[bad[0]]]})"
        )
