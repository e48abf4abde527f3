"""Units that stand in the header of a table: time_s, Time (min), x [um]."""

from __future__ import annotations

import re

_IN_BRACKETS = re.compile(r"[(\[]\s*([^)\]]+?)\s*[)\]]\s*$")
_AT_THE_END = re.compile(
    r"[_\s.](s|sec|secs|seconds|ms|min|mins|minutes|h|hr|hours|um|\u00b5m|\u03bcm|nm|mm|px|pixels?)$", re.I
)


def unit_in(header: str) -> str:
    """Unit that the name of a column ends with, "" for none."""
    found = _IN_BRACKETS.search(header) or _AT_THE_END.search(header)
    return found[1] if found else ""
