"""What every embedder and every state method must do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.behavior import SCALED
from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.core.families import Embedder, Embedding, Rows, StateEstimator
from napari_cellstate.core.progress import Progress
from napari_cellstate.kits.expect import expect, same_bytes
from napari_cellstate.kits.inputs import StopAfter, crops, runtime

if TYPE_CHECKING:
    from anndata import AnnData

Floats = NDArray[np.float64]


def blobs(n: int, dims: int = 4) -> Floats:
    """Three clouds of points that are far from each other, (n, dims), in turn."""
    rng = np.random.default_rng(3)
    return np.asarray(rng.normal(size=(n, dims)) + 8 * (np.arange(n) % 3)[:, None])


def behavior(n: int) -> AnnData:
    """A behaviour table of n rows in three clouds."""
    import anndata
    import pandas as pd

    points = blobs(n)
    obs = pd.DataFrame(index=[str(i) for i in range(n)])
    obs["movie"], obs["track"], obs["frame"] = "kit", np.arange(n) // 10 + 1, np.arange(n) % 10
    table = anndata.AnnData(X=points, obs=obs)
    table.var["used"] = True
    table.layers[SCALED] = points
    return table


def embedded(method: Embedder, n: int, progress: Progress | None = None) -> Embedding:
    """What a method makes of n rows, with crops if it wants some."""
    wish = method.wanted_crops()
    if wish is None:
        return method.embed(behavior(n), runtime(progress))
    return method.embed_crops(behavior(n), crops(n, wish), runtime(progress))


def places_every_row(method: Embedder) -> None:
    """No row, one, two, many: finite coordinates for each, or a clear refusal."""
    for n in (0, 1, 2, 60):
        if 0 < n < method.least_rows:
            try:
                embedded(method, n)
            except InputError as error:
                expect(f"{n} windows are too few" in str(error), f"too few rows are refused with other words: {error}")
                continue
            expect(False, f"{n} rows, fewer than it needs, are not refused")
        found: Any = embedded(method, n).coordinates
        expect(found.ndim == 2 and len(found) == n and found.shape[1] >= 1, f"{found.shape} coordinates of {n} rows")
        expect(bool(np.isfinite(found).all()), "a coordinate is not finite")


def gives_the_same_bytes(method: Embedder) -> None:
    """Same input and seed, same bytes."""
    same_bytes(lambda: embedded(method, 60).coordinates.tobytes())


def stops_within_one_step(method: Embedder) -> None:
    """It calls `runtime.progress`, and lets Cancelled through."""
    stop = StopAfter(1)
    try:
        embedded(method, 60, stop)
    except Cancelled:
        expect(stop.after == 1, "asked to stop, and went on for a step")
    else:
        expect(False, "it never calls progress, so that it cannot be stopped")


def fills_its_columns(method: Embedder) -> None:
    """What it adds beside coordinates has a finite value for each row."""
    for name, values in embedded(method, 60).columns.items():
        expect(values.shape == (60,) and bool(np.isfinite(values).all()), f"column {name} has no value for each row")


def _rows(points: Floats) -> Rows:
    return Rows(points, np.arange(len(points)) // 10)


def numbers_states_without_holes(method: StateEstimator) -> None:
    """No row, one, two, all alike, three clouds: a state for each row, and no more than k."""
    for points in (blobs(0), blobs(1), blobs(2), np.zeros((20, 3)), blobs(90)):
        fit = method.fit(_rows(points), runtime())
        expect(fit.state.shape == fit.cluster.shape == (len(points),), "there must be a state for each row")
        expect(fit.state.dtype == np.int64, f"states are {fit.state.dtype}; expected int64")
        if len(points):
            expect(set(np.unique(fit.cluster)) == set(range(fit.cluster.max() + 1)), "clusters are numbered with holes")
            expect(fit.state.max() < method.k, "more states than k")
        if fit.posterior is not None:
            expect(bool(np.allclose(fit.posterior.sum(axis=1), 1)), "rows of the posterior do not sum to 1")


def finds_plain_clouds(method: StateEstimator) -> None:
    """Three clouds that are far apart."""
    fit = method.fit(_rows(blobs(90)), runtime())
    pairs = {(int(a), int(b)) for a, b in zip(fit.cluster, np.arange(90) % 3, strict=True)}
    expect(len(pairs) == 3, "three plain clouds were not told apart")


def fits_to_the_same_bytes(method: StateEstimator) -> None:
    """Same input and seed, same bytes."""

    def made() -> tuple[bytes, bytes]:
        fit = method.fit(_rows(blobs(90)), runtime())
        return fit.state.tobytes(), b"" if fit.posterior is None else fit.posterior.tobytes()

    same_bytes(made)


def stops_fitting_within_one_step(method: StateEstimator) -> None:
    """It calls `runtime.progress`, and lets Cancelled through."""
    stop = StopAfter(1)
    try:
        method.fit(_rows(blobs(90)), runtime(stop))
    except Cancelled:
        expect(stop.after == 1, "asked to stop, and went on for a step")
    else:
        expect(stop.left > 0, "asked to stop, and went on to the end")


EMBED_CHECKS = (places_every_row, gives_the_same_bytes, stops_within_one_step, fills_its_columns)
STATE_CHECKS = (
    numbers_states_without_holes,
    finds_plain_clouds,
    fits_to_the_same_bytes,
    stops_fitting_within_one_step,
)
