"""Crops and paths of windows as batches for a net."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from napari_cellstate.core.crops import Crops
from napari_cellstate.core.errors import InputError
from napari_cellstate.learn.autoencoding import turned
from napari_cellstate.learn.bands import BandScale
from napari_cellstate.learn.objectives import Batch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SAMPLE = 512
Turn = Literal["align", "augment", "none"]
"""How crops are turned: motion to the right, another angle each time, or not at all."""


@dataclass(frozen=True, eq=False)
class CropBatches:
    """Batches of crops and paths.

    Attributes
    ----------
    crops : where they are read from.
    turn : how they are turned.
    bands : how shares of bands are normalised.
    step : a typical step between frames, um or px; longer ones are compressed.
    """

    crops: Crops
    turn: Turn
    bands: BandScale
    step: float

    @property
    def channels(self) -> int:
        """Grey levels, parts of the bands, and the mask."""
        return 2 + len(self.bands.mix)

    @property
    def steps(self) -> int:
        """Frames of a window."""
        return int(self.crops.rows.shape[1])

    def __call__(self, rows: Ints, generator: torch.Generator | None = None) -> Batch:
        """``x`` (B, T, C, S, S), ``path`` (B, T, 2), ``seen`` (B, T); the generator draws angles."""
        pictures, masks, seen = self.crops.batch(rows)
        grain = self.bands.parts(pictures[:, :, 1:]) * masks
        x = torch.from_numpy(np.concatenate([pictures[:, :, :1], grain, masks], axis=2))
        angle = torch.from_numpy(self._angles(rows, generator))
        if self.turn != "none":
            pixels = self.crops.wish.pixels
            each = angle.float().repeat_interleave(self.steps)
            flat = turned(x.flatten(0, 1), each, pixels)
            x = flat.view(len(rows), self.steps, *flat.shape[1:])
        path = torch.from_numpy(turned_path(compressed(self.crops.positions[rows], self.step), angle.numpy()))
        return {"x": x, "path": path.float(), "seen": torch.from_numpy(seen)}

    def _angles(self, rows: Ints, generator: torch.Generator | None) -> Floats:
        if self.turn == "align":
            return headings(self.crops.positions[rows])
        if self.turn == "augment" and generator is not None:
            return (torch.rand(len(rows), generator=generator, dtype=torch.float64) * 2 * np.pi).numpy()
        return np.zeros(len(rows))

    def card(self) -> dict[str, Any]:
        """What `like` needs, as plain values."""
        return {"turn": self.turn, **self.bands.card(), "step": self.step}

    @classmethod
    def like(cls, crops: Crops, card: Mapping[str, Any]) -> CropBatches:
        """Batches that look to a net as those that it was trained with."""
        return cls(crops, card["turn"], BandScale.of_card(card), card["step"])


def crop_batches(crops: Crops, turn: Turn, train: Ints, seed: int) -> CropBatches:
    """Batches whose bands and steps are normalised by a sample of the rows to learn from."""
    some = np.sort(np.random.default_rng(seed).permutation(train)[:_SAMPLE])
    pictures, masks, _ = crops.batch(some)
    if not masks.any():
        raise InputError("crops: no pixel of a cell in them; are these the labels of these movies?")
    bands = BandScale.fit(pictures[:, :, 1:], masks)
    lengths = np.linalg.norm(np.diff(crops.positions[train], axis=1), axis=-1)
    lengths = lengths[np.isfinite(lengths) & (lengths > 0)]
    return CropBatches(crops, turn, bands, float(np.median(lengths)) if len(lengths) else 1.0)


def headings(positions: Floats) -> Floats:
    """Direction of motion of each window, (N,), rad from x towards y; 0 where a cell does not move.

    Parameters
    ----------
    positions : (N, T, 2), y and x, NaN where missing.
    """
    known = np.isfinite(positions[..., 0])
    first = known.argmax(axis=1)
    last = positions.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    every = np.arange(len(positions))
    away = np.nan_to_num(positions[every, last] - positions[every, first])
    return np.asarray(np.arctan2(away[:, 0], away[:, 1]))


def compressed(positions: Floats, step: float) -> Floats:
    """Steps of a path, (N, T, 2), the first 0: direction kept, length l as log(1 + l / step); 0 where not known."""
    moves = np.zeros_like(positions)
    moves[:, 1:] = np.nan_to_num(np.diff(positions, axis=1)) / step
    length = np.linalg.norm(moves, axis=-1, keepdims=True)
    return np.asarray(moves * np.where(length > 0, np.log1p(length) / np.where(length > 0, length, 1), 0))


def turned_path(moves: Floats, angle: Floats) -> Floats:
    """Moves (N, T, 2), y and x, turned so that a direction of `angle` rad lies along x; given back as x and y."""
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    y, x = moves[..., 0], moves[..., 1]
    return np.stack([cosine * x + sine * y, cosine * y - sine * x], axis=-1)
