"""Verbs that make results, show where they stand, and hand them out."""

from __future__ import annotations

import argparse
import sys

from napari_cellstate.cli.verb import Arguments, Verb, experiment_argument, fail, json_argument, show


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument(
        "--recipe",
        metavar="FILE",
        help="recipe (TOML) to use from now on, or the word default (default: the experiment's own)",
    )
    parser.add_argument(
        "--set",
        action="append",
        metavar="S",
        dest="settings",
        help="change the recipe: states.k=4, or 'states={method=\"kmeans\", k=4}'; may be repeated",
    )
    parser.add_argument("--until", default="", metavar="STAGE", help="stop after this stage")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="default: %(default)s")
    parser.add_argument(
        "--reapply-edits", action="store_true", help="go on although corrections by hand may find no place any more"
    )
    json_argument(parser)


def _run(given: Arguments) -> int:
    from napari_cellstate.experiment.pipeline import run
    from napari_cellstate.experiment.recipe_changes import chosen
    from napari_cellstate.terminal import progress_bar

    recipe = chosen(given.experiment, given.recipe, given.settings or ())
    with progress_bar() as progress:
        report = run(
            given.experiment,
            recipe,
            until=given.until,
            device=given.device,
            reapply_edits=given.reapply_edits,
            progress=progress,
        )
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
    parser.add_argument(
        "--format", default="csv", help="csv, parquet, h5ad, ctc, geff, ome-zarr or trackmate (default: %(default)s)"
    )
    parser.add_argument("--force", action="store_true", help="write into a folder that is not empty")
    parser.add_argument(
        "--movie",
        nargs="?",
        const="auto",
        choices=("auto", "mp4", "gif", "tiff"),
        help="write movies with the states painted on the cells instead (default: mp4, or gif without an encoder)",
    )
    parser.add_argument("--only", action="append", metavar="MOVIE", help="with --movie: only this one; may be repeated")
    parser.add_argument("--fps", type=int, default=8, help="with --movie: frames a second (default: %(default)s)")
    json_argument(parser)


def _export(given: Arguments) -> int:
    from napari_cellstate.experiment.export import export
    from napari_cellstate.experiment.overlay_movie import export_movie
    from napari_cellstate.terminal import progress_bar

    if given.movie:
        with progress_bar() as progress:
            paths = export_movie(
                given.experiment,
                given.out,
                given.movie,
                movies=tuple(given.only or ()),
                fps=given.fps,
                force=given.force,
                progress=progress,
            )
        return show(given, [str(path) for path in paths], "\n".join(map(str, paths)))
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


def _open_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("experiment", metavar="EXP", nargs="?", help="experiment folder (default: an empty window)")


def _open(given: Arguments) -> int:
    try:
        from napari_cellstate.gui.opening import open_window

        open_window(given.experiment)
    except ImportError as error:
        return fail(f"the window needs napari ({error}); install it with: pip install 'napari-cellstate[all]'", 2)
    return 0


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    json_argument(parser)


def _check(given: Arguments) -> int:
    from dataclasses import asdict

    from napari_cellstate.core.times import sentence
    from napari_cellstate.experiment.check import check, listed
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        found = check(given.experiment, progress=progress)
    for said in (sentence(entry.times_s, entry.name) for entry in listed(given.experiment)):
        if said:
            print(f"note: {said}", file=sys.stderr)
    text = "\n".join(map(str, found)) or "whole: nothing wrong was found"
    show(given, [asdict(one) for one in found], text)
    return 1 if found else 0


def _pack_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("out", metavar="OUT", help="folder to make")
    parser.add_argument("--movies", action="store_true", help="with movies, labels and track tables, not only results")


def _pack(given: Arguments) -> int:
    from napari_cellstate.experiment.pack import pack
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        copy = pack(given.experiment, given.out, movies=given.movies, progress=progress)
    print(copy.root)
    return 0


def _how_many_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("out", metavar="OUT", nargs="?", default="", help="folder for evidence.json and a figure")
    parser.add_argument(
        "--k", type=int, nargs="+", default=(1, 2, 3, 4, 5, 6), metavar="K", help="numbers of states to try"
    )
    parser.add_argument("--lags", type=int, nargs="+", default=(), metavar="N", help="frames (default: chosen)")
    json_argument(parser)


def _how_many(given: Arguments) -> int:
    from napari_cellstate.experiment.state_evidence import state_evidence
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        found = state_evidence(given.experiment, ks=given.k, lags=given.lags, out=given.out, progress=progress)
    return show(given, found.to_dict(), found.text())


def _find_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("query", metavar="QUERY", help="states in order, as in 'run>2h -> rest ~> divide'")
    json_argument(parser)


def _find(given: Arguments) -> int:
    from napari_cellstate.experiment.behaviours import find

    found = find(given.experiment, given.query)
    return show(given, found.to_dict(), found.text())


def _save_states_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("out", metavar="FILE.json", help="written over")


def _save_states(given: Arguments) -> int:
    from napari_cellstate.experiment.save_states import save_states

    print(save_states(given.experiment, given.out))
    return 0


def _flow_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("out", metavar="OUT", help="folder; made if missing")
    parser.add_argument("--condition", default="", metavar="NAME", help="default: all")
    parser.add_argument("--space", default="", metavar="NAME", help="embedding (default: the first)")
    parser.add_argument("--axes", type=int, default=2, metavar="N", help="axes of the grid that balance is tested on")
    parser.add_argument(
        "--shown", type=int, nargs=2, default=(1, 2), metavar="AXIS", help="two of them to show (default: 1 2)"
    )
    parser.add_argument(
        "--quantiles", action="store_true", help="bins with about as many windows each, not equally wide"
    )
    parser.add_argument("--root", type=int, default=1, metavar="STATE", help="where pseudotime begins (default: 1)")
    parser.add_argument("--force", action="store_true", help="write into a folder that is not empty")
    json_argument(parser)


def _flow(given: Arguments) -> int:
    from napari_cellstate.experiment.flow import write_flow
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        paths = write_flow(
            given.experiment,
            given.out,
            condition=given.condition,
            space=given.space,
            axes=given.axes,
            shown=(given.shown[0], given.shown[1]),
            quantiles=given.quantiles,
            root_state=given.root,
            force=given.force,
            progress=progress,
        )
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
    "how-many": Verb(
        "how many states, and which lag? evidence and a suggestion",
        "napari-cellstate how-many screen.cellstate evidence --k 2 3 4 5",
        _how_many_arguments,
        _how_many,
    ),
    "find": Verb(
        "find tracks that show a behaviour, and count them",
        "napari-cellstate find screen.cellstate 'run>2h -> rest -> divide'",
        _find_arguments,
        _find,
    ),
    "save-states": Verb(
        "save the states of an experiment, to judge another one by",
        "napari-cellstate save-states young.cellstate states.json",
        _save_states_arguments,
        _save_states,
    ),
    "flow": Verb(
        "velocity, flux, phase simulation and pseudotime in the embedding",
        "napari-cellstate flow screen.cellstate flow --condition young",
        _flow_arguments,
        _flow,
    ),
    "open": Verb("show an experiment in napari", "napari-cellstate open screen.cellstate", _open_arguments, _open),
    "check": Verb(
        "verify an experiment; say what is broken and how to mend it (exit 1 if anything is)",
        "napari-cellstate check screen.cellstate",
        _check_arguments,
        _check,
    ),
    "pack": Verb(
        "copy an experiment into a folder that can be carried away",
        "napari-cellstate pack screen.cellstate carry --movies",
        _pack_arguments,
        _pack,
    ),
}
