"""A run killed at ten random moments ends, when it is started again, with the bytes of an unbroken one."""

from __future__ import annotations

import random
import signal
import subprocess
import sys

import napari_cellstate as cs
from napari_cellstate.experiment.stages import NAMES
from tests.experiment_kit import results

CHILD = """
import os, signal, sys, threading
import napari_cellstate as cs

root, stage, skip, delay = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
left = skip

def progress(done, total, what):
    global left
    if what.split(": ")[-1] == stage:
        left -= 1
        if left == 0:
            kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
            kill() if delay == 0 else threading.Timer(delay, kill).start()

cs.run(root, progress=progress)
"""


def test_killed_runs_end_with_the_same_bytes(two_movies, tmp_path):
    whole = cs.new(tmp_path / "whole.cellstate")
    for entry in two_movies.movies:
        cs.add(whole, two_movies.root / entry.images.path, condition=entry.condition, replicate=entry.replicate)
    cs.run(whole)

    rng = random.Random(7)
    stages = [*NAMES, *rng.choices(["segment", "measure", "link"], k=3)]
    killed = []
    for stage in stages:
        many = {"segment": 20, "measure": 20, "link": 10}
        skip, delay = rng.randint(1, many.get(stage, 1)), rng.choice([0.0, 0.0, rng.uniform(0, 0.03)])
        _forget(two_movies, stage)
        child = subprocess.run(
            [sys.executable, "-c", CHILD, str(two_movies.root), stage, str(skip), str(delay)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert child.returncode in (-signal.SIGKILL, 0), child.stderr
        killed.append((stage, child.returncode))
        for status in cs.status(two_movies)["movies"]:
            assert not status["problem"]
    assert {stage for stage, code in killed if code == -signal.SIGKILL} == set(NAMES)
    cs.run(two_movies)
    first, second = results(whole.root), results(two_movies.root)
    assert first.keys() == second.keys()
    for name in first:
        assert first[name] == second[name], name


def _forget(experiment, stage):
    """Make this stage and the later ones stale again, so that there is something to kill."""
    at = NAMES.index(stage)
    for later in NAMES[at:]:
        for entry in experiment.movies:
            experiment.movie_paths(entry.name).record(later).unlink(missing_ok=True)
        experiment.paths.record(later).unlink(missing_ok=True)
