"""Verbs that set conditions against each other."""

from __future__ import annotations

import argparse

from napari_cellstate.cli.verb import Arguments, Verb, experiment_argument, json_argument, show


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="EXP_OR_TABLE", help="experiment, or table of state sequences or features")
    parser.add_argument("out", metavar="OUT", help="folder; made if missing")
    parser.add_argument(
        "--by", default="", metavar="COLUMN", help="conditions (default: condition); several, as age,drug, are factors"
    )
    for what in ("replicate", "states", "track", "time"):
        parser.add_argument(f"--{what}", default="", metavar="COLUMN", help=f"{what} column of a table")
    parser.add_argument("--reference", default="", metavar="NAME", help="condition to compare with (default: first)")
    parser.add_argument(
        "--pairing",
        default="auto",
        choices=("auto", "paired", "unpaired"),
        help="auto pairs conditions seen in the same replicates (default: %(default)s)",
    )
    parser.add_argument(
        "--correction",
        default="benjamini-hochberg",
        choices=("benjamini-hochberg", "holm"),
        help="within a question (default: %(default)s)",
    )
    parser.add_argument("--batch", default="", metavar="COLUMN", help="plate or day, checked against the condition")
    parser.add_argument("--root", default="", metavar="STATE", help="order windows along pseudotime from this state")
    parser.add_argument(
        "--link-error", type=float, default=0.0, metavar="SHARE", help="wrong links, such as 0.04: how far rates move"
    )
    parser.add_argument("--rate-margin", type=float, default=1.25, metavar="FACTOR", help="(default: %(default)s)")
    parser.add_argument("--occupancy-margin", type=float, default=0.05, metavar="SHARE", help="(default: %(default)s)")
    parser.add_argument("--mean-margin", type=float, default=0.25, metavar="SD", help="(default: %(default)s)")
    parser.add_argument(
        "--points", type=int, default=100, metavar="N", help="windows a side of the distance (default: %(default)s)"
    )
    parser.add_argument(
        "--descriptive", action="store_true", help="states or embedding know the condition: nothing is tested"
    )
    parser.add_argument("--no-report", action="store_true", help="compare.json and compare.csv only")
    parser.add_argument("--force", action="store_true", help="write into a folder that is not empty")
    json_argument(parser)


def _compare(given: Arguments) -> int:
    from napari_cellstate.compare.verdict import Margins
    from napari_cellstate.experiment.comparing.compare import compare
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        found = compare(
            given.source,
            given.out,
            by=given.by,
            replicate=given.replicate,
            states=given.states,
            track=given.track,
            time=given.time,
            reference=given.reference,
            pairing=given.pairing,
            correction=given.correction,
            batch=given.batch,
            root=given.root,
            link_error=given.link_error,
            margins=Margins(given.rate_margin, given.occupancy_margin, given.mean_margin),
            points=given.points,
            descriptive=given.descriptive,
            report=not given.no_report,
            force=given.force,
            progress=progress,
        )
    return show(given, found.to_dict(), found.text())


def _stains_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("table", metavar="STAINS.csv", help="columns movie, image, and labels where outlines are given")
    parser.add_argument("out", metavar="OUT", help="folder; made if missing")
    parser.add_argument("--channel", type=int, default=0, metavar="N", help="in which cells are found (default: 0)")
    parser.add_argument(
        "--cap", type=float, default=0.0, metavar="PX", help="farthest match (default: a cell's radius)"
    )
    parser.add_argument("--max-angle", type=float, default=10.0, metavar="DEG", help="(default: %(default)s)")
    parser.add_argument("--order", default="", metavar="STATES", help="such as 1,3,2 (default: by number)")
    parser.add_argument("--along", default="", metavar="COLUMN", help="of the behaviour table, such as pseudotime")
    parser.add_argument("--force", action="store_true", help="write into a folder that is not empty")
    json_argument(parser)


def _stains(given: Arguments) -> int:
    from napari_cellstate.experiment.staining.stains import stains
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        found = stains(
            given.experiment,
            given.table,
            given.out,
            channel=given.channel,
            cap=given.cap,
            max_angle=given.max_angle,
            order=given.order,
            along=given.along,
            force=given.force,
            progress=progress,
        )
    return show(given, found.content, found.text())


def _transfer_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("labelled", metavar="LABELLED", help="experiment, or table of features with labels")
    parser.add_argument("target", metavar="TARGET", help="experiment, or table of features, to be labelled")
    parser.add_argument("out", metavar="OUT", help="table to write, by its name CSV or parquet")
    parser.add_argument("--label", default="", metavar="COLUMN", help="labels (default: label, or state)")
    parser.add_argument("--group", default="", metavar="COLUMN", help="movies or replicates, held out as a whole")
    json_argument(parser)


def _transfer(given: Arguments) -> int:
    from napari_cellstate.experiment.transferring import transfer
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        found = transfer(
            given.labelled, given.target, given.out, label=given.label, group=given.group, progress=progress
        )
    return show(given, found.content, found.text())


VERBS = {
    "compare": Verb(
        "compare conditions: states, occupancy, rates, distances, with replicates as n",
        "napari-cellstate compare screen.cellstate comparison --reference young",
        _compare_arguments,
        _compare,
    ),
    "stains": Verb(
        "lay stain images over last frames: stain of each state, trend and turn",
        "napari-cellstate stains screen.cellstate stains.csv stained --order 1,3,2",
        _stains_arguments,
        _stains,
    ),
    "transfer": Verb(
        "label one experiment or table by another, with an unknown class",
        "napari-cellstate transfer labelled.csv other.csv labels.csv --label cell_type --group donor",
        _transfer_arguments,
        _transfer,
    ),
}
