"""Conditions against each other: states, occupancy, rates and means, with replicates as n."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.compare.checks import Check, check_markov, check_stationarity
from napari_cellstate.compare.design import Design, Pairing, make_design
from napari_cellstate.compare.finding import Finding, correct
from napari_cellstate.compare.means import compare_features, compare_states, group_means
from napari_cellstate.compare.occupancy import compare_occupancy
from napari_cellstate.compare.rates import compare_rates
from napari_cellstate.compare.statement import statement, verdict_of
from napari_cellstate.compare.verdict import Margins
from napari_cellstate.core import atomic
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.dynamics.counts import count_transitions
from napari_cellstate.experiment.export import make_folder
from napari_cellstate.experiment.observations import Observations, observe_experiment, track_means
from napari_cellstate.experiment.observed_table import observe_table
from napari_cellstate.experiment.paths import Paths
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.formats.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd

QUESTIONS = ("states", "occupancy", "overall rate", "rates", "means")


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
    """

    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]
    designs: tuple[Design, ...]
    notes: tuple[str, ...]
    settings: dict[str, Any]

    def statements(self) -> dict[str, str]:
        """A sentence for each pair of conditions."""
        return {f"{design.other} against {design.reference}": statement(self._of(design)) for design in self.designs}

    def to_dict(self) -> dict[str, Any]:
        """The content of compare.json."""
        verdicts = {
            f"{design.other} against {design.reference}": {
                question: word for question in QUESTIONS if (word := verdict_of(self._of(design), question))
            }
            for design in self.designs
        }
        return {
            "statements": self.statements(),
            "verdicts": verdicts,
            "questions": [_question(finding) for finding in self.findings],
            "checks": [*(_design(design) for design in self.designs), *(_check(check) for check in self.checks)],
            "notes": list(self.notes),
            "settings": self.settings,
        }

    def text(self) -> str:
        """What the terminal prints."""
        lines = [f"{pair}: {said}" for pair, said in self.statements().items()]
        for design in self.designs:
            lines.append(f"  {design_sentence(design)}")
        lines += [
            f"  {one.name}: {one.estimate:.3g} ({one.low:.3g} to {one.high:.3g}), {_q(one)}: {one.verdict}"
            for one in self.findings
        ]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def _of(self, design: Design) -> list[Finding]:
        pair = (design.reference, design.other)
        return [one for one in self.findings if (one.reference, one.other) == pair]


def compare(
    source: Experiment | str | Path,
    out: str | Path,
    *,
    by: str = "",
    replicate: str = "",
    states: str = "",
    track: str = "",
    time: str = "",
    reference: str = "",
    pairing: Pairing = "auto",
    correction: str = "benjamini-hochberg",
    margins: Margins | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> Comparison:
    """Compare conditions and write compare.json and compare.csv.

    Parameters
    ----------
    source : an experiment with every stage done, or a table of state sequences or features.
    out : folder; made if missing, and it must be empty.
    by, replicate, states, track, time : columns of a table; "" finds them.
    reference : the condition that others are compared with (default: the first).
    pairing : "auto" pairs conditions that were seen in the same replicates.
    correction : within a question: "benjamini-hochberg" or "holm".
    margins : differences below these are called none.
    force : write into a folder that is not empty.

    Notes
    -----
    n is replicates: movies of one replicate are added up, and with fewer than three replicates a condition (or three
    pairs) every verdict is "undecided" and stands without a p.
    """
    margins = margins or Margins()
    seen = _observe(source, by=by, replicate=replicate, states=states, track=track, time=time)
    designs = _designs(seen, reference, pairing)
    make_folder(Path(out), force=force)
    findings: list[Finding] = []
    for nth, design in enumerate(designs):
        progress(nth, len(designs), "compare conditions")
        found = find_differences(seen, design, margins)
        several = f" ({design.other} against {design.reference})" if len(designs) > 1 else ""
        findings += [replace(one, name=one.name + several) for one in found]
    checks = _checks(seen)
    settings = {
        "correction": correction,
        "alpha": 0.05,
        "pairing": pairing,
        "margins": {"rate_ratio": margins.rate_ratio, "occupancy": margins.occupancy, "mean_sd": margins.mean_sd},
    }
    notes = (*seen.notes, *(sentence for design in designs for sentence in _warnings(design)))
    result = Comparison(tuple(correct(findings, correction)), tuple(checks), designs, notes, settings)
    content = json.dumps(result.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    atomic.write_text(Path(out) / "compare.json", content + "\n")
    write_csv(_table(result), Path(out) / "compare.csv")
    progress(len(designs), len(designs), "compare conditions")
    return result


def find_differences(seen: Observations, design: Design, margins: Margins) -> list[Finding]:
    """All findings on two conditions, not yet corrected."""
    findings: list[Finding] = []
    samples, movies = seen.samples, len(seen.samples.of)
    if seen.states:
        k = len(seen.states)
        counts, rows = count_samples(seen)
        findings += compare_rates(
            counts,
            design,
            names=seen.states,
            time=seen.pair_time,
            margin=margins.rate_ratio,
            unit=f"ratio of rates (per {seen.time_unit})",
        )
        findings += compare_occupancy(rows, design, names=seen.states, margin=margins.occupancy)
        if seen.features:
            means = group_means(seen.scaled, seen.state - 1, seen.movie, groups=k, movies=movies)
            found = compare_states(
                means, samples, design, states=seen.states, features=seen.features, margin=margins.mean_sd
            )
            findings += found
    if seen.features:
        findings += _compare_means(seen, design, margins)
    return findings


def count_samples(seen: Observations) -> tuple[Any, Any]:
    """Transitions, (S, k, k), and rows in each state, (S, k), of each sample."""
    k, size = len(seen.states), len(seen.samples.condition)
    counted = count_transitions(seen.run, seen.frame, seen.state, k, seen.lag, unit=seen.sample)
    counts = np.zeros((size, k, k), np.int64)
    counts[counted.units] = counted.unit_counts
    here = seen.state > 0
    rows = np.bincount(seen.sample[here] * k + seen.state[here] - 1, minlength=size * k)
    return counts, rows.reshape(size, k)


def _compare_means(seen: Observations, design: Design, margins: Margins) -> list[Finding]:
    """Means of the features: over the rows of a track, its tracks, the movies of a replicate."""
    by_track = track_means(seen.values, seen.track)
    movie_of = np.zeros(len(by_track), np.int64)
    movie_of[seen.track] = seen.movie
    whole = np.zeros(len(by_track), np.int64)
    found = group_means(by_track, whole, movie_of, groups=1, movies=len(seen.samples.of))
    values = seen.samples.mean(found.means[:, 0])
    return compare_features(values, design, features=seen.features, sd=found.sd[0], margin=margins.mean_sd)


def design_sentence(design: Design) -> str:
    """How many replicates, and whether they are paired."""
    if design.paired:
        return f"paired by replicate: {design.n[0]} in both {design.reference} and {design.other}"
    return f"not paired: {design.n[0]} replicates of {design.reference}, {design.n[1]} of {design.other}"


def _warnings(design: Design) -> list[str]:
    said = []
    if not design.enough:
        said.append(f"{design_sentence(design)}; fewer than three allow no conclusion, only the effects are shown")
    if design.paired and all(name.isdigit() for name in design.shared):
        said.append(
            f"replicates {', '.join(design.shared)} occur in both conditions and are taken as the same animals; "
            "if they are not, say --pairing unpaired"
        )
    if design.left_out:
        said.append(f"without a partner, so left out: {', '.join(design.left_out)}")
    if design.shared and not design.paired:
        said.append(f"in both conditions, though not paired: {', '.join(design.shared)}")
    return said


def _observe(source: Experiment | str | Path, **columns: str) -> Observations:
    if not isinstance(source, Experiment) and not Paths(Path(source)).experiment.is_file():
        if Path(source).is_dir():
            raise InputError(f"{source} is a folder, but no experiment; expected an experiment or a table")
        return observe_table(Path(source), **columns)
    from napari_cellstate.experiment.pipeline import current_recipe

    experiment = as_experiment(source)
    given = [f"--{name}" for name, value in columns.items() if value not in ("", "condition")]
    if given:
        raise InputError(f"{', '.join(given)}: columns are named for tables only; an experiment knows its own")
    if experiment.record("dynamics") is None:
        raise InputError(
            f"{experiment.root}: a comparison needs every stage; do: napari-cellstate run {experiment.root}"
        )
    return observe_experiment(experiment, current_recipe(experiment))


def _designs(seen: Observations, reference: str, pairing: Pairing) -> tuple[Design, ...]:
    conditions = seen.conditions
    if len(conditions) < 2:
        raise InputError(f"compare: one condition only ({conditions[0]}); expected two or more")
    first = reference or conditions[0]
    return tuple(make_design(seen.samples, first, other, pairing=pairing) for other in conditions if other != first)


def _checks(seen: Observations) -> list[Check]:
    if not seen.states:
        return []
    return [
        check_stationarity(seen.run, seen.frame, seen.state, seen.sample, seen.movie, lag=seen.lag),
        check_markov(seen.run, seen.frame, seen.state, seen.sample, lag=seen.lag, k=len(seen.states)),
    ]


def _table(result: Comparison) -> pd.DataFrame:
    """The questions as a table, a row each; margins and values of the conditions in columns of their own."""
    import pandas as pd

    rows = []
    for one in result.findings:
        row = {name: value for name, value in _question(one).items() if name not in ("margin", "conditions")}
        row |= {"reference": one.reference, "other": one.other}
        row |= {"reference_value": one.values[0], "other_value": one.values[1]}
        row |= {"margin_low": one.margin[0], "margin_high": one.margin[1]}
        rows.append(row)
    return pd.DataFrame(rows)


def _question(one: Finding) -> dict[str, Any]:
    return {
        "name": one.name,
        "question": one.question,
        "estimate": _number(one.estimate),
        "low": _number(one.low),
        "high": _number(one.high),
        "p": _number(one.p),
        "q": _number(one.q),
        "test": one.test,
        "unit": one.unit,
        "n_replicates": min(one.n),
        "paired": one.paired,
        "verdict": one.verdict,
        "margin": list(one.margin),
        "low90": _number(one.low90),
        "high90": _number(one.high90),
        "permutation_p": _number(one.permutation_p),
        "permutation_smallest_p": _number(one.smallest_p),
        "conditions": {
            one.reference: {"value": _number(one.values[0]), "n_replicates": one.n[0]},
            one.other: {"value": _number(one.values[1]), "n_replicates": one.n[1]},
        },
        "note": one.note,
    }


def _design(design: Design) -> dict[str, Any]:
    return {
        "name": f"design {design.other} against {design.reference}",
        "paired": design.paired,
        "n_replicates": dict(zip((design.reference, design.other), design.n, strict=True)),
        "left_out": list(design.left_out),
        "says": design_sentence(design),
    }


def _check(one: Check) -> dict[str, Any]:
    return {
        "name": one.name,
        "value": _number(one.value),
        "low": _number(one.low),
        "high": _number(one.high),
        "p": _number(one.p),
        "unit": one.unit,
        "says": one.says,
    }


def _q(one: Finding) -> str:
    return f"q {one.q:.2g}" if math.isfinite(one.q) else one.note or "not tested"


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
