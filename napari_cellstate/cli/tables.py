"""Verbs that work on tables, without an experiment."""

from __future__ import annotations

import argparse
import sys

from napari_cellstate.cli.verb import Arguments, Verb, json_argument, show, track_column_arguments


def _features_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "tracks",
        metavar="TRACKS",
        help="table of tracks (CSV, TSV, parquet), TrackMate XML, GEFF, or a folder "
        "of the Cell Tracking Challenge or with tracksX.csv and tracksY.csv",
    )
    parser.add_argument(
        "out", metavar="OUT", help="table to write, by its name CSV or parquet; replaced if it is there"
    )
    parser.add_argument(
        "--set",
        action="append",
        metavar="SET",
        help="heteromotility, motility, neighbours, shape, intensity, texture or all; may be repeated (default: all "
        "whose measurements are there). For neighbours the table must be one movie",
    )
    parser.add_argument("--lag", type=int, default=10, help="of heteromotility, 5 or 10 (default: %(default)s)")
    parser.add_argument("--window", type=int, default=0, metavar="N", help="frames of a window (default: whole tracks)")
    parser.add_argument(
        "--stride", type=int, default=1, metavar="N", help="from window to window (default: %(default)s)"
    )
    parser.add_argument("--dt", type=float, metavar="S", help="seconds between frames (default: times in frames)")
    parser.add_argument("--pixel-size", type=float, metavar="UM", help="um a pixel (default: lengths in px)")
    parser.add_argument("--labels", metavar="MASKS", help="label images of the cells, for shape")
    parser.add_argument("--images", metavar="MOVIE", help="the movie, for intensity and texture; needs --labels")
    parser.add_argument("--axes", default="", help="of the images, such as TYX or TCYX, where the file does not say")
    parser.add_argument("--channels", default="", help="to describe, such as 0,1 (default: 0)")
    parser.add_argument("--drift", action="store_true", help="take stage drift away: the median step of all cells")
    parser.add_argument(
        "--interpolated",
        default="keep",
        choices=("keep", "missing"),
        help="positions that were probably filled in: keep them, or take them for missing (default: %(default)s)",
    )
    parser.add_argument(
        "--formula", action="append", metavar="NAME=FORMULA", help="a column over others; may be repeated"
    )
    parser.add_argument(
        "--function", action="append", metavar="FILE.py:NAME", help="a column by a function of yours; the file is run"
    )
    parser.add_argument("--reasons", metavar="FILE", help="table of why numbers are missing or say little")
    track_column_arguments(parser)
    json_argument(parser)


def _features(given: Arguments) -> int:
    from pathlib import Path

    from napari_cellstate.experiment.describe import features_of_table
    from napari_cellstate.formats.tables import check_name, write_table
    from napari_cellstate.terminal import progress_bar

    for path in (given.out, given.reasons):
        if path:
            check_name(Path(path))
    with progress_bar() as progress:
        found = features_of_table(
            given.tracks,
            given.set or ("all",),
            lag=given.lag,
            window=given.window,
            stride=given.stride,
            dt=given.dt,
            pixel_size=given.pixel_size,
            labels=given.labels,
            images=given.images,
            axes=given.axes,
            channels=given.channels,
            drift="remove" if given.drift else "keep",
            interpolated=given.interpolated,
            formulas=given.formula or (),
            functions=given.function or (),
            track_column=given.track,
            time_column=given.time,
            y_column=given.y,
            x_column=given.x,
            progress=progress,
        )
    write_table(found.table, Path(given.out))
    if given.reasons:
        write_table(found.reasons, Path(given.reasons))
    for note in found.notes:
        print(note, file=sys.stderr)
    units = {feature.name: feature.unit(given.pixel_size, given.dt) for feature in found.features}
    content = {"out": given.out, "rows": len(found.table), "units": units, "notes": found.notes}
    return show(given, content, f"{given.out}: {len(found.table)} rows, {len(units)} features")


def _states_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("features", metavar="FEATURES", help="table (CSV, parquet) of features, a row for each window")
    parser.add_argument("out", metavar="OUT.csv", help="the same table with columns cluster, state, state_prob")
    parser.add_argument("--method", default="", help="see: napari-cellstate methods states (default: the recipe's)")
    parser.add_argument("--k", type=int, default=3, help="number of states (default: %(default)s, a first guess)")
    parser.add_argument("--track", default="", metavar="COLUMN", help="track column, for methods that look at time")
    parser.add_argument("--time", default="", metavar="COLUMN", help="time column, for methods that look at time")
    json_argument(parser)


def _states(given: Arguments) -> int:
    from napari_cellstate.experiment.states_table import states_of_table
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        found = states_of_table(
            given.features,
            given.out,
            method=given.method,
            k=given.k,
            track=given.track,
            time=given.time,
            progress=progress,
        )
    for sentence in found.notes:
        print(f"warning: {sentence}", file=sys.stderr)
    return show(given, found.to_dict(), found.text())


def _dynamics_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", metavar="TABLE", help="table (CSV, parquet) with a row for each track and frame")
    parser.add_argument("out", metavar="OUT", help="folder; made if missing")
    for what in ("states", "track", "time", "condition"):
        parser.add_argument(f"--{what}", default="", metavar="COL", help=f"{what} column of the table")
    parser.add_argument("--lag", type=int, default=0, metavar="N", help="frames (default: from one row to the next)")
    parser.add_argument("--dt", type=float, metavar="S", help="seconds between frames; without it no rates per hour")
    parser.add_argument(
        "--bin", type=float, default=0.0, metavar="H", help="hours of a bin of time (default: about ten bins)"
    )
    parser.add_argument(
        "--treatment", type=float, action="append", metavar="H", help="time to mark in the figures; may be repeated"
    )
    parser.add_argument("--force", action="store_true", help="write into a folder that is not empty")
    json_argument(parser)


def _dynamics(given: Arguments) -> int:
    from napari_cellstate.experiment.dynamics_table import dynamics_of_table
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        found = dynamics_of_table(
            given.table,
            given.out,
            states=given.states,
            track=given.track,
            time=given.time,
            condition=given.condition,
            lag=given.lag,
            dt=given.dt,
            bin_hours=given.bin,
            treatments=given.treatment or (),
            force=given.force,
            progress=progress,
        )
    return show(given, found.to_dict(), found.text())


def _flux_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("features", metavar="FEATURES", help="table (CSV, parquet) of features, a row for each window")
    parser.add_argument("out", metavar="OUT", help="folder; made if missing")
    parser.add_argument(
        "--components", type=int, default=2, metavar="N", help="axes of the grid (default: %(default)s)"
    )
    parser.add_argument(
        "--bins", type=int, nargs="+", default=(3, 5, 7, 10, 15), metavar="N", help="on each axis; several are scanned"
    )
    parser.add_argument("--quantiles", action="store_true", help="bins with about as many rows each, not equally wide")
    parser.add_argument(
        "--shown", type=int, nargs=2, default=(1, 2), metavar="N", help="components of the figures (default: 1 2)"
    )
    parser.add_argument("--as-published", action="store_true", help="features and scaling of Kimmel et al. 2018")
    parser.add_argument(
        "--track", default="", metavar="COL", help="track column (default: found, or read from cell_id)"
    )
    parser.add_argument("--time", default="", metavar="COL", help="column of frames")
    parser.add_argument("--lag", type=int, default=0, metavar="N", help="frames (default: from one row to the next)")
    parser.add_argument("--force", action="store_true", help="write into a folder that is not empty")
    json_argument(parser)


def _flux(given: Arguments) -> int:
    from napari_cellstate.experiment.flux_table import flux_of_table
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        found = flux_of_table(
            given.features,
            given.out,
            components=given.components,
            bins=given.bins,
            quantiles=given.quantiles,
            shown=(given.shown[0], given.shown[1]),
            as_published=given.as_published,
            track=given.track,
            time=given.time,
            lag=given.lag,
            force=given.force,
            progress=progress,
        )
    return show(given, found.to_dict(), found.text())


def _score_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("result", metavar="RESULT", help="Cell Tracking Challenge folder, or table of tracks")
    parser.add_argument("truth", metavar="GT", help="true tracks, either way; a folder may have them in TRA")
    parser.add_argument(
        "--radius", type=float, default=0.0, metavar="PX", help="tables: cells nearer may be the same (default: read)"
    )
    json_argument(parser)


def _score(given: Arguments) -> int:
    from napari_cellstate.experiment.score import score_files, score_text
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        scores = score_files(given.result, given.truth, radius=given.radius, progress=progress)
    return show(given, scores, score_text(scores))


VERBS = {
    "features": Verb(
        "describe every track of a table, or every window of every track",
        "napari-cellstate features tracks.csv features.csv --set heteromotility --lag 5",
        _features_arguments,
        _features,
    ),
    "dynamics": Verb(
        "analyse any table of state sequences: transitions, rates, dwell times, balance",
        "napari-cellstate dynamics states.csv dynamics --states state --track track --time frame --dt 390",
        _dynamics_arguments,
        _dynamics,
    ),
    "flux": Verb(
        "probability flux of any table of features: is it driven?",
        "napari-cellstate flux split_20.csv flux --components 2 --bins 3 5 7 --as-published",
        _flux_arguments,
        _flux,
    ),
    "states": Verb(
        "label any table of features with states",
        "napari-cellstate states features.csv states.csv --method hmm --k 3",
        _states_arguments,
        _states,
    ),
    "score": Verb(
        "score tracks against true tracks",
        "napari-cellstate score out/young_1 young_1_GT --json",
        _score_arguments,
        _score,
    ),
}
