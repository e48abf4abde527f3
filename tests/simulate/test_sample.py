from __future__ import annotations

from pathlib import Path

import pytest

from napari_cellstate.core.digest import fingerprint
from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.simulate import sample
from napari_cellstate.simulate.sample import SampleMovie, simulate
from napari_cellstate.simulate.truth import read_truth

TINY = {"frames": 4, "size": 96, "cells": 4}


def prints(movies: list[SampleMovie]) -> dict[str, tuple[str, str]]:
    return {movie.name: (fingerprint(movie.path), fingerprint(movie.truth)) for movie in movies}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[SampleMovie]:
    return simulate(tmp_path_factory.mktemp("sample") / "new", replicates=1, seed=5, **TINY)


def test_movies_of_both_conditions_with_their_rates(two: list[SampleMovie]) -> None:
    assert [(movie.name, movie.condition, movie.replicate) for movie in two] == [
        ("young_1", "young", "young_1"),
        ("aged_1", "aged", "aged_1"),
    ]
    truths = [read_truth(movie.truth) for movie in two]
    assert [truth.scene.behaviour.mean_dwell for truth in truths] == [20.0, 33.0]
    assert [(truth.condition, truth.replicate) for truth in truths] == [("young", "young_1"), ("aged", "aged_1")]
    for truth, dwell in zip(truths, (20.0, 33.0), strict=True):
        assert -1 / truth.rates.diagonal().mean() == pytest.approx(dwell, rel=0.3)
    assert all(movie.path.is_file() for movie in two)


def test_same_seed_same_bytes_and_more_movies_leave_the_first_alone(two: list[SampleMovie], tmp_path: Path) -> None:
    conditions = {"young": 20.0, "aged": 33.0, "old": 50.0}
    more = prints(simulate(tmp_path / "more", conditions=conditions, replicates=2, seed=5, **TINY))
    assert len(more) == len(set(more.values())) == 6
    assert {name: more[name] for name in ("young_1", "aged_1")} == prints(two)
    other = prints(simulate(tmp_path / "other", replicates=1, seed=6, **TINY))
    assert other["young_1"] != more["young_1"]


def test_the_default_sample_is_the_default_simulation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[object, ...]] = []

    def remember(scene: object, *, seed: tuple[int, ...], condition: str, replicate: str, progress: object) -> None:
        asked.append((scene, seed, condition, replicate))
        raise Cancelled

    monkeypatch.setattr(sample, "run_movie", remember)
    with pytest.raises(Cancelled):
        simulate(tmp_path, seed=9)
    from napari_cellstate.simulate.scene import Scene

    assert asked == [(Scene(), (9, 0, 1), "young", "young_1")]


def test_progress_goes_up_by_one_to_its_total(tmp_path: Path) -> None:
    calls: list[tuple[int, int, str]] = []
    simulate(tmp_path, replicates=1, progress=lambda *call: calls.append(call), **TINY)
    assert [done for done, _, _ in calls] == list(range(1, 25))
    assert {total for _, total, _ in calls} == {24}
    assert calls[0][2] == "simulate young_1"
    assert calls[-1][2] == "write aged_1"


@pytest.mark.parametrize(("at", "left"), [(2, []), (9, []), (15, ["young_1.ome.tif", "young_1_truth"])])
def test_cancelled_keeps_finished_movies_and_nothing_else(tmp_path: Path, at: int, left: list[str]) -> None:
    def stop(done: int, total: int, what: str) -> None:
        assert done <= at
        if done == at:
            raise Cancelled

    with pytest.raises(Cancelled):
        simulate(tmp_path, replicates=1, progress=stop, **TINY)
    assert sorted(path.name for path in tmp_path.iterdir()) == left


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(InputError, match="is not an empty folder"):
        simulate(tmp_path)
    with pytest.raises(InputError, match="is not an empty folder"):
        simulate(tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"conditions": {}}, "no conditions"),
        ({"conditions": {"../x": 20.0}}, "names files"),
        ({"conditions": {"young": 0.0}}, "condition young: mean_dwell"),
        ({"replicates": 0}, "at least 1 replicate"),
        ({"seed": -1}, "seed >= 0"),
        ({"frames": 0}, "frames"),
        ({"size": 10}, "size"),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_anything_is_made(
    tmp_path: Path, values: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        simulate(tmp_path / "out", **values)
    assert not (tmp_path / "out").exists()
