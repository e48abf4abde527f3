"""Replicates and features, ordered by likeness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.plots.colours import condition_colour
from napari_cellstate.plots.labels import condition_title, shorten
from napari_cellstate.plots.style import empty, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

_COLOURS = "RdBu_r"
_FAR = 3.0
_MOST = 80


def clustermap(
    means: ArrayLike,
    features: Sequence[str],
    condition: Sequence[str],
    replicate: Sequence[str],
    *,
    title: str = "Replicates and features, ordered by likeness",
) -> Figure:
    """Heat map of the means of replicates, rows and columns in the order of a hierarchical clustering.

    Parameters
    ----------
    means : (S, F) mean of each feature in each replicate and condition.
    features : F names.
    condition, replicate : S names.

    Notes
    -----
    Each feature is centred and scaled over the replicates (0: their mean, 1: their sd); Ward's linkage of Euclidean
    distances. Whether conditions come apart here is a picture, not a test.
    """
    values = np.asarray(means, np.float64)
    if values.shape != (len(condition), len(features)) or len(condition) != len(replicate):
        raise InputError(f"clustermap: {values.shape} means, {len(condition)} rows, {len(features)} features")
    sd = np.nanstd(values, axis=0) if len(values) else np.zeros(0)
    kept = np.flatnonzero(np.isfinite(sd) & (sd > 0))[:_MOST]
    if len(values) < 2 or not len(kept):
        return empty(title, "too few replicates or features")
    scaled = (values[:, kept] - np.nanmean(values[:, kept], axis=0)) / sd[kept]
    scaled = np.where(np.isfinite(scaled), scaled, 0.0)
    rows, columns = _order(scaled), _order(scaled.T)
    names = [shorten(features[kept[at]], 34, 1) for at in columns[0]]
    with figure(2.9 + 0.24 * len(names) + 1.4, 2.1 + 0.24 * len(values) + 0.07 * max(map(len, names))) as drawn:
        _draw(drawn, scaled, rows, columns, names, condition, replicate)
        drawn.suptitle(title, size=10)
    return drawn


def _order(values: NDArray[Any]) -> tuple[list[int], Any]:
    """Order of the leaves, and the linkage; None for a single one."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    if len(values) < 2:
        return [0], None
    tree = linkage(values, "ward")
    return leaves_list(tree).tolist(), tree


def _draw(
    drawn: Figure,
    scaled: NDArray[Any],
    rows: tuple[list[int], Any],
    columns: tuple[list[int], Any],
    names: list[str],
    condition: Sequence[str],
    replicate: Sequence[str],
) -> None:
    from matplotlib.patches import Patch

    widths, heights = [0.9, 0.25, 0.24 * len(names) + 0.3], [0.5, 0.24 * len(rows[0]) + 0.3]
    axes = drawn.subplots(2, 3, gridspec_kw={"width_ratios": widths, "height_ratios": heights})
    for spare in (axes[0, 0], axes[0, 1]):
        spare.remove()
    _tree(axes[0, 2], columns[1], len(names), upright=True)
    _tree(axes[1, 0], rows[1], len(rows[0]), upright=False)
    shown = list(dict.fromkeys(condition))
    strip, heat = axes[1, 1], axes[1, 2]
    for at, row in enumerate(rows[0]):
        strip.barh(at + 0.5, 1, height=0.92, color=condition_colour(shown.index(condition[row])))
    strip.set(xlim=(0, 1), ylim=(len(rows[0]), 0), xticks=[], yticks=[])
    strip.spines[:].set_visible(False)
    top = min(float(np.abs(scaled).max()), _FAR)
    mesh = heat.pcolormesh(scaled[np.ix_(rows[0], columns[0])], cmap=_COLOURS, vmin=-top, vmax=top, edgecolors="white")
    mesh.set_linewidth(0.5)
    heat.set_ylim(len(rows[0]), 0)
    heat.set_xticks(np.arange(len(names)) + 0.5, names, rotation=90)
    heat.yaxis.tick_right()
    heat.set_yticks(np.arange(len(rows[0])) + 0.5, [shorten(replicate[row], 16, 1) for row in rows[0]])
    heat.tick_params(length=0)
    heat.spines[:].set_visible(False)
    bar = drawn.colorbar(mesh, ax=heat, shrink=min(1.0, 2.5 / drawn.get_figheight()), aspect=14, pad=0.02)
    bar.set_label("mean of the replicate\n(sd of replicates)")
    bar.outline.set_visible(False)
    handles = [Patch(color=condition_colour(nth), label=condition_title(one, shown)) for nth, one in enumerate(shown)]
    drawn.legend(handles=handles, loc="outside lower center", ncols=min(len(shown), 3), title="condition")


def _tree(panel: Axes, tree: Any, leaves: int, *, upright: bool) -> None:
    """Brackets of a clustering; its leaves are at 0.5, 1.5, ..."""
    from scipy.cluster.hierarchy import dendrogram

    panel.set(xticks=[], yticks=[])
    panel.spines[:].set_visible(False)
    if tree is None:
        return
    brackets = dendrogram(tree, no_plot=True)
    for along, height in zip(brackets["icoord"], brackets["dcoord"], strict=True):
        places = np.asarray(along) / 10
        panel.plot(*((places, height) if upright else (height, places)), color="#777777", linewidth=0.8)
    if upright:
        panel.set(xlim=(0, leaves), ylim=(0, None))
    else:
        panel.set(ylim=(leaves, 0), xlim=(float(tree[:, 2].max()) * 1.02, 0))
