"""Where an experiment's embedding flows: velocity, flux, phase simulation, pseudotime."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core import atomic
from napari_cellstate.core.behavior import find_embedding
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.dynamics.balance import Balance, balance, verdict_in_words
from napari_cellstate.dynamics.field import Field, Steps, find_steps, statewise_vectors, velocity_field
from napari_cellstate.dynamics.flux import GridFlux, flux_on
from napari_cellstate.dynamics.grid import make_grid
from napari_cellstate.dynamics.phase import Boundary, Kind, Phase, simulate_phase
from napari_cellstate.dynamics.pseudotime import backward_share, diffusion_pseudotime, principal_curve, root_of_state
from napari_cellstate.experiment.dynamics_parts import StateRows, plain
from napari_cellstate.experiment.export import make_folder
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.sequences import sequences
from napari_cellstate.experiment.stages.dynamics import state_rows
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.formats.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Flow:
    """Movements in an embedding.

    Attributes
    ----------
    axes : what those that are shown are called. points : (N, 2), of all rows. rows : their states and tracks.
    lag : frames of one step. unit : of time, "h" or "frame". per_lag : length of a lag in it.
    steps, field, flux, vectors : of the rows chosen, on the two axes that are shown.
    bins : of the grid, on each of its axes. balance : detailed balance between the cells of that grid.

    Notes
    -----
    The grid may have more axes than are shown; flux is summed over the others (`flux_on`), the tests see all.
    """

    axes: tuple[str, str]
    points: Floats
    rows: StateRows
    lag: int
    unit: str
    per_lag: float
    steps: Steps
    field: Field
    flux: GridFlux
    vectors: pd.DataFrame
    bins: tuple[int, ...]
    balance: Balance

    def phase(
        self,
        *,
        points: int = 200,
        times: int = 200,
        kind: Kind = "stochastic",
        boundary: Boundary = "fence",
        start_state: int = 0,
        seed: int = 0,
        progress: Progress = silent,
    ) -> Phase:
        """Let points drift from where rows of a state are (0: of any)."""
        rows = self.steps.row
        if start_state:
            rows = rows[self.rows.state[rows] == start_state]
        if not len(rows):
            raise InputError(f"phase simulation: no row of state {start_state} has a next one")
        chosen = np.random.default_rng([seed, 13]).choice(rows, points)
        near = min(100, max(2, len(self.steps.start) // 20))
        return simulate_phase(
            self.steps, self.points[chosen], times=times, kind=kind, boundary=boundary, neighbours=near,
            step=self.per_lag, seed=seed, progress=progress,
        )  # fmt: skip

    def pseudotime(self, *, root: int = -1, root_state: int = 1, curve: bool = False) -> tuple[Floats, pd.DataFrame]:
        """Pseudotime of every row from a root row (-1: the middle of a state), and the share of steps that go back."""
        root = root if root >= 0 else root_of_state(self.points, self.rows.state, root_state)
        along = principal_curve(self.points, root=root).along if curve else diffusion_pseudotime(self.points, root)
        table = backward_share(along, self.rows.run, self.rows.frame, self.lag, track=self.rows.track)
        return along, table


def flow(
    experiment: Experiment | str | Path,
    *,
    condition: str = "",
    space: str = "",
    axes: int = 2,
    shown: tuple[int, int] = (1, 2),
    nodes: int = 20,
    bins: int = 0,
    quantiles: bool = False,
    progress: Progress = silent,
) -> Flow:
    """Find how an experiment moves in an embedding, and whether it is driven.

    Parameters
    ----------
    condition : "" for all.
    space : name of an embedding; "" takes the first.
    axes : how many of its axes the grid of the flux has.
    shown : two of these, from 1: velocity, flux and phase simulation are on them.
    nodes, bins : of the velocity field, and of the grid on each axis; 0 bins take fewer the more axes there are (12 on
        two, 5 on three). quantiles : see `make_grid`.

    Raises
    ------
    InputError
        No such condition, embedding or axes.
    """
    experiment = as_experiment(experiment)
    recipe, behavior = current_recipe(experiment), experiment.behavior
    found = sequences(experiment, recipe)
    rows = state_rows(found, recipe.windows.stride)
    name, whole = _space(behavior, space, axes, shown)
    points = whole[:, [one - 1 for one in shown]]
    lag = recipe.dynamics.frames(recipe.windows.stride)
    hour = found.dt_s / 3600 if found.dt_s else 1.0
    mine = np.arange(len(points)) if not condition else rows.rows(condition)
    if not len(mine):
        raise InputError(f"flow: no rows of condition {condition!r}; known: {', '.join(rows.conditions)}")
    part = find_steps(points[mine], rows.run[mine], rows.frame[mine], lag, track=rows.track[mine], time=hour)
    steps = Steps(part.start, part.velocity, mine[part.row], part.track, part.time)
    grid = make_grid(whole, bins or max(3, round(144 ** (1 / axes))), quantiles=quantiles)
    order = rows.run[mine], rows.frame[mine]
    flux = flux_on(shown, whole[mine], *order, lag, grid, track=rows.track[mine])
    cell = np.unique(grid.cells(whole[mine]), return_inverse=True)[1].astype(np.int64) + 1
    return Flow(
        (f"{name} {shown[0]}", f"{name} {shown[1]}"), points, rows, lag, "h" if found.dt_s else "frame", lag * hour,
        steps, velocity_field(steps, nodes=nodes, progress=progress), flux,
        statewise_vectors(steps, rows.state, rows.k), grid.shape,
        balance(*order, cell, lag, track=rows.track[mine], progress=progress),
    )  # fmt: skip


def _space(behavior: AnnData, wanted: str, axes: int, shown: tuple[int, int]) -> tuple[str, Floats]:
    name, points = find_embedding(behavior, wanted, "flow")
    if not 2 <= axes <= points.shape[1]:
        raise InputError(f"flow: {axes} axes of {name}, which has {points.shape[1]}; expected two or more, and no more")
    if len(set(shown)) != 2 or not 1 <= min(shown) <= max(shown) <= axes:
        raise InputError(f"flow: axes {shown[0]} and {shown[1]} shown; expected two different ones from 1 to {axes}")
    return name, points[:, :axes]


def write_flow(
    experiment: Experiment | str | Path, out: str | Path, *, condition: str = "", space: str = "", axes: int = 2,
    shown: tuple[int, int] = (1, 2), quantiles: bool = False, root_state: int = 1, force: bool = False,
    progress: Progress = silent,
) -> list[Path]:  # fmt: skip
    """Write velocity, flux, state_vectors, phase, pseudotime and backward (.csv), balance.json and figures."""
    import pandas as pd

    from napari_cellstate.plots.flow import flux_map, velocity_map
    from napari_cellstate.plots.style import save

    folder = Path(out)
    found = flow(
        experiment, condition=condition, space=space, axes=axes, shown=shown, quantiles=quantiles, progress=progress
    )
    make_folder(folder, force=force)
    along, back = found.pseudotime(root_state=root_state)
    paths = found.phase(progress=progress).paths
    number, time = (axis.ravel() for axis in np.meshgrid(range(len(paths)), range(paths.shape[1]), indexing="ij"))
    flat = paths.reshape(-1, 2)
    rows = {"movie": found.rows.movie, "frame": found.rows.frame, "state": found.rows.state, "pseudotime": along}
    tables = {
        "velocity": found.field.table(),
        "flux": found.flux.table(),
        "state_vectors": found.vectors,
        "phase": pd.DataFrame({"point": number, "time": time, "x1": flat[:, 0], "x2": flat[:, 1]}),
        "pseudotime": pd.DataFrame(rows),
        "backward": back,
    }
    written = []
    for name, table in tables.items():
        written.append(folder / f"{name}.csv")
        write_csv(table, written[-1])
    tested = {"axes": len(found.bins), "bins": list(found.bins), **plain(asdict(found.balance))}
    written.append(folder / "balance.json")
    atomic.write_text(written[-1], json.dumps(tested, indent=1, allow_nan=False) + "\n")
    (folder / "figures").mkdir(exist_ok=True)
    written += save(velocity_map(tables["velocity"], axes=found.axes), folder / "figures", "velocity")
    said = verdict_in_words(found.balance.p_reversal, found.balance.p_stationary)
    written += save(flux_map(tables["flux"], axes=found.axes, said=said), folder / "figures", "flux")
    return written
