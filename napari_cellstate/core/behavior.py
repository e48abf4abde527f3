"""The behaviour table: one row per window of a track, as AnnData.

Names on disk, once. One id, (movie, track, frame), joins it with every other table we write.

obs
    movie, condition, replicate, track, parent, lineage, frame (the lower middle frame of the window), t0, t1
    (first and last frame), time_s, label (0 where the cell is missing in that frame), y, x (px); after `states`:
    cluster, state (1..k; states are ordered by mean speed), state_prob. What embeddings say of each row is in
    embed_NAME (of the first embedding) and EMBEDDING_NAME: `embed_sd`, `embed_surprise`.
X, layers["scaled"], var
    features in physical units where known; scaled: one scaling for all movies (median and MAD, after log1p where
    a feature is skewed and not negative); var: unit, definition, source, set, used (enters the scaled space), log,
    median, mad.
obsm
    ``X_NAME`` for each embedding; "state_posterior" (N, k).
uns
    "provenance": one JSON string; "window": window, stride and every in frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.looks import worn

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

OBS_KEYS = ("movie", "track", "frame")
STATE_COLUMNS = ("cluster", "state", "state_prob")
SCALED = "scaled"
POSTERIOR = "state_posterior"
NO_STATE = 0
DOUBTFUL = 0.7
"""Below this posterior a row counts as doubtful: drawn faint, and counted."""


_OF_EMBEDDINGS = {"sd": "", "surprise": "nats"}  # sd is a share of the prior's


def embedding_columns(behavior: AnnData) -> dict[str, str]:
    """Columns of `obs` that say how sure an embedding is of each row (sd) or how badly it explains it; their units."""
    prefixes = ["embed", *(name.removeprefix("X_") for name in behavior.obsm)]
    known = {f"{prefix}_{what}": unit for prefix in prefixes for what, unit in _OF_EMBEDDINGS.items()}
    return {name: known[name] for name in behavior.obs.columns if name in known}


def track_numbers(behavior: AnnData) -> NDArray[np.int64]:
    """A number for each track that is its own over all movies, (N,)."""
    pairs = behavior.obs["movie"].astype(str).str.cat(behavior.obs["track"].astype(str), sep="/")
    return np.unique(pairs.to_numpy(str), return_inverse=True)[1].astype(np.int64)


def row_name(movie: str, track: int, frame: int) -> str:
    """Name of a row in the AnnData index."""
    return f"{movie}/{track}/{frame}"


def state_name(state: int) -> str:
    """What a state is called: what the user calls it where looks are worn, else by its number."""
    return worn().names.get(state, f"state {state}")


def find_embedding(behavior: AnnData, wanted: str, where: str) -> tuple[str, NDArray[np.float64]]:
    """Name and coordinates (N, D) of an embedding, "" for the first; `where` names the caller in messages.

    Raises
    ------
    InputError
        There is none of that name.
    """
    names = [str(name).removeprefix("X_") for name in behavior.obsm if name != POSTERIOR]
    name = wanted or (names[0] if names else "")
    if name not in names:
        raise InputError(f"{where}: no embedding {wanted!r}; known: {', '.join(names) or 'none'}")
    return name, np.asarray(behavior.obsm[f"X_{name}"], np.float64)
