"""What can be added to, and taken away from, tracks of a table before they are described."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.given import GivenTracks
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.windows import Windows
from napari_cellstate.experiment.given_windows import tracks_of_ids
from napari_cellstate.experiment.measuring import LabelFrames, match_points, measure_movie
from napari_cellstate.formats.labels import open_labels
from napari_cellstate.formats.movies import open_movie
from napari_cellstate.methods.measure.regions import Measure

if TYPE_CHECKING:
    import pandas as pd


_MISSED = "points of the table lie on no cell, or share one with another point; nothing was measured there"


def with_measures(
    given: GivenTracks, labels: Path, images: Path | None, axes: str, columns: Sequence[str], runtime: Runtime
) -> tuple[GivenTracks, list[str]]:
    """Measure the cells that the points lie on, and put the measures beside the points.

    Parameters
    ----------
    labels : label images, (T, Y, X); frame numbers of the table count from their first.
    images : the movie that they belong to, or None.
    axes : of the images (of the labels where there are none), where the file does not say.
    columns : to measure; those of channels are left out where there are no images. What compares two frames
        (protrusion, retraction, deformation) is added always.

    Returns
    -------
    The tracks with the columns, NaN where a point lies on no cell, and sentences that the user should read.
    """
    source = open_movie(images, axes=axes, time_given=True) if images else None
    with closing(source) if source else nullcontext():
        shape = (source.shape[0], *source.shape[2:]) if source else None
        with closing(open_labels(labels, axes="" if source else axes, time_given=True, shape=shape)) as masks:
            t, y, x = masks.shape[0], *masks.shape[2:]
            last = int(given.points["frame"].max()) if len(given.points) else 0
            if last >= t:
                raise InputError(f"{labels}: {t} frames, counted from 0, but the tracks have frame {last}")
            frames = LabelFrames(masks)
            movie = Movie(labels.name, (t, y, x), range(t), source=source, points=given)
            cells = measure_movie(movie, frames, Measure(), columns, runtime)
            cells, missed, _ = match_points(cells, given, frames, (y, x))
            notes = [f"{missed} of {len(given.points)} {_MISSED}"] if missed else []
            return _with_changes(_joined(given, cells), frames, runtime), notes


def _joined(given: GivenTracks, cells: pd.DataFrame) -> GivenTracks:
    matched = cells[cells["given_track"] > 0].rename(columns={"given_track": "track"})
    matched = matched.drop(columns=["y", "x", "given_parent"]).astype({"touches_border": np.float64})
    new = [name for name in matched if name not in ("frame", "track")]
    points = given.points.drop(columns=new, errors="ignore").merge(matched, on=["frame", "track"], how="left")
    lost = points["label"].isna().to_numpy()
    above = int(cells["label"].max()) if len(cells) else 0
    label = np.where(lost, above + points["track"].to_numpy(), points["label"].fillna(0).to_numpy())
    points["label"] = label.astype(np.int64)
    return replace(given, points=points.sort_values(["frame", "label"], ignore_index=True))


def _with_changes(given: GivenTracks, frames: LabelFrames, runtime: Runtime) -> GivenTracks:
    from napari_cellstate.methods.features._shape.outlines import COLUMNS, compare_outlines

    tracks = tracks_of_ids(given)
    changes = compare_outlines(Windows(tracks, 1, labels=frames), runtime)
    points = given.points.assign(**{name: changes[:, nth] for nth, name in enumerate(COLUMNS)})
    return replace(given, points=points)


def without_repeats(given: GivenTracks) -> GivenTracks:
    """Leave out positions that were probably filled in: their steps in and out are the same."""
    from napari_cellstate.methods.features._motility.repeats import find_repeats

    kept = ~find_repeats(tracks_of_ids(given))
    return replace(given, points=given.points[kept].reset_index(drop=True))


def without_drift(given: GivenTracks) -> tuple[GivenTracks, str]:
    """Take away what all cells do together from frame to frame; and a sentence on how far that was."""
    from napari_cellstate.methods.features._motility.drift import FEWEST, estimate_drift

    drift = estimate_drift(tracks_of_ids(given))
    at = drift[given.points["frame"].to_numpy()]
    points = given.points.assign(y=given.points["y"] - at[:, 0], x=given.points["x"] - at[:, 1])
    steps = np.linalg.norm(np.diff(drift, axis=0), axis=1)
    far = float(np.linalg.norm(drift[-1])) if len(drift) else 0.0
    note = (
        f"stage drift was taken away: {far:.1f} px from the first to the last frame, at most "
        f"{steps.max(initial=0.0):.1f} px in one; where cells really move together that movement went too, and steps "
        f"seen in fewer than {FEWEST} cells count as without drift"
    )
    return replace(given, points=points), note
