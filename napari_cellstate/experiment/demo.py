"""The whole way on simulated movies, and how well it went."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_cellstate.core import atomic
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.add import add, new
from napari_cellstate.experiment.paths import SUFFIX
from napari_cellstate.experiment.pipeline import run
from napari_cellstate.experiment.report import report
from napari_cellstate.experiment.scoring import Score, score
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.simulate.sample import write_sample
from napari_cellstate.simulate.truth import read_truth

_SAMPLE = "sample.json"
"""Names the simulated movies, beside them."""


@dataclass(frozen=True)
class DemoResult:
    """What the demo made and found.

    Attributes
    ----------
    experiment, report : folders.
    score : found beside true.
    """

    experiment: Path
    report: Path
    score: Score

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {"experiment": str(self.experiment), "report": str(self.report), **self.score.to_dict()}

    def text(self) -> str:
        """As a person reads it."""
        found = self.score
        lines = [
            "found beside the truth of the simulation:",
            f"  cells (segmentation F1)       {found.segmentation_f1:.3f}",
            f"  links (F1)                    {found.link_f1:.3f}",
            f"  states (adjusted Rand index)  {found.states_ari:.3f}",
            f"    decoded with the true parameters, from the true tracks: {found.oracle_ari:.3f}",
        ]
        for condition, one in found.conditions.items():
            lines += [
                f"{condition}: switches per cell and hour: {one.found_switches:.2f}, true {one.true_switches:.2f}",
                "  transition probabilities from one frame to the next",
                "  found" + " " * 17 + "true",
            ]
            lines += [f"  {_row(a)}    {_row(b)}" for a, b in zip(one.found, one.true, strict=True)]
        return "\n".join([*lines, f"experiment: {self.experiment}", f"report: {self.report}"])


def demo(out: str | Path, *, seed: int = 0, progress: Progress = silent) -> DemoResult:
    """Simulate eight movies, analyse them, compare with the truth, and write a report.

    Parameters
    ----------
    out : folder; what is there of an earlier demo is used.
    seed : of the simulation.

    Returns
    -------
    Where everything is, and how well the truth was found.
    """
    folder = Path(out)
    sample = _sample(folder, seed, progress)
    experiment = _experiment(folder / f"demo{SUFFIX}", sample)
    run(experiment, progress=progress)
    truths = {entry.name: read_truth(folder / "movies" / f"{entry.name}_truth") for entry in experiment.movies}
    found = score(experiment, truths, progress=progress)
    report(experiment, folder / "report", force=True, truth=found.true_transitions(), progress=progress)
    atomic.write_text(folder / "report" / "score.json", json.dumps(found.to_dict(), indent=1) + "\n")
    return DemoResult(experiment.root, (folder / "report").resolve(), found)


def _sample(folder: Path, seed: int, progress: Progress) -> list[dict[str, str]]:
    """The simulated movies; made only where they are not there yet."""
    movies = folder / "movies"
    if (movies / _SAMPLE).exists():
        content = json.loads((movies / _SAMPLE).read_text(encoding="utf-8"))
        if content["seed"] != seed:
            raise InputError(f"{folder} holds a demo with seed {content['seed']}; give another --out for seed {seed}")
        return list(content["movies"])
    if movies.exists():
        raise InputError(f"{movies} is not from a demo; give another --out")
    with atomic.building_folder(movies) as building:
        made = write_sample(building, seed=seed, progress=progress)
        said = [{"name": movie.name, "condition": movie.condition, "replicate": movie.replicate} for movie in made]
        atomic.write_text(building / _SAMPLE, json.dumps({"seed": seed, "movies": said}, indent=1) + "\n")
    return said


def _experiment(path: Path, sample: list[dict[str, str]]) -> Experiment:
    experiment = Experiment(path) if (path / "experiment.json").exists() else new(path)
    known = {entry.name for entry in experiment.movies}
    for movie in sample:
        if movie["name"] not in known:
            add(
                experiment,
                path.parent / "movies" / f"{movie['name']}.ome.tif",
                name=movie["name"],
                condition=movie["condition"],
                replicate=movie["replicate"],
            )
    return experiment


def _row(values: list[float]) -> str:
    return " ".join(f"{value:6.3f}" for value in values)
