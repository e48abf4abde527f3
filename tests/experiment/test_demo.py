from __future__ import annotations

import pytest

import napari_cellstate as cs
from napari_cellstate.experiment.demo import DemoResult
from napari_cellstate.experiment.sample import sample_experiment
from napari_cellstate.experiment.scoring import score
from napari_cellstate.simulate.truth import read_truth

SMALL = {"replicates": 1, "frames": 24, "size": 192, "cells": 12}


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    experiment = sample_experiment(folder, "demo", seed=3, **SMALL)
    cs.run(experiment)
    truths = {entry.name: read_truth(folder / "movies" / f"{entry.name}_truth") for entry in experiment.movies}
    return folder, experiment, score(experiment, truths)


def test_a_small_sample_is_found(scored):
    _, _, found = scored
    assert found.segmentation_f1 > 0.95
    assert found.link_f1 > 0.97
    assert 0 < found.states_ari < found.oracle_ari <= 1
    assert list(found.conditions) == ["young", "aged"]
    for one in found.conditions.values():
        for row in (*one.found, *one.true):
            assert sum(row) == pytest.approx(1)


def test_what_is_printed_names_everything(scored):
    folder, experiment, found = scored
    text = DemoResult(experiment.root, folder, found).text()
    for what in ("segmentation F1", "links (F1)", "adjusted Rand", "young: switches", "aged: switches", "report:"):
        assert what in text


def test_what_is_there_is_used(scored):
    folder, experiment, _ = scored
    again = sample_experiment(folder, "demo", seed=3, **SMALL)
    assert again.root == experiment.root
    assert cs.run(again).done == ()
    with pytest.raises(cs.InputError, match="holds movies with seed 3"):
        sample_experiment(folder, "demo", seed=4, **SMALL)


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "movies").mkdir()
    with pytest.raises(cs.InputError, match="does not hold simulated movies"):
        sample_experiment(tmp_path, "demo", **SMALL)


def test_report_of_a_small_sample(scored, tmp_path):
    _, experiment, found = scored
    files = {path.name for path in cs.report(experiment, tmp_path / "r", truth=found.true_transitions())}
    assert {"states.csv", "transitions.csv", "transitions.png", "transitions.pdf", "ethogram.pdf"} <= files
    assert any(name.startswith("overlay_young_1.") for name in files)
    assert any(name.startswith("overlay_aged_1.") for name in files)
