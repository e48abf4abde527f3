"""The command line: one entry a verb, each the Python function of the same name.

Only the standard library is imported here; what a verb needs is imported when it is used.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

Arguments = argparse.Namespace


@dataclass(frozen=True)
class Verb:
    """One command: its help, an example, its arguments and what it calls."""

    help: str
    example: str
    arguments: Callable[[argparse.ArgumentParser], None]
    call: Callable[[Arguments], int]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 on success, 2 on bad input, 130 when stopped by Ctrl-C."""
    parsed = _parser().parse_args(arguments)
    from napari_cellstate.core.errors import Cancelled, CellStateError
    from napari_cellstate.terminal import quiet_libraries

    quiet_libraries()
    try:
        return VERBS[parsed.verb].call(parsed)
    except CellStateError as error:
        return _fail(str(error), 2)
    except BrokenPipeError:  # the reader of our output has had enough
        sys.stderr.close()
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", 2)
    except (KeyboardInterrupt, Cancelled):
        return _fail("stopped; what was done stays done, and the same command goes on from there", 130)


def _fail(message: str, code: int) -> int:
    print(f"napari-cellstate: {message}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="napari-cellstate",
        description="Behaviour states of cells in time-lapse movies: segment, track, describe, find states, compare.",
        epilog="first steps: napari-cellstate demo     all of a verb: napari-cellstate VERB --help",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, verb in VERBS.items():
        sub = verbs.add_parser(
            name,
            help=verb.help,
            description=verb.help[0].upper() + verb.help[1:] + ".",
            epilog=f"example:\n  {verb.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        verb.arguments(sub)
    return parser


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(version("napari-cellstate"))
        parser.exit(0)


# demo


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", default="cellstate-demo", help="folder for everything (default: %(default)s)")
    parser.add_argument("--no-gui", action="store_true", help="open no window at the end (this version opens none)")
    parser.add_argument("--seed", type=int, default=0, help="of the simulated movies (default: %(default)s)")
    _json(parser)


def _demo(given: Arguments) -> int:
    from napari_cellstate.experiment.demo import demo
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        result = demo(given.out, seed=given.seed, progress=progress)
    return _show(given, result.to_dict(), result.text())


# new, add


def _new_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("experiment", metavar="EXP", help="folder to make, such as screen.cellstate")


def _new(given: Arguments) -> int:
    from napari_cellstate.experiment.add import new

    print(new(given.experiment).root)
    return 0


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    _experiment(parser)
    parser.add_argument(
        "movie", metavar="MOVIE", nargs="?", help="TIFF, OME-Zarr, ND2, AVI, MP4, or a folder of images"
    )
    parser.add_argument("--labels", help="label images to use instead of a segmentation")
    parser.add_argument(
        "--tracks", metavar="TABLE", help="tracks (CSV, parquet, TrackMate XML, GEFF, ...) to use instead of linking"
    )
    parser.add_argument("--name", default="", help="name of the movie (default: that of the file)")
    parser.add_argument("--channel", type=int, default=0, help="channel to segment, from 0 (default: %(default)s)")
    parser.add_argument("--position", type=int, metavar="N", help="which of several positions in the file, from 0")
    parser.add_argument("--axes", default="", help="such as TYX or TCYX, where the file does not say")
    parser.add_argument("--dt", type=float, metavar="S", help="seconds between frames (default: what the file says)")
    parser.add_argument("--pixel-size", type=float, metavar="UM", help="um a pixel (default: what the file says)")
    parser.add_argument("--condition", default="", help="such as young or aged")
    parser.add_argument("--replicate", default="", help="animal, donor, day; movies of one are not independent")
    parser.add_argument("--frames", default="", metavar="A:B", help="use frames A to before B (default: all)")
    for what in ("track", "time", "y", "x"):
        parser.add_argument(f"--{what}", default="", metavar="COLUMN", help=f"{what} column of the table of tracks")
    _json(parser)


def _add(given: Arguments) -> int:
    from napari_cellstate.experiment.add import add
    from napari_cellstate.experiment.notes import axes_note

    entry = add(
        given.experiment,
        given.movie,
        labels=given.labels,
        tracks=given.tracks,
        name=given.name,
        channel=given.channel,
        position=given.position,
        axes=given.axes,
        dt=given.dt,
        pixel_size=given.pixel_size,
        condition=given.condition,
        replicate=given.replicate,
        frames=given.frames,
        track_column=given.track,
        time_column=given.time,
        y_column=given.y,
        x_column=given.x,
    )
    note = axes_note(given.experiment, entry)
    if note:
        print(note, file=sys.stderr)
    t, c, y, x = entry.shape
    units = f"dt {_or(entry.dt_s, 's')}, pixel {_or(entry.pixel_size_um, 'um')}"
    return _show(given, entry.model_dump(mode="json"), f"{entry.name}: {t} frames, {c} channels, {y} x {x} px, {units}")


def _or(value: float | None, unit: str) -> str:
    return f"{value:g} {unit}" if value is not None else "not known"


# update, remove


def _update_arguments(parser: argparse.ArgumentParser) -> None:
    _experiment(parser)
    parser.add_argument("movie", metavar="MOVIE", help="name of the movie, as in status")
    parser.add_argument("--dt", type=float, metavar="S", help="seconds between frames")
    parser.add_argument("--pixel-size", type=float, metavar="UM", help="um a pixel")
    parser.add_argument("--condition", help="such as young or aged")
    parser.add_argument("--replicate", help="animal, donor, day")
    _json(parser)


def _update(given: Arguments) -> int:
    from napari_cellstate.experiment.change import update

    entry = update(
        given.experiment,
        given.movie,
        dt=given.dt,
        pixel_size=given.pixel_size,
        condition=given.condition,
        replicate=given.replicate,
    )
    units = f"dt {_or(entry.dt_s, 's')}, pixel {_or(entry.pixel_size_um, 'um')}"
    text = f"{entry.name}: {units}, condition {entry.condition or 'none'}, replicate {entry.replicate or 'none'}"
    return _show(given, entry.model_dump(mode="json"), text)


def _remove_arguments(parser: argparse.ArgumentParser) -> None:
    _experiment(parser)
    parser.add_argument("movie", metavar="MOVIE", help="name of the movie, as in status")


def _remove(given: Arguments) -> int:
    from napari_cellstate.experiment.change import remove

    folder = remove(given.experiment, given.movie)
    print(f"{given.movie} is taken out; its results stay in {folder}")
    return 0


# run, status


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    _experiment(parser)
    parser.add_argument("--recipe", metavar="FILE", help="recipe (TOML) to use from now on (default: the experiment's)")
    parser.add_argument("--until", default="", metavar="STAGE", help="stop after this stage")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="default: %(default)s")
    _json(parser)


def _run(given: Arguments) -> int:
    from napari_cellstate.experiment.pipeline import run
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        report = run(given.experiment, given.recipe, until=given.until, device=given.device, progress=progress)
    for sentence in report.warnings:
        print(f"warning: {sentence}", file=sys.stderr)
    content = {"done": report.done, "fresh": report.fresh, "warnings": report.warnings}
    text = f"{len(report.done)} results made, {len(report.fresh)} were there already"
    return _show(given, content, text)


def _status_arguments(parser: argparse.ArgumentParser) -> None:
    _experiment(parser)
    _json(parser)


def _status(given: Arguments) -> int:
    from napari_cellstate.experiment.status import status
    from napari_cellstate.terminal import status_text

    found = status(given.experiment)
    return _show(given, found, status_text(found))


# export, report, relink


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    _experiment(parser)
    parser.add_argument("out", metavar="OUT", help="folder; made if missing")
    parser.add_argument(
        "--format", default="csv", help="csv, parquet, h5ad, ctc, geff, ome-zarr or trackmate (default: %(default)s)"
    )
    parser.add_argument("--force", action="store_true", help="write into a folder that is not empty")
    _json(parser)


def _export(given: Arguments) -> int:
    from napari_cellstate.experiment.export import export
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        paths = export(given.experiment, given.out, given.format, force=given.force, progress=progress)
    return _show(given, [str(path) for path in paths], "\n".join(map(str, paths)))


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    _experiment(parser)
    parser.add_argument("out", metavar="OUT", help="folder; made if missing")
    parser.add_argument("--force", action="store_true", help="write into a folder that is not empty")
    _json(parser)


def _report(given: Arguments) -> int:
    from napari_cellstate.experiment.report import report
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        paths = report(given.experiment, given.out, force=given.force, progress=progress)
    return _show(given, [str(path) for path in paths], "\n".join(map(str, paths)))


def _relink_arguments(parser: argparse.ArgumentParser) -> None:
    _experiment(parser)
    parser.add_argument("old", metavar="OLD", help="file or folder as it was called when it was added")
    parser.add_argument("new", metavar="NEW", help="the same file or folder where it is now")
    _json(parser)


def _relink(given: Arguments) -> int:
    from napari_cellstate.experiment.relink import relink

    names = relink(given.experiment, given.old, given.new)
    return _show(given, names, "\n".join(names))


# check, pack


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    _experiment(parser)
    _json(parser)


def _check(given: Arguments) -> int:
    from dataclasses import asdict

    from napari_cellstate.experiment.check import check
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        found = check(given.experiment, progress=progress)
    text = "\n".join(map(str, found)) or "whole: nothing wrong was found"
    _show(given, [asdict(one) for one in found], text)
    return 1 if found else 0


def _pack_arguments(parser: argparse.ArgumentParser) -> None:
    _experiment(parser)
    parser.add_argument("out", metavar="OUT", help="folder to make")
    parser.add_argument("--movies", action="store_true", help="with movies, labels and track tables, not only results")


def _pack(given: Arguments) -> int:
    from napari_cellstate.experiment.pack import pack
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        copy = pack(given.experiment, given.out, movies=given.movies, progress=progress)
    print(copy.root)
    return 0


# methods, simulate


def _methods_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", nargs="?", default="", metavar="STAGE", help="only those of one stage, with settings")
    _json(parser)


def _methods(given: Arguments) -> int:
    from napari_cellstate.experiment.listing import methods
    from napari_cellstate.terminal import methods_text

    found = methods()
    stages = dict.fromkeys(one["stage"] for one in found)
    if given.stage and given.stage not in stages:
        return _fail(f"no stage {given.stage!r}; the stages are: {', '.join(stages)}", 2)
    found = [one for one in found if given.stage in ("", one["stage"])]
    return _show(given, found, methods_text(found, with_settings=bool(given.stage)))


def _simulate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", metavar="OUT", help="folder for movies and their truth; made if missing")
    parser.add_argument("--replicates", type=int, default=4, help="movies a condition (default: %(default)s)")
    parser.add_argument("--frames", type=int, default=60, help="default: %(default)s")
    parser.add_argument("--size", type=int, default=384, metavar="PX", help="height and width (default: %(default)s)")
    parser.add_argument("--cells", type=int, default=40, help="at the start (default: %(default)s)")
    parser.add_argument(
        "--condition",
        action="append",
        metavar="NAME=DWELL",
        help="mean dwell in frames; may be repeated (default: young=20 and aged=33)",
    )
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    _json(parser)


def _simulate(given: Arguments) -> int:
    from pathlib import Path

    from napari_cellstate.core.errors import InputError
    from napari_cellstate.simulate.sample import simulate
    from napari_cellstate.terminal import progress_bar

    conditions = {}
    for text in given.condition or ("young=20", "aged=33"):
        name, _, dwell = text.partition("=")
        try:
            conditions[name] = float(dwell)
        except ValueError:
            raise InputError(f"--condition {text}: expected NAME=DWELL, such as young=20") from None
    with progress_bar() as progress:
        movies = simulate(
            Path(given.out),
            conditions=conditions,
            replicates=given.replicates,
            frames=given.frames,
            size=given.size,
            cells=given.cells,
            seed=given.seed,
            progress=progress,
        )
    paths = [str(movie.path) for movie in movies]
    return _show(given, paths, "\n".join(paths))


# what verbs share


def _experiment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("experiment", metavar="EXP", help="experiment folder")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _show(given: Arguments, content: Any, text: str) -> int:
    print(json.dumps(content, indent=1, ensure_ascii=False) if given.json else text)
    return 0


VERBS = {
    "demo": Verb("simulate a small experiment, analyse it, compare with the truth",
                 "napari-cellstate demo --out demo", _demo_arguments, _demo),
    "new": Verb("make an empty experiment", "napari-cellstate new screen.cellstate", _new_arguments, _new),
    "add": Verb("add a movie, label images or a table of tracks to an experiment",
                "napari-cellstate add screen.cellstate young_1.tif --dt 390 --pixel-size 0.65 --condition young",
                _add_arguments, _add),
    "update": Verb(
        "correct frame interval, pixel size, condition or replicate of a movie",
        "napari-cellstate update screen.cellstate young_1 --pixel-size 0.65",
        _update_arguments,
        _update,
    ),
    "remove": Verb(
        "take a movie out of an experiment",
        "napari-cellstate remove screen.cellstate young_1",
        _remove_arguments,
        _remove,
    ),
    "run": Verb("do every stage that is missing or stale", "napari-cellstate run screen.cellstate --until link",
                _run_arguments, _run),
    "status": Verb("show what is missing, fresh or stale", "napari-cellstate status screen.cellstate",
                   _status_arguments, _status),
    "export": Verb("write the results as tables or masks",
                   "napari-cellstate export screen.cellstate tables --format csv", _export_arguments, _export),
    "report": Verb("write tables, figures and an overlay movie", "napari-cellstate report screen.cellstate report",
                   _report_arguments, _report),
    "relink": Verb("say where a moved movie is now", "napari-cellstate relink screen.cellstate /old/movies /new/movies",
                   _relink_arguments, _relink),
    "check": Verb("verify an experiment; say what is broken and how to mend it (exit 1 if anything is)",
                  "napari-cellstate check screen.cellstate", _check_arguments, _check),
    "pack": Verb("copy an experiment into a folder that can be carried away",
                 "napari-cellstate pack screen.cellstate carry --movies", _pack_arguments, _pack),
    "methods": Verb("list all methods and their settings", "napari-cellstate methods segment",
                    _methods_arguments, _methods),
    "simulate": Verb("make movies of cells with known masks, tracks, states and rates",
                     "napari-cellstate simulate sample --replicates 2 --frames 30", _simulate_arguments, _simulate),
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
