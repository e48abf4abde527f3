"""Looking into a code: traversals, interpolations and reconstructions of a trained autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_cellstate.nets.sequence_vae import SequenceVAE

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Decoded:
    """What codes stand for.

    Attributes
    ----------
    values : (N, F) features, (N, C, Y, X) crops or (N, T, C, Y, X) sequences, as the net was trained on.
    path : (N, T, 2), x and y of the steps of the path, compressed, where the net knows one; else (N, 0, 2).
    """

    values: NDArray[np.float32]
    path: NDArray[np.float32]


def decode(net: nn.Module, codes: Floats) -> Decoded:
    """What each code stands for.

    Parameters
    ----------
    codes : (N, latent).
    """
    z = torch.from_numpy(np.asarray(codes, np.float32)).to(next(net.parameters()).device)
    with torch.no_grad():
        made = net.decode(z)  # type: ignore[operator]
    values, _, path = made if isinstance(net, SequenceVAE) else (made, None, z.new_zeros((len(z), 0, 2)))
    return Decoded(_plain(values), _plain(path))


def traversal(code: Floats, dims: Sequence[int], *, reach: float = 2.0, count: int = 7) -> Floats:
    """Codes along each of some dimensions, through a code.

    Parameters
    ----------
    code : (latent,), where to start from: a cell's, or 0, the middle of the prior.
    reach : how far to go to each side, in standard deviations of the prior.
    count : codes along a dimension.

    Returns
    -------
    (len(dims), count, latent); only one dimension of each differs from `code`.
    """
    codes = np.broadcast_to(np.asarray(code, np.float64), (len(dims), count, len(code))).copy()
    for nth, dim in enumerate(dims):
        codes[nth, :, dim] = np.linspace(-reach, reach, count)
    return codes


def interpolation(first: Floats, last: Floats, count: int = 9) -> Floats:
    """Codes on the straight line between two, both included, (count, latent)."""
    share = np.linspace(0.0, 1.0, count)[:, None]
    return np.asarray((1 - share) * first + share * last)


def _plain(values: Tensor) -> NDArray[np.float32]:
    out: NDArray[np.float32] = values.float().cpu().numpy()
    return out
