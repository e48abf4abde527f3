"""How many states, and which lag: the evidence on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.plots.style import figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def evidence_figure(states: pd.DataFrame, timescales: pd.DataFrame, *, suggested: int, kept_apart: str) -> Figure:
    """Likelihood of what was left out, stability, slow processes, silhouette over k; relaxation times over the lag.

    Parameters
    ----------
    states : k, log_likelihood, gain_error, stability, slow, silhouette.
    timescales : lag, process, frames; may be empty.
    """
    panels = (
        ("log_likelihood", f"log likelihood of a row\n({kept_apart}s kept apart)"),
        ("stability", "found again in resamples\n(adjusted Rand index)"),
        ("slow", "processes still seen\na window later"),
        ("silhouette", "silhouette"),
    )
    with figure(12.4, 2.8) as drawn:
        axes = drawn.subplots(1, len(panels) + 1)
        for panel, (name, title) in zip(axes, panels, strict=False):
            error = states["gain_error"].to_numpy() if name == "log_likelihood" else np.zeros(len(states))
            panel.errorbar(states["k"], states[name], np.nan_to_num(error), fmt="o-", color="#333333", markersize=4)
            panel.axvline(suggested, color="#D55E00", linewidth=1, linestyle="--")
            panel.set(title=title, xlabel="states", xticks=states["k"])
        last = axes[-1]
        for _, one in timescales.groupby("process"):
            last.plot(one["lag"], one["frames"], "o-", color="#0072B2", markersize=3)
        if len(timescales):
            most = float(timescales["lag"].max())
            last.fill_between([0, most], [0, most], color="#CCCCCC", alpha=0.6, linewidth=0)
        last.set(title="relaxation times (frames)\ngrey: below the lag", xlabel="lag (frames)")
        drawn.suptitle(f"dashed: suggested, {suggested}", size=9)
    return drawn
