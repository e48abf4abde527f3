"""The methods paragraph, written from what was done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_cellstate.compare.design import Design
from napari_cellstate.compare.finding import Finding
from napari_cellstate.core.method import Method
from napari_cellstate.experiment.comparing.comparison import design_sentence
from napari_cellstate.experiment.comparing.observe import is_experiment
from napari_cellstate.experiment.comparing.words import CORRECTIONS, sentence
from napari_cellstate.experiment.observations import Observations
from napari_cellstate.experiment.store import Experiment, as_experiment


def methods_paragraph(
    source: Experiment | str | Path,
    seen: Observations,
    designs: Sequence[Design],
    settings: dict[str, Any],
    findings: Sequence[Finding],
) -> str:
    """What was done, as a paper says it, with every setting that changes the result."""
    parts = [
        _data(source, seen, blind=not settings["descriptive"]),
        *(sentence(design_sentence(design)) for design in designs),
    ]
    parts.append(_tests(findings))
    if any(one.question == "distance" for one in findings):
        drawn = settings["distance"]
        judged = "and the comparison of shared and separate states were" if seen.states else "was"
        parts.append(
            f"Distances are optimal-transport distances in {seen.space_name} between equal-size samples (up to "
            f"{drawn['points']} windows a side, {drawn['draws']} draws), over the larger of the distances between "
            "halves of one condition made of whole replicates; the classifier (linear discriminant on dimensions, "
            f"squares and products) {judged} "
            "judged on replicates left out; all of these were tested by permutation of replicates."
        )
    margins = settings["margins"]
    parts.append(
        f"p-values were corrected within each question by {CORRECTIONS[settings['correction']]}; q < "
        f"{settings['alpha']:g} is called a difference. Same within the margin means that the 90 % interval lies "
        f"inside it (rates and spreads within a factor {margins['rate_ratio']:g}, occupancy within "
        f"{100 * margins['occupancy']:g} points, means within {margins['mean_sd']:g} sd); all else is undecided."
    )
    return " ".join(parts)


def _tests(findings: Sequence[Finding]) -> str:
    """Each kind of t-test, and what it was done on."""
    quantities: dict[str, list[str]] = {}
    for one in findings:
        kind, found, quantity = one.test.removesuffix(" a replicate").partition(" on one ")
        if found and quantity not in quantities.setdefault(kind, []):
            quantities[kind].append(quantity)
    tests = "; ".join(f"{kind} on {', '.join(what)}" for kind, what in quantities.items())
    return (
        "The unit of n is the replicate: each gave one number (movies of a replicate were added up or averaged) for "
        f"{tests}. Permutation of replicate labels stands beside each as a check."
    )


def _data(source: Experiment | str | Path, seen: Observations, *, blind: bool) -> str:
    tracks = int(seen.track.max(initial=-1)) + 1
    rows = f"{len(seen.movie):,} windows of {tracks:,} tracks in {len(seen.samples.of):,} movies"
    if not is_experiment(source):
        what = f"{len(seen.states)} states as given" if seen.states else "features as given"
        return f"{rows.capitalize()} were read from a table ({what}; {len(seen.features)} features)."
    from napari_cellstate.experiment.pipeline import current_recipe

    experiment = as_experiment(source)
    recipe = current_recipe(experiment)
    segmenters = [one for entry in experiment.movies if (one := recipe.segmenter(entry)) is not None]
    steps: dict[str, Sequence[Method]] = {
        "segmented by": segmenters,
        "linked by": [recipe.linker(entry) for entry in experiment.movies],
        "described by": recipe.features,
        "embedded by": recipe.embed[:1],
        "given states by": [recipe.states],
    }
    made = ", ".join(f"{what} {_named(how)}" for what, how in steps.items() if how)
    window = f"windows of {recipe.windows.window} frames, every {recipe.windows.stride}"
    return (
        f"Cells were {made} ({window}; one scaling, embedding and set of {len(seen.states)} states for all conditions, "
        f"made {'without' if blind else 'with'} knowledge of them), which gave {rows}."
    )


def _named(methods: Sequence[Method]) -> str:
    """Methods with those of their settings that are not the default."""
    said = []
    for method in dict.fromkeys(methods):
        plain = type(method)().record()
        changed = [f"{name} {value}" for name, value in method.record().items() if plain.get(name) != value]
        said.append(f"{method.kind} (version {method.version}{''.join(f', {one}' for one in changed)})")
    return " and ".join(said)
