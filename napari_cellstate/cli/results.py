"""Verbs that make results, show where they stand, and hand them out."""

from __future__ import annotations

import argparse
import sys

from napari_cellstate.cli.verb import Arguments, Verb, experiment_argument, json_argument, show


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("--recipe", metavar="FILE", help="recipe (TOML) to use from now on (default: the experiment's)")
    parser.add_argument("--until", default="", metavar="STAGE", help="stop after this stage")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="default: %(default)s")
    json_argument(parser)


def _run(given: Arguments) -> int:
    from napari_cellstate.experiment.pipeline import run
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        report = run(given.experiment, given.recipe, until=given.until, device=given.device, progress=progress)
    for sentence in report.warnings:
        print(f"warning: {sentence}", file=sys.stderr)
    content = {"done": report.done, "fresh": report.fresh, "warnings": report.warnings}
    text = f"{len(report.done)} results made, {len(report.fresh)} were there already"
    return show(given, content, text)


def _status_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    json_argument(parser)


def _status(given: Arguments) -> int:
    from napari_cellstate.experiment.status import status
    from napari_cellstate.terminal import status_text

    found = status(given.experiment)
    return show(given, found, status_text(found))


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("out", metavar="OUT", help="folder; made if missing")
    parser.add_argument("--format", default="csv", help="csv, parquet, h5ad or ctc (default: %(default)s)")
    parser.add_argument("--force", action="store_true", help="write into a folder that is not empty")
    json_argument(parser)


def _export(given: Arguments) -> int:
    from napari_cellstate.experiment.export import export
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        paths = export(given.experiment, given.out, given.format, force=given.force, progress=progress)
    return show(given, [str(path) for path in paths], "\n".join(map(str, paths)))


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("out", metavar="OUT", help="folder; made if missing")
    parser.add_argument("--force", action="store_true", help="write into a folder that is not empty")
    json_argument(parser)


def _report(given: Arguments) -> int:
    from napari_cellstate.experiment.report import report
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        paths = report(given.experiment, given.out, force=given.force, progress=progress)
    return show(given, [str(path) for path in paths], "\n".join(map(str, paths)))


VERBS = {
    "run": Verb(
        "do every stage that is missing or stale",
        "napari-cellstate run screen.cellstate --until link",
        _run_arguments,
        _run,
    ),
    "status": Verb(
        "show what is missing, fresh or stale", "napari-cellstate status screen.cellstate", _status_arguments, _status
    ),
    "export": Verb(
        "write the results as tables or masks",
        "napari-cellstate export screen.cellstate tables --format csv",
        _export_arguments,
        _export,
    ),
    "report": Verb(
        "write tables, figures and an overlay movie",
        "napari-cellstate report screen.cellstate report",
        _report_arguments,
        _report,
    ),
}
