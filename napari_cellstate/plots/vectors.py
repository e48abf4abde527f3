"""Which way each state changed: lengths of difference vectors and how alike they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.plots.labels import shorten
from napari_cellstate.plots.style import empty, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

_COLOURS = "PuOr_r"


def difference_figure(
    groups: Sequence[str], length: ArrayLike, noise: ArrayLike, cosine: ArrayLike, *, title: str = ""
) -> Figure:
    """Length of each state's difference vector beside that expected of noise, and cosines between them.

    Parameters
    ----------
    groups : (G,) names.
    length, noise : (G,) NaN where not known.
    cosine : (G, G).
    """
    lengths, expected, alike = (np.asarray(one, np.float64) for one in (length, noise, cosine))
    if not np.isfinite(lengths).any():
        return empty(title or "Difference vectors", "no state was seen in both conditions")
    k = len(groups)
    names = [shorten(name, 14, 1) for name in groups]
    with figure(3.6 + 0.62 * k + 1.6, 2.0 + 0.42 * k) as drawn:
        left, right = drawn.subplots(1, 2, gridspec_kw={"width_ratios": [1.6, 0.5 * k + 1]})
        left.barh(np.arange(k), lengths, height=0.6, color="#5B4FA8", label="length")
        left.plot(
            expected, np.arange(k), "|", color="#111111", markersize=15, markeredgewidth=2, label="expected of noise"
        )
        left.set_yticks(range(k), names)
        left.set(ylim=(k - 0.4, -0.6), xlim=(0, None), xlabel="length of the difference")
        left.tick_params(axis="y", length=0)
        mesh = right.pcolormesh(alike, cmap=_COLOURS, vmin=-1, vmax=1, edgecolors="white", linewidth=1)
        for (i, j), value in np.ndenumerate(alike):
            right.text(j + 0.5, i + 0.5, _signed(value), ha="center", va="center", size=8, color=_ink(value))
        right.set(ylim=(k, 0), aspect="equal")
        slanted = max(map(len, names)) > 6
        right.set_xticks(np.arange(k) + 0.5, names, rotation=45 if slanted else 0, ha="right" if slanted else "center")
        right.set_yticks(np.arange(k) + 0.5, names)
        right.tick_params(length=0)
        right.spines[:].set_visible(False)
        bar = drawn.colorbar(mesh, ax=right, shrink=0.8, aspect=14)
        bar.set_label("cosine similarity\n(1: changed the same way)")
        bar.outline.set_visible(False)
        drawn.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=2)
        drawn.suptitle(title or "Difference vectors", size=10)
    return drawn


def _signed(value: Any) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}") if np.isfinite(value) else "–"


def _ink(value: Any) -> str:
    return "white" if np.isfinite(value) and abs(value) > 0.75 else "#222222"
