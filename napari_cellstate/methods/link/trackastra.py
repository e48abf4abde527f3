"""Trackastra's transformer, where it is installed (pip install trackastra)."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Linker
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.movie import Array, Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import CONFIDENCE, make_links

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]


class TrackastraLinker(Linker):
    """Links that a transformer predicts from images and outlines (Gallusser and Weigert 2024, ECCV).

    Notes
    -----
    It links each frame to the next only, so a cell that is missing in a frame starts a new track, whatever the longest
    gap. Images and outlines of the whole movie are held in memory. `confidence` is the weight that the net gives.
    """

    kind: ClassVar[str] = "trackastra"
    title: ClassVar[str] = "Transformer (trackastra)"
    reads_labels: ClassVar[bool] = True
    reads_images: ClassVar[bool] = True

    model: Literal["general_2d", "ctc"] = setting(
        "general_2d",
        "Model",
        help="The trained net; trackastra fetches it from the internet the first time it is used. general_2d was "
        "trained on many kinds of cells, ctc on the movies of the Cell Tracking Challenge.",
    )
    divisions: bool = setting(True, "Divisions", help="Look for divisions; without it every cell that appears is new.")

    def link(self, cells: pd.DataFrame, movie: Movie, runtime: Runtime) -> pd.DataFrame:
        """Link the cells of one movie; trackastra itself cannot be stopped on its way.

        Raises
        ------
        InputError
            The movie lacks images or outlines, or the net cannot be had.
        """
        runtime.progress(0, 2, "link")
        if cells["frame"].nunique() < 2:
            return make_links([], [], [])
        if movie.source is None or movie.labels is None:
            lacks = "images" if movie.source is None else "outlines"
            raise InputError(
                f"movie {movie.name}: link method 'trackastra' needs images and outlines, but it has no {lacks}; add "
                "them, or choose another link method"
            )
        frames = range(int(cells["frame"].iloc[0]), int(cells["frame"].iloc[-1]) + 1)
        images = np.stack([movie.image(t) for t in frames])
        masks = np.stack([_outlines(cells, movie.labels.read(t, 0), t) for t in frames])
        model = self._loaded(runtime.device)
        runtime.progress(1, 2, "link")
        graph = model.track(images, masks, mode="greedy" if self.divisions else "greedy_nodiv")
        source, target, sure = _edges(cells, graph[0] if isinstance(graph, tuple) else graph, frames.start)
        at = cells[["y", "x"]].to_numpy(np.float64)
        links = make_links(source, target, np.hypot(*(at[target] - at[source]).T))
        links[CONFIDENCE] = np.clip(sure[np.lexsort((target, source))], 0, 1)  # the order that make_links gives
        runtime.progress(2, 2, "link")
        return links

    def _loaded(self, device: str) -> Any:
        from trackastra.model import Trackastra

        try:
            return Trackastra.from_pretrained(self.model, device="automatic" if device == "auto" else device)
        except OSError as error:  # so are the errors of the net that `requests` raises
            raise InputError(
                f"link method 'trackastra': the model {self.model!r} could not be had ({error}); the first time it "
                "needs the internet; try again, or choose another link method"
            ) from error


def _outlines(cells: pd.DataFrame, plane: Array, t: int) -> Array:
    """Labels of a frame, of those cells only that are to be linked."""
    known = cells["label"].to_numpy()[cells["frame"].to_numpy() == t]
    return np.where(np.isin(plane, known), plane, 0).astype(np.int32)


def _edges(cells: pd.DataFrame, graph: Any, first: int) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Rows of sources and targets and the weights, from a graph whose nodes have `time`, from 0, and `label`."""
    row = {key: nth for nth, key in enumerate(zip(cells["frame"].tolist(), cells["label"].tolist(), strict=True))}
    at = {node: row[int(data["time"]) + first, int(data["label"])] for node, data in graph.nodes(data=True)}
    edges = [(at[one], at[other], float(data["weight"])) for one, other, data in graph.edges(data=True)]
    source, target, weight = zip(*edges, strict=True) if edges else ((), (), ())
    return np.array(source, np.int64), np.array(target, np.int64), np.array(weight, np.float64)


if find_spec("trackastra") is not None:
    register(TrackastraLinker)
