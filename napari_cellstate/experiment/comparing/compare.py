"""The verb `compare`: from an experiment or a table to questions with their verdicts, tables, figures and a report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_cellstate.compare.batch import check_batch, check_position, confounded
from napari_cellstate.compare.checks import Check, check_markov, check_stationarity
from napari_cellstate.compare.design import Design, Pairing
from napari_cellstate.compare.finding import Finding, correct
from napari_cellstate.compare.verdict import ALPHA, UNDECIDED, Margins
from napari_cellstate.core import atomic
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.comparing.clouds import Clouds, find_distances
from napari_cellstate.experiment.comparing.comparison import DESCRIPTIVE, Comparison, design_sentence, pair_of
from napari_cellstate.experiment.comparing.descriptions import check_link_errors, describe_pair, describe_variance
from napari_cellstate.experiment.comparing.factorial import find_factor_effects
from napari_cellstate.experiment.comparing.methods_text import methods_paragraph
from napari_cellstate.experiment.comparing.observe import (
    known_to_states,
    make_designs,
    measured_link_error,
    observe,
)
from napari_cellstate.experiment.comparing.progress import Along, describe_progress, find_progress, follow
from napari_cellstate.experiment.comparing.questions import find_differences
from napari_cellstate.experiment.export import make_folder
from napari_cellstate.experiment.observations import Observations
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.formats.tables import write_csv


def compare(
    source: Experiment | str | Path,
    out: str | Path,
    *,
    by: str = "",
    replicate: str = "",
    states: str = "",
    track: str = "",
    time: str = "",
    batch: str = "",
    reference: str = "",
    pairing: Pairing = "auto",
    correction: str = "benjamini-hochberg",
    margins: Margins | None = None,
    points: int = 100,
    root: str = "",
    link_error: float = 0.0,
    descriptive: bool = False,
    report: bool = True,
    force: bool = False,
    progress: Progress = silent,
) -> Comparison:
    """Compare conditions and write compare.json, compare.csv and a report.

    Parameters
    ----------
    source : an experiment with every stage done, or a table of state sequences or features.
    out : folder; made if missing, and it must be empty.
    by : column of the condition (of an experiment: a name in the notes of its movies); several with commas between
        them are factors, with main effects and interactions; "" finds it.
    replicate, states, track, time : columns of a table; "" finds them.
    batch : column of plate or day, checked before an effect is claimed.
    reference : the condition that others are compared with (default: the first).
    pairing : "auto" pairs conditions that were seen in the same replicates.
    correction : within a question: "benjamini-hochberg" or "holm".
    margins : differences below these are called none.
    points : windows of each side in each draw of the optimal-transport distance.
    root : state to begin from: rows are ordered along pseudotime, and steps back and progress are compared.
    link_error : share of wrong links; 0 takes that which review measured, if any. How far rates move by it stands in
        the checks.
    descriptive : states, scaling or embedding know the condition: nothing is tested. Set by itself where states were
        taught by examples that some condition lacks.
    report : write report.html, report.pdf and figures too.
    force : write into a folder that is not empty.

    Notes
    -----
    n is replicates: movies of one replicate are added up, and with fewer than three replicates a condition (or three
    pairs) every verdict is "undecided" and stands without a p.
    """
    margins, clouds = margins or Margins(), Clouds(points)
    _check_settings(points, link_error, margins)
    seen = observe(source, by=by, batch=batch, replicate=replicate, states=states, track=track, time=time)
    designs = make_designs(seen, reference, pairing)
    along = follow(seen, root, progress) if root else None
    found = _find(seen, designs, margins, clouds, along, progress)
    knows = known_to_states(source, seen)
    descriptive = descriptive or bool(knows)
    measured = measured_link_error(source)
    share = link_error or (measured.rate if measured.judged else 0.0)
    checks = _checks(seen, designs, share)
    settings = {
        "correction": correction,
        "alpha": ALPHA,
        "pairing": pairing,
        "margins": {"rate_ratio": margins.rate_ratio, "occupancy": margins.occupancy, "mean_sd": margins.mean_sd},
        "distance": {"points": points, "draws": clouds.draws, "relabel_draws": clouds.relabel_draws},
        "root": root,
        "link_error": share,
        "descriptive": descriptive,
    }
    findings = correct(found.findings, correction)
    if descriptive:
        findings = [_untested(one) for one in findings]
    details = _details(seen, designs, findings, found, along, root)
    said = [knows] if knows else []
    said += [f"links: {measured.words()}"] if measured.judged else []
    notes = (*said, *seen.notes, *_warnings(designs, checks, descriptive=descriptive))
    methods = methods_paragraph(source, seen, designs, settings, findings)
    result = Comparison(tuple(findings), tuple(checks), designs, notes, settings, details, methods, seen)
    _write(result, Path(out), report=report, force=force, progress=progress)
    progress(1, 1, "compare conditions")
    return result


def _details(
    seen: Observations,
    designs: Sequence[Design],
    findings: Sequence[Finding],
    found: _Found,
    along: Along | None,
    root: str,
) -> dict[str, Any]:
    """Descriptions without a test."""
    details: dict[str, Any] = {"variance": describe_variance(seen), "pairs": {}}
    if along is not None:
        details["progress"] = describe_progress(seen, along, root)
    for design in designs:
        mine = [one for one in findings if (one.reference, one.other) == (design.reference, design.other)]
        details["pairs"][pair_of(design)] = found.drawn[pair_of(design)] | describe_pair(seen, design, mine)
    return details


def _write(result: Comparison, folder: Path, *, report: bool, force: bool, progress: Progress) -> None:
    """Write compare.json, compare.csv and, if wanted, the report."""
    make_folder(folder, force=force)
    content = json.dumps(result.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    atomic.write_text(folder / "compare.json", content + "\n")
    write_csv(result.table(), folder / "compare.csv")
    if report:
        from napari_cellstate.experiment.comparing.report import write_report

        write_report(result, folder, progress)


@dataclass(frozen=True, eq=False)
class _Found:
    findings: list[Finding]
    drawn: dict[str, dict[str, Any]]


def _find(
    seen: Observations,
    designs: Sequence[Design],
    margins: Margins,
    clouds: Clouds,
    along: Along | None,
    progress: Progress,
) -> _Found:
    """All findings on all pairs of conditions, then those of factors."""
    findings: list[Finding] = []
    drawn = {}
    for nth, design in enumerate(designs):
        progress(nth, len(designs), f"compare {pair_of(design)}")
        found = find_differences(seen, design, margins)
        if along is not None:
            found += find_progress(seen, along, design, margins)
        distances, drawn[pair_of(design)] = find_distances(seen, design, clouds, progress)
        several = f" ({pair_of(design)})" if len(designs) > 1 else ""
        findings += [replace(one, name=one.name + several) for one in [*found, *distances]]
    if seen.factors is not None:
        findings += find_factor_effects(seen, seen.factors, margins)
    return _Found(findings, drawn)


def _checks(seen: Observations, designs: Sequence[Design], link_error: float) -> list[Check]:
    checks = []
    if seen.states:
        checks += [
            check_stationarity(seen.run, seen.frame, seen.state, seen.sample, seen.movie, lag=seen.lag),
            check_markov(seen.run, seen.frame, seen.state, seen.sample, lag=seen.lag, k=len(seen.states)),
        ]
    known = seen.placed
    checks += [
        check_batch(seen.samples, seen.batch),
        check_position(seen.space[known], seen.movie[known], seen.samples),
    ]
    if link_error and seen.states:
        checks += check_link_errors(seen, designs, link_error)
    return checks


def _untested(one: Finding) -> Finding:
    nan = float("nan")
    return replace(one, p=nan, q=nan, permutation_p=nan, mixed_p=nan, verdict=UNDECIDED, note=DESCRIPTIVE)


def _warnings(designs: Sequence[Design], checks: Sequence[Check], *, descriptive: bool) -> list[str]:
    said = [DESCRIPTIVE] if descriptive else []
    said += [f"{check.name}: {check.says}" for check in checks if confounded(check)]
    for design in designs:
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


def _check_settings(points: int, link_error: float, margins: Margins) -> None:
    if points < 2:
        raise InputError(f"--points {points}: expected at least 2 windows a side")
    if not 0 <= link_error < 1:
        raise InputError(f"--link-error {link_error:g}: expected a share from 0 to below 1, such as 0.04")
    if not (margins.rate_ratio > 1 and 0 < margins.occupancy < 1 and margins.mean_sd > 0):
        raise InputError(
            f"margins: rates {margins.rate_ratio:g}, occupancy {margins.occupancy:g}, means {margins.mean_sd:g}; "
            "expected a factor above 1, a share between 0 and 1, and sd above 0"
        )
