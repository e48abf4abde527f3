"""Pins inside the assignment: what may not be looked at, and what is taken as given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.pins import Pins
from napari_cellstate.methods.link._links import Links
from napari_cellstate.methods.link._points import Points

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SURE = 50.0
"""Worth of a pinned link, nats."""


@dataclass(frozen=True, eq=False)
class Held:
    """Pins in rows of `Points`.

    Attributes
    ----------
    next : (N,) the cell of the next frame that each must be linked to by the first pass, -1 for none.
    source, target : (N,) whether a cell is the source, the target of a pinned link: it takes part in no other.
    rest : pinned links that the first pass cannot make: over gaps, and to second daughters.
    never : codes of links that must not be, ascending.
    """

    next: Ints
    source: Bools
    target: Bools
    rest: Ints
    never: Ints

    @classmethod
    def of(cls, points: Points, pins: Pins) -> Held:
        """From pins in rows of `Points`."""
        n = len(points.at)
        block = np.repeat(np.arange(len(points.frames)), np.diff(points.bounds))
        source, target = pins.must.T
        near = (block[target] == block[source] + 1) & points.follows()[block[source]]
        _, first = np.unique(np.where(near, source, -1), return_index=True)  # of two daughters the one in the first row
        direct = np.zeros(len(source), np.bool_)
        direct[first] = True
        direct &= near
        following, sources, targets = np.full(n, -1), np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        following[source[direct]] = target[direct]
        sources[source] = targets[target] = True
        return cls(following, sources, targets, pins.must[~direct], np.sort(pins.never[:, 0] * n + pins.never[:, 1]))

    def allowed(self, source: Ints, target: Ints) -> Bools:
        """Of candidate links, those that pins leave open."""
        code = source * len(self.next) + target
        at = np.minimum(np.searchsorted(self.never, code), len(self.never) - 1)
        barred = self.never[at] == code if len(self.never) else np.zeros(len(code), np.bool_)
        return np.asarray(~self.source[source] & ~self.target[target] & ~barred)

    def links(self) -> Links:
        """Those of `rest`."""
        n = len(self.rest)
        return Links(self.rest[:, 0], self.rest[:, 1], np.full(n, SURE), np.ones(n))
