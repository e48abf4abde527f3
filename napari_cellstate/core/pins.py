"""Corrections as a linker sees them: links that must be, links that must not, and what is no cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.apply_links import LinkGraph, Lost
from napari_cellstate.core.cell_ref import Places
from napari_cellstate.core.link_edits import LinkEdit
from napari_cellstate.core.outline import Plane
from napari_cellstate.core.tables import make_links

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]


def _no_pairs() -> Ints:
    return np.empty((0, 2), np.int64)


@dataclass(frozen=True, eq=False)
class Pins:
    """Rows of a cell table.

    Attributes
    ----------
    must : (K, 2) links that there are: the source has no other targets, the target no other source.
    never : (M, 2) links that there are not.
    dropped : (D,) rows that are no cells.
    """

    must: Ints = field(default_factory=_no_pairs)
    never: Ints = field(default_factory=_no_pairs)
    dropped: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def __bool__(self) -> bool:
        return bool(len(self.must) or len(self.never) or len(self.dropped))

    def among(self, kept: Ints) -> Pins:
        """The same in a table of which only these rows are left, in this order; nothing dropped is among them."""
        rows = int(max((part.max(initial=-1) for part in (self.must, self.never, kept)), default=-1)) + 1
        place = np.full(rows + 1, -1)
        place[kept] = np.arange(len(kept))
        must, never = place[self.must], place[self.never]
        return Pins(must[(must >= 0).all(axis=1)], never[(never >= 0).all(axis=1)])


def pins_of(
    cells: pd.DataFrame, edits: Sequence[LinkEdit], plane: Callable[[int], Plane] | None = None
) -> tuple[Pins, tuple[Lost, ...]]:
    """What corrections say together (of two that differ, the later holds), and those that are lost.

    Parameters
    ----------
    plane : gives the labels of a frame, where there are masks.
    """
    graph, places = LinkGraph.of(cells, make_links([], [])), Places.of(cells, plane)
    never, lost = dict[tuple[int, int], None](), list[Lost]()
    for nth, edit in enumerate(edits):
        why = graph.apply(edit, places)
        lost += [Lost(nth, one) for one in why]
        if not why:
            claims = edit.claims()
            never |= {_pair(places, pair): None for pair in claims.cut}
            for pair in claims.made:
                never.pop(_pair(places, pair), None)
    target = np.flatnonzero(graph.before >= 0)
    must = np.stack([graph.before[target], target], axis=1)
    return Pins(must, np.array(list(never), np.int64).reshape(-1, 2), np.flatnonzero(graph.dropped)), tuple(lost)


def hold(cells: pd.DataFrame, links: pd.DataFrame, pins: Pins) -> pd.DataFrame:
    """Links that a linker made without knowing the pins, changed as little as makes them hold."""
    if not pins:
        return links
    graph, places = LinkGraph.of(cells, links), Places.of(cells)
    for row in pins.dropped.tolist():
        graph.drop(row)
    for source, target in pins.never.tolist():
        if graph.before[target] == source:
            graph.unlink(target)
    wanted: dict[int, list[int]] = {}
    for source, target in pins.must.tolist():
        wanted.setdefault(source, []).append(target)
    for source, targets in wanted.items():
        graph.link(source, targets, places)
    return graph.links()


def _pair(places: Places, pair: tuple[object, object]) -> tuple[int, int]:
    source, target = (int(places.fitting(ref)[0]) for ref in pair)  # type: ignore[arg-type]
    return source, target
