"""Verbs that need no experiment."""

from __future__ import annotations

import argparse
import sys

from napari_cellstate.cli.verb import Arguments, Verb, experiment_argument, fail, has_display, json_argument, show


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", default="cellstate-demo", help="folder for everything (default: %(default)s)")
    parser.add_argument("--no-gui", action="store_true", help="open no window at the end (napari-cellstate open does)")
    parser.add_argument("--seed", type=int, default=0, help="of the simulated movies (default: %(default)s)")
    json_argument(parser)


def _demo(given: Arguments) -> int:
    from napari_cellstate.experiment.demo import demo
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        result = demo(given.out, seed=given.seed, progress=progress)
    show(given, result.to_dict(), result.text())
    if not given.no_gui and not given.json and has_display():
        try:
            from napari_cellstate.gui.opening import open_window
        except ImportError:  # the core alone is installed
            return 0
        print("opening the window; --no-gui leaves it out", file=sys.stderr)
        open_window(result.experiment)
    return 0


def _methods_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", nargs="?", default="", metavar="STAGE", help="only those of one stage, with settings")
    json_argument(parser)


def _methods(given: Arguments) -> int:
    from napari_cellstate.experiment.listing import methods
    from napari_cellstate.terminal import methods_text

    found = methods()
    stages = dict.fromkeys(one["stage"] for one in found)
    if given.stage and given.stage not in stages:
        return fail(f"no stage {given.stage!r}; the stages are: {', '.join(stages)}", 2)
    found = [one for one in found if given.stage in ("", one["stage"])]
    return show(given, found, methods_text(found, with_settings=bool(given.stage)))


def _check_method_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="Python file with one or more registered methods; it is run")
    json_argument(parser)


def _check_method(given: Arguments) -> int:
    from napari_cellstate.experiment.check_method import check_method
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        found = check_method(given.file, progress=progress)
    broken = sum(bool(one.problem) for one in found)
    text = "\n".join(map(str, found)) + f"\n{len(found) - broken} of {len(found)} rules are kept"
    show(given, [one.to_dict() for one in found], text)
    return 1 if broken else 0


def _cite_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    json_argument(parser)


def _cite(given: Arguments) -> int:
    from napari_cellstate.experiment.cite import cite

    found = cite(given.experiment)
    return show(given, found.to_dict(), found.text())


def _simulate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", metavar="OUT", help="folder for movies and their truth; made if missing")
    parser.add_argument(
        "--scene",
        default="default",
        metavar="NAME",
        help="default, phase-contrast, two-channels, touching, appearance or motion (states differ only in that)",
    )
    parser.add_argument("--replicates", type=int, default=4, help="movies a condition (default: %(default)s)")
    parser.add_argument("--frames", type=int, default=60, help="default: %(default)s")
    parser.add_argument("--size", type=int, default=384, metavar="PX", help="height and width (default: %(default)s)")
    parser.add_argument("--cells", type=int, help="at the start (default: as the scene has, mostly 40)")
    parser.add_argument(
        "--condition",
        action="append",
        metavar="NAME=DWELL",
        help="mean dwell in frames; may be repeated (default: young=20 and aged=33)",
    )
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    json_argument(parser)


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
            scene=given.scene,
            replicates=given.replicates,
            frames=given.frames,
            size=given.size,
            cells=given.cells,
            seed=given.seed,
            progress=progress,
        )
    paths = [str(movie.path) for movie in movies]
    return show(given, paths, "\n".join(paths))


VERBS = {
    "demo": Verb(
        "simulate a small experiment, analyse it, compare with the truth",
        "napari-cellstate demo --out demo",
        _demo_arguments,
        _demo,
    ),
    "methods": Verb(
        "list all methods and their settings", "napari-cellstate methods segment", _methods_arguments, _methods
    ),
    "check-method": Verb(
        "run the conformance tests on your own method (exit 1 if a rule is broken)",
        "napari-cellstate check-method my_segmenter.py",
        _check_method_arguments,
        _check_method,
    ),
    "cite": Verb(
        "print versions and papers of what an experiment used",
        "napari-cellstate cite screen.cellstate",
        _cite_arguments,
        _cite,
    ),
    "simulate": Verb(
        "make movies of cells with known masks, tracks, states and rates",
        "napari-cellstate simulate sample --replicates 2 --frames 30",
        _simulate_arguments,
        _simulate,
    ),
}
