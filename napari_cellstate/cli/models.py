"""Verbs about nets."""

from __future__ import annotations

import argparse

from napari_cellstate.cli.verb import Arguments, Verb, json_argument, show


def _model_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("summary", "size"), help="its layers and parameters, or the memory of a pass")
    parser.add_argument(
        "net", metavar="NET", help="a name such as tiramisu-67, the folder of a model, FILE.py:NAME or module:NAME"
    )
    parser.add_argument("--input", default="", metavar="SIZE", help="such as 1,1,256,256 (default: one that suits)")
    parser.add_argument("--bits", type=int, default=32, help="of each number, for size (default: %(default)s)")
    json_argument(parser)


def _model(given: Arguments) -> int:
    from napari_cellstate.core.errors import InputError
    from napari_cellstate.experiment.models import model_summary, size_record, summary_record
    from napari_cellstate.terminal import size_text, summary_text

    try:
        size = [int(part) for part in given.input.split(",")] if given.input else []
    except ValueError:
        size = [0]
    if any(part < 1 for part in size):
        raise InputError(f"--input {given.input}: expected whole numbers with commas, such as 1,1,256,256")
    summary = model_summary(given.net, size)
    if given.what == "size":
        sizes = size_record(summary, given.bits)
        return show(given, sizes, size_text(sizes))
    record = summary_record(summary)
    return show(given, record, summary_text(record))


VERBS = {
    "model": Verb("show what a net is made of, or how much memory it takes",
                  "napari-cellstate model summary tiramisu-67 --input 1,1,256,256", _model_arguments, _model),
}  # fmt: skip
