"""Shares of bands as channels that a net reads: made free of one another, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pictures = NDArray[np.float32]

_LEAST = 1e-3


@dataclass(frozen=True, eq=False)
class BandScale:
    """Log shares of bands as parts that have variance 1 and are not correlated, one fewer than there are bands.

    Attributes
    ----------
    level : (bands,), mean log shares.
    mix : (parts, bands).

    Notes
    -----
    Shares of a whole sum to 1: what is more in one band is less in the others, and one of them is told by the rest
    (Aitchison 1982). Centred log ratios take that out; their principal components, each scaled to variance 1, let a net
    that rebuilds pixels pay as much for the second thing that grain can do as for the first.
    """

    level: Floats
    mix: Floats

    @classmethod
    def fit(cls, shares: Pictures, masks: Pictures) -> BandScale:
        """Fit to log shares (..., bands, Y, X), 0 where the masks (..., 1, Y, X) are; they count somewhere."""
        bands = shares.shape[-3]
        if not bands:
            return cls(np.zeros(0), np.zeros((0, 0)))
        values = np.moveaxis(shares, -3, -1)[masks[..., 0, :, :] > 0].astype(np.float64)
        level = values.mean(axis=0)
        ratios = np.eye(bands) - 1 / bands
        off = np.einsum("nb,bc->nc", values - level, ratios)
        variances, vectors = np.linalg.eigh(np.einsum("nb,nc->bc", off, off) / len(off))
        variances, vectors = variances[:0:-1], vectors[:, :0:-1]  # the least one is that of the sum: 0
        largest = np.abs(vectors).argmax(axis=0)
        vectors = vectors * np.sign(vectors[largest, np.arange(vectors.shape[1])])
        spread = np.maximum(np.sqrt(np.maximum(variances, 0)), _LEAST)
        return cls(level, (vectors / spread).T @ ratios)

    def parts(self, shares: Pictures) -> Pictures:
        """(..., bands, Y, X) to (..., parts, Y, X)."""
        off = shares - self.level.astype(np.float32)[:, None, None]
        return np.asarray(np.einsum("pb,...byx->...pyx", self.mix.astype(np.float32), off), np.float32)

    def shares(self, parts: Pictures) -> Pictures:
        """Log shares, up to what is common to all bands: (..., parts, Y, X) to (..., bands, Y, X)."""
        back = np.linalg.pinv(self.mix).astype(np.float32)
        off = np.einsum("bp,...pyx->...byx", back, parts)
        return np.asarray(off + self.level.astype(np.float32)[:, None, None], np.float32)

    def card(self) -> dict[str, Any]:
        """What `of_card` needs, as plain values."""
        return {"level": self.level.tolist(), "mix": self.mix.tolist()}

    @classmethod
    def of_card(cls, card: Mapping[str, Any]) -> BandScale:
        """As it was written."""
        level = np.array(card["level"], np.float64)
        return cls(level, np.array(card["mix"], np.float64).reshape(max(len(level) - 1, 0), len(level)))
