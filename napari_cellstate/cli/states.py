"""Verbs on states: labels by hand, what they are like, their order along the embedding, families."""

from __future__ import annotations

import argparse
import sys

from napari_cellstate.cli.verb import Arguments, Verb, experiment_argument, json_argument, show


def _label_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("table", metavar="TABLE", help="columns movie, track, frame, state (from 1; 0 takes back)")
    parser.add_argument("--learn", action="store_true", help="then train on all labels, and label every window")
    json_argument(parser)


def _label(given: Arguments) -> int:
    from napari_cellstate.core.edits import records
    from napari_cellstate.experiment.labelling import label_states, learn_states
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        edits = label_states(given.experiment, given.table, progress=progress)
        warnings = learn_states(given.experiment, progress=progress).warnings if given.learn else ()
    for sentence in warnings:
        print(f"warning: {sentence}", file=sys.stderr)
    learnt = "; every window was labelled anew" if given.learn else "; --learn labels the rest"
    return show(given, records(edits), f"{len(edits)} labels{learnt}")


def _describe_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    json_argument(parser)


def _describe(given: Arguments) -> int:
    from napari_cellstate.experiment.behaviours import describe_states

    table = describe_states(given.experiment).table()
    lines = []
    for row in table.to_dict("records"):
        lines += [f"{row['state']}  {row['name']}  (suggested: {row['suggested_name']})", f"   {row['telling']}"]
        lines += [f"   note: {row['note']}"] if row["note"] else []
    return show(given, table.to_dict("records"), "\n".join(lines))


def _families_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    json_argument(parser)


def _families(given: Arguments) -> int:
    import json

    from napari_cellstate.experiment.behaviours import families

    found = families(given.experiment)
    tables = {"families": found.table, "divisions": found.at_division}
    content = {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}
    parts = [table.to_string(index=False, float_format="{:.3g}".format, na_rep="") for table in tables.values()]
    return show(given, {**content, "words": found.words()}, "\n\n".join([*parts, found.words()]))


def _pseudotime_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("out", metavar="OUT", help="folder; made if missing")
    parser.add_argument("--space", default="", metavar="NAME", help="embedding (default: the first)")
    parser.add_argument(
        "--way",
        default="diffusion",
        choices=("diffusion", "curve"),
        help="curve: principal curve (default: %(default)s)",
    )
    parser.add_argument("--root", type=int, default=1, metavar="STATE", help="begin in its middle (default: 1)")
    parser.add_argument(
        "--from", nargs=3, metavar=("MOVIE", "TRACK", "FRAME"), dest="window", help="begin at this window instead"
    )
    parser.add_argument("--force", action="store_true", help="write into a folder that is not empty")
    json_argument(parser)


def _pseudotime(given: Arguments) -> int:
    from napari_cellstate.core.errors import InputError
    from napari_cellstate.experiment.pseudotime import write_pseudotime

    root = None
    if given.window:
        movie, track, frame = given.window
        if not (track.isdigit() and frame.isdigit()):
            raise InputError(f"--from {movie} {track} {frame}; expected a movie, and numbers of a track and a frame")
        root = (movie, int(track), int(frame))
    found, paths = write_pseudotime(
        given.experiment, given.out, space=given.space, way=given.way, root_state=given.root, root=root,
        force=given.force,
    )  # fmt: skip
    content = {**found.to_dict(), "paths": [str(path) for path in paths]}
    return show(given, content, "\n".join([found.text(), *map(str, paths)]))


VERBS = {
    "label-states": Verb(
        "say which state windows are in, by a table, and let a net label the rest",
        "napari-cellstate label-states screen.cellstate labels.csv --learn",
        _label_arguments,
        _label,
    ),
    "describe-states": Verb(
        "what each state is like: its name, your note, and what tells it from the rest",
        "napari-cellstate describe-states screen.cellstate",
        _describe_arguments,
        _describe,
    ),
    "families": Verb(
        "state at division; do daughters and sisters behave alike, beside chance",
        "napari-cellstate families screen.cellstate",
        _families_arguments,
        _families,
    ),
    "pseudotime": Verb(
        "order all windows along the embedding from a root, and count steps that go back",
        "napari-cellstate pseudotime screen.cellstate order --root 2 --way curve",
        _pseudotime_arguments,
        _pseudotime,
    ),
}
