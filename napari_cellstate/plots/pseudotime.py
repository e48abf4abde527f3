"""Windows coloured by pseudotime, and the share of steps that go back along it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellstate.plots.style import figure

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray


def pseudotime_figure(
    points: NDArray[np.float64],
    along: NDArray[np.float64],
    backward: pd.DataFrame,
    *,
    axes: str,
    nodes: NDArray[np.float64] | None = None,
) -> Figure:
    """Draw both.

    Parameters
    ----------
    points : (N, 2). along : (N,), pseudotime.
    backward : a row a bin and one over all: start, end, backward, low, high.
    axes : name of the embedding. nodes : (M, 2), of a principal curve.
    """
    with figure(7.6, 3.2) as drawn:
        cloud, share = drawn.subplots(1, 2)
        dots = cloud.scatter(*points.T, c=along, s=3, cmap="cividis", linewidths=0, rasterized=True)
        if nodes is not None:
            cloud.plot(*nodes.T, color="#D55E00", linewidth=1.5)
        drawn.colorbar(dots, ax=cloud, label="pseudotime")
        cloud.set(xlabel=f"{axes} 1", ylabel=f"{axes} 2")
        bins = backward.iloc[:-1]
        middle = (bins["start"] + bins["end"]) / 2
        error = [bins["backward"] - bins["low"], bins["high"] - bins["backward"]]
        share.errorbar(middle, bins["backward"], error, fmt="o", color="#0072B2", markersize=4)
        share.axhline(0.5, color="#888888", linestyle="--", linewidth=1)
        share.set(ylim=(0, 1), xlabel="pseudotime", ylabel="share of steps that go back")
        share.set_title("dashed: no direction")
    return drawn
