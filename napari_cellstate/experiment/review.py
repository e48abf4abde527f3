"""Review of links: the queue of doubtful ones, a random sample to judge, and the error rate that comes of it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.cell_ref import CellRef, Places
from napari_cellstate.core.edits import History
from napari_cellstate.core.review_edits import Accept, Judge
from napari_cellstate.core.tables import BY_HAND
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.metrics.doubts import Doubts, doubts
from napari_cellstate.metrics.error_rate import ErrorRate, draw_keys, error_rate

if TYPE_CHECKING:
    import pandas as pd

Bools = NDArray[np.bool_]

SAMPLE_SIZE = 50


@dataclass(frozen=True)
class LinkItem:
    """One link to look at.

    Attributes
    ----------
    movie : its movie.
    cells : the earlier cell, and the later ones: two where it divides.
    track, frame : of the later cell (the first), where to look.
    doubt : 0 to 1.
    reasons : names of `metrics.doubts.REASONS`.
    """

    movie: str
    cells: tuple[CellRef, ...]
    track: int
    frame: int
    doubt: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class MovieReview:
    """Links of one movie, to be looked at.

    Attributes
    ----------
    movie : its name.
    tracks : as they are now.
    history : corrections and reviews in force.
    """

    movie: str
    tracks: Tracks
    history: History

    @classmethod
    def of(cls, experiment: Experiment, movie: str) -> MovieReview:
        """Read it."""
        return cls(movie, experiment.tracks(movie), experiment.history)

    @cached_property
    def doubts(self) -> Doubts:
        """About every link."""
        return doubts(self.tracks.cells, self.tracks.links)

    def queue(self) -> NDArray[np.int64]:
        """Rows of doubtful links, the most doubtful first; a division is there once. What was accepted is left out."""
        order = self.doubts.queue(self._accepted())
        _, first = np.unique(self._source[order], return_index=True)
        return order[np.sort(first)]

    def item(self, row: int) -> LinkItem:
        """A link, by its row, with its sister where it divides."""
        source, target = self._source, self.tracks.links["target"].to_numpy(np.int64)
        mine = [int(target[row]), *(int(target[at]) for at in np.flatnonzero(source == source[row]) if at != row)]
        return LinkItem(
            self.movie,
            tuple(self._places.ref(cell) for cell in (int(source[row]), *mine)),
            int(self.tracks.track[mine[0]]),
            int(self._places.frame[mine[0]]),
            float(self.doubts.score[row]),
            tuple(str(self.doubts.reasons[row]).split()),
        )

    def keys(self, sample: int) -> NDArray[np.uint64]:
        """Random number of each link in a sample."""
        target = self.tracks.links["target"].to_numpy(np.int64)
        at = self._places.at[target]
        own = sample + (zlib.crc32(self.movie.encode()) << 16)
        return draw_keys(self._places.frame[target], at[:, 0], at[:, 1], own)

    def pair(self, row: int) -> tuple[CellRef, CellRef]:
        """Both cells of a link."""
        target = int(self.tracks.links["target"].iloc[row])
        return self._places.ref(int(self._source[row])), self._places.ref(target)

    @cached_property
    def _places(self) -> Places:
        return Places.of(self.tracks.cells)

    @property
    def _source(self) -> NDArray[np.int64]:
        return self.tracks.links["source"].to_numpy(np.int64)

    def _accepted(self) -> Bools:
        """Links that were accepted: those from the same cell to the same cells."""
        links, places = self.tracks.links, self._places
        target = links["target"].to_numpy(np.int64)
        seen = np.zeros(len(links), np.bool_)
        for one in self.history.of_class(Accept):
            if one.movie != self.movie:
                continue
            rows = [places.fitting(cell) for cell in one.cells]
            if any(len(found) != 1 for found in rows):
                continue
            source, *targets = (int(found[0]) for found in rows)
            mine = np.flatnonzero(self._source == source)
            if sorted(target[mine].tolist()) == sorted(targets):
                seen[mine] = True
        return seen


@dataclass(frozen=True)
class SampleItem:
    """A link of a sample, to be judged.

    Attributes
    ----------
    movie, source, target : the link.
    track, frame : of its later cell.
    """

    movie: str
    source: CellRef
    target: CellRef
    track: int
    frame: int

    def judge(self, sample: int, verdict: Any) -> Judge:
        """The verdict as an edit."""
        return Judge(movie=self.movie, source=self.source, target=self.target, sample=sample, verdict=verdict)


def sample_links(
    experiment: Experiment | str | Path, sample: int, size: int = SAMPLE_SIZE
) -> tuple[list[SampleItem], list[bool]]:
    """Links drawn at random from all linked movies together, and which of them were judged already.

    Parameters
    ----------
    sample : number of the sample, from 1; another draws other links.
    """
    experiment = as_experiment(experiment)
    found: list[tuple[int, MovieReview, int]] = []
    for entry in experiment.movies:
        if experiment.record("link", entry.name) is None:
            continue
        review = MovieReview.of(experiment, entry.name)
        keys = review.keys(sample)
        found += [(int(keys[row]), review, row) for row in np.argsort(keys, kind="stable")[:size].tolist()]
    items, judged = [], set[tuple[str, int, float, float]]()
    for one in experiment.history.of_class(Judge):
        if one.sample == sample:
            judged.add(_place(one.movie, one.target))
    for _, review, row in sorted(found, key=lambda one: one[0])[:size]:
        source, target = review.pair(row)
        cell = int(review.tracks.links["target"].iloc[row])
        items.append(SampleItem(review.movie, source, target, int(review.tracks.track[cell]), target.frame))
    return items, [_place(item.movie, item.target) in judged for item in items]


def measured_error(experiment: Experiment | str | Path) -> ErrorRate:
    """Error rate of the links in the last sample that was judged; of a link judged twice the later verdict counts."""
    judged = as_experiment(experiment).history.of_class(Judge)
    last = max((one.sample for one in judged), default=0)
    verdicts = {_place(one.movie, one.target): one.verdict for one in judged if one.sample == last}
    return error_rate(list(verdicts.values()))


def tracking_summary(experiment: Experiment | str | Path) -> dict[str, Any]:
    """What a reader should know of the links: how many, corrected, accepted, and their measured error rate.

    Returns
    -------
    ``{"links", "by_hand", "corrections", "accepted", "error": as `ErrorRate.record`, "words": [sentences]}``.
    """
    experiment = as_experiment(experiment)
    links = by_hand = 0
    for entry in experiment.movies:
        if experiment.movie_paths(entry.name).links.exists():
            table = experiment.links(entry.name)
            links += len(table)
            by_hand += int(table[BY_HAND].sum()) if BY_HAND in table.columns else 0
    history, error = experiment.history, measured_error(experiment)
    corrections = sum(edit.stage == "link" for edit in history.done)
    words = [f"{links} links, {by_hand} of them made by hand in {corrections} corrections."]
    words.append(
        f"Link errors: {error.words()}."
        if error.judged
        else "Link errors were not measured: judge a random sample (Review, Sample 50) to know how many are wrong."
    )
    return {
        "links": links,
        "by_hand": by_hand,
        "corrections": corrections,
        "accepted": len(history.of_class(Accept)),
        "error": error.record(),
        "words": words,
    }


def quality_table(experiment: Experiment | str | Path) -> pd.DataFrame:
    """`metrics.track_quality` of every linked movie, with a column `movie`."""
    import pandas as pd

    from napari_cellstate.metrics.track_quality import track_quality

    experiment = as_experiment(experiment)
    names = [entry.name for entry in experiment.movies if experiment.record("link", entry.name) is not None]
    tables = [track_quality(experiment.tracks(name)).assign(movie=name) for name in names]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["movie", "track"])


def _place(movie: str, cell: CellRef) -> tuple[str, int, float, float]:
    return movie, cell.frame, round(cell.y, 2), round(cell.x, 2)
