"""Review without a window: the doubtful links and the random sample as tables, and what was said of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.review_edits import Accept, Judge
from napari_cellstate.experiment.edit import Edited, edit
from napari_cellstate.experiment.review import SAMPLE_SIZE, MovieReview, measured_error, sample_links
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.metrics.error_rate import ErrorRate

if TYPE_CHECKING:
    import pandas as pd

    from napari_cellstate.core.cell_ref import CellRef

SAMPLE = 1
VERDICTS: tuple[str, ...] = get_args(Judge.model_fields["verdict"].annotation)


def doubtful_links(experiment: Experiment | str | Path, movie: str = "", most: int = 20) -> pd.DataFrame:
    """The most doubtful links that were not accepted, the most doubtful first.

    Parameters
    ----------
    movie : one movie; all that are linked without it.
    most : how many.

    Returns
    -------
    One row a link: movie, track, frame, y, x of its later cell (px), from_frame, from_y, from_x of the earlier one,
    doubt (0 to 1), reasons. A division is there once.
    """
    import pandas as pd

    experiment = as_experiment(experiment)
    found = []
    for name in [experiment.entry(movie).name] if movie else _linked(experiment):
        review = MovieReview.of(experiment, name)
        for row in review.queue()[:most].tolist():
            item = review.item(row)
            found.append((*_place(item.movie, item.track, item.cells[0], item.cells[1]), item.doubt, item.reasons))
    rows = [(*place, round(doubt, 4), ", ".join(why)) for *place, doubt, why in sorted(found, key=lambda one: -one[-2])]
    return pd.DataFrame(rows[:most], columns=[*_PLACE, "doubt", "reasons"])


def accept_link(experiment: Experiment | str | Path, movie: str, track: int, frame: int) -> Edited:
    """Say that the link to a cell is right: the queue does not show it again.

    Parameters
    ----------
    track, frame : of the later cell of the link.

    Raises
    ------
    InputError
        No link leads to such a cell.
    """
    experiment = as_experiment(experiment)
    review = MovieReview.of(experiment, experiment.entry(movie).name)
    target = review.tracks.links["target"].to_numpy(np.int64)
    frames = review.tracks.cells["frame"].to_numpy(np.int64)
    rows = np.flatnonzero((review.tracks.track[target] == track) & (frames[target] == frame))
    if not len(rows):
        raise InputError(
            f"movie {movie}: no link leads to track {track} in frame {frame}; list the doubtful ones for what there is"
        )
    item = review.item(int(rows[0]))
    return edit(experiment, Accept(movie=movie, cells=item.cells, reasons=item.reasons))


def sample_table(experiment: Experiment | str | Path, size: int = SAMPLE_SIZE) -> pd.DataFrame:
    """Links drawn at random from all movies, to be judged by their number.

    Returns
    -------
    One row a link: number (from 1), movie, track, frame, y, x of its later cell (px), from_frame, from_y, from_x of
    the earlier one, judged (bool).
    """
    import pandas as pd

    items, judged = sample_links(experiment, SAMPLE, size)
    rows = [
        (number, *_place(item.movie, item.track, item.source, item.target), done)
        for number, (item, done) in enumerate(zip(items, judged, strict=True), start=1)
    ]
    return pd.DataFrame(rows, columns=["number", *_PLACE, "judged"])


def judge_links(experiment: Experiment | str | Path, verdicts: Mapping[int, str], size: int = SAMPLE_SIZE) -> ErrorRate:
    """Judge links of the sample; the error rate that comes of all verdicts so far.

    Parameters
    ----------
    verdicts : "right", "wrong" or "unclear" by number of `sample_table`.

    Raises
    ------
    InputError
        There is no such number in the sample, or no such verdict; then nothing is written.
    """
    experiment = as_experiment(experiment)
    items, _ = sample_links(experiment, SAMPLE, size)
    for number, verdict in verdicts.items():
        if not 1 <= number <= len(items):
            raise InputError(f"link {number}: the sample has links 1 to {len(items)}")
        if verdict not in VERDICTS:
            raise InputError(f"link {number}: verdict {verdict!r}; expected one of {', '.join(VERDICTS)}")
    for number, verdict in verdicts.items():
        edit(experiment, items[number - 1].judge(SAMPLE, verdict))
    return measured_error(experiment)


_PLACE = ("movie", "track", "frame", "y", "x", "from_frame", "from_y", "from_x")


def _place(
    movie: str, track: int, source: CellRef, target: CellRef
) -> tuple[str, int, int, float, float, int, float, float]:
    y, x, from_y, from_x = (round(value, 1) for value in (target.y, target.x, source.y, source.x))
    return movie, track, target.frame, y, x, source.frame, from_y, from_x


def _linked(experiment: Experiment) -> list[str]:
    return [entry.name for entry in experiment.movies if experiment.record("link", entry.name) is not None]
