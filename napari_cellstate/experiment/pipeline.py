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
from napari_cellstate.core.errors import CellStateError, EditsAtRiskError, InputError
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Progress, Runtime, silent
from napari_cellstate.experiment.corrections import correct_stage, write_record
from napari_cellstate.experiment.keys import UP_TO_DATE, MoviePlan, Status, own_key, plan_movie, pooled_keys
from napari_cellstate.experiment.lock import writing
from napari_cellstate.experiment.recipe import Recipe, read_recipe
from napari_cellstate.experiment.recipe_file import write_recipe
from napari_cellstate.experiment.stages import MOVIE_STAGES, NAMES, POOLED_STAGES
from napari_cellstate.experiment.stages.base import MovieStage, Outcome
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
    reapply_edits: bool = False,
    progress: Progress = silent,
) -> RunReport:
    """Bring an experiment up to date with a recipe.

    Parameters
    ----------
    experiment : an experiment or its folder.
    recipe : a recipe or its file; it becomes the experiment's recipe. Default: the recipe that it has.
    until : the last stage to do; default all.
    device : "auto", "cpu", "cuda" or "mps", for methods that can use it.
    reapply_edits : make results anew although some of the corrections by hand may find no place in them. Those that
        fit are made again, the others are listed in the warnings; the journal keeps all.
    progress : called often; raising `Cancelled` in it stops the run within one step, and what was done stays done.

    Raises
    ------
    EditsAtRiskError
        Corrections may be lost, and `reapply_edits` was not said. The other movies are done first.
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
        runtime = Runtime(device, chosen.threads, progress)
        job = _Job(experiment, chosen, runtime, until or NAMES[-1], reapply_edits)
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
    reapply_edits: bool = False
    done: list[tuple[str, str]] = field(default_factory=list)
    fresh: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def run(self) -> None:
        last = NAMES.index(self.until)
        history = self.experiment.history
        plans: list[MoviePlan] = []
        failures: list[CellStateError] = []
        for entry in self.experiment.movies:
            plan = plan_movie(self.experiment, self.recipe, entry, history)
            plans.append(plan)
            try:
                self._run_movie(plan, last)
            except CellStateError as error:  # the other movies go on; the run as a whole still fails
                failures.append(error)
        if failures:
            kind = EditsAtRiskError if all(isinstance(one, EditsAtRiskError) for one in failures) else InputError
            raise kind("\n".join(str(one) for one in failures))
        if last >= len(MOVIE_STAGES):
            self._run_pooled(plans, last - len(MOVIE_STAGES))

    def _run_movie(self, plan: MoviePlan, last: int) -> None:
        name = plan.entry.name
        atomic.sweep(self.experiment.movie_paths(name).folder)
        wanted = [stage for at, stage in enumerate(MOVIE_STAGES) if at <= last]
        todo = [stage for stage in wanted if plan.statuses[stage.name] not in UP_TO_DATE]
        pixels = any(stage.reads_pixels and not self._only_edits(plan, stage) for stage in todo)
        movie = self.experiment.movie(name, pixels=pixels) if todo else None
        try:
            for stage in wanted:
                if movie is None or stage not in todo:
                    if plan.statuses[stage.name] is not Status.GIVEN:
                        self._note_fresh(name, stage.name, self.experiment.movie_paths(name).record(stage.name))
                elif self._only_edits(plan, stage):
                    self._amend(plan, stage)
                else:
                    self._keep_edits(plan, stage)
                    self._do_movie(plan, stage, movie)
        finally:
            if movie is not None:
                movie.close()

    def _do_movie(self, plan: MoviePlan, stage: MovieStage, movie: Movie) -> None:
        """Do a stage of one movie, and make its corrections again."""
        name, edits = plan.entry.name, plan.edits[stage.name]
        runtime = self._runtime(f"{name}: {stage.name}")

        def make() -> Outcome:
            outcome = stage.run(self.experiment, movie, self.recipe, plan.own[stage.name], runtime)
            if not edits or stage.amend is None:
                return outcome
            amended = stage.amend(self.experiment, name, (), edits, outcome.resolved)
            amended.write()
            warnings = (*outcome.warnings, *_lost(plan, stage, amended.lost))
            return replace(outcome, summary=outcome.summary | amended.summary, warnings=warnings)

        record = self.experiment.movie_paths(name).record(stage.name)
        self._do(name, stage.name, plan.keys[stage.name], record, make, own=plan.own[stage.name])

    def _only_edits(self, plan: MoviePlan, stage: MovieStage) -> bool:
        """Whether the method's own result is there, and only the corrections are others than those it has."""
        if plan.statuses[stage.name] is not Status.STALE or stage.amend is None:
            return False
        record = self.experiment.record(stage.name, plan.entry.name)
        return record is not None and own_key(record) == plan.own[stage.name]

    def _amend(self, plan: MoviePlan, stage: MovieStage) -> None:
        correction = correct_stage(self.experiment, stage, plan.entry.name, (), plan.edits[stage.name])
        correction.write()
        self.done.append((plan.entry.name, stage.name))
        self._warn(_lost(plan, stage, correction.lost))

    def _keep_edits(self, plan: MoviePlan, stage: MovieStage) -> None:
        """Stop where corrections would be lost and nobody said that they may be."""
        edits, name = plan.edits[stage.name], plan.entry.name
        if self.reapply_edits or plan.statuses[stage.name] is not Status.AT_RISK:
            return
        lost = tuple(edit.words() for edit in edits) if stage.lost is None else stage.lost(self.experiment, name, edits)
        if lost:
            raise EditsAtRiskError(
                f"movie {name}: {stage.name} would be done anew, and {len(lost)} of its {len(edits)} corrections by "
                f"hand may find no cell in it ({'; '.join(lost[:3])}{' ...' if len(lost) > 3 else ''}). Run with "
                "--reapply-edits (reapply_edits=True): those that fit are made again, the others are listed"
            )

    def _run_pooled(self, plans: list[MoviePlan], last: int) -> None:
        entries = tuple(plan.entry for plan in plans)
        features = [plan.keys[MOVIE_STAGES[-1].name] for plan in plans]
        keys = pooled_keys(self.recipe, entries, features, self.experiment.history)
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

    def _do(self, movie: str, stage: str, key: str, path: Path, make: Callable[[], Outcome], *, own: str = "") -> None:
        """Do a stage; its record goes first and comes last, so that a kill never leaves a record without result."""
        path.unlink(missing_ok=True)
        start = time.monotonic()
        outcome = make()
        seconds = time.monotonic() - start
        content = {
            "stage": stage,
            "key": key,
            "own": own or key,
            "resolved": outcome.resolved,
            "summary": outcome.summary,
            "warnings": list(outcome.warnings),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
            "version": version("napari-cellstate"),
        }
        write_record(self.experiment, path, content)
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


def _lost(plan: MoviePlan, stage: MovieStage, words: tuple[str, ...]) -> tuple[str, ...]:
    if not words:
        return ()
    return (
        f"movie {plan.entry.name}: {len(words)} corrections of {stage.name} fit no cell any more and have no effect: "
        + "; ".join(words),
    )
