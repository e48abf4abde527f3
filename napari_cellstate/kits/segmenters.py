"""What every segmenter must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.families import Segmenter
from napari_cellstate.core.movie import Movie
from napari_cellstate.kits.expect import expect, same_bytes
from napari_cellstate.kits.inputs import SIZE, movie, runtime

if TYPE_CHECKING:
    from numpy.typing import NDArray


def labels_of(method: Segmenter, of: Movie) -> NDArray[np.uint32]:
    """Labels of all frames, (T, Y, X)."""
    return np.stack(list(method.estimated(of).frames(of, list(of.frames), runtime())))


def finds_plain_discs(method: Segmenter) -> None:
    """Discs much brighter than the noise are found, and are all that is found."""
    for case, n in ((movie(3, cells=2), 2), (movie(1, cells=1), 1)):
        labels = labels_of(method, case)
        expect(labels.dtype == np.uint32, f"labels must be uint32, not {labels.dtype}")
        expect(labels.shape == (len(case.frames), SIZE, SIZE), f"labels have shape {labels.shape}, not the image's")
        for t, frame in zip(case.frames, labels, strict=True):
            found, truth = len(np.unique(frame[frame > 0])), np.asarray(case.labels.read(t, 0))  # type: ignore[union-attr]
            expect(found == n, f"{found} cells where there are {n} discs on noise")
            expect(((frame > 0) == (truth > 0)).mean() > 0.97, "outlines do not follow plain discs")


def leaves_an_empty_frame_empty(method: Segmenter) -> None:
    """A frame without cells has none, those around it keep theirs."""
    labels = labels_of(method, movie(3, empty=(1,)))
    expect(not labels[1].any(), "cells were found in a frame that holds noise only")
    expect(bool(labels[0].any() and labels[2].any()), "no cells beside an empty frame")


def gives_the_same_bytes(method: Segmenter) -> None:
    """Same input, same bytes."""
    same_bytes(lambda: labels_of(method, movie()).tobytes())


def hands_frames_over_one_by_one(method: Segmenter) -> None:
    """Cancel lies between frames, so each is handed over before the next batch is taken."""
    of = movie(4)
    first = next(iter(method.estimated(of).frames(of, list(of.frames), runtime())))
    expect(first.shape == (SIZE, SIZE), "frames must come one by one, (Y, X) each")


def can_start_in_the_middle(method: Segmenter) -> None:
    """A run that was stopped goes on at the next frame, with the same result."""
    of = movie(4)
    late = np.stack(list(method.estimated(of).frames(of, [2, 3], runtime())))
    expect(bool((late == labels_of(method, of)[2:]).all()), "frames depend on those before them; a resumed run differs")


CHECKS = (
    finds_plain_discs,
    leaves_an_empty_frame_empty,
    gives_the_same_bytes,
    hands_frames_over_one_by_one,
    can_start_in_the_middle,
)
