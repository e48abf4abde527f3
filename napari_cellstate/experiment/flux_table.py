"""Probability flux of any table of features, on a grid of its principal components; no movie needed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.correction import holm
from napari_cellstate.core import atomic
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.dynamics.balance import Balance, balance, verdict, verdict_in_words
from napari_cellstate.dynamics.flux import GridFlux, flux_on, grid_flux, grid_pairs
from napari_cellstate.dynamics.grid import Grid, make_grid
from napari_cellstate.experiment.export import make_folder
from napari_cellstate.experiment.feature_rows import FeatureRows, read_feature_rows
from napari_cellstate.formats.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
BINS = (3, 5, 7, 10, 15)
"""As Kimmel et al. 2018 scanned them in two dimensions."""


@dataclass(frozen=True, eq=False)
class FluxResult:
    """Probability flux on grids of several widths.

    Attributes
    ----------
    paths : files that were written.
    flux : by number of bins.
    pairs : tests of each pair of cells, by number of bins: table of bins, from, to, forth, back, p, q.
    balance : as in balance.json: "bins", each with its p_reversal, and after Holm over the numbers of bins
        p_reversal, p_stationary and verdict.
    """

    paths: list[Path]
    flux: dict[int, GridFlux]
    pairs: pd.DataFrame
    balance: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {"paths": [str(path) for path in self.paths], "balance": self.balance}

    def text(self) -> str:
        """As a person reads it."""
        lines = [
            f"{bins} bins: largest standardised difference {one['statistic']:.3g}, p_reversal {one['p_reversal']:.3g}, "
            f"p_stationary {one['p_stationary']:.3g}"
            for bins, one in self.balance["bins"].items()
            if one["statistic"] is not None
        ]
        after = f"p_reversal {self.balance['p_reversal']}, p_stationary {self.balance['p_stationary']}"
        lines.append(f"after Holm: {self.balance['verdict']} ({after})")
        return "\n".join([*lines, *map(str, self.paths)])


def flux_of_table(
    features: str | Path,
    out: str | Path,
    *,
    components: int = 2,
    bins: Sequence[int] = BINS,
    quantiles: bool = False,
    shown: tuple[int, int] = (1, 2),
    as_published: bool = False,
    track: str = "",
    time: str = "",
    lag: int = 0,
    permutations: int = 1000,
    force: bool = False,
    figures: bool = True,
    progress: Progress = silent,
) -> FluxResult:
    """Test detailed balance on grids of principal components, and write the flux through their cells.

    Parameters
    ----------
    features : a row for each window of a track: CSV or parquet; tables of Heteromotility's split mode (cell_id such
        as 17-2) too.
    out : a folder; made if missing, and it must be empty.
    components : axes of the grid.
    bins : bins along each axis; several are scanned, and corrected for.
    quantiles : bins with about as many rows each, else equally wide.
    shown : two of the components: figures are on these, the others summed.
    as_published : the recipe of Kimmel et al. 2018: the 54 features from total_distance to autocorr_9, standardised.
    track, time : columns; "" finds them.
    lag : frames from row to row; 0 takes their spacing.
    permutations : of the tests.
    force : write into a folder that is not empty.
    figures : draw them too.

    Notes
    -----
    Drift of the population breaks balance without any driving: read p_stationary beside p_reversal. The published
    analysis tested each pair of cells by a binomial test, as if transitions of one cell were independent: pairs.csv
    holds these tests for comparison.
    """
    _check(components, bins, shown)
    found = read_feature_rows(Path(features), track=track, time=time, as_published=as_published)
    points = found.components(components, as_published=as_published)
    step = lag or found.spacing
    folder = Path(out)
    make_folder(folder, force=force)
    grids = {one: make_grid(points, one, quantiles=quantiles) for one in bins}
    tested = {one: _balance(found, points, grid, step, permutations, progress) for one, grid in grids.items()}
    flux = {
        one: grid_flux(points, found.run, found.frame, step, grid, track=found.track) for one, grid in grids.items()
    }
    pairs = _pairs(found, points, grids, step)
    described = _described(tested)
    paths = _write(folder, flux, pairs, described)
    if figures:
        flat = {
            one: flux_on(shown, points, found.run, found.frame, step, grid, track=found.track)
            for one, grid in grids.items()
            if components > 1
        }
        paths += _draw(folder / "figures", flat, shown, described, progress)
    return FluxResult(paths, flux, pairs, described)


def _check(components: int, bins: Sequence[int], shown: tuple[int, int]) -> None:
    if components < 1 or not bins or min(bins) < 2 or len(set(bins)) != len(bins):
        raise InputError(
            f"flux: {components} components, bins {list(bins)}; expected 1 or more, and different numbers of at least 2"
        )

    if components > 1 and (len(set(shown)) != 2 or not 1 <= min(shown) <= max(shown) <= components):
        raise InputError(f"flux: components {shown[0]} and {shown[1]} shown; expected two of the {components}")


def _balance(
    found: FeatureRows, points: Floats, grid: Grid, lag: int, permutations: int, progress: Progress
) -> Balance:
    state = np.unique(grid.cells(points), return_inverse=True)[1].astype(np.int64) + 1
    return balance(found.run, found.frame, state, lag, track=found.track, permutations=permutations, progress=progress)


def _pairs(found: FeatureRows, points: Floats, grids: dict[int, Grid], lag: int) -> pd.DataFrame:
    import pandas as pd

    parts = []
    for bins, grid in grids.items():
        tested = grid_pairs(grid.cells(points), found.run, found.frame, lag)
        table = pd.DataFrame({"bins": np.full(len(tested.p), bins)})
        for name, cells in (("from", tested.first), ("to", tested.second)):
            place = grid.place(cells)
            for axis in range(place.shape[1]):
                table[f"{name}_{axis + 1}"] = place[:, axis]
        parts.append(table.assign(forth=tested.forth, back=tested.back, p=tested.p, q=tested.q))
    return pd.concat(parts, ignore_index=True)


def _described(tested: dict[int, Balance]) -> dict[str, Any]:
    reversal = holm(np.array([one.p_reversal for one in tested.values()]))
    drift = holm(np.array([one.p_stationary for one in tested.values()]))
    parts = {}
    for nth, (bins, one) in enumerate(tested.items()):
        values = {**asdict(one), "p_reversal_holm": float(reversal[nth]), "p_stationary_holm": float(drift[nth])}
        parts[str(bins)] = {
            key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in values.items()
        }
    known = np.isfinite(reversal).any()
    least = (float(np.nanmin(reversal)), float(np.nanmin(drift))) if known else (1.0, 1.0)
    said = verdict(*least) if known else next(iter(tested.values())).verdict
    return {"p_reversal": least[0], "p_stationary": least[1], "verdict": said, "bins": parts}


def _write(folder: Path, flux: dict[int, GridFlux], pairs: pd.DataFrame, described: dict[str, Any]) -> list[Path]:
    paths = [folder / "pairs.csv", folder / "balance.json"]
    write_csv(pairs, paths[0])
    atomic.write_text(paths[1], json.dumps(described, indent=1, allow_nan=False) + "\n")
    for bins, one in flux.items():
        paths.append(folder / f"flux_{bins:02d}.csv")
        write_csv(one.table(), paths[-1])
    return paths


def _draw(
    folder: Path, flat: dict[int, GridFlux], shown: tuple[int, int], described: dict[str, Any], progress: Progress
) -> list[Path]:
    """A map for each number of bins."""
    from napari_cellstate.plots.flow import flux_map
    from napari_cellstate.plots.style import save

    said = verdict_in_words(described["p_reversal"], described["p_stationary"])
    axes = f"component {shown[0]}", f"component {shown[1]}"
    paths: list[Path] = []
    for nth, (bins, one) in enumerate(flat.items()):
        folder.mkdir(exist_ok=True)
        progress(nth, len(flat), "flux: figures")
        paths += save(flux_map(one.table(), axes=axes, said=said), folder, f"flux_{bins:02d}")
    progress(len(flat), len(flat), "flux: figures")
    return paths
