"""How things look in a terminal: progress on stderr, results as plain text."""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from napari_cellstate.core.progress import Progress

_WIDTH = 24


def quiet_libraries() -> None:
    """Keep the warnings of libraries, which a user cannot act on, out of the terminal."""
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.ERROR, format="%(message)s", stream=sys.stderr)
    logging.getLogger("napari_cellstate").setLevel(logging.WARNING)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on stderr where that is a terminal, else one line whenever something new begins."""
    bar = _Bar() if sys.stderr.isatty() else _Lines()
    try:
        yield bar
    finally:
        bar.close()


class _Bar:
    def __init__(self) -> None:
        self._last, self._what, self._began = 0.0, "", 0.0

    def __call__(self, done: int, total: int, what: str) -> None:
        now = time.monotonic()
        if what != self._what:
            self._what, self._began = what, now
        elif now - self._last < 0.1 and done < total:
            return
        self._last = now
        full = _WIDTH * done // max(total, 1)
        left = (now - self._began) / done * (total - done) if done else 0.0
        clock = f"{int(left // 60)}:{int(left % 60):02d} left" if left >= 1 else ""
        bar = "=" * full + " " * (_WIDTH - full)
        sys.stderr.write(f"\r\x1b[K{what[:40]:40} [{bar}] {done}/{total} {clock}")
        sys.stderr.flush()

    def close(self) -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


class _Lines:
    def __init__(self) -> None:
        self._what = ""

    def __call__(self, done: int, total: int, what: str) -> None:
        if what != self._what:
            self._what = what
            sys.stderr.write(f"{what}\n")
            sys.stderr.flush()

    def close(self) -> None:
        """Nothing is left open."""


def status_text(found: Mapping[str, Any]) -> str:
    """What `status` prints."""
    lines = [str(found["experiment"])]
    if not found["movies"]:
        return f"{lines[0]}\nno movies yet; add one: napari-cellstate add {lines[0]} MOVIE"
    rows = [["movie", "condition", "replicate", "frames", *found["movies"][0]["stages"], "cells", "tracks"]]
    for movie in found["movies"]:
        counts = [str(movie["summary"].get(name, "")) for name in ("cells", "tracks")]
        said = [movie["name"], movie["condition"], movie["replicate"], str(movie["frames"])]
        rows.append([*said, *movie["stages"].values(), *counts])
    lines += table(rows)
    lines.append("  ".join(f"{stage}: {value}" for stage, value in found["stages"].items()))
    lines += [
        f"{movie['name']}: {movie['summary']['tracks_left_out']} of {movie['summary']['tracks']} tracks left out"
        for movie in found["movies"]
        if movie["summary"].get("tracks_left_out")
    ]
    if found.get("link_errors"):
        lines.append(f"link errors: {found['link_errors']['words']}")
    lines += [f"note: {movie[what]}" for movie in found["movies"] for what in ("used", "intervals") if movie[what]]
    lines += [f"problem: {movie['problem']}" for movie in found["movies"] if movie["problem"]]
    return "\n".join(lines)


def methods_text(found: Sequence[Mapping[str, Any]], *, with_settings: bool) -> str:
    """What `methods` prints."""
    lines: list[str] = []
    for one in found:
        mark = "  (default)" if one["default"] else ""
        lines.append(f"{one['stage']:9} {one['method']:18} {one['title']}{mark}")
        if not with_settings:
            continue
        lines += [f"  {one['help']}"]
        for item in one["settings"]:
            unit = f" {item['unit']}" if item["unit"] else ""
            estimate = ", estimated" if item["estimated"] else ""
            choices = f" [{'|'.join(map(str, item['choices']))}]" if item["choices"] else ""
            lines.append(f"    {item['name']} = {item['default']}{unit}{estimate}{choices}: {item['help']}")
        lines += [
            f"    -> {item['name']}" + (f" ({item['unit']})" if item["unit"] else "") + f": {_said(item)}"
            for item in one.get("features", ())
        ]
    return "\n".join(lines)


def _said(item: Mapping[str, str]) -> str:
    """Definition, note and source of a feature."""
    parts = (
        item["definition"],
        f"Note: {item['note']}" if item["note"] else "",
        f"[{item['source']}]" if item["source"] else "",
    )
    return " ".join(part for part in parts if part)


def summary_text(found: Mapping[str, Any]) -> str:
    """What `model summary` prints: a row a layer, indented as it is nested, then totals."""
    rows = [["name", "type", "input", "output", "parameters"]]
    for one in found["rows"]:
        name = "  " * one["depth"] + (one["name"].rpartition(".")[2] or "(net)")
        shapes = ["x".join(map(str, one[side])) or "-" for side in ("input", "output")]
        rows.append([name, one["type"], *shapes, f"{one['parameters']:,}"])
    return "\n".join([*table(rows), f"parameters: {found['parameters']:,}, trainable: {found['trainable']:,}"])


def size_text(found: Mapping[str, Any]) -> str:
    """What `model size` prints."""
    rows = [[name, f"{found[name]:,} bits"] for name in ("input", "parameters", "forward", "backward", "total")]
    note = f"as pytorch_modelsize counts it, with the parameters of the last layer only: {found['published']:,} bits"
    return "\n".join([*table(rows), f"{found['total_mib']:.3f} MiB at {found['bits_a_number']} bits a number", note])


def segmented_text(found: Sequence[Mapping[str, Any]]) -> str:
    """What `segment` prints: a line a file, then what the user should read."""
    lines = []
    for one in found:
        cells, frames = sum(one["cells"]), len(one["cells"])
        many = f" in {frames} frames" if frames > 1 else ""
        wide = one["method"].get("diameter")
        lines.append(f"{one['path']}: {cells} cells{many}" + (f", diameter {wide:g} px" if wide else ""))
    warned = [text for one in found for text in one["warnings"]]
    if warned:
        lines += [f"warning: {text}" for text in warned]
        lines.append("both ways: --model default is the net, --model classical threshold and watershed")
    return "\n".join(lines)


def models_text(found: Sequence[Mapping[str, Any]], folder: str) -> str:
    """What `models` prints."""
    rows = [["name", "weights", "about"]]
    for one in found:
        about = str(one["card"].get("title", one["net"])) + (" (shipped)" if one["shipped"] else "")
        rows.append([one["name"], one["digest"][:12], about])
    return "\n".join([*(table(rows) if found else ["no models"]), f"your own models: {folder}"])


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines with aligned columns."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
