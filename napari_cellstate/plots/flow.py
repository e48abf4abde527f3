"""Where an embedding flows: arrows over divergence."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.plots.style import empty, figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_COLOURS = "PuOr_r"


def flux_map(table: pd.DataFrame, *, axes: tuple[str, str] = ("component 1", "component 2"), said: str = "") -> Figure:
    """Flux through each cell as arrows over the divergence of the mean displacement.

    Parameters
    ----------
    table : of a flux on a grid with two axes, a row a cell: bin_1, bin_2, centre_1, centre_2, n, flux_1, flux_2,
        divergence.
    axes : what they are called.
    said : the verdict, for the title.

    Notes
    -----
    Cells without paths are white, and those whose divergence cannot be told grey. Arrows are the net number of bins
    crossed, of all pairs; mean displacements towards the middle are in the colour: purple, below 0.
    """
    if not len(table) or not table["n"].sum():
        return empty("Probability flux", "no pairs of rows")
    shape = int(table["bin_1"].max()) + 1, int(table["bin_2"].max()) + 1
    x, y = (table[f"centre_{axis}"].to_numpy().reshape(shape) for axis in (1, 2))
    edges = _edges(x[:, 0]), _edges(y[0])
    shade = table["divergence"].to_numpy().reshape(shape)
    n = table["n"].to_numpy().reshape(shape)
    with figure(5.6, 4.6) as drawn:
        panel = drawn.subplots()
        panel.pcolormesh(*edges, np.where(n > 0, 1.0, np.nan).T, cmap="Greys", vmin=0, vmax=8)
        image = _shade(panel, edges, shade)
        flux = [table[f"flux_{axis}"].to_numpy().reshape(shape) for axis in (1, 2)]
        _arrows(panel, x, y, flux, (x[1, 0] - x[0, 0], y[0, 1] - y[0, 0]) if min(shape) > 1 else (1.0, 1.0))
        drawn.colorbar(image, ax=panel, label="divergence of the mean displacement (per lag)", shrink=0.8)
        panel.set(xlabel=axes[0], ylabel=axes[1])
        panel.margins(0.06)
        panel.autoscale()
        words = "\n".join(textwrap.wrap(said, 84))
        drawn.suptitle("Net flux through each cell (arrows)" + (f"\n{words}" if said else ""), size=9)
    return drawn


def velocity_map(table: pd.DataFrame, *, axes: tuple[str, str] = ("component 1", "component 2")) -> Figure:
    """Velocity at each node as an arrow over the divergence; arrows shorter than two errors are pale.

    Parameters
    ----------
    table : a row a node: at_1, at_2, n, velocity_1, velocity_2, error_1, error_2, divergence.
    """
    known = table[table["velocity_1"].notna()] if len(table) else table
    if not len(known):
        return empty("Velocity field", "no node has enough rows")
    nodes = [np.unique(table[f"at_{axis}"]) for axis in (1, 2)]
    shape = len(nodes[0]), len(nodes[1])
    size = np.hypot(table["velocity_1"], table["velocity_2"])
    sure = size > 2 * np.hypot(table["error_1"], table["error_2"])
    with figure(5.6, 4.6) as drawn:
        panel = drawn.subplots()
        edges = _edges(nodes[0]), _edges(nodes[1])
        image = _shade(panel, edges, table["divergence"].to_numpy().reshape(shape))
        for chosen, alpha in ((sure, 1.0), (~sure, 0.3)):
            part = table[chosen & table["velocity_1"].notna()]
            panel.quiver(
                part["at_1"], part["at_2"], part["velocity_1"], part["velocity_2"], alpha=alpha, width=0.004,
                angles="xy", scale_units="xy", scale=float(size.max()) / (nodes[0][1] - nodes[0][0]) / 1.2,
            )  # fmt: skip
        drawn.colorbar(image, ax=panel, label="divergence (per unit of time)", shrink=0.8)
        panel.set(xlabel=axes[0], ylabel=axes[1])
        drawn.suptitle("Velocity field (pale: shorter than two standard errors)", size=9)
    return drawn


def _edges(centres: Floats) -> Floats:
    """Edges of cells around ascending centres."""
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def _shade(panel: Axes, edges: tuple[Floats, Floats], values: Floats) -> Any:
    """Colours on both sides of 0, strong where nine in ten are passed; one far value does not bleach the rest."""
    finite = np.abs(values[np.isfinite(values)])
    top = float(np.quantile(finite, 0.9)) if len(finite) else 1.0
    return panel.pcolormesh(*edges, values.T, cmap=_COLOURS, alpha=0.7, vmin=-(top or 1.0), vmax=top or 1.0)


def _arrows(panel: Axes, x: Floats, y: Floats, flux: list[Floats], bins: tuple[float, float]) -> None:
    size = np.hypot(*flux)
    top = float(size.max())
    if top <= 0:
        return
    u, v = flux[0] / top * bins[0], flux[1] / top * bins[1]
    some = size > 0.02 * top
    panel.quiver(
        x[some], y[some], u[some], v[some], angles="xy", scale_units="xy", scale=1.0, width=0.006,
        color="#111111", edgecolor="white", linewidth=0.4,
    )  # fmt: skip
