"""Parents in a track table: many ways to write "none"."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.sheet import Sheet

WHOLE = re.compile(r"-?(0|[1-9]\d*)(\.0*)?")
"""A whole number, as an id is written; 007 is text."""

Id = str | int
Ints = NDArray[np.int64]
log = logging.getLogger(__name__)


def find_parents(sheet: Sheet, name: str, ids: tuple[Id, ...], number: Ints) -> Ints:
    """Read the column of parents.

    Parameters
    ----------
    name : the column, "" for none.
    ids : ids of the tracks in order.
    number : (N,) track of each row, 1 + position in `ids`.

    Returns
    -------
    (n_tracks + 1,) parent of each track, indexed by track; 0 for none.

    Raises
    ------
    InputError
        Rows of one track name different parents.
    """
    import pandas as pd

    parents = np.zeros(len(ids) + 1, np.int64)
    if not name:
        return parents
    codes, uniques = pd.factorize(sheet.text(name))
    texts = [str(unique) for unique in uniques]
    position: dict[str, int] = {str(one): at for at, one in enumerate(ids, start=1)}
    keys = [str(int(text.split(".")[0])) if WHOLE.fullmatch(text) and text not in position else text for text in texts]
    none = {"", "-1"} - set(position)
    if "0" not in position or not none & set(keys):  # 0 is a parent only where something else stands for none
        none = none | {"0"}
    known = np.array([0 if key in none else position.get(key, -1) for key in keys], np.int64)
    per_row = known[codes]
    lost = sorted({keys[code] for code in codes[per_row < 0]})
    if lost:
        log.warning("%s: parents that are not in the table count as none: %s", sheet.path, ", ".join(lost[:10]))
    per_row = np.where((per_row < 0) | (per_row == number), 0, per_row)
    np.maximum.at(parents, number, per_row)
    differ = np.flatnonzero((per_row > 0) & (per_row != parents[number]))
    if len(differ):
        track = number[differ[0]]
        raise InputError(
            f"{sheet.path}, row {sheet.rows[differ[0]]}: track {ids[track - 1]} has parent "
            f"{ids[per_row[differ[0]] - 1]} here and {ids[parents[track] - 1]} elsewhere; expected one parent a track"
        )
    return parents


def check_forward(path: Path, ids: tuple[Id, ...], number: Ints, frame: Ints, parents: Ints) -> None:
    """Raise InputError unless every parent ends before its daughter begins."""
    first = np.full(len(ids) + 1, np.iinfo(np.int64).max)
    last = np.full(len(ids) + 1, -1)
    np.minimum.at(first, number, frame)
    np.maximum.at(last, number, frame)
    wrong = np.flatnonzero((parents > 0) & (last[parents] >= first))
    if len(wrong):
        track, parent = wrong[0], parents[wrong[0]]
        raise InputError(
            f"{path}: track {ids[track - 1]} begins in frame {first[track]}, its parent {ids[parent - 1]} ends "
            f"in frame {last[parent]}; a parent must end before its daughter begins"
        )
