"""Looking into a trained embedding: what codes stand for, and how a cell and its reconstruction compare."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.crops import crops_of_windows
from napari_cellstate.experiment.evidence import scaled_features
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages.embed import embedding_names
from napari_cellstate.experiment.store import Experiment, as_experiment

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_cellstate.learn.latent import Decoded

Floats = np.ndarray[Any, np.dtype[np.float64]]
Pictures = np.ndarray[Any, np.dtype[np.float32]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


def trained_embeddings(experiment: Experiment | str | Path) -> list[str]:
    """Names of the embeddings of an experiment that have a net; none before the embed stage is done."""
    experiment = as_experiment(experiment)
    if experiment.record("embed") is None or not experiment.paths.behavior.exists():
        return []
    said = _provenance(experiment.behavior)
    return [name.removeprefix("X_") for name, info in said.items() if "model" in info]


def open_latent(experiment: Experiment | str | Path, name: str = "") -> Latent:
    """Open a trained embedding; the first where no name is given.

    Raises
    ------
    InputError
        There is none of that name, or none at all, or its net is gone.
    """
    experiment = as_experiment(experiment)
    names = trained_embeddings(experiment)
    if not names or (name and name not in names):
        there = f"there are: {', '.join(names)}" if names else "none has one; choose vae, beta-vae or convgru-vae"
        raise InputError(f"{experiment.root}: no embedding {name!r} with a net; {there}")
    return Latent(experiment, name or names[0])


@dataclass(frozen=True, eq=False)
class Latent:
    """A trained embedding of an experiment.

    Attributes
    ----------
    experiment, name : which.
    """

    experiment: Experiment
    name: str

    @cached_property
    def behavior(self) -> AnnData:
        """The behaviour table, read once."""
        return self.experiment.behavior

    @cached_property
    def _info(self) -> dict[str, Any]:
        return dict(_provenance(self.behavior)[f"X_{self.name}"])

    @cached_property
    def _model(self) -> tuple[Any, dict[str, Any]]:
        from napari_cellstate.learn.weights import load_model

        net, config = load_model(self.experiment.paths.model(self._info["model"]))
        return net, dict(config.card)

    @property
    def reads(self) -> str:
        """What the net was trained on: "features", "crops" or "sequences"."""
        return str(self._model[1]["reads"])

    @property
    def dims(self) -> list[int]:
        """Places in the code of the columns of the embedding."""
        return list(self._info["dims"])

    @property
    def middle(self) -> Floats:
        """Mean code of all windows, (latent,)."""
        return np.array(self._info["middle"])

    def codes(self, rows: Ints) -> Floats:
        """Codes of windows, (n, latent); dimensions that tell nothing stand at their mean."""
        codes = np.broadcast_to(self.middle, (len(rows), len(self.middle))).copy()
        codes[:, self.dims] = np.asarray(self.behavior.obsm[f"X_{self.name}"], np.float64)[rows]
        return codes

    def decode(self, codes: Floats) -> Decoded:
        """What codes (n, latent) stand for, as the net was trained on it."""
        from napari_cellstate.learn.latent import decode

        return decode(self._model[0], codes)

    @property
    def channels(self) -> list[str]:
        """What pictures can show: grey levels, and the share of the variance in each band of scales, finest first."""
        if self.reads == "features":
            return []
        bands = self._model[1]["level"]
        return ["grey levels", *(f"grain {nth + 1} of {len(bands)}" for nth in range(len(bands)))]

    def pictures(self, codes: Floats, channel: int = 0) -> Pictures:
        """What codes look like, (n, T, Y, X): one of `channels`, NaN where no cell is; of nets of crops only."""
        return shown(self._with_bands(self.decode(codes).values), channel)

    def observed(self, row: int, channel: int = 0) -> Pictures:
        """What the net has seen of a window, (T, Y, X), as `pictures`; its crops are cut anew."""
        from napari_cellstate.learn.crop_batches import CropBatches

        obs = self.behavior.obs
        movie = str(obs["movie"].iloc[row])
        wish = self._method().wanted_crops()
        if wish is None:
            raise InputError(f"{self.name} was trained on features; there are no crops to show")
        like = self._info["crops"]
        crops = crops_of_windows(self.experiment, self._recipe, like, wish, movie, obs.iloc[[row]])
        batch = CropBatches.like(crops, self._model[1])(np.array([0]))
        return np.asarray(shown(self._with_bands(batch["x"].numpy()), channel)[0])

    def _with_bands(self, crops: Pictures) -> Pictures:
        """Crops as a net sees them, with log shares of bands instead of their parts."""
        from napari_cellstate.learn.bands import BandScale

        bands = BandScale.of_card(self._model[1]).shares(crops[..., 1:-1, :, :])
        return np.concatenate([crops[..., :1, :, :], bands, crops[..., -1:, :, :]], axis=-3)

    def features(self, row: int) -> tuple[list[str], Floats, Floats]:
        """Names of the scaled features, their values in a window, and how the net rebuilds them."""
        names = [str(one) for one in self.behavior.var_names[self.behavior.var["used"].to_numpy(bool)]]
        rebuilt = self.decode(self.codes(np.array([row]))).values[0]
        return names, scaled_features(self.behavior[[row]])[0], np.asarray(rebuilt, np.float64)

    def row_of(self, movie: str, track: int, frame: int) -> int:
        """Window of a track that is nearest to a frame, -1 where it has none."""
        obs = self.behavior.obs
        rows = np.flatnonzero((obs["movie"].to_numpy(str) == movie) & (obs["track"].to_numpy() == track))
        if not len(rows):
            return -1
        return int(rows[np.abs(obs["frame"].to_numpy()[rows] - frame).argmin()])

    @cached_property
    def _recipe(self) -> Recipe:
        return current_recipe(self.experiment)

    def _method(self) -> Any:
        methods = embedding_names(self._recipe)
        if f"X_{self.name}" not in methods:
            raise InputError(f"the recipe has no embedding {self.name!r} any more; run the embed stage again")
        return methods[f"X_{self.name}"]


def shown(crops: Pictures, channel: int = 0) -> Pictures:
    """One channel of crops (n, C, Y, X) or (n, T, C, Y, X), whose last channel is the mask, as (n, T, Y, X)."""
    frames = crops if crops.ndim == 5 else crops[:, None]
    return np.asarray(np.where(frames[:, :, -1] > 0.5, frames[:, :, channel], np.nan), np.float32)


def _provenance(behavior: AnnData) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(behavior.uns["provenance"])["embed"]
    return said
