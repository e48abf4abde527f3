"""Figures of the dynamics of a table of state sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellstate.core.progress import Progress

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def write_figures(
    tables: dict[str, pd.DataFrame],
    folder: Path,
    *,
    names: dict[int, str],
    lag: int,
    dt_s: float | None,
    treatments: Sequence[float] = (),
    progress: Progress,
) -> list[Path]:
    """Draw and write every figure.

    Parameters
    ----------
    tables : as `dynamics_parts.all_tables` gives them: states are numbers.
    names : of the states.
    treatments : times to mark, hours (frames without `dt_s`).
    """
    from napari_cellstate.plots.dwell import dwell
    from napari_cellstate.plots.matrices import transition_matrices
    from napari_cellstate.plots.over_time import occupancy_over_time, rates_over_time
    from napari_cellstate.plots.state_graph import state_graph
    from napari_cellstate.plots.style import save

    step = f"{lag * dt_s / 60:g} min" if dt_s else f"{lag} frame" + ("s" if lag > 1 else "")
    transitions, shares = tables["transitions"], tables["occupancy"]
    treated = {str(name): treatments for name in dict.fromkeys(transitions["condition"])}
    makers: dict[str, Callable[[], Figure]] = {
        "transitions": lambda: transition_matrices(transitions, names=names, step=step),
        "state_graph": lambda: state_graph(transitions, shares, names=names),
        "dwell": lambda: dwell(tables["survival"], dt_s=dt_s, names=names),
        "occupancy_over_time": lambda: occupancy_over_time(
            tables["occupancy_over_time"], names=names, treatments=treated
        ),
        "rates_over_time": lambda: rates_over_time(tables["rates_over_time"], names=names, treatments=treated),
    }
    written: list[Path] = []
    folder.mkdir(exist_ok=True)
    for nth, (name, make) in enumerate(makers.items()):
        progress(nth, len(makers), "figures")
        written += save(make(), folder, name)
    progress(len(makers), len(makers), "figures")
    return written
