"""Every net that we have, made from its name and plain settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from napari_cellstate.core.errors import InputError
from napari_cellstate.nets.convgru import ConvGRU
from napari_cellstate.nets.layouts import LAYOUTS, Layout
from napari_cellstate.nets.sequence_vae import SequenceVAE
from napari_cellstate.nets.tiramisu import Tiramisu
from napari_cellstate.nets.vae import image_vae, vector_vae

if TYPE_CHECKING:
    from torch import nn

KINDS: dict[str, Callable[..., nn.Module]] = {
    "tiramisu": Tiramisu,
    "convgru": ConvGRU,
    "vector-vae": vector_vae,
    "image-vae": image_vae,
    "sequence-vae": SequenceVAE,
}
"""What a config's ``net`` can be."""

NAMED: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"tiramisu-{name}": ("tiramisu", {"layout": name}) for name in LAYOUTS},
    "convgru": ("convgru", {"channels": 1, "hidden": [32, 32]}),
    "vector-vae": ("vector-vae", {"features": 80}),
    "image-vae": ("image-vae", {}),
    "convgru-vae": ("sequence-vae", {}),
}
"""Nets that a user can ask for by name alone, with their settings."""


def build(net: str, settings: Mapping[str, Any], where: str = "net") -> nn.Module:
    """Make a net with fresh weights.

    Parameters
    ----------
    net : one of `KINDS`.
    settings : arguments of the net as plain JSON values; a Tiramisu's layout may be a table of its sizes.
    where : names the place in messages.

    Raises
    ------
    InputError
        Unknown net or setting, or a value that the net refuses.
    """
    if net not in KINDS:
        raise InputError(f"{where}: no net {net!r}; known: {', '.join(KINDS)}")
    known = inspect.signature(KINDS[net]).parameters
    if strange := [name for name in settings if name not in known]:
        raise InputError(f"{where}: {net} has no setting {strange[0]!r}; known: {', '.join(known)}")
    try:
        values = dict(settings)
        if isinstance(values.get("layout"), Mapping):
            values["layout"] = Layout(**{key: _tuple(value) for key, value in values["layout"].items()})
        return KINDS[net](**values)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: {net}: {error}") from error


def named(name: str) -> nn.Module:
    """Make a net of `NAMED`."""
    if name not in NAMED:
        raise InputError(f"no net {name!r}; known: {', '.join(NAMED)}")
    return build(*NAMED[name], where=name)


def usual_input(net: str, settings: Mapping[str, Any]) -> tuple[int, ...]:
    """Size of an input that suits a net of `KINDS`: one image or vector, or four steps of a sequence."""
    channels = int(settings.get("channels", 1))
    side = int(settings.get("size", 64))
    return {
        "tiramisu": (1, channels, 256, 256),
        "convgru": (1, 4, channels, 64, 64),
        "vector-vae": (1, int(settings.get("features", 1))),
        "image-vae": (1, channels, side, side),
        "sequence-vae": (1, int(settings.get("steps", 16)), int(settings.get("channels", 4)), side, side),
    }[net]


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
