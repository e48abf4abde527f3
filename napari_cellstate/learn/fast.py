"""OpenVINO, a quicker way to run a net on a processor, where it is installed (the extra `fast`)."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from napari_cellstate.nets.tiramisu import Tiramisu


def is_installed() -> bool:
    """Whether OpenVINO can be imported."""
    return importlib.util.find_spec("openvino") is not None


def compiled_net(net: Tiramisu, *, reduced: bool) -> Callable[[Tensor], Tensor]:
    """The same net, run by OpenVINO on the processor.

    Parameters
    ----------
    net : in float32 and evaluation mode.
    reduced : compute in bfloat16.

    Returns
    -------
    (B, channels, Y, X) to (B, classes, Y, X) float32, for any height and width. Relative error (root mean square)
    beside torch in float32: 1e-5, reduced 1e-2.
    """
    ov = importlib.import_module("openvino")
    example = torch.zeros(1, net.channels, 4 * net.layout.multiple, 4 * net.layout.multiple)
    with torch.no_grad():
        model = ov.convert_model(_Plain(net), example_input=example, input=[(-1, net.channels, -1, -1)])
    hint = {"INFERENCE_PRECISION_HINT": "bf16" if reduced else "f32", "PERFORMANCE_HINT": "LATENCY"}
    ready: Any = ov.Core().compile_model(model, "CPU", hint)

    def run(image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        below, right = (-height) % net.layout.multiple, (-width) % net.layout.multiple
        wide = nn.functional.pad(image.float(), (0, right, 0, below), mode="replicate") if below or right else image
        said = torch.from_numpy(ready(wide.float().contiguous().numpy())[0])
        return said[..., :height, :width]

    return run


class _Plain(nn.Module):
    """The forward pass without buffers that are written into, which cannot be traced."""

    def __init__(self, net: Tiramisu) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> Tensor:
        return self.net.concatenating(image)
