"""Weights in files: safetensors with a config that says which net they belong to and what their bytes are.

A model is a folder with ``weights.safetensors`` and ``config.json``. Nothing in it can run code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellstate.core.atomic import replacing, write_text
from napari_cellstate.core.digest import digest
from napari_cellstate.core.errors import InputError
from napari_cellstate.learn.zoo import build

if TYPE_CHECKING:
    from torch import Tensor, nn

WEIGHTS, CONFIG = "weights.safetensors", "config.json"
FORMAT = 1


@dataclass(frozen=True)
class Config:
    """What a folder of weights holds.

    Attributes
    ----------
    net, settings : as `napari_cellstate.learn.zoo.build` takes them.
    sha256 : of the weights file.
    card : where the weights come from, for people: data, licence, scores, limits; plain JSON values.
    """

    net: str
    settings: Mapping[str, Any]
    sha256: str
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Name of the model in keys and recipes: two models are the same if net, settings and weights are."""
        return digest({"format": FORMAT, "net": self.net, "settings": dict(self.settings), "sha256": self.sha256})


def save_model(
    folder: Path,
    model: nn.Module,
    *,
    net: str,
    settings: Mapping[str, Any],
    card: Mapping[str, Any] | None = None,
) -> Config:
    """Write weights and config; the config last, so that what was cut short is not taken for a model.

    Equal weights give equal bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sha256 = write_tensors(folder / WEIGHTS, model.state_dict())
    config = Config(net, dict(settings), sha256, dict(card or {}))
    content = {"format": FORMAT, **vars(config), "digest": config.digest}
    write_text(folder / CONFIG, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return config


def load_model(folder: Path) -> tuple[nn.Module, Config]:
    """Read a model: the net with its weights, in evaluation mode, on the processor.

    Raises
    ------
    InputError
        No model there, a pickle instead of safetensors, bytes other than those that were written, or a config that
        does not describe the weights.
    """
    config = read_config(folder)
    tensors = read_tensors(folder / WEIGHTS, sha256=config.sha256)
    model = build(config.net, config.settings, where=str(folder / CONFIG))
    _fill(model, tensors, folder)
    return model.eval(), config


def read_config(folder: Path) -> Config:
    """Read and check the config of a model, without its weights."""
    path = folder / CONFIG
    if not path.is_file():
        raise InputError(
            f"{folder}: expected a folder with {CONFIG} and {WEIGHTS}, found no {CONFIG}{_pickled(folder)}"
        )
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT:
            raise InputError(f"{path}: format {content['format']}, this version reads format {FORMAT}")
        config = Config(content["net"], content["settings"], content["sha256"], content["card"])
        agrees = content["digest"] == config.digest
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a config of a model ({error!r}); copy the model again") from error
    if not agrees:
        raise InputError(f"{path}: net, settings or sha256 are not those that were written; copy the model again")
    return config


def write_tensors(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, str] | None = None) -> str:
    """Write tensors as safetensors, in the order of their names; returns the file's sha256."""
    from safetensors.torch import save

    plain = {name: tensors[name].detach().cpu().contiguous().clone() for name in sorted(tensors)}
    content = save(plain, metadata=dict(about) if about else None)
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def read_tensors(path: Path, *, sha256: str = "") -> dict[str, Tensor]:
    """Read tensors from safetensors, checking their sha256 if it is given.

    Raises
    ------
    InputError
        The file is missing, a pickle, damaged, or not the one that was written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    if not path.is_file():
        raise InputError(f"{path}: expected weights, found no such file{_pickled(path.parent)}")
    content = path.read_bytes()
    # The eighth byte of safetensors begins its header; those before are a length, which can look like anything.
    if content[8:9] != b"{" and (content[:2] == b"PK" or content[:1] == b"\x80"):
        raise InputError(f"{path}: this is a pickle (a torch .pt file); a pickle can run code and is never loaded")
    found = hashlib.sha256(content).hexdigest()
    if sha256 and found != sha256:
        raise InputError(f"{path}: expected sha256 {sha256[:12]}..., found {found[:12]}...; copy the model again")
    try:
        return load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise InputError(f"{path}: not a whole safetensors file ({error}); copy the model again") from error


def _fill(model: nn.Module, tensors: Mapping[str, Tensor], folder: Path) -> None:
    wanted = model.state_dict()
    for name in sorted(wanted.keys() | tensors.keys()):
        found = tuple(tensors[name].shape) if name in tensors else "none"
        expected = tuple(wanted[name].shape) if name in wanted else "none"
        if found != expected:
            raise InputError(
                f"{folder / WEIGHTS}: {name}: expected shape {expected} by {CONFIG}, found {found}; "
                "the config is not that of these weights"
            )
    model.load_state_dict(dict(tensors))


def _pickled(folder: Path) -> str:
    names = sorted(path.name for path in folder.glob("*") if path.suffix in (".pt", ".pth", ".ckpt", ".pkl", ".bin"))
    return f" ({names[0]} is a pickle; a pickle can run code and is never loaded)" if names else ""
