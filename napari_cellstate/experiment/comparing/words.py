"""Findings in plain language."""

from __future__ import annotations

import math
from collections.abc import Sequence

from napari_cellstate.compare.finding import Finding
from napari_cellstate.compare.verdict import DIFFERS

CORRECTIONS = {"benjamini-hochberg": "Benjamini-Hochberg", "holm": "Holm"}
"""Names of the corrections as papers print them."""

_BRIEF = {
    "rates": "{other} cells go {what} {estimate} times as often as {reference}",
    "overall rate": "{other} cells switch {estimate} times as often as {reference}",
    "dwell": "{other} cells leave {what} {estimate} times as readily as {reference}",
    "occupancy": "{other} cells spend {points} points of their time {more} in {what} than {reference}",
    "states": "{what} of {other} lies {estimate} sd off that of {reference}",
    "step length": "steps of {other} in {what} are {estimate} times as long as those of {reference}",
    "spread": "{other} cells in {what} are {estimate} times as varied as {reference}",
    "distance": "{other} and {reference} lie {estimate} times as far apart as replicates of one condition do ({what})",
    "classifier": "{percent} % of the windows of unseen replicates are given to the right condition (50 %: chance)",
    "emissions": "each condition's own states foretell unseen replicates {estimate} nats a window better",
    "progress": "{name} of {other} differs from that of {reference} by {estimate}",
    "means": "{what} of {other} lies {estimate} sd off that of {reference}",
}


def short_name(one: Finding) -> str:
    """Name of a finding without the pair of conditions, which it bears where there are several."""
    return one.name.removesuffix(f" ({one.other} against {one.reference})")


def sentence(text: str) -> str:
    """Text with a capital and a full stop."""
    return text[:1].upper() + text[1:] + "."


def plain(one: Finding) -> str:
    """The effect as a sentence, with its interval."""
    if not math.isfinite(one.estimate):
        return f"{short_name(one)} could not be estimated"
    what = _thing(one)
    signed = one.question in ("states", "means", "emissions", "progress")
    said = _BRIEF.get(one.question, "{name}: {estimate}").format(
        name=short_name(one),
        other=one.other,
        reference=one.reference,
        what=what,
        estimate=f"{one.estimate:+.2g}" if signed else f"{one.estimate:.3g}",
        points=f"{abs(100 * one.estimate):.2g}",
        more="more" if one.estimate >= 0 else "less",
        percent=f"{100 * one.estimate:.0f}",
    )
    return f"{said}{interval_text(one)}"


def interval_text(one: Finding) -> str:
    """The interval in brackets, and what it is over; nothing where there is none."""
    if not (math.isfinite(one.low) and math.isfinite(one.high)):
        return ""
    scale, unit = (100, " points") if one.question == "occupancy" else (1, "")
    of = {"distance": "draws", "classifier": "replicates", "emissions": "replicates"}.get(one.question)
    bounds = f"{scale * one.low:.3g} to {scale * one.high:.3g}{unit}"
    return f" ({bounds} over {of})" if of else f" (95 % interval {bounds})"


def how_tested(one: Finding, correction: str) -> str:
    """Test, p, what was corrected for, and n."""
    n = f"{one.n[0]} pairs" if one.paired else f"{one.n[0]} + {one.n[1]} replicates"
    if not math.isfinite(one.p):
        return f"not tested ({one.note or 'too few replicates'}); n = {n}"
    text = f"{one.test}; p {p_text(one.p)}, q {p_text(one.q)} ({CORRECTIONS[correction]} within the question); n = {n}"
    if math.isfinite(one.permutation_p) and not one.test.startswith("permutation"):
        text += f"; permutation p {p_text(one.permutation_p)} (smallest possible {p_text(one.smallest_p)})"
    elif math.isfinite(one.smallest_p):
        text += f"; smallest possible p {p_text(one.smallest_p)}"
    return text


def p_text(p: float) -> str:
    """A p as papers print it."""
    if not math.isfinite(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def leading(findings: Sequence[Finding]) -> Finding:
    """The finding that a question's card shows: the smallest q; the largest effect where nothing was tested."""
    tested = [one for one in findings if math.isfinite(one.q)]
    if tested:
        first = [one for one in tested if one.verdict == DIFFERS]
        return min(first or tested, key=lambda one: one.q)
    return max(findings, key=_size)


def _size(one: Finding) -> float:
    """How large an effect is, on the scale of its margin."""
    if not math.isfinite(one.estimate):
        return -1.0
    low, high = one.margin
    if low > 0:
        return abs(math.log(max(one.estimate, 1e-12)) / math.log(high))
    return abs(one.estimate / high) if math.isfinite(high) else 0.0


def _thing(one: Finding) -> str:
    """What a finding is about, without its question's name and the pair of conditions."""
    name = short_name(one)
    prefixes = {"rates": "rate ", "dwell": "dwell ", "occupancy": "occupancy ", "states": "state ", "means": "mean "}
    rest = name.removeprefix(prefixes.get(one.question, f"{one.question} "))
    if one.question == "rates":
        start, _, end = rest.partition("->")
        return f"from {_state(start)} to {_state(end)}"
    if one.question == "states":
        return f"state {rest}"
    if one.question == "means":
        return f"mean {rest}"
    whole = rest == one.question
    return "all windows" if whole else _state(rest)


def _state(name: str) -> str:
    return f"state {name}" if name.isdigit() else name
