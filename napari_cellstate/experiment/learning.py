"""How far the nets of an experiment's embeddings have learnt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages.embed import embedding_names, model_key
from napari_cellstate.experiment.store import Experiment, as_experiment

if TYPE_CHECKING:
    from napari_cellstate.learn.fitted import Records


@dataclass(frozen=True)
class Learning:
    """The training of one embedding.

    Attributes
    ----------
    name : of the embedding.
    steps : that it is to do.
    records : history up to now, or to the last checkpoint: step, loss, its parts, check.
    finished : the net is there.
    """

    name: str
    steps: int
    records: Records
    finished: bool

    @property
    def done(self) -> int:
        """Steps done, as far as it is written."""
        return int(self.records[-1]["step"] or 0) + 1 if self.records else 0

    def words(self) -> str:
        """A sentence."""
        if self.finished:
            return f"{self.name}: learnt in {self.done} steps"
        if not self.records:
            return f"{self.name}: not begun"
        return f"{self.name}: step {self.done} of {self.steps}"


def learnings(experiment: Experiment | str | Path, recipe: Recipe | None = None) -> list[Learning]:
    """The trainings of all embeddings of a recipe (default: the experiment's) that train a net, in order."""
    experiment = as_experiment(experiment)
    recipe = current_recipe(experiment) if recipe is None else recipe
    wanted = {name: method for name, method in embedding_names(recipe).items() if method.trains}
    if not wanted:
        return []
    from napari_cellstate.learn.fitted import read_losses
    from napari_cellstate.learn.weights import CONFIG

    found = []
    for name, method in wanted.items():
        folder = experiment.paths.model(model_key(experiment, recipe, method))
        finished = (folder / CONFIG).is_file()
        found.append(Learning(name.removeprefix("X_"), method.steps, read_losses(folder), finished))
    return found
