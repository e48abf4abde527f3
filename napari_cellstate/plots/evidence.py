"""What embeddings tell beside the features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.plots.style import empty, figure, leftmost

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

TITLES = {
    "next": "next window\n(R² of its features)",
    "condition": "condition\n(balanced accuracy, movies apart)",
    "state": "known states\n(balanced accuracy)",
    "stability": "neighbours that stay\n(other tracks)",
}


def evidence_figure(table: pd.DataFrame) -> Figure:
    """A bar for each space in each question that could be asked; dark where it adds to the features.

    Parameters
    ----------
    table : as `Evidence.table` gives it.
    """
    asked = [name for name in TITLES if table[name].notna().any()]
    if not asked:
        return empty("Evidence", "nothing could be asked")
    names = table["space"].tolist()
    with figure(1.6 + 2.1 * len(asked), 1.1 + 0.32 * len(names)) as fig:
        panels = fig.subplots(1, len(asked), squeeze=False, sharey=True)[0]
        for panel, what in zip(panels, asked, strict=True):
            adds = table[f"{what}_p"].notna() & table["verdict"].str.contains(_WORD[what]) if what in _WORD else None
            colours = ["#2F6DB5" if adds is not None and adds.iloc[n] else "#B9C4D0" for n in range(len(names))]
            panel.barh(np.arange(len(names)), table[what].fillna(0), color=colours, height=0.7)
            panel.axvline(float(table[what].iloc[0]), color="#444444", linewidth=0.8, linestyle=":")
            panel.set_title(TITLES[what])
            panel.set_yticks(np.arange(len(names)), names)
            if not leftmost(panel):
                panel.tick_params(labelleft=False)
        panels[0].invert_yaxis()
    return fig


_WORD = {"next": "next window", "condition": "condition", "state": "known states"}
