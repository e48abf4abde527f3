"""Where a net runs: CUDA, MPS or the processor, and whether bfloat16 pays there."""

from __future__ import annotations

import torch

from napari_cellstate.core.errors import InputError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(wanted: str = "auto") -> torch.device:
    """Device of a name; "auto" takes CUDA, then MPS, then the processor.

    Raises
    ------
    InputError
        Unknown name, or a device that this machine does not have.
    """
    if wanted not in DEVICES:
        raise InputError(f"device {wanted!r}: expected one of {', '.join(DEVICES)}")
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name, is_there in there.items() if is_there))
    if not there[wanted]:
        raise InputError(f"device {wanted!r}: torch finds none on this machine; use auto or cpu")
    return torch.device(wanted)


def has_fast_bfloat16(device: torch.device | None = None) -> bool:
    """Whether the device computes in bfloat16 natively; elsewhere it is emulated and slower than float32."""
    kind = device.type if device is not None else "cpu"
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if kind != "cpu":
        return False
    found = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return any(found.get(name, False) for name in ("avx512_bf16", "amx_bf16", "amx_tile", "bf16"))


def describe(device: torch.device) -> str:
    """What a user reads: the name of the card, or the processor and its threads."""
    if device.type == "cuda":
        return f"CUDA: {torch.cuda.get_device_name(device)}"
    if device.type == "mps":
        return "MPS: Apple graphics"
    return f"processor, {torch.get_num_threads()} threads"
