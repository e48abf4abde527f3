"""Verb that reviews links: the doubtful ones, and a random sample that tells how many are wrong."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from napari_cellstate.cli.verb import Arguments, Verb, experiment_argument, json_argument, show

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ("right", "wrong", "unclear")


def _arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument("--next", type=int, default=20, metavar="N", help="how many to list (default: %(default)s)")
    parser.add_argument("--movie", default="", metavar="MOVIE", help="only the doubtful links of one movie")
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="MOVIE:TRACK:FRAME",
        help="the link to this cell is right and is not listed again; may be given more than once",
    )
    parser.add_argument(
        "--sample",
        type=int,
        nargs="?",
        const=50,
        default=0,
        metavar="N",
        help="list N links drawn at random instead, to be judged by number (default: 50)",
    )
    for verdict in _NUMBERS:
        parser.add_argument(
            f"--{verdict}", type=int, nargs="+", default=[], metavar="NUMBER", help=f"links of the sample are {verdict}"
        )
    json_argument(parser)


def _review(given: Arguments) -> int:
    from napari_cellstate.experiment.review import SAMPLE_SIZE, measured_error
    from napari_cellstate.experiment.reviewing import accept_link, doubtful_links, judge_links, sample_table

    for text in given.accept:
        accept_link(given.experiment, *_cell(text))
    verdicts = {number: verdict for verdict in _NUMBERS for number in getattr(given, verdict)}
    size = given.sample or SAMPLE_SIZE
    if verdicts:
        judge_links(given.experiment, verdicts, size)
    sampling = bool(given.sample or verdicts)
    table = (
        sample_table(given.experiment, size) if sampling else doubtful_links(given.experiment, given.movie, given.next)
    )
    error = measured_error(given.experiment)
    content = {"links": table.to_dict("records"), "error": error.record()}
    return show(given, content, f"{_text(table)}\nLink errors: {error.words()}.")


def _cell(text: str) -> tuple[str, int, int]:
    """MOVIE:TRACK:FRAME; a movie's name may hold colons."""
    from napari_cellstate.core.errors import InputError

    movie, *numbers = text.rsplit(":", 2)
    if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
        raise InputError(f"--accept {text!r}: expected MOVIE:TRACK:FRAME, such as young_1:12:30")
    return movie, int(numbers[0]), int(numbers[1])


def _text(table: pd.DataFrame) -> str:
    return table.to_string(index=False) if len(table) else "nothing is doubtful"


VERBS = {
    "review": Verb(
        "list the doubtful links, or judge a random sample of links to know how many are wrong",
        "napari-cellstate review screen.cellstate --sample 50 --wrong 3 17",
        _arguments,
        _review,
    ),
}
