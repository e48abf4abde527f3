"""How a training went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.plots.style import empty, figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_WINDOW = 25


def history(table: pd.DataFrame) -> Figure:
    """Loss and its parts over the steps, smoothed over 25 records, on a log axis.

    Parameters
    ----------
    table : of `learn.loop.Trained.table`: step, loss, parts of it, learning_rate, check.
    """
    parts = [name for name in table.columns if name not in ("step", "learning_rate", "check")]
    if table.empty or not parts:
        return empty("history of a training", "no steps")
    with figure(5.5, 3.4) as drawn:
        axes = drawn.subplots()
        for name in parts:
            values = table[name].astype(float).rolling(_WINDOW, min_periods=1).mean()
            axes.plot(table["step"], values, label=name, linewidth=1.8 if name == "loss" else 1.0)
        checked = table.get("check")
        if checked is not None and checked.notna().any():
            at = checked.notna()
            axes.plot(table["step"][at], checked[at], "o", markersize=3, label="check")
        if bool((np.asarray(table[parts], float) > 0).any()):
            axes.set_yscale("log")
        axes.set_xlabel("step")
        axes.set_ylabel("loss")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawn
