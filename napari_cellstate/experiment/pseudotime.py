"""Pseudotime: how far along its embedding each window of an experiment lies from a root; how often cells go back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.behavior import find_embedding
from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.pseudotime import backward_share, diffusion_pseudotime, principal_curve, root_of_state
from napari_cellstate.experiment.export import make_folder
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.sequences import Sequences, sequences
from napari_cellstate.experiment.stages.dynamics import state_rows
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.formats.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

Floats = NDArray[np.float64]
Key = tuple[str, int, int]
Way = Literal["diffusion", "curve"]
AXES = 2


@dataclass(frozen=True, eq=False)
class Pseudotime:
    """An order of all windows from a root.

    Attributes
    ----------
    space : name of the embedding. points : (N, 2), its first axes. way : "diffusion" or "curve".
    root : (movie, track, frame) of the window that the order begins at.
    keys : (movie, track, frame) of each row, as columns. state : (N,).
    along : (N,), 0 at the root; diffusion: 1 at the farthest; curve: in units of the embedding.
    nodes : (M, 2) of the principal curve, None for diffusion.
    backward : share of steps that go back, in bins and over all; see `backward_share`.

    Notes
    -----
    An order along a cloud is no time: it says nothing about direction. Noise alone makes half of the steps go back.
    """

    space: str
    points: Floats
    way: str
    root: Key
    keys: pd.DataFrame
    state: NDArray[np.int64]
    along: Floats
    nodes: Floats | None
    backward: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """A row a window: movie, track, frame, state, pseudotime."""
        return self.keys.assign(state=self.state, pseudotime=self.along)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, without the windows."""
        rows = json.loads(self.backward.to_json(orient="records"))
        return {"space": self.space, "way": self.way, "root": list(self.root), "backward": rows}

    def text(self) -> str:
        """As a person reads it."""
        every = self.backward.iloc[-1]
        movie, track, frame = self.root
        how = "Diffusion pseudotime" if self.way == "diffusion" else "Place along a principal curve"
        share = "no step to count" if not every["n"] else (
            f"{every['backward']:.1%} of {int(every['n']):,} steps go back "
            f"({every['low']:.1%} to {every['high']:.1%}, over {int(every['n_tracks'])} tracks)"
        )  # fmt: skip
        return (
            f"{how} in {self.space}, from track {track} in frame {frame} of {movie}: {share}. Half is what an order "
            "without direction gives."
        )


def pseudotime(
    experiment: Experiment | str | Path,
    *,
    space: str = "",
    way: Way = "diffusion",
    root_state: int = 1,
    root: Key | None = None,
) -> Pseudotime:
    """Order the windows of an experiment from a root.

    Parameters
    ----------
    experiment : with states.
    space : name of an embedding; "" takes the first. Its first two axes are read, those that are shown.
    way : "diffusion" (diffusion pseudotime) or "curve" (place along a principal curve).
    root_state : begin in the middle of this state, where no `root` is given.
    root : (movie, track, frame) of a window to begin at, as a click chooses it.

    Raises
    ------
    InputError
        No such space, way, state or window.
    """
    if way not in ("diffusion", "curve"):
        raise InputError(f"pseudotime: way {way!r}; expected diffusion or curve")
    experiment = as_experiment(experiment)
    recipe, behavior = current_recipe(experiment), experiment.behavior
    found = sequences(experiment, recipe)
    rows = state_rows(found, recipe.windows.stride)
    name, points = embedding(behavior, space)
    first = _row_of(found, root) if root is not None else root_of_state(points, rows.state, root_state)
    curve = principal_curve(points, root=first) if way == "curve" else None
    along = diffusion_pseudotime(points, first) if curve is None else curve.along
    lag = recipe.dynamics.frames(recipe.windows.stride)
    keys = behavior.obs[["movie", "track", "frame"]].reset_index(drop=True).astype({"movie": str})
    at = (str(found.movie[first]), int(found.track[first]), int(found.frame[first]))
    back = backward_share(along, rows.run, rows.frame, lag, track=rows.track)
    return Pseudotime(name, points, way, at, keys, rows.state, along, None if curve is None else curve.nodes, back)


def write_pseudotime(
    experiment: Experiment | str | Path,
    out: str | Path,
    *,
    space: str = "",
    way: Way = "diffusion",
    root_state: int = 1,
    root: Key | None = None,
    force: bool = False,
) -> tuple[Pseudotime, list[Path]]:
    """Write pseudotime.csv, backward.csv and a figure; the parameters are those of `pseudotime`."""
    from napari_cellstate.plots.pseudotime import pseudotime_figure
    from napari_cellstate.plots.style import save

    found, folder = pseudotime(experiment, space=space, way=way, root_state=root_state, root=root), Path(out)
    make_folder(folder, force=force)
    paths = [folder / "pseudotime.csv", folder / "backward.csv"]
    write_csv(found.table(), paths[0])
    write_csv(found.backward, paths[1])
    drawn = pseudotime_figure(found.points, found.along, found.backward, axes=found.space, nodes=found.nodes)
    return found, [*paths, *save(drawn, folder, "pseudotime")]


def embedding(behavior: AnnData, wanted: str) -> tuple[str, Floats]:
    """Name and first two axes of an embedding, "" for the first."""
    name, points = find_embedding(behavior, wanted, "pseudotime")
    if points.shape[1] < AXES:
        raise InputError(f"pseudotime: {name} has one axis; expected two or more")
    return name, points[:, :AXES]


def _row_of(found: Sequences, root: Key) -> int:
    movie, track, frame = root
    rows = np.flatnonzero((found.movie == movie) & (found.track == track) & (found.frame == frame))
    if not len(rows):
        raise InputError(f"pseudotime: no window of track {track} in frame {frame} of movie {movie!r}")
    return int(rows[0])
