"""Verbs that put movies into an experiment, correct and take them out."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellstate.cli.verb import (
    Arguments,
    Verb,
    experiment_argument,
    fail,
    json_argument,
    known_or_not,
    show,
    track_column_arguments,
)

if TYPE_CHECKING:
    from napari_cellstate.experiment.entry import MovieEntry


def _new_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("experiment", metavar="EXP", help="folder to make, such as screen.cellstate")


def _new(given: Arguments) -> int:
    from napari_cellstate.experiment.add import new

    print(new(given.experiment).root)
    return 0


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument(
        "movie", metavar="MOVIE", nargs="*", help="TIFF, OME-Zarr, ND2, AVI, MP4, or a folder of images; or many"
    )
    parser.add_argument("--labels", help="label images to use instead of a segmentation")
    parser.add_argument(
        "--tracks", metavar="TABLE", help="tracks (CSV, parquet, TrackMate XML, GEFF, ...) to use instead of linking"
    )
    parser.add_argument("--name", default="", help="name of the movie (default: that of the file)")
    parser.add_argument("--channel", type=int, default=0, help="channel to segment, from 0 (default: %(default)s)")
    parser.add_argument("--axes", default="", help="such as TYX or TCYX, where the file does not say")
    parser.add_argument("--dt", type=float, metavar="S", help="seconds between frames (default: what the file says)")
    parser.add_argument("--pixel-size", type=float, metavar="UM", help="um a pixel (default: what the file says)")
    parser.add_argument(
        "--position", default="", metavar="N", help="which of several positions in the file: 3, 0,2,5 or all (from 0)"
    )
    parser.add_argument("--project", default="", metavar="max|mean", help="what to make of each z-stack")
    parser.add_argument("--condition", default="", help="such as young or aged")
    parser.add_argument("--replicate", default="", help="animal, donor, day; movies of one are not independent")
    parser.add_argument("--frames", default="", metavar="A:B", help="use frames A to before B (default: all)")
    many = parser.add_argument_group("many movies at once")
    many.add_argument(
        "--pattern",
        default="",
        metavar="P",
        help="read condition, replicate and name from file names, such as '{condition}_{replicate}_*.tif'; a folder "
        "stands for what lies in it",
    )
    many.add_argument("--table", metavar="CSV", help="a row a movie: file, condition, replicate, name, dt_s, ...")
    many.add_argument("--dry-run", action="store_true", help="with --pattern or --table: show what would be added")
    parser.add_argument("--roi", default="", metavar="Y0:Y1,X0:X1", help="use this region only (default: all)")
    parser.add_argument("--reason", default="", help="why only these frames or this region; kept with the movie")
    track_column_arguments(parser)
    parser.add_argument(
        "--time-unit", default="", metavar="UNIT", help="s, min, h: the time column holds times, not frame numbers"
    )
    json_argument(parser)


def _add(given: Arguments) -> int:
    if given.pattern or given.table or given.dry_run or len(given.movie) > 1:
        return _add_many(given)
    entries = [_add_one(given, position) for position in _positions(given)]
    content = [entry.model_dump(mode="json") for entry in entries]
    lines = []
    for entry in entries:
        t, c, y, x = entry.shape
        units = f"dt {known_or_not(entry.dt_s, 's')}, pixel {known_or_not(entry.pixel_size_um, 'um')}"
        lines.append(f"{entry.name}: {t} frames, {c} channels, {y} x {x} px, {units}")
    return show(given, content if len(content) > 1 else content[0], "\n".join(lines))


def _positions(given: Arguments) -> list[int | None]:
    """The positions that --position names, [None] for none."""
    from napari_cellstate.core.errors import InputError
    from napari_cellstate.formats.movies import positions

    if not given.position:
        return [None]
    if given.position == "all" and given.movie:
        return list(range(len(positions(given.movie[0]))))
    if not all(one.strip().isdigit() for one in given.position.split(",")):
        raise InputError(f"--position {given.position}: expected a number from 0, several such as 0,2,5, or all")
    if given.name and ("," in given.position):
        raise InputError(f"--name {given.name}: one name for several positions; leave it out, or add them one by one")
    return [int(one) for one in given.position.split(",")]


def _add_one(given: Arguments, position: int | None) -> MovieEntry:
    from napari_cellstate.core.times import sentence
    from napari_cellstate.experiment.add import add
    from napari_cellstate.experiment.notes import axes_note

    entry = add(
        given.experiment,
        given.movie[0] if given.movie else None,
        labels=given.labels,
        tracks=given.tracks,
        name=given.name,
        channel=given.channel,
        axes=given.axes,
        dt=given.dt,
        pixel_size=given.pixel_size,
        condition=given.condition,
        replicate=given.replicate,
        frames=given.frames,
        roi=given.roi,
        reason=given.reason,
        position=position,
        project=given.project,
        track_column=given.track,
        time_column=given.time,
        y_column=given.y,
        x_column=given.x,
        time_unit=given.time_unit,
    )
    for said in (axes_note(given.experiment, entry), sentence(entry.times_s, entry.name)):
        if said:
            print(said, file=sys.stderr)
    return entry


def _add_many(given: Arguments) -> int:
    """Add what a pattern, a table or several file names say; their preview with --dry-run."""
    from napari_cellstate.core.errors import InputError
    from napari_cellstate.experiment.planned import Planned, add_planned, plan_by_pattern, plan_by_table
    from napari_cellstate.terminal import progress_bar, table

    single = ("labels", "tracks", "name", "position", "frames", "track", "time", "y", "x")
    said = [name for name in single if getattr(given, name)]
    if said:
        raise InputError(f"--{said[0]} is for one movie; add many with a --table that has what differs, or one by one")
    if given.table and (given.movie or given.pattern):
        raise InputError("--table names the files itself; leave MOVIE and --pattern out")
    if given.table:
        planned = plan_by_table(given.table)
    elif given.pattern:
        planned = plan_by_pattern(given.movie, given.pattern)
    else:
        planned = tuple(Planned(Path(one)) for one in given.movie)
    planned = tuple(
        replace(
            one,
            condition=one.condition or given.condition,
            replicate=one.replicate or given.replicate,
            dt=one.dt or given.dt,
            pixel_size=one.pixel_size or given.pixel_size,
            axes=one.axes or given.axes,
            channel=one.channel or given.channel,
        )
        for one in planned
    )
    rows = [[one.path.name, one.condition, one.replicate, one.name, one.problem] for one in planned]
    text = "\n".join(table([["file", "condition", "replicate", "name", "problem"], *rows]))
    if given.dry_run:
        return show(given, [{key: str(value) for key, value in asdict(one).items()} for one in planned], text)
    with progress_bar() as progress:
        entries = add_planned(given.experiment, planned, progress=progress)
    return show(given, [entry.model_dump(mode="json") for entry in entries], text)


def _update_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("movie", metavar="MOVIE", nargs="?", help="name of the movie, as in status")
    parser.add_argument(
        "--table",
        metavar="CSV",
        help="say it of many movies: columns movie, condition, replicate, dt_s, well, drug, ...",
    )
    parser.add_argument("--preview", action="store_true", help="with --table: show what would change, change nothing")
    parser.add_argument("--dt", type=float, metavar="S", help="seconds between frames")
    parser.add_argument("--pixel-size", type=float, metavar="UM", help="um a pixel")
    parser.add_argument("--condition", help="such as young or aged")
    parser.add_argument("--replicate", help="animal, donor, day")
    json_argument(parser)


def _update(given: Arguments) -> int:
    from napari_cellstate.experiment.change import update

    if given.table:
        return _update_many(given)
    if not given.movie:
        return fail("update: name a movie, or give a table of many with --table", 2)
    entry = update(
        given.experiment,
        given.movie,
        dt=given.dt,
        pixel_size=given.pixel_size,
        condition=given.condition,
        replicate=given.replicate,
    )
    units = f"dt {known_or_not(entry.dt_s, 's')}, pixel {known_or_not(entry.pixel_size_um, 'um')}"
    text = f"{entry.name}: {units}, condition {entry.condition or 'none'}, replicate {entry.replicate or 'none'}"
    return show(given, entry.model_dump(mode="json"), text)


def _grow_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("movie", metavar="MOVIE", help="name of the movie, as in status")
    json_argument(parser)


def _grow(given: Arguments) -> int:
    from napari_cellstate.experiment.grow import grow

    grown = grow(given.experiment, given.movie)
    content = {"movie": grown.entry.name, "new_frames": grown.new_frames, "kept_frames": grown.kept_frames}
    return show(given, content, grown.text())


def _update_many(given: Arguments) -> int:
    """What a table says of movies."""
    from napari_cellstate.experiment.movie_table import update_from_table

    if given.movie:
        return fail("update: a table names its movies itself; leave MOVIE out", 2)
    entries = update_from_table(given.experiment, given.table, preview=given.preview)
    lines = [
        f"{entry.name}: condition {entry.condition or 'none'}, replicate {entry.replicate or 'none'}"
        + "".join(f", {name} {value}" for name, value in entry.about.items())
        for entry in entries
    ]
    lines.append(f"{len(entries)} movies {'would change' if given.preview else 'changed'}")
    return show(given, [entry.model_dump(mode="json") for entry in entries], "\n".join(lines))


def _remove_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("movie", metavar="MOVIE", help="name of the movie, as in status")


def _remove(given: Arguments) -> int:
    from napari_cellstate.experiment.change import remove

    folder = remove(given.experiment, given.movie)
    print(f"{given.movie} is taken out; its results stay in {folder}")
    return 0


def _relink_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("old", metavar="OLD", help="file or folder as it was called when it was added")
    parser.add_argument("new", metavar="NEW", help="the same file or folder where it is now")
    json_argument(parser)


def _relink(given: Arguments) -> int:
    from napari_cellstate.experiment.relink import relink

    names = relink(given.experiment, given.old, given.new)
    return show(given, names, "\n".join(names))


VERBS = {
    "new": Verb("make an empty experiment", "napari-cellstate new screen.cellstate", _new_arguments, _new),
    "add": Verb(
        "add a movie, label images or a table of tracks to an experiment",
        "napari-cellstate add screen.cellstate young_1.tif --dt 390 --pixel-size 0.65 --condition young",
        _add_arguments,
        _add,
    ),
    "update": Verb(
        "correct frame interval, pixel size, condition or replicate of a movie",
        "napari-cellstate update screen.cellstate young_1 --pixel-size 0.65",
        _update_arguments,
        _update,
    ),
    "grow": Verb(
        "take in the new frames of a movie that has grown since it was added",
        "napari-cellstate grow screen.cellstate young_1",
        _grow_arguments,
        _grow,
    ),
    "remove": Verb(
        "take a movie out of an experiment",
        "napari-cellstate remove screen.cellstate young_1",
        _remove_arguments,
        _remove,
    ),
    "relink": Verb(
        "say where a moved movie is now",
        "napari-cellstate relink screen.cellstate /old/movies /new/movies",
        _relink_arguments,
        _relink,
    ),
}
