"""Links as a linker made them, and corrections: links as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.cell_ref import CellRef, Places
from napari_cellstate.core.link_edits import LinkEdit
from napari_cellstate.core.outline import Plane
from napari_cellstate.core.tables import BY_HAND, CONFIDENCE, LINK_COLUMNS, MERGED
from napari_cellstate.core.tracks import Tracks

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Lost:
    """An edit, or the part of one, that could not be applied.

    Attributes
    ----------
    edit : its position in the list of edits.
    why : which cell it names, and what was found there.
    """

    edit: int
    why: str


@dataclass(frozen=True, eq=False)
class EditedLinks:
    """What comes of links and corrections.

    Attributes
    ----------
    links : link table; corrected links have `BY_HAND`, and a confidence of 1.
    dropped : rows of the cell table that are no cells, ascending.
    lost : what could not be applied.
    tracks : what they make of the cells, where that was asked for: without the dropped rows.
    """

    links: pd.DataFrame
    dropped: Ints
    lost: tuple[Lost, ...] = ()
    tracks: Tracks | None = None


def apply_link_edits(
    cells: pd.DataFrame,
    links: pd.DataFrame,
    edits: Sequence[LinkEdit],
    dropped: Ints | None = None,
    plane: Callable[[int], Plane] | None = None,
) -> EditedLinks:
    """Apply corrections, one after the other; where two say different things, the later holds.

    An edit is applied as a whole or, where a cell that it names does not fit exactly one cell (or two that it names
    fit the same), not at all; of cells to delete, those that fit are deleted.

    Parameters
    ----------
    cells, links : tables of one movie.
    dropped : rows that are no cells already.
    plane : gives the labels of a frame, where there are masks.

    Notes
    -----
    The result of fewer edits on the same links is what undo gives.
    """
    if not edits and dropped is None:
        return EditedLinks(links, np.empty(0, np.int64))
    graph, lost = LinkGraph.of(cells, links, dropped), list[Lost]()
    places = Places.of(cells, plane)
    for nth, edit in enumerate(edits):
        lost += [Lost(nth, why) for why in graph.apply(edit, places)]
    return EditedLinks(graph.links(), np.flatnonzero(graph.dropped), tuple(lost))


@dataclass
class LinkGraph:
    """Links of one movie, to be changed in place.

    Attributes
    ----------
    before : (N,) row that each cell follows, -1 for none.
    after : (N, 2) rows that follow each cell, -1 for none; one that is alone comes first.
    values : further columns of the link table, by the link's target.
    by_hand : (N,) whether the link to this target was corrected.
    dropped : (N,) whether the row is no cell.
    """

    before: Ints
    after: Ints
    values: dict[str, NDArray[Any]]
    by_hand: NDArray[np.bool_]
    dropped: NDArray[np.bool_]

    @classmethod
    def of(cls, cells: pd.DataFrame, links: pd.DataFrame, dropped: Ints | None = None) -> LinkGraph:
        """From tables that `check_links` has nothing against."""
        n = len(cells)
        before, after = np.full(n, -1), np.full((n, 2), -1)
        source, target = links["source"].to_numpy(np.int64), links["target"].to_numpy(np.int64)
        before[target] = source
        if (np.diff(source) < 0).any() or (np.diff(target)[np.diff(source) == 0] < 0).any():
            order = np.lexsort((target, source))
            source, target, links = source[order], target[order], links.iloc[order]
        second = np.append(False, np.diff(source) == 0)[: len(source)]
        after[source, second.astype(np.int64)] = target
        values: dict[str, NDArray[Any]] = {}
        for name in map(str, links.columns):
            if name not in (*LINK_COLUMNS[:2], BY_HAND):
                values[name] = np.full(n, np.nan)
                values[name][target] = links[name].to_numpy(np.float64)
        by_hand, gone = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        if BY_HAND in links.columns:
            by_hand[target] = links[BY_HAND].to_numpy(np.bool_)
        if dropped is not None:
            gone[dropped] = True
        return cls(before, after, values, by_hand, gone)

    def apply(self, edit: LinkEdit, places: Places) -> list[str]:
        """Apply one edit; gives back what of it is lost."""
        claims = edit.claims()
        pairs = (*claims.made, *claims.cut)
        rows, lost = _rows({cell for pair in pairs for cell in pair}, places)
        if lost:
            return lost
        gone, lost = _rows(set(claims.gone), places)
        for source, target in claims.cut:
            if self.before[rows[target]] == rows[source]:
                self.unlink(rows[target])
        for row in sorted(gone.values()):
            self.drop(row)
        wanted: dict[int, list[int]] = {}
        for source, target in claims.made:
            wanted.setdefault(rows[source], []).append(rows[target])
        for row, targets in wanted.items():
            self.link(row, targets, places)
        return lost

    def link(self, source: int, targets: list[int], places: Places) -> None:
        """Make these, at most two, the only targets of a cell; links that are there already keep what is known."""
        for other in self.after[source].tolist():
            if other >= 0 and other not in targets:
                self.unlink(other)
        for target in targets:
            self.dropped[[source, target]] = False
            if self.before[target] != source:
                self.unlink(target)
                self.before[target] = source
                for name, values in self.values.items():
                    values[target] = 1.0 if name == CONFIDENCE else np.nan
                if "cost" in self.values:
                    self.values["cost"][target] = np.hypot(*(places.at[target] - places.at[source]))
            if CONFIDENCE in self.values:
                self.values[CONFIDENCE][target] = 1.0
            self.by_hand[target] = True
        self.after[source] = min(targets), max(targets) if len(targets) > 1 else -1

    def unlink(self, target: int) -> None:
        """Take away the link to a cell, if there is one."""
        source = int(self.before[target])
        if source < 0:
            return
        left = [other for other in self.after[source].tolist() if other not in (target, -1)]
        self.after[source] = left[0] if left else -1, -1
        self.before[target] = -1
        self.by_hand[target] = False

    def drop(self, row: int) -> None:
        """What was found in this row is no cell."""
        self.unlink(row)
        for target in self.after[row].tolist():
            if target >= 0:
                self.unlink(target)
        self.dropped[row] = True

    def links(self) -> pd.DataFrame:
        """As a table, with `BY_HAND` where any link is."""
        import pandas as pd

        target = self.after.ravel()  # in the order of sources, and of the two targets of one
        target = target[target >= 0]
        columns: dict[str, NDArray[Any]] = {"source": self.before[target], "target": target}
        names = ("cost", *(name for name in self.values if name != "cost"))
        columns |= {name: self.values[name][target] for name in names}
        by_hand = self.by_hand[target]
        if by_hand.any():
            columns[BY_HAND] = by_hand
        return pd.DataFrame(columns, copy=False)


def without(cells: pd.DataFrame, links: pd.DataFrame, dropped: Ints) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables without the dropped rows and their links, in the new row numbers."""
    return cells_without(cells, dropped), links_without(links, dropped, len(cells))


def cells_without(cells: pd.DataFrame, dropped: Ints) -> pd.DataFrame:
    """The cell table without the dropped rows."""
    import pandas as pd

    if not len(dropped):
        return cells
    left = cells.take(np.delete(np.arange(len(cells)), dropped))
    left.index = pd.RangeIndex(len(left))
    return left


def links_without(links: pd.DataFrame, dropped: Ints, n: int) -> pd.DataFrame:
    """Links without those of dropped rows (of `n`), in the row numbers that the other rows have without them."""
    import pandas as pd

    if not len(dropped):
        return links
    kept = np.ones(n, np.bool_)
    kept[dropped] = False
    number = np.cumsum(kept) - 1
    source, target = links["source"].to_numpy(np.int64), links["target"].to_numpy(np.int64)
    there = kept[source] & kept[target]
    if not there.all():
        links, source, target = links[there], source[there], target[there]
    columns = {"source": number[source], "target": number[target]}
    columns |= {str(name): links[name].to_numpy() for name in links if name not in columns}
    if MERGED in columns:
        ended = columns[MERGED].astype(np.float64)
        row = np.nan_to_num(ended).astype(np.int64)
        columns[MERGED] = np.where(np.isfinite(ended) & kept[row], number[row], np.nan)
    return pd.DataFrame(columns, copy=False)


def _rows(wanted: set[CellRef], places: Places) -> tuple[dict[CellRef, int], list[str]]:
    """Row of each cell, and what is wrong with those that have none, or one that another has too."""
    rows, lost = dict[CellRef, int](), list[str]()
    for ref in sorted(wanted, key=lambda one: (one.frame, one.y, one.x)):
        found = places.fitting(ref)
        if len(found) != 1:
            lost.append(f"{ref}: {'no cell fits' if not len(found) else f'{len(found)} cells fit'}")
        elif int(found[0]) in rows.values():
            lost.append(f"{ref}: the cell there fits another that the edit names as well")
        else:
            rows[ref] = int(found[0])
    return rows, lost
