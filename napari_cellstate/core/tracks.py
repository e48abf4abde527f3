"""Cells and links, read as tracks: tracklets, parents and lineages."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.tables import BY_HAND, check_cells, check_links, merges

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tracks:
    """A frozen pair of tables, and the tracks that follow from them.

    A track is a tracklet: it ends where the cell divides and at a gap of more than `max_gap` missing frames that
    nobody closed by hand. A daughter, and what follows such a gap, is a track of its own whose parent is the one
    before.

    Attributes
    ----------
    cells, links : tables as `core.tables` describes them; checked here.
    max_gap : the most missing frames in a row inside one track.
    """

    cells: pd.DataFrame
    links: pd.DataFrame
    max_gap: int = 0
    where: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        prefix = f"{self.where}: " if self.where else ""
        check_cells(self.cells, f"{prefix}cells")
        check_links(self.cells, self.links, f"{prefix}links")

    @cached_property
    def _continues(self) -> NDArray[np.bool_]:
        """Per link: both its cells belong to one track."""
        source, target = self.links["source"].to_numpy(), self.links["target"].to_numpy()
        frame = self.cells["frame"].to_numpy()
        alone = np.bincount(source, minlength=len(self.cells))[source] == 1
        near = frame[target] - frame[source] <= self.max_gap + 1
        if BY_HAND in self.links.columns:
            near |= self.links[BY_HAND].to_numpy(np.bool_)
        return np.asarray(alone & near)

    @cached_property
    def before(self) -> Ints:
        """Row of the cell that each follows in its own track, (len(cells),); -1 for none."""
        before = np.full(len(self.cells), -1)
        source, target = self.links["source"].to_numpy(), self.links["target"].to_numpy()
        before[target[self._continues]] = source[self._continues]
        return before

    @cached_property
    def track(self) -> Ints:
        """Track of each cell, (len(cells),), numbered from 1 in the order of first cells."""
        return _numbered(self.before)

    @cached_property
    def parents(self) -> Ints:
        """Parent of each track, (n_tracks + 1,), indexed by track; 0 for none."""
        parents = np.zeros(self.n_tracks + 1, np.int64)
        between = self.links[~self._continues]
        parents[self.track[between["target"].to_numpy()]] = self.track[between["source"].to_numpy()]
        return parents

    @cached_property
    def lineages(self) -> Ints:
        """Lineage of each track, (n_tracks + 1,), indexed by track: the number of its first track."""
        lineages = np.arange(self.n_tracks + 1)
        for track in range(1, self.n_tracks + 1):  # a parent's number is always smaller than its child's
            if self.parents[track]:
                lineages[track] = lineages[self.parents[track]]
        return lineages

    @cached_property
    def merged_into(self) -> Ints:
        """Track that each seems to have merged into, (n_tracks + 1,), indexed by track; 0 for none."""
        into = np.zeros(self.n_tracks + 1, np.int64)
        at, ended = merges(self.links)
        into[self.track[ended]] = self.track[self.links["target"].to_numpy()[at]]
        return into

    @property
    def n_tracks(self) -> int:
        """Number of tracks."""
        return len(self.cells) - int(np.count_nonzero(self._continues))  # each is a path: one cell more than links

    def table(self) -> pd.DataFrame:
        """One row a track.

        Columns: track, parent, lineage, first_frame, last_frame, n_cells, n_missing, divides, merged_into (0: none).
        """
        import pandas as pd

        frame, track = self.cells["frame"].to_numpy(), self.track
        n = self.n_tracks
        first = np.full(n + 1, np.iinfo(np.int64).max)
        last = np.full(n + 1, -1)
        np.minimum.at(first, track, frame)
        np.maximum.at(last, track, frame)
        count = np.bincount(track, minlength=n + 1)
        mothers = self.links["source"].to_numpy()[~self._continues]
        divides = np.bincount(track[mothers], minlength=n + 1) > 1
        rows = slice(1, None)
        return pd.DataFrame(
            {
                "track": np.arange(1, n + 1),
                "parent": self.parents[rows],
                "lineage": self.lineages[rows],
                "first_frame": first[rows],
                "last_frame": last[rows],
                "n_cells": count[rows],
                "n_missing": (last - first + 1 - count)[rows],
                "divides": divides[rows],
                "merged_into": self.merged_into[rows],
            }
        )


def _numbered(before: Ints) -> Ints:
    """Number of the chain that each node is in, from 1 in the order of first nodes; a node follows an earlier one."""
    first = np.where(before >= 0, before, np.arange(len(before)))
    further = first[first]
    while (further != first).any():  # each round looks twice as far back
        first, further = further, further[further]
    return np.asarray(np.cumsum(before < 0)[first], np.int64)
