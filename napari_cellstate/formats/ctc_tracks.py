"""Tracks from a folder of the Cell Tracking Challenge: a point in the middle of each mask."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.given import GivenTracks
from napari_cellstate.formats.ctc import read_ctc

if TYPE_CHECKING:
    import pandas as pd


def read_ctc_tracks(folder: Path, pixel_size_um: float | None = None) -> GivenTracks:
    """Read tracks, parents and the centroids of the masks, whose numbers become labels.

    Give the same folder as labels to keep the masks too.

    Raises
    ------
    InputError
        What `read_ctc` raises; a mask of a track that is not listed, or not for this frame; a listed track without any
        mask.
    """
    import pandas as pd

    found = read_ctc(folder)
    listed = found.tracks
    number = {int(one): at for at, one in enumerate(listed["L"], start=1)}
    number[0] = 0
    span = dict(zip(listed["L"].tolist(), zip(listed["B"].tolist(), listed["E"].tolist(), strict=True), strict=True))
    parent = dict(zip(listed["L"].tolist(), listed["P"].tolist(), strict=True))
    tables = []
    with closing(found.masks) as masks:
        for t in range(masks.shape[0]):
            tables.append(_centroids(np.asarray(masks.read(t, 0)), t))
    points = pd.concat(tables, ignore_index=True)
    for frame, label in zip(points["frame"].tolist(), points["label"].tolist(), strict=True):
        first, last = span.get(label, (0, -1))
        if not first <= frame <= last:
            raise InputError(
                f"{folder}: number {label} is in the image of frame {frame}, but no track of this number is listed "
                "for it; list it, or use the images as labels alone"
            )
    absent = sorted(set(span) - set(points["label"].tolist()))
    if absent:
        raise InputError(
            f"{folder}: track {absent[0]} is listed, but no image has a number {absent[0]}; take its line out of the "
            "list, or put its masks back"
        )
    points["track"] = points["label"].map(number).astype(np.int64)
    points["parent"] = points["label"].map(parent).map(number).astype(np.int64)
    return GivenTracks(points, "label", tuple(int(one) for one in listed["L"]))


def _centroids(image: np.ndarray[tuple[int, ...], np.dtype[np.uint32]], t: int) -> pd.DataFrame:
    import pandas as pd

    labels, inverse, count = np.unique(image, return_inverse=True, return_counts=True)
    flat = inverse.ravel()
    y, x = (np.bincount(flat, weights=axis.ravel()) / count for axis in np.indices(image.shape, np.float64))
    table = pd.DataFrame({"frame": np.full(len(labels), t, np.int64), "label": labels.astype(np.int64), "y": y, "x": x})
    return table[table["label"] > 0]
