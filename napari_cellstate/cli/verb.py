"""What a verb is, and what verbs share."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Arguments = argparse.Namespace


@dataclass(frozen=True)
class Verb:
    """One command: its help, an example, its arguments and what it calls."""

    help: str
    example: str
    arguments: Callable[[argparse.ArgumentParser], None]
    call: Callable[[Arguments], int]


def experiment_argument(parser: argparse.ArgumentParser) -> None:
    """The experiment, as first argument."""
    parser.add_argument("experiment", metavar="EXP", help="experiment folder")


def track_column_arguments(parser: argparse.ArgumentParser) -> None:
    """Names of the columns of a table of tracks, where they are not the usual ones."""
    for what in ("track", "time", "y", "x"):
        parser.add_argument(f"--{what}", default="", metavar="COLUMN", help=f"{what} column of the table of tracks")


def json_argument(parser: argparse.ArgumentParser) -> None:
    """The switch to JSON, for scripts."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def show(given: Arguments, content: Any, text: str) -> int:
    """Print a result, as text or as JSON; 0."""
    print(json.dumps(content, indent=1, ensure_ascii=False) if given.json else text)
    return 0


def fail(message: str, code: int) -> int:
    """Say what is wrong in one line; the exit code."""
    print(f"napari-cellstate: {message}", file=sys.stderr)
    return code


def known_or_not(value: float | None, unit: str) -> str:
    """A number with its unit, or that it is not known."""
    return f"{value:g} {unit}" if value is not None else "not known"


def has_display() -> bool:
    """Whether somebody sits there: a terminal, and a screen that a window can open on."""
    if not sys.stdout.isatty():
        return False
    return sys.platform in ("win32", "darwin") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
