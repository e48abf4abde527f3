"""The one path: `run` does what is missing or stale, and nothing else."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from napari_cellstate.core import atomic
from napari_cellstate.core.errors import CellStateError, InputError
from napari_cellstate.core.progress import Progress, Runtime, silent
from napari_cellstate.experiment.keys import MoviePlan, Status, plan_movie, pooled_keys
from napari_cellstate.experiment.lock import writing
from napari_cellstate.experiment.recipe import Recipe, read_recipe
from napari_cellstate.experiment.recipe_file import write_recipe
from napari_cellstate.experiment.stages import MOVIE_STAGES, NAMES, POOLED_STAGES
from napari_cellstate.experiment.stages.base import Outcome
from napari_cellstate.experiment.store import Experiment, as_experiment

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunReport:
    """What a run did.

    Attributes
    ----------
    done : (movie or "", stage) of everything that was computed, in order.
    fresh : (movie or "", stage) of everything that was there already.
    warnings : sentences that the user should read, of everything in use, computed now or earlier.
    """

    done: tuple[tuple[str, str], ...] = ()
    fresh: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


def run(
    experiment: Experiment | str | Path,
    recipe: Recipe | str | Path | None = None,
    *,
    until: str = "",
    device: str = "auto",
    progress: Progress = silent,
) -> RunReport:
    """Bring an experiment up to date with a recipe.

    Parameters
    ----------
    experiment : an experiment or its folder.
    recipe : a recipe or its file; it becomes the experiment's recipe. Default: the recipe that it has.
    until : the last stage to do; default all.
    device : "auto", "cpu", "cuda" or "mps", for methods that can use it.
    progress : called often; raising `Cancelled` in it stops the run within one step, and what was done stays done.

    Raises
    ------
    InputError
        A movie that cannot be read or a recipe that cannot be used. The other movies are done first; pooled
        stages wait until every movie is.
    LockedError
        Another process is writing to this experiment.
    """
    experiment = as_experiment(experiment)
    if until and until not in NAMES:
        raise InputError(f"no stage {until!r}; the stages are: {', '.join(NAMES)}")
    with writing(experiment.paths.lock):
        chosen = use_recipe(experiment, recipe)
        if not experiment.movies:
            raise InputError(
                f"{experiment.root} has no movies yet; add one: napari-cellstate add {experiment.root} MOVIE"
            )
        job = _Job(experiment, chosen, Runtime(device, chosen.threads, progress), until or NAMES[-1])
        job.run()
    return RunReport(tuple(job.done), tuple(job.fresh), tuple(job.warnings))


def current_recipe(experiment: Experiment) -> Recipe:
    """The recipe of an experiment, the default one where none has been set."""
    return read_recipe(experiment.paths.recipe) if experiment.paths.recipe.exists() else Recipe()


def use_recipe(experiment: Experiment, recipe: Recipe | str | Path | None) -> Recipe:
    """Make a recipe the experiment's own, and give it back; None keeps the one it has."""
    if recipe is None:
        chosen = current_recipe(experiment)
    else:
        chosen = recipe if isinstance(recipe, Recipe) else read_recipe(Path(recipe))
    if recipe is not None or not experiment.paths.recipe.exists():
        write_recipe(chosen, experiment.paths.recipe)
    return chosen


@dataclass
class _Job:
    """One run: walks through the stages and remembers what it did."""

    experiment: Experiment
    recipe: Recipe
    runtime: Runtime
    until: str
    done: list[tuple[str, str]] = field(default_factory=list)
    fresh: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def run(self) -> None:
        last = NAMES.index(self.until)
        plans, failures = [], []
        for entry in self.experiment.movies:
            plan = plan_movie(self.experiment, self.recipe, entry)
            plans.append(plan)
            try:
                self._run_movie(plan, last)
            except CellStateError as error:  # the other movies go on; the run as a whole still fails
                failures.append(str(error))
        if failures:
            raise InputError("\n".join(failures))
        if last >= len(MOVIE_STAGES):
            self._run_pooled(plans, last - len(MOVIE_STAGES))

    def _run_movie(self, plan: MoviePlan, last: int) -> None:
        name = plan.entry.name
        atomic.sweep(self.experiment.movie_paths(name).folder)
        wanted = [stage for at, stage in enumerate(MOVIE_STAGES) if at <= last]
        todo = [stage for stage in wanted if plan.statuses[stage.name] in (Status.MISSING, Status.STALE)]
        pixels = any(stage.reads_pixels for stage in todo)
        movie = self.experiment.movie(name, pixels=pixels) if todo else None
        try:
            for stage in wanted:
                record = self.experiment.movie_paths(name).record(stage.name)
                if movie is None or stage not in todo:
                    if plan.statuses[stage.name] is Status.FRESH:
                        self._note_fresh(name, stage.name, record)
                    continue
                key = plan.keys[stage.name]
                runtime = self._runtime(f"{name}: {stage.name}")
                make = partial(stage.run, self.experiment, movie, self.recipe, key, runtime)
                self._do(name, stage.name, key, record, make)
        finally:
            if movie is not None:
                movie.close()

    def _run_pooled(self, plans: list[MoviePlan], last: int) -> None:
        entries = tuple(plan.entry for plan in plans)
        keys = pooled_keys(self.recipe, entries, [plan.keys[MOVIE_STAGES[-1].name] for plan in plans])
        atomic.sweep(self.experiment.root)
        for at, stage in enumerate(POOLED_STAGES[: last + 1]):
            path, key = self.experiment.paths.record(stage.name), keys[stage.name]
            record = self.experiment.record(stage.name)
            if record is not None and record["key"] == key and stage.done(self.experiment):
                self._note_fresh("", stage.name, path)
                continue
            for later in POOLED_STAGES[at:]:  # they share files with this one, so their results go with it
                self.experiment.paths.record(later.name).unlink(missing_ok=True)
            make = partial(stage.run, self.experiment, self.recipe, self._runtime(stage.name))
            self._do("", stage.name, key, path, make)

    def _do(self, movie: str, stage: str, key: str, path: Path, make: Callable[[], Outcome]) -> None:
        """Do a stage; its record goes first and comes last, so that a kill never leaves a record without result."""
        path.unlink(missing_ok=True)
        start = time.monotonic()
        outcome = make()
        seconds = time.monotonic() - start
        content = {
            "stage": stage,
            "key": key,
            "resolved": outcome.resolved,
            "summary": outcome.summary,
            "warnings": list(outcome.warnings),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
            "version": version("napari-cellstate"),
        }
        atomic.write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        self.done.append((movie, stage))
        self._warn(outcome.warnings)
        with self.experiment.paths.log.open("a", encoding="utf-8") as stream:
            stream.write(f"{content['finished']} {movie or 'all movies'}: {stage} {json.dumps(outcome.summary)}\n")

    def _note_fresh(self, movie: str, stage: str, path: Path) -> None:
        self.fresh.append((movie, stage))
        self._warn(json.loads(path.read_text(encoding="utf-8")).get("warnings", ()))

    def _warn(self, sentences: list[str] | tuple[str, ...]) -> None:
        self.warnings += [sentence for sentence in sentences if sentence not in self.warnings]

    def _runtime(self, what: str) -> Runtime:
        """The runtime for one stage: its progress says which, whatever the method calls its own steps."""
        report = self.runtime.progress
        return replace(self.runtime, progress=lambda done, total, _: report(done, total, what))
