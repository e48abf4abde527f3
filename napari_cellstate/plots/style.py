"""How figures look and how they are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellstate.core.atomic import replacing
from napari_cellstate.plots.colours import NO_STATE_COLOUR, STATE_COLOURS, state_colour
from napari_cellstate.plots.labels import StateNames, state_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "NO_STATE_COLOUR",
    "STATE_COLOURS",
    "blank_page",
    "empty",
    "figure",
    "grid",
    "label_lowest",
    "leftmost",
    "save",
    "save_pages",
    "state_colour",
    "state_legend",
]

_DPI = 160
_RC: dict[str, Any] = {
    "axes.edgecolor": "#444444",
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.titlesize": 11,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "hatch.color": "#B5B5B5",
    "hatch.linewidth": 0.6,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "savefig.bbox": "tight",
    "savefig.dpi": _DPI,
    "svg.fonttype": "none",
    "text.parse_math": False,  # a condition named "5$ dose" is not a formula
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
}


@contextmanager
def figure(width: float, height: float) -> Iterator[Figure]:
    """Give an empty figure of so many inches; what is drawn inside the block has our style, whatever the user's."""
    from matplotlib.figure import Figure

    with _style():
        yield Figure(figsize=(width, height), layout="constrained", dpi=100)


def save(figure: Figure, folder: Path, name: str) -> tuple[Path, Path]:
    """Write a figure as NAME.png and as NAME.pdf whose text can be edited; the same figure gives the same bytes."""
    png, pdf = folder / f"{name}.png", folder / f"{name}.pdf"
    with _style(), replacing(png) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI, metadata={"Software": None})
    with _style(), replacing(pdf) as temporary:
        nothing = {"CreationDate": None, "Creator": None, "Producer": None}
        figure.savefig(temporary, format="pdf", dpi=200, metadata=nothing)
    return png, pdf


@contextmanager
def blank_page(width: float, height: float) -> Iterator[Figure]:
    """Give an empty page of so many inches, on which everything is placed by hand."""
    from matplotlib.figure import Figure

    with _style():
        yield Figure(figsize=(width, height), dpi=100)


def save_pages(pages: Sequence[Figure], path: Path) -> Path:
    """Write figures as the pages of one PDF whose text can be edited, at their own size."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import PdfPages

    nothing = {"CreationDate": None, "Creator": None, "Producer": None}
    whole = rc_context({"savefig.bbox": None})
    with _style(), whole, replacing(path) as temporary, PdfPages(temporary, metadata=nothing) as pdf:
        for page in pages:
            page.savefig(pdf, format="pdf", dpi=200)
    return path


def empty(what: str, why: str = "no rows") -> Figure:
    """A figure that says that there is nothing to draw."""
    with figure(4.5, 1.6) as blank:
        blank.text(0.5, 0.62, what, ha="center", va="center", size=11)
        blank.text(0.5, 0.32, why, ha="center", va="center", color="#666666")
    return blank


def grid(
    figure: Figure, rows: int, columns: int, used: int, *, sharex: bool = False, sharey: bool = False
) -> list[Axes]:
    """The first `used` panels of a grid, row by row; the others are not there."""
    panels = figure.subplots(rows, columns, squeeze=False, sharex=sharex, sharey=sharey).ravel()
    for panel in panels[used:]:
        panel.remove()
    if sharex:
        for panel in panels[max(used - columns, 0) : used]:  # the lowest of each column need their numbers
            panel.tick_params(labelbottom=True)
    return list(panels[:used])


def leftmost(panel: Axes) -> bool:
    """Say whether a panel is in the first column of its grid."""
    place = panel.get_subplotspec()
    return place is not None and place.is_first_col()


def label_lowest(figure: Figure, columns: int, label: str) -> None:
    """Name the x axis of the lowest panel of each column; a label of the whole figure would lie on its legend."""
    for panel in figure.axes[-columns:]:
        panel.set_xlabel(label)


def state_legend(figure: Figure, states: Sequence[int], names: StateNames | None = None) -> None:
    """A square and a name for each state, beneath the panels."""
    from matplotlib.patches import Patch

    titles = [state_title(state, names, 24) for state in states]
    handles = [Patch(facecolor=state_colour(state), label=title) for state, title in zip(states, titles, strict=True)]
    widest = max((len(line) for title in titles for line in title.split("\n")), default=1)
    columns = max(1, min(len(handles), int(figure.get_figwidth() / (0.45 + 0.085 * widest))))
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, handlelength=1.1, handleheight=1.1)


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib.style

    with matplotlib.style.context(["default", _RC]):
        yield
