"""The command line: one entry a verb, each the Python function of the same name.

Only the standard library is imported here and in the modules of the verbs; what a verb needs is imported when it is
used.
"""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Sequence
from typing import NoReturn

from napari_cellstate.cli import (
    comparing,
    edits,
    embedding,
    models,
    movies,
    results,
    reviewing,
    segmenting,
    states,
    tables,
    tools,
)
from napari_cellstate.cli.verb import fail

VERBS = {
    **tools.VERBS,
    **movies.VERBS,
    **results.VERBS,
    **states.VERBS,
    **edits.VERBS,
    **reviewing.VERBS,
    **segmenting.VERBS,
    **tables.VERBS,
    **comparing.VERBS,
    **models.VERBS,
    **embedding.VERBS,
}


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
        return fail(str(error), 2)
    except BrokenPipeError:  # the reader of our output has had enough
        sys.stderr.close()
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        if error.errno == errno.ENOSPC:
            return fail(f"{where}the disk is full; make room, and the same command goes on: what was done stays", 2)
        return fail(f"{where}{error.strerror or error}", 2)
    except (KeyboardInterrupt, Cancelled):
        return fail("stopped; what was done stays done, and the same command goes on from there", 130)


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
