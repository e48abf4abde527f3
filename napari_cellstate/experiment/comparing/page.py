"""The report on one printed page: verdicts, figures and methods, text that can be edited."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari_cellstate.compare.design import Design
from napari_cellstate.experiment.comparing.comparison import Comparison, design_sentence, pair_of
from napari_cellstate.experiment.comparing.figures import (
    effects_table,
    hazard_texts,
    state_names,
    super_tables,
    survival_of,
)
from napari_cellstate.experiment.comparing.words import sentence

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 8.27, 11.69
_LEFT = 0.06
_LINE = 0.0128
_DENSE = 7
"""Cards up to which each says how it was tested; of more, those of `_FULL` do, and the HTML says the rest."""
_FULL = ("states", "occupancy", "overall rate", "rates", "means")


def report_page(result: Comparison, design: Design) -> Figure:
    """An A4 page on one pair of conditions."""
    from napari_cellstate.plots.style import blank_page

    with blank_page(WIDTH, HEIGHT) as page:
        pair = pair_of(design)
        y = _write(page, 0.965, f"Comparison: {pair}", size=15, width=70, weight="bold")
        y = _write(page, y - 0.006, sentence(result.statements()[pair]), size=11.5, width=92)
        y = _write(page, y, f"{sentence(design_sentence(design))} The unit of n is the replicate.", size=8.5, width=120)
        y = _verdicts(page, result, design, y - 0.008)
        bottom = _footer(page, result)
        _panels(page, result, design, top=y - 0.02, bottom=bottom + 0.048)
    return page


def _verdicts(page: Figure, result: Comparison, design: Design, y: float) -> float:
    """A block a question: the word, the effect, how it was tested."""
    from napari_cellstate.plots.forest import VERDICT_COLOURS

    cards = result.cards(design)
    for card in cards:
        page.text(_LEFT, y, card["title"].partition("?")[0] + "?", size=8, weight="bold", va="top")
        word = card["verdict"]
        page.text(0.265, y, word, size=8.5, weight="bold", va="top", color=VERDICT_COLOURS[word])
        more = f" ({card['looked_at']} looked at)" if card["looked_at"] > 1 else ""
        below = _write(page, y, card["says"] + more, size=7.8, width=74, x=0.455)
        if len(cards) <= _DENSE or card["question"] in _FULL:
            below = _write(page, below, card["tested"], size=6.6, width=86, x=0.455, grey=True)
        y = min(below, y - _LINE) - 0.004
    return y


def _footer(page: Figure, result: Comparison) -> float:
    """Notes and methods at the bottom of the page; gives the height that they take."""
    notes = [f"Note: {note}." for note in result.notes[:4]]
    lines = [line for text in [*notes, f"Methods. {result.methods}"] for line in textwrap.wrap(text, 158)]
    step = 0.0098
    y = 0.022 + step * len(lines)
    for nth, line in enumerate(lines):
        page.text(_LEFT, y - nth * step, line, size=6.6, va="top", color="#333333")
    return y


def _panels(page: Figure, result: Comparison, design: Design, *, top: float, bottom: float) -> None:
    """Rates or means, superplots, and survival of stays, in what room is left."""
    room = top - bottom
    if room < 0.12:
        return
    seen = result.seen
    half = (room - 0.075) / 2 if seen.states else min(room, 0.3)
    first = top - half
    effects = page.add_axes((0.17, first, 0.25, half - 0.005))
    _effects(effects, result, design)
    cells, bold = super_tables(result)
    here = [design.reference, design.other]
    wanted = list(dict.fromkeys(bold["quantity"]))[:3]
    _superplots(page, [one[one["condition"].isin(here)] for one in (cells, bold)], wanted, here, design, (first, half))
    if seen.states:
        _survival(page, result, here, (bottom, half))


def _effects(panel: Axes, result: Comparison, design: Design) -> None:
    from napari_cellstate.plots.forest import forest_panel

    found = result.of(design)
    rates = [one for one in found if one.question in ("overall rate", "rates")]
    chosen = rates or [one for one in found if one.question == "means"][:10]
    if not chosen:
        panel.remove()
        return
    label = f"ratio of rates, {pair_of(design)}" if rates else f"difference of means, sd ({pair_of(design)})"
    table = effects_table(chosen[:14])
    forest_panel(panel, table, label=label, margin=chosen[0].margin, ratio=bool(rates), width=18)
    panel.xaxis.label.set_fontsize(7.5)
    panel.tick_params(labelsize=7.5)


def _superplots(
    page: Figure,
    tables: Sequence[pd.DataFrame],
    wanted: list[str],
    conditions: list[str],
    design: Design,
    place: tuple[float, float],
) -> None:
    from napari_cellstate.plots.superplot import superplot_panel

    y, height = place
    each = 0.46 / max(len(wanted), 1)
    for nth, quantity in enumerate(wanted):
        panel = page.add_axes((0.51 + nth * each, y, each - 0.055, height - 0.02))
        cells, bold = (one[one["quantity"] == quantity] for one in tables)
        superplot_panel(panel, cells, bold, conditions=conditions, paired=design.paired)
        panel.set_title(quantity, size=7.5)
        panel.tick_params(labelsize=7)


def _survival(page: Figure, result: Comparison, conditions: list[str], place: tuple[float, float]) -> None:
    from napari_cellstate.plots.dwell import survival_panel
    from napari_cellstate.plots.timeaxis import scale_of_time

    y, height = place
    seen = result.seen
    curves = survival_of(seen)
    curves = curves[curves["condition"].isin(conditions)]
    names, said = state_names(seen), hazard_texts(result)
    shown = [state for state in names if curves.loc[curves["state"] == state, "n"].any()][:4]
    factor, unit = scale_of_time(seen.dt_s)
    each = 0.9 / max(len(shown), 1)
    places = {name: nth for nth, name in enumerate(conditions)}
    for nth, state in enumerate(shown):
        panel = page.add_axes((0.075 + nth * each, y, each - 0.05, height - 0.02))
        survival_panel(panel, curves[curves["state"] == state], places, factor)
        panel.set_title(f"stays in {names[state]}", size=7.5)
        panel.text(0.97, 0.95, said.get(state, ""), transform=panel.transAxes, size=6.5, ha="right", va="top")
        panel.set(ylim=(0, 1.02), xlim=(0, None))
        panel.set_xlabel(f"time since entering ({unit})", size=7.5)
        panel.tick_params(labelsize=7)
        _key(panel, conditions if nth == 0 else [])
        if nth == 0:
            panel.set_ylabel("share still there", size=7.5)


def _key(panel: Axes, conditions: list[str]) -> None:
    from matplotlib.lines import Line2D

    from napari_cellstate.plots.colours import condition_colour

    handles = [Line2D([], [], color=condition_colour(nth), label=name) for nth, name in enumerate(conditions)]
    panel.legend(handles=handles, loc="center right", fontsize=6.5, handlelength=1.4, frameon=False)


def _write(
    page: Figure,
    y: float,
    text: str,
    *,
    size: float,
    width: int,
    x: float = _LEFT,
    weight: str = "normal",
    grey: bool = False,
) -> float:
    """Write wrapped text from `y` down; gives where the next may begin."""
    step = size * 1.32 / 72 / HEIGHT
    for line in textwrap.wrap(text, width):
        page.text(x, y, line, size=size, va="top", weight=weight, color="#5d5d5d" if grey else "#1c1c1c")
        y -= step
    return y
