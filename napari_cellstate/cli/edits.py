"""Verbs that make corrections by hand, show them, take them back and make them again."""

from __future__ import annotations

import argparse

from napari_cellstate.cli.verb import Arguments, Verb, experiment_argument, json_argument, show


def _arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    json_argument(parser)


def _edit_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("kind", metavar="KIND", help="what to do, such as name-state, merge-states or teach-state")
    parser.add_argument("values", metavar="NAME=VALUE", nargs="*", help="state=2, states=[1,3], name=resting")
    json_argument(parser)


def _edit(given: Arguments) -> int:
    from napari_cellstate.experiment.edit import edit, edit_from

    one = edit_from(given.kind, given.values)
    edit(given.experiment, one)
    return show(given, one.record(), f"done: {one.words()}")


def _edits(given: Arguments) -> int:
    from napari_cellstate.core.edits import records
    from napari_cellstate.experiment.store import Experiment

    history = Experiment(given.experiment).history
    content = {"done": records(history.done), "undone": records(history.undone)}
    lines = [f"{number:4d}  {edit.movie or 'all'}: {edit.words()}" for number, edit in enumerate(history.done, start=1)]
    return show(given, content, "\n".join(lines) or "no corrections by hand")


def _undo(given: Arguments) -> int:
    from napari_cellstate.experiment.edit import undo

    edited = undo(given.experiment)
    content = edited.edit.record() if edited.edit else None
    return show(given, content, f"undone: {edited.edit.words()}" if edited.edit else "nothing to undo")


def _redo(given: Arguments) -> int:
    from napari_cellstate.experiment.edit import redo

    edited = redo(given.experiment)
    content = edited.edit.record() if edited.edit else None
    return show(given, content, f"done again: {edited.edit.words()}" if edited.edit else "nothing to redo")


VERBS = {
    "edit": Verb(
        "correct a result by hand: name, merge, split or order states, teach one, join tracks, ...",
        "napari-cellstate edit screen.cellstate name-state state=2 name=resting",
        _edit_arguments,
        _edit,
    ),
    "edits": Verb("list the corrections by hand", "napari-cellstate edits screen.cellstate", _arguments, _edits),
    "undo": Verb("take the last correction back", "napari-cellstate undo screen.cellstate", _arguments, _undo),
    "redo": Verb("make it again", "napari-cellstate redo screen.cellstate", _arguments, _redo),
}
