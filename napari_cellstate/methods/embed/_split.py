"""Which rows a net learns from, and which ones it is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Ints

if TYPE_CHECKING:
    from anndata import AnnData

_SHARE = 0.2
_MOVIES = 5  # from so many movies on, whole movies are kept apart


@dataclass(frozen=True, eq=False)
class Split:
    """Rows to learn from and rows to be judged by; no track is on both sides.

    Attributes
    ----------
    train, check : (n,) row numbers.
    words : how they were split, for people.
    """

    train: Ints
    check: Ints
    words: str


def split_rows(behavior: AnnData, seed: int) -> Split:
    """Keep a fifth apart: whole movies where there are five or more, else whole families of tracks.

    Neighbouring windows share frames, and daughters look like their mother, so rows are never split one by one.

    Raises
    ------
    InputError
        All rows are of one track or one family.
    """
    obs = behavior.obs
    movie = np.unique(obs["movie"].to_numpy(str), return_inverse=True)[1]
    family = obs["lineage" if "lineage" in obs else "track"].to_numpy(np.int64)
    by_movie = len(np.unique(movie)) >= _MOVIES
    groups = movie if by_movie else np.unique(np.stack([movie, family]), axis=1, return_inverse=True)[1].ravel()
    count = int(groups.max(initial=-1)) + 1
    if count < 2:
        raise InputError(
            f"embed: all {len(groups)} windows are of one track and its daughters; a net needs tracks that it has not "
            "learnt from to be judged by: add tracks or movies, or choose pca"
        )
    order = np.random.default_rng(seed).permutation(count)
    kept = order[: max(1, round(_SHARE * count))]
    apart = np.isin(groups, kept)
    of = "movies" if by_movie else "families of tracks"
    return Split(np.flatnonzero(~apart), np.flatnonzero(apart), f"{len(kept)} of {count} {of} kept apart")
