"""A net for cells with its weights, ready to look at frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn

from napari_cellstate.core.errors import InputError
from napari_cellstate.learn import fast
from napari_cellstate.learn.cells.heads import outputs
from napari_cellstate.learn.device import choose_device, has_fast_bfloat16
from napari_cellstate.learn.weights import load_model
from napari_cellstate.methods.segment._cells.tiles import Tiling, over_tiles
from napari_cellstate.nets.tiramisu import Tiramisu


@dataclass(frozen=True, eq=False)
class CellNet:
    """A net on its device.

    Attributes
    ----------
    net : in evaluation mode, in the precision that it runs in.
    digest : of net, settings and weights.
    device : where it runs.
    quick : runs the net in its place (OpenVINO), or None.
    """

    net: Tiramisu
    digest: str
    device: torch.device
    quick: Callable[[Tensor], Tensor] | None = None

    @property
    def dtype(self) -> torch.dtype:
        """Precision of its inputs."""
        return next(self.net.parameters()).dtype

    @torch.no_grad()
    def maps(self, picture: Tensor, tiling: Tiling | None = None) -> Tensor:
        """All heads of a picture.

        Parameters
        ----------
        picture : (1, 2, Y, X), as `picture.channels` gives it.

        Returns
        -------
        (outputs, Y, X) float32, on the processor.
        """
        chosen = tiling or Tiling(batch=8 if self.device.type == "cuda" else 1)
        run, dtype = (self.quick, torch.float32) if self.quick is not None else (self.net, self.dtype)
        height, width = picture.shape[-2:]
        whole = _mirrored(picture, self.net.layout.multiple).to(self.device, dtype)
        return over_tiles(run, whole, chosen, self.net.layout.multiple)[0, :, :height, :width].cpu()


def _mirrored(picture: Tensor, multiple: int) -> Tensor:
    """Mirrored below and to the right up to a multiple; a repeated border, as a net pads, would be a stripe."""
    below, right = ((-n) % multiple for n in picture.shape[-2:])
    if below >= picture.shape[-2] or right >= picture.shape[-1]:
        return picture
    return nn.functional.pad(picture, (0, right, 0, below), mode="reflect")


def ready(
    net: Tiramisu, digest: str = "", device: str = "auto", *, reduced: bool | None = None, quick: bool = False
) -> CellNet:
    """Put a net on a device.

    Parameters
    ----------
    reduced : compute in bfloat16; None where the device is fast at it (0.5 % error, about half of the time).
    quick : use OpenVINO on the processor where it is installed; it takes some seconds to prepare.
    """
    where = choose_device(device)
    low = has_fast_bfloat16(where) if reduced is None else reduced
    if quick and where.type == "cpu" and fast.is_installed():
        return CellNet(net.eval(), digest, where, fast.compiled_net(net.eval(), reduced=low))
    there = net.to(where, torch.bfloat16 if low else torch.float32)
    there.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch forgets it in its stubs
    return CellNet(there.eval(), digest, where)


def read(folder: Path, device: str = "auto", *, quick: bool = False) -> CellNet:
    """Read a model for cells from its folder; the last few are kept in memory.

    Raises
    ------
    InputError
        What `load_model` refuses, or a model that is not for cells.
    """
    path = folder.resolve()
    config = path / "config.json"
    return _read(path, device, config.stat().st_mtime_ns if config.is_file() else 0, quick)


@lru_cache(maxsize=3)
def _read(folder: Path, device: str, changed: int, quick: bool) -> CellNet:
    net, config = load_model(folder)
    if not isinstance(net, Tiramisu) or (net.channels, net.classes) != (2, outputs()):
        raise InputError(
            f"{folder}: expected a model for cells (a tiramisu of 2 channels and {outputs()} outputs), found "
            f"{config.net} with {dict(config.settings)}; models lists those for cells"
        )
    return ready(net, config.digest, device, quick=quick)
