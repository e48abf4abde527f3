"""What `compare` found, and how it is written down."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from napari_cellstate.compare.checks import Check
from napari_cellstate.compare.design import Design
from napari_cellstate.compare.finding import Finding
from napari_cellstate.compare.statement import statement, verdict_of
from napari_cellstate.experiment.comparing.words import how_tested, leading, plain, sentence, short_name
from napari_cellstate.experiment.observations import Observations

if TYPE_CHECKING:
    import pandas as pd

QUESTIONS = {
    "states": "Same states? (mean of each feature in each state)",
    "emissions": "One set of states? (held-out likelihood of shared against separate states)",
    "occupancy": "Same occupancy? (share of time in each state)",
    "overall rate": "Same speed of switching? (mean log rate)",
    "rates": "Same rates? (each transition)",
    "dwell": "Same dwell times? (hazard of leaving each state)",
    "step length": "Same steps? (distance to the next window)",
    "progress": "Same direction? (along pseudotime)",
    "spread": "Equally varied cells? (spread around the mean)",
    "distance": "How far apart? (optimal transport over what replicates differ by)",
    "classifier": "Windows told apart? (by a classifier, on replicates left out)",
    "means": "Same means? (each feature, over whole tracks)",
}
"""What is asked, in the order in which it is shown; factors ask the same of their own."""

DESCRIPTIVE = "descriptive only: states, scaling or embedding were fitted with knowledge of the condition"


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` found.

    Attributes
    ----------
    findings : differences between conditions, corrected within each question.
    checks : what was taken for granted.
    designs : which replicates stood against which.
    notes : what a reader should know.
    settings : of the comparison.
    details : descriptions without a test: variance explained, difference vectors, features that change in one state
        or in most, distance of each feature, rates with more wrong links.
    methods : the methods paragraph.
    seen : what was looked at.
    """

    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]
    designs: tuple[Design, ...]
    notes: tuple[str, ...]
    settings: dict[str, Any]
    details: dict[str, Any]
    methods: str
    seen: Observations = field(repr=False)

    def statements(self) -> dict[str, str]:
        """A sentence for each pair of conditions."""
        before = f"{DESCRIPTIVE.partition(':')[0]}: " if self.settings["descriptive"] else ""
        return {
            pair_of(design): before + statement([replace(one, name=short_name(one)) for one in self.of(design)])
            for design in self.designs
        }

    def verdicts(self) -> dict[str, dict[str, str]]:
        """The word for each question, for each pair of conditions."""
        return {
            pair_of(design): {name: word for name in QUESTIONS if (word := verdict_of(self.of(design), name))}
            for design in self.designs
        }

    def cards(self, design: Design) -> list[dict[str, Any]]:
        """What is shown of each question: question, title, verdict, says, tested, looked_at (findings in all)."""
        cards = []
        for question, word in self.verdicts()[pair_of(design)].items():
            asked = [one for one in self.of(design) if one.question == question]
            lead = leading(asked)
            cards.append(
                {
                    "question": question,
                    "title": QUESTIONS[question],
                    "verdict": word,
                    "says": sentence(plain(lead)),
                    "tested": how_tested(lead, self.settings["correction"]),
                    "looked_at": len(asked),
                }
            )
        return cards

    def of(self, design: Design) -> list[Finding]:
        """Findings on one pair of conditions."""
        pair = (design.reference, design.other)
        return [one for one in self.findings if (one.reference, one.other) == pair and one.question in QUESTIONS]

    def factor_findings(self) -> list[Finding]:
        """Main effects and interactions."""
        return [one for one in self.findings if one.question not in QUESTIONS]

    def to_dict(self) -> dict[str, Any]:
        """The content of compare.json."""
        return {
            "statements": self.statements(),
            "verdicts": self.verdicts(),
            "cards": {pair_of(design): self.cards(design) for design in self.designs},
            "questions": [_question(finding) for finding in self.findings],
            "checks": [*(_design(design) for design in self.designs), *(_check(check) for check in self.checks)],
            "notes": list(self.notes),
            "settings": self.settings,
            "details": self.details,
            "methods": self.methods,
        }

    def text(self) -> str:
        """What the terminal prints."""
        lines = [f"{pair}: {said}" for pair, said in self.statements().items()]
        for design in self.designs:
            lines.append(f"  {design_sentence(design)}")
        lines += [
            f"  {one.name}: {one.estimate:.3g} ({one.low:.3g} to {one.high:.3g}), {q_text(one)}: {one.verdict}"
            for one in self.findings
        ]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def table(self) -> pd.DataFrame:
        """The questions as a table, a row each; margins and values of the conditions in columns of their own."""
        import pandas as pd

        rows = []
        for one in self.findings:
            row = {name: value for name, value in _question(one).items() if name not in ("margin", "conditions")}
            row |= {"reference": one.reference, "other": one.other}
            row |= {"reference_value": one.values[0], "other_value": one.values[1]}
            row |= {"margin_low": one.margin[0], "margin_high": one.margin[1]}
            rows.append(row)
        return pd.DataFrame(rows)


def pair_of(design: Design) -> str:
    """What a pair of conditions is called."""
    return f"{design.other} against {design.reference}"


def design_sentence(design: Design) -> str:
    """How many replicates, and whether they are paired."""
    if design.paired:
        return f"paired by replicate: {design.n[0]} in both {design.reference} and {design.other}"
    return f"not paired: {design.n[0]} replicates of {design.reference}, {design.n[1]} of {design.other}"


def q_text(one: Finding) -> str:
    """The corrected p as text, or why there is none."""
    return f"q {one.q:.2g}" if math.isfinite(one.q) else one.note or "not tested"


def number(value: float) -> float | None:
    """A number as JSON has it: None where it is not finite."""
    return float(value) if math.isfinite(value) else None


def _question(one: Finding) -> dict[str, Any]:
    return {
        "name": one.name,
        "question": one.question,
        "estimate": number(one.estimate),
        "low": number(one.low),
        "high": number(one.high),
        "p": number(one.p),
        "q": number(one.q),
        "test": one.test,
        "unit": one.unit,
        "n_replicates": min(one.n),
        "paired": one.paired,
        "verdict": one.verdict,
        "margin": [number(bound) for bound in one.margin],
        "low90": number(one.low90),
        "high90": number(one.high90),
        "permutation_p": number(one.permutation_p),
        "permutation_smallest_p": number(one.smallest_p),
        "mixed_model_p": number(one.mixed_p),
        "conditions": {
            one.reference: {"value": number(one.values[0]), "n_replicates": one.n[0]},
            one.other: {"value": number(one.values[1]), "n_replicates": one.n[1]},
        },
        "note": one.note,
    }


def _design(design: Design) -> dict[str, Any]:
    return {
        "name": f"design {pair_of(design)}",
        "paired": design.paired,
        "n_replicates": dict(zip((design.reference, design.other), design.n, strict=True)),
        "left_out": list(design.left_out),
        "says": design_sentence(design),
    }


def _check(one: Check) -> dict[str, Any]:
    return {
        "name": one.name,
        "value": number(one.value),
        "low": number(one.low),
        "high": number(one.high),
        "p": number(one.p),
        "unit": one.unit,
        "says": one.says,
    }
