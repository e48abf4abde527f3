"""The whole way on simulated movies, and how well it went."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_cellstate.core import atomic
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.pipeline import run
from napari_cellstate.experiment.report import report
from napari_cellstate.experiment.sample import MOVIES, sample_experiment
from napari_cellstate.experiment.scoring import Score, score
from napari_cellstate.simulate.truth import read_truth


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
    experiment = sample_experiment(folder, "demo", seed=seed, progress=progress)
    run(experiment, progress=progress)
    truths = {entry.name: read_truth(folder / MOVIES / f"{entry.name}_truth") for entry in experiment.movies}
    found = score(experiment, truths, progress=progress)
    report(experiment, folder / "report", force=True, truth=found.true_transitions(), progress=progress)
    atomic.write_text(folder / "report" / "score.json", json.dumps(found.to_dict(), indent=1) + "\n")
    return DemoResult(experiment.root, (folder / "report").resolve(), found)


def _row(values: list[float]) -> str:
    return " ".join(f"{value:6.3f}" for value in values)
