"""Where models lie: shipped in the package, saved by the user, or any folder.

Only names and plain JSON are read here; nothing loads torch.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_cellstate.core.errors import InputError

SHIPPED = Path(__file__).parent / "shipped"
VARIABLE = "CELLSTATE_MODELS"
DEFAULT = "default"
_CONFIG = "config.json"


@dataclass(frozen=True)
class ModelInfo:
    """A model and what its config says.

    Attributes
    ----------
    name : by which it is asked for.
    folder : where it lies.
    digest : of net, settings and weights.
    net : kind of net.
    card : data, licence, scores, limits.
    shipped : it came with the package.
    """

    name: str
    folder: Path
    digest: str
    net: str
    card: dict[str, Any]
    shipped: bool


def user_folder() -> Path:
    """Folder of the models that a user saved: $CELLSTATE_MODELS, or ~/.napari-cellstate/models."""
    return Path(os.environ.get(VARIABLE) or Path.home() / ".napari-cellstate" / "models")


def find_model(name: str) -> Path:
    """Folder of a model.

    Parameters
    ----------
    name : of a saved or shipped model, or a folder.

    Raises
    ------
    InputError
        No such model.
    """
    for folder in (Path(name), user_folder() / name, SHIPPED / name):
        if (folder / _CONFIG).is_file():
            return folder
    known = ", ".join(one.name for one in models()) or "none"
    raise InputError(f"no model {name!r}; known: {known}; or give the folder of a model (with {_CONFIG})")


def models() -> list[ModelInfo]:
    """Every model that can be asked for by name: the user's own hide shipped ones of the same name."""
    found: dict[str, ModelInfo] = {}
    for folder, shipped in ((user_folder(), False), (SHIPPED, True)):
        for config in sorted(folder.glob(f"*/{_CONFIG}")):
            if config.parent.name not in found:
                found[config.parent.name] = _info(config, shipped=shipped)
    return sorted(found.values(), key=lambda one: (not one.shipped, one.name))


def model_digest(name: str) -> str:
    """Digest of a model as its config states it; "" where there is no such model or its config cannot be read."""
    try:
        return _info(find_model(name) / _CONFIG, shipped=False).digest
    except InputError:
        return ""


def _info(config: Path, *, shipped: bool) -> ModelInfo:
    try:
        content = json.loads(config.read_bytes())
        return ModelInfo(
            config.parent.name, config.parent, content["digest"], content["net"], dict(content["card"]), shipped
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{config}: not a config of a model ({error!r}); copy the model again") from error
