"""How much of the variance goes with cell type, condition, replicate: linear models, type II."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VarianceShares:
    """Share of the variance that each factor explains beyond the others.

    Attributes
    ----------
    factors : names.
    share : (K,) type II sum of squares over the total sum of squares, over all responses together.
    adjusted : (K,) the same less what as many levels of pure noise would explain (omega squared); may be negative.
    each : (K, F) `share` for each response.
    residual : what no factor explains.
    levels : (K,) degrees of freedom used.

    Notes
    -----
    These are descriptions, without a p: rows are cells, and cells are no n. Shares of factors that go together (all
    aged animals on one plate) add up to less than what the factors explain together: the variance that could be
    either's is given to neither. A factor that others lie in (replicates of one condition) is judged without them.
    """

    factors: tuple[str, ...]
    share: Floats
    adjusted: Floats
    each: Floats
    residual: float
    levels: NDArray[np.int64]

    def table(self) -> pd.DataFrame:
        """One row a factor: factor, share, adjusted, levels; then "residual"."""
        import pandas as pd

        return pd.DataFrame(
            {
                "factor": [*self.factors, "residual"],
                "share": [*self.share.tolist(), self.residual],
                "adjusted": [*self.adjusted.tolist(), np.nan],
                "levels": [*self.levels.tolist(), 0],
            }
        )


def variance_shares(values: NDArray[Any], factors: Mapping[str, NDArray[Any]]) -> VarianceShares:
    """Type II shares of variance.

    Parameters
    ----------
    values : (N, F) finite, in a common scaling: responses of larger variance weigh more.
    factors : name and (N,) level of each row.

    Raises
    ------
    InputError
        No factors, lengths differ, values not finite, or all the same.

    Notes
    -----
    Type II (Langsrud 2003, Stat Comput 13:163): a factor is compared in the model of all factors but those nested
    in it. A factor is nested in another if each of its levels occurs with one level of the other only.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or not factors or not np.isfinite(values).all():
        raise InputError(f"compare: values {values.shape}, {len(factors)} factors; expected (N, F) finite, one factor")
    codes = {name: _codes(name, levels, len(values)) for name, levels in factors.items()}
    names = tuple(codes)
    centred = values - values.mean(axis=0)
    total = (centred**2).sum(axis=0)
    if not total.sum():
        raise InputError("compare: all values are the same; there is no variance to share out")
    whole, whole_rank = _explained(centred, [codes[name] for name in names])
    noise = (total.sum() - whole.sum()) / max(len(values) - 1 - whole_rank, 1)
    sums, used = np.empty((len(names), values.shape[1])), np.empty(len(names), np.int64)
    for nth, name in enumerate(names):
        others = [codes[one] for one in names if one != name and not _nested(codes[one], codes[name])]
        with_it, rank = _explained(centred, [*others, codes[name]])
        without, rank_without = _explained(centred, others)
        sums[nth], used[nth] = with_it - without, rank - rank_without
    each = np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
    adjusted = (sums.sum(axis=1) - used * noise) / (total.sum() + noise)
    share = sums.sum(axis=1) / total.sum()
    return VarianceShares(names, share, adjusted, each, float(1 - whole.sum() / total.sum()), used)


def _codes(name: str, levels: NDArray[Any], rows: int) -> NDArray[np.int64]:
    if len(levels) != rows:
        raise InputError(f"compare: factor {name!r} has {len(levels)} levels for {rows} rows; expected one a row")
    return np.asarray(np.unique(np.asarray(levels).astype(str), return_inverse=True)[1], np.int64)


def _nested(inner: NDArray[np.int64], outer: NDArray[np.int64]) -> bool:
    pairs = len(np.unique(np.stack([inner, outer], axis=1), axis=0))
    return pairs == int(inner.max()) + 1 and int(inner.max()) > int(outer.max())


def _explained(centred: Floats, factors: list[NDArray[np.int64]]) -> tuple[Floats, int]:
    """Sum of squares explained by factors, (F,), and their rank beyond the mean."""
    if not factors:
        return np.zeros(centred.shape[1]), 0
    # rows with the same levels are one: the model is solved on cells of the design, weighted by their rows
    cells, cell = np.unique(np.stack(factors, axis=1), axis=0, return_inverse=True)
    cell = cell.ravel()
    rows = np.bincount(cell)
    sums = np.stack([np.bincount(cell, column) for column in centred.T], axis=1)
    design = np.concatenate([one[:, None] == np.arange(one.max() + 1) for one in cells.T], axis=1).astype(np.float64)
    design = np.concatenate([np.ones((len(cells), 1)), design], axis=1) * np.sqrt(rows)[:, None]
    left, size, _ = np.linalg.svd(design, full_matrices=False)
    kept = left[:, size > size[0] * 1e-9]
    projected = kept.T @ (sums / np.sqrt(rows)[:, None])
    return np.asarray((projected**2).sum(axis=0)), kept.shape[1] - 1
