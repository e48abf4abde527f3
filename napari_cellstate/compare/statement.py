"""Different states or different speeds: the verdict in a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from napari_cellstate.compare.finding import Finding
from napari_cellstate.compare.occupancy import NEVER
from napari_cellstate.compare.verdict import DIFFERS, SAME, UNDECIDED, overall


def statement(findings: Sequence[Finding]) -> str:
    """What the findings on two conditions say together.

    Parameters
    ----------
    findings : corrected, of two conditions.

    Notes
    -----
    "same" stands only where every interval lies inside its margin. Where a state has moved, its rates are those of
    another thing: the sentence then says nothing of slower or faster transitions. Where no features were given,
    the states are the same by their names only, and the sentence says so.
    """
    words = {question: verdict_of(findings, question) for question in ("states", "occupancy", "overall rate", "rates")}
    if not any(words.values()):
        return _means(findings)
    given = words["states"] is None
    parts = [_given(findings) if given else _states(str(words["states"]))]
    if words["states"] == DIFFERS:
        moved = [one.name.removeprefix("state ") for one in findings if one.question == "states" and _differs(one)]
        parts.append(f"moved: {_list(moved)}; rates into and out of changed states are not comparable")
    elif words["rates"] or words["overall rate"]:
        parts.append(_rates(findings, words))
    if words["occupancy"]:
        parts.append(_occupancy(findings, str(words["occupancy"])))
    said = ", ".join(part for part in parts if part)
    return f"{said} (states as given, not compared)" if given else said


def verdict_of(findings: Sequence[Finding], question: str) -> str | None:
    """Verdict of a question from all its findings; None where it was not asked.

    What could not be tested for itself (too few events) is passed over, unless that is everything.
    """
    asked = [one for one in findings if one.question == question]
    return overall([one.verdict for one in asked if not math.isnan(one.q)]) if asked else None


def _states(word: str) -> str:
    return {SAME: "same states", DIFFERS: "changed states", UNDECIDED: "states undecided"}[word]


def _given(findings: Sequence[Finding]) -> str:
    """Without features the states are the same by their names, as far as both conditions have them."""
    absent = [one for one in findings if one.question == "occupancy" and one.note.startswith(NEVER)]
    return "other states" if absent else "same states"


def _rates(findings: Sequence[Finding], words: dict[str, str | None]) -> str:
    speed = [one for one in findings if one.question == "overall rate"]
    changed = [one for one in findings if one.question == "rates" and _differs(one)]
    if words["overall rate"] == DIFFERS:
        return f"{'slower' if speed[0].estimate < 1 else 'faster'} transitions"
    if changed:
        return f"changed transitions ({_list([_pace(one) for one in changed])})"
    return "same rates" if words["rates"] == SAME else "rates undecided"


def _pace(finding: Finding) -> str:
    return f"{finding.name.removeprefix('rate ')} {'slower' if finding.estimate < 1 else 'faster'}"


def _occupancy(findings: Sequence[Finding], word: str) -> str:
    changed = [one for one in findings if one.question == "occupancy" and _differs(one)]
    if changed:
        said = [
            f"{'more' if one.estimate > 0 else 'less'} time in {one.name.removeprefix('occupancy ')}" for one in changed
        ]
        return _list(said)
    return "same occupancy" if word == SAME else "occupancy undecided"


def _means(findings: Sequence[Finding]) -> str:
    means = [one for one in findings if one.question == "means"]
    changed = [f"{one.name} {'higher' if one.estimate > 0 else 'lower'}" for one in means if _differs(one)]
    if changed:
        return _list(changed)
    return "same means" if verdict_of(findings, "means") == SAME else "undecided"


def _differs(finding: Finding) -> bool:
    return finding.verdict == DIFFERS


def _list(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
