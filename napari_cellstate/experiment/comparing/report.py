"""Write the report of a comparison: report.html, report.pdf, figures and tables."""

from __future__ import annotations

from pathlib import Path

from napari_cellstate.core import atomic
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.comparing.comparison import Comparison
from napari_cellstate.experiment.comparing.figures import pictures_of, super_tables
from napari_cellstate.experiment.comparing.html import html_report
from napari_cellstate.experiment.comparing.page import report_page
from napari_cellstate.formats.tables import write_csv


def write_report(result: Comparison, folder: Path, progress: Progress = silent) -> list[Path]:
    """Write everything but compare.json and compare.csv.

    Parameters
    ----------
    folder : must be there.

    Returns
    -------
    The files: report.html (self-contained), report.pdf (a page a pair of conditions), figures/NAME.png and .pdf,
    tables/replicates.csv (one number a replicate, as the superplots show them).
    """
    from napari_cellstate.plots.style import save, save_pages

    pictures = pictures_of(result)
    written, shown = [], []
    for nth, picture in enumerate(pictures):
        progress(nth, len(pictures) + 2, f"figure of {picture.name}")
        png, pdf = save(picture.make(), folder / "figures", picture.name)
        written += [png, pdf]
        shown.append((picture.caption, png))
    progress(len(pictures), len(pictures) + 2, "report")
    pages = [report_page(result, design) for design in result.designs]
    written.append(save_pages(pages, folder / "report.pdf"))
    atomic.write_text(folder / "report.html", html_report(result, shown))
    write_csv(super_tables(result)[1], folder / "tables" / "replicates.csv")
    progress(len(pictures) + 2, len(pictures) + 2, "report")
    return [*written, folder / "report.html", folder / "tables" / "replicates.csv"]
