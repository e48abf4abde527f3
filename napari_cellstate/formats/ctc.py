"""The layout of the Cell Tracking Challenge: a mask image a frame, and one line a track.

Its tracks have a cell in each of their frames, so one of ours with a gap becomes several, each the parent of the
next (https://celltrackingchallenge.net/annotations). Masks are 16-bit; with more than 65,535 tracks they are 32-bit,
which the challenge's own tools don't read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.atomic import replacing, write_text
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array, FrameSource
from napari_cellstate.formats.format import reading
from napari_cellstate.formats.labels import open_labels

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("L", "B", "E", "P")
"""Label, first and last frame, parent (0 for none)."""

_OURS = {"track": "L", "first_frame": "B", "last_frame": "E", "parent": "P"}
TRACK_FILES = ("res_track.txt", "man_track.txt")
_HIGHEST_16 = 2**16 - 1
_HIGHEST = 2**32 - 1

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CtcTracks:
    """What a folder of this layout holds.

    Attributes
    ----------
    masks : frames of track numbers, (T, 1, Y, X); close it after use.
    tracks : one row a track: L, B, E, P (int64), sorted by L.
    """

    masks: FrameSource
    tracks: pd.DataFrame


def split_gaps(cells: pd.DataFrame, tracks: pd.DataFrame) -> tuple[Ints, pd.DataFrame]:
    """Number the unbroken pieces of tracks.

    The first piece of a track keeps its number; later ones get numbers above all tracks, in the order of track and
    frame, and have the piece before as their parent. A daughter's parent is the last piece of its mother.

    Parameters
    ----------
    cells : one row a cell, in any order: frame, track.
    tracks : one row a track: track, parent (0 for none).

    Returns
    -------
    (len(cells),) label of each cell, and the table L, B, E, P, sorted by L.
    """
    import pandas as pd

    track, frame = cells["track"].to_numpy(np.int64), cells["frame"].to_numpy(np.int64)
    order = np.lexsort((frame, track))
    by_track, by_frame = track[order], frame[order]
    new_track = np.diff(by_track, prepend=-1) != 0
    starts = new_track | (np.diff(by_frame, prepend=0) != 1)
    piece = np.cumsum(starts) - 1
    owner, first = by_track[starts], by_frame[starts]
    last = by_frame[np.flatnonzero(np.append(starts[1:], True))] if len(by_frame) else by_frame
    begins = new_track[starts]
    highest = max(int(track.max(initial=0)), int(tracks["track"].max()) if len(tracks) else 0)
    label = np.where(begins, owner, highest + np.cumsum(~begins))
    final = dict(zip(owner.tolist(), label.tolist(), strict=True))  # the last piece of each track wins
    mothers = dict(zip(tracks["track"].tolist(), tracks["parent"].tolist(), strict=True))
    parent = np.array([final.get(mothers.get(one, 0), 0) for one in owner.tolist()], np.int64)
    parent[~begins] = label[np.flatnonzero(~begins) - 1]
    labels = np.empty(len(track), np.int64)
    labels[order] = label[piece]
    table = pd.DataFrame({"L": label, "B": first, "E": last, "P": parent}).sort_values("L", ignore_index=True)
    return labels, table


def write_ctc(
    folder: Path,
    frames: Iterable[tuple[int, Array]],
    tracks: pd.DataFrame,
    *,
    digits: int = 3,
    truth: bool = False,
) -> None:
    """Write ``mask000.tif`` ... and ``res_track.txt``; the same input gives the same bytes.

    Parameters
    ----------
    folder : made if missing; files of these names in it are replaced.
    frames : (frame number, (Y, X) array of track numbers, 0 is background), one by one.
    tracks : one row a track: L, B, E, P as `split_gaps` gives them, or track, first_frame, last_frame, parent.
    digits : the fewest that a frame number in a file name has; with tracks beyond frame 999 it is more by itself.
    truth : write ``man_track000.tif`` and ``man_track.txt`` instead, as the challenge names its truth.

    Raises
    ------
    InputError
        A track is missing in one of its frames (see `split_gaps`), or a number in an image is no track of that frame.
    """
    import tifffile

    table = tracks.rename(columns=_OURS)[list(COLUMNS)].astype(np.int64).sort_values("L", ignore_index=True)
    _check_tracks(table, str(folder))
    dtype = np.uint16 if table["L"].max() <= _HIGHEST_16 or not len(table) else np.uint32
    name = "man_track" if truth else "mask"
    digits = max(digits, len(str(table["E"].max()))) if len(table) else digits
    folder.mkdir(parents=True, exist_ok=True)
    for t, image in frames:
        path = folder / f"{name}{t:0{digits}d}.tif"
        _check_frame(np.asarray(image), t, table, path)
        with replacing(path) as temporary:
            tifffile.imwrite(
                temporary, np.asarray(image).astype(dtype), compression="zlib", metadata=None, software=False
            )
    lines = "".join(f"{L} {B} {E} {P}\n" for L, B, E, P in table.to_numpy().tolist())
    write_text(folder / ("man_track.txt" if truth else "res_track.txt"), lines)


def read_ctc(folder: Path) -> CtcTracks:
    """Open a folder with masks and ``res_track.txt`` or ``man_track.txt``.

    Raises
    ------
    InputError
        No such file, a line that is not four whole numbers, tracks that contradict themselves.
    """
    import pandas as pd

    found = [folder / name for name in TRACK_FILES if (folder / name).is_file()]
    if not found:
        raise InputError(
            f"{folder}: neither {' nor '.join(TRACK_FILES)} is here; expected one of them beside the masks"
        )
    with reading(str(found[0])):
        lines = found[0].read_text().splitlines()
    rows = [_parse(line, f"{found[0]}, line {n}") for n, line in enumerate(lines, start=1) if line.strip()]
    table = pd.DataFrame(np.array(rows, np.int64).reshape(-1, 4), columns=list(COLUMNS))
    table = table.sort_values("L", ignore_index=True)
    _check_tracks(table, str(found[0]))
    return CtcTracks(open_labels(folder), table)


def _parse(line: str, where: str) -> list[int]:
    parts = line.split()
    try:
        numbers = [int(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) != 4 or min(numbers) < 0 or max(numbers) > _HIGHEST:
        raise InputError(f"{where}: {line!r}; expected four whole numbers: label, first frame, last frame, parent")
    return numbers


def _check_tracks(table: pd.DataFrame, where: str) -> None:
    """Numbers are above 0 and occur once, a track ends after it begins, and after its parent."""
    ends: dict[int, int] = {}
    rows = table[list(COLUMNS)].to_numpy(np.int64).tolist()
    for track, begin, end, _ in rows:
        if track in ends or track < 1:
            raise InputError(f"{where}: track {track} is listed twice or below 1; expected each number once, from 1")
        if end < begin:
            raise InputError(f"{where}: track {track} ends in frame {end}, before it begins in frame {begin}")
        ends[track] = end
    for track, begin, _, parent in rows:
        if parent and parent not in ends:
            raise InputError(f"{where}: parent {parent} of track {track} is not listed; list it, or write 0")
        if parent and ends[parent] >= begin:
            raise InputError(
                f"{where}: track {track} begins in frame {begin}, its parent {parent} ends in frame {ends[parent]}; "
                "a parent must end before its daughter begins"
            )


def _check_frame(image: Array, t: int, table: pd.DataFrame, path: Path) -> None:
    expected = table["L"].to_numpy()[((table["B"] <= t) & (table["E"] >= t)).to_numpy()]
    found = np.unique(image)
    found = found[found != 0]
    lost, alien = np.setdiff1d(expected, found), np.setdiff1d(found, expected)
    if len(lost):
        raise InputError(f"{path}: track {lost[0]} has no pixel in frame {t}; split tracks at their gaps (split_gaps)")
    if len(alien):
        raise InputError(f"{path}: number {alien[0]} is in the image, but no track of this number is in frame {t}")
