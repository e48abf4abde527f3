"""Pictures of cells as a pretrained encoder sees them, such as DINOv2; where transformers is installed."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import model_validator

from napari_cellstate.core.crops import Crops, CropWish
from napari_cellstate.core.digest import fingerprint
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Embedding, Floats
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.embed._crops import CropReader
from napari_cellstate.methods.embed.pca import principal_axes

if TYPE_CHECKING:
    from anndata import AnnData
    from torch import Tensor

CONFIG, LOOKS, WEIGHTS = "config.json", "preprocessor_config.json", "*.safetensors"
_GRID, _MOST_PIXELS, _AT_ONCE = 64, 224, 32
_IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
_GREYS = 6.0  # so many standard deviations of grey levels go from black to white


class Pretrained(CropReader):
    """Principal components of what a pretrained encoder (DINOv2 and its like) makes of each crop.

    The weights are yours: a folder with config.json and .safetensors as the transformers library saves them. Nothing is
    ever downloaded, and no pickle is opened. Crops of all frames are encoded, those of a window averaged.

    Notes
    -----
    Such encoders were mostly trained on photographs: what they see in cells must be looked at (`evidence`). Grey levels
    become grey pictures in the encoder's own normalisation, the mean of the cells a middle grey.
    """

    kind: ClassVar[str] = "pretrained"
    title: ClassVar[str] = "Pretrained encoder"
    papers: ClassVar[tuple[str, ...]] = ("Oquab et al. 2023, DINOv2, arXiv 2304.07193, if its weights are used",)

    folder: str = setting("", "Folder", help="Of the encoder on this computer: config.json and .safetensors.")
    components: int = setting(
        10, "Components", ge=1, le=500, help="Principal components of the encoder's output to keep; more keeps more."
    )
    turns: int = setting(
        4,
        "Quarter turns",
        ge=1,
        le=4,
        help="Each crop is encoded so many times, a quarter turned on, and averaged: 4 makes it the same whichever way "
        "the cell lies, 1 is four times as fast.",
    )
    pixels: int = setting(
        0,
        "Pixels",
        ge=0,
        le=1024,
        rare=True,
        help="Side of the pictures given to the encoder; 0 takes the size it was trained on, at most 224. Fewer is "
        "faster.",
    )
    weights: str = setting(
        "",
        "Weights",
        rare=True,
        help="Digest of what the folder holds, filled in by itself; other weights in the same folder are refused. "
        "Empty takes what is there.",
    )

    @model_validator(mode="before")
    @classmethod
    def _name_weights(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("weights") or not isinstance(values.get("folder"), str):
            return values
        folder = Path(values["folder"])
        there = bool(values["folder"]) and (folder / CONFIG).is_file()
        return {**values, "weights": fingerprint(folder) if there else ""}

    def wanted_crops(self) -> CropWish:
        """Crops of every frame of a window."""
        return CropWish(self.crop_um, _GRID, False, self.surround == "mask", self.normalise, True, self.channel)

    def embed_crops(self, behavior: AnnData, crops: Crops, runtime: Runtime) -> Embedding:
        """Embed every row; see `Embedder.embed_crops`.

        Raises
        ------
        InputError
            No encoder in the folder, another one than the settings name, or one that does not read pictures.
        """
        if not len(crops):
            return Embedding(np.zeros((0, 1)), {"notes": ["no windows: nothing to look at"]})
        from napari_cellstate.learn.device import choose_device
        from napari_cellstate.learn.threads import torch_threads

        with torch_threads(runtime.threads):
            encoder = self._read(choose_device(runtime.device))
            each = self._encoded(crops, encoder, runtime)
        means, notes = _of_windows(each, crops), [crops.note]
        centred = means - means.mean(axis=0)
        variances, vectors = principal_axes(centred)
        count = min(self.components, len(variances), max(len(means) - 1, 1))
        share = variances[:count] / max(float(variances.sum()), 1e-300)
        info = {"encoder": encoder.name, "numbers": means.shape[1], "variance_explained": share.tolist()}
        return Embedding(np.einsum("nf,fd->nd", centred, vectors[:, :count]), {**info, "notes": notes})

    def _read(self, device: Any) -> _Encoder:
        folder = Path(self.folder)
        if not self.folder or not (folder / CONFIG).is_file() or not list(folder.glob(WEIGHTS)):
            raise InputError(
                f"embed pretrained: folder {self.folder!r} holds no encoder; expected {CONFIG} and {WEIGHTS} as "
                "transformers saves them (save_pretrained)"
            )
        found = fingerprint(folder)
        if self.weights and found != self.weights:
            raise InputError(
                f"embed pretrained: {folder}: expected weights {self.weights[:12]}, found {found[:12]}; get the "
                'encoder that was used, or set weights = "" to take this one'
            )
        return read_encoder(folder, self.pixels, device)

    def _encoded(self, crops: Crops, encoder: _Encoder, runtime: Runtime) -> Floats:
        """What the encoder makes of each crop, (M, F)."""
        import torch

        alone = replace(crops, rows=np.arange(len(crops.pictures))[:, None])  # each crop once, not once a window
        parts = []
        with torch.no_grad():
            for begin in range(0, len(alone), _AT_ONCE):
                runtime.progress(begin, len(alone), "embed: looking at crops")
                pictures = alone.batch(np.arange(begin, min(begin + _AT_ONCE, len(alone))))[0][:, 0, :1]
                shades = torch.from_numpy(np.clip(pictures / _GREYS + 0.5, 0, 1))
                made = torch.stack([encoder(torch.rot90(shades, turn, (2, 3))) for turn in range(self.turns)]).mean(0)
                parts.append(made.double().cpu().numpy())
        runtime.progress(len(alone), len(alone), "embed: looking at crops")
        return np.concatenate(parts)


@dataclass(frozen=True, eq=False)
class _Encoder:
    """An encoder with how it wants its pictures: side in px, mean and spread of each colour.

    `pooled`: its own summary of a picture is taken, not the mean over the picture.
    """

    net: Any
    name: str
    side: int
    mean: Tensor
    spread: Tensor
    pooled: bool
    extra: dict[str, Any]

    def __call__(self, shades: Tensor) -> Tensor:
        """Grey pictures (B, 1, Y, X), 0 to 1, to (B, F)."""
        import torch.nn.functional as F

        sized = F.interpolate(shades.to(self.mean.device), size=(self.side, self.side), mode="bilinear")
        made = self.net(pixel_values=(sized - self.mean) / self.spread, **self.extra)
        pooled: Tensor | None = getattr(made, "pooler_output", None) if self.pooled else None
        if pooled is not None:
            return pooled.flatten(1)
        last: Tensor = made.last_hidden_state  # (B, tokens, F) or (B, F, Y, X)
        return last.mean(1) if last.ndim == 3 else last.mean((2, 3))


def read_encoder(folder: Path, pixels: int, device: Any) -> _Encoder:
    """Read an encoder from a folder, and from nowhere else.

    Parameters
    ----------
    pixels : side of its pictures; 0 for what it was trained on, at most 224.

    Raises
    ------
    InputError
        It cannot be read, lacks weights, or reads other things than pictures.
    """
    import torch
    from safetensors import SafetensorError

    try:
        net, said = import_module("transformers").AutoModel.from_pretrained(
            str(folder),
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise InputError(f"embed pretrained: {folder} cannot be read as an encoder: {error}") from error
    lacks = sorted(str(name) for name in said["missing_keys"])
    if any("pooler" not in name for name in lacks):
        raise InputError(f"embed pretrained: {folder}: its weights lack {lacks[0]} and {len(lacks) - 1} more")
    if getattr(net, "main_input_name", "") != "pixel_values":
        raise InputError(f"embed pretrained: {folder} holds {type(net).__name__}, which does not read pictures")
    net = net.to(device).eval()
    looks = json.loads((folder / LOOKS).read_text(encoding="utf-8")) if (folder / LOOKS).is_file() else {}
    colours = [torch.tensor(looks.get(name) or _IMAGENET[name]).view(1, 3, 1, 1).to(device) for name in _IMAGENET]
    patch, own = (_number(getattr(net.config, name, 0)) for name in ("patch_size", "image_size"))
    side = pixels or min(own or _MOST_PIXELS, _MOST_PIXELS)
    side = max(side // patch, 1) * patch if patch else side
    resized = "interpolate_pos_encoding"
    extra = {resized: True} if resized in inspect.signature(net.forward).parameters else {}
    return _Encoder(net, type(net).__name__, side, colours[0], colours[1], not lacks, extra)


def _number(value: Any) -> int:
    return int(value[0] if isinstance(value, (list, tuple)) else value or 0)


def _of_windows(each: Floats, crops: Crops) -> Floats:
    """Mean over the frames of each window in which the cell is there; the mean of all where it never is."""
    seen, total = crops.rows >= 0, np.zeros((len(crops), each.shape[1]))
    for t in range(crops.rows.shape[1]):
        total += np.where(seen[:, t, None], each[np.maximum(crops.rows[:, t], 0)], 0)
    count = seen.sum(axis=1)[:, None]
    mean = total[count[:, 0] > 0] / count[count > 0][:, None]
    return np.where(count > 0, total / np.maximum(count, 1), mean.mean(axis=0) if len(mean) else 0.0)


if find_spec("transformers") is not None:
    register(Pretrained)
