"""The latent explorer, the evidence panel, and training on the embed page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt

import napari_cellstate as cs
from napari_cellstate.gui.latent import mosaic
from napari_cellstate.gui.layers import COLOURED, WINDOWS
from napari_cellstate.gui.session import Pick
from napari_cellstate.methods import available
from tests.experiment_kit import blobs, write_movie
from tests.gui.conftest import MOST

EMBED = available("embed")
FRAMES = cs.Recipe().windows.window


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> cs.Experiment:
    """Two movies with two small nets."""
    folder = tmp_path_factory.mktemp("trained")
    experiment = cs.new(folder / "two.cellstate")
    for nth, condition in enumerate(("young", "aged")):
        path = write_movie(folder / f"{condition}_1.ome.tif", blobs(seed=nth))
        cs.add(experiment, path, condition=condition, replicate=str(nth))
    nets = (EMBED["vae"](steps=60), EMBED["convgru-vae"](steps=6, batch=8))
    cs.run(experiment, replace(cs.Recipe(), embed=nets))
    return experiment


@pytest.fixture
def shown(dock, trained):
    dock.open(trained)
    for key in ("scatter", "latent", "evidence"):
        dock.panel_picker.chosen.emit(key)
    return dock


def _see(panel, space: str, view: str) -> str:
    panel.space.setCurrentText(space)
    panel.view.setCurrentIndex(panel.view.findData(view))
    return panel.says.text()


def test_mosaic():
    made = mosaic(np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5), gap=1)
    assert made.shape == (2 * 5, 3 * 6)
    assert made[0, 0] == 0
    assert made[5, 6] == 4 * 5 * 4
    assert np.isnan(made[4]).all()
    assert np.isnan(made[:, 5]).all()


def test_traversal_of_crops_and_of_features(shown):
    panel = shown.panels.made["latent"]
    assert "Each row: one dimension" in _see(panel, "convgru-vae", "traverse")
    dims = len(panel._latent.dims)
    assert len(panel._frames) == FRAMES  # frames of a window, to play
    assert panel._frames.shape[1:] == (dims * 34, 7 * 34)
    assert "Scaled features (rows)" in _see(panel, "vae", "traverse")
    panel.play.setChecked(True)
    _see(panel, "convgru-vae", "traverse")
    before = panel._at
    panel._next_frame()
    assert panel._at == before + 1
    panel.play.setChecked(False)


def test_a_dot_leads_to_the_cell_and_its_reconstruction(shown, trained):
    panel, scatter, obs = shown.panels.made["latent"], shown.panels.made["scatter"], trained.behavior.obs
    assert "Click a cell" in _see(panel, "convgru-vae", "cell")
    scatter.click_near(*scatter._points[4])
    row = obs.iloc[int(scatter._rows[4])]
    assert shown.session.pick == Pick(str(row["movie"]), int(row["track"]), int(row["frame"]))
    assert f"track {row['track']}, frame {row['frame']} of {row['movie']}. embed_sd" in panel.says.text()
    assert panel._frames.shape[1:] == (2 * 34, FRAMES * 34)
    assert "orange: what the net rebuilds" in _see(panel, "vae", "cell")
    assert len(panel.lines["seen"].getData()[0]) == len(panel.lines["rebuilt"].getData()[0]) > 5


def test_how_sure_the_net_is_colours_dots_and_cells(shown, trained):
    scatter, obs = shown.panels.made["scatter"], trained.behavior.obs
    there = [scatter.colour.itemData(at) for at in range(scatter.colour.count())]
    names = ("embed_sd", "embed_surprise", "convgru-vae_sd", "convgru-vae_surprise")
    assert [one for one in there if one.startswith("embedding:")] == [f"embedding:{name}" for name in names]
    scatter.colour.setCurrentIndex(scatter.colour.findData("embedding:convgru-vae_sd"))
    order, codes = np.argsort(obs["convgru-vae_sd"].to_numpy(), kind="stable"), scatter._shades.codes
    assert (np.diff(codes[order]) >= 0).all()
    assert (codes.min(), codes.max()) == (1, 24)
    assert "■" in scatter.legend.text()
    scatter.in_movie.setChecked(True)
    found, layer = shown._found, shown.layers.find(COLOURED)
    assert layer.name == "convgru-vae_sd"
    row = int(np.flatnonzero(found.row >= 0)[7])
    labels = trained.labels(found.movie)[int(found.frame[row])]
    painted = np.unique(layer.data[int(found.frame[row])][labels == found.label[row]])
    assert painted.tolist() == [codes[found.row[row]] + 1]
    scatter.in_movie.setChecked(False)


def test_the_way_between_two_cells(shown, trained):
    panel, obs = shown.panels.made["latent"], trained.behavior.obs
    assert "Choose a cell" in _see(panel, "convgru-vae", "between")
    for button, nth in ((panel.first, 2), (panel.last, 20)):
        row = obs.iloc[nth]
        shown.session.choose(Pick(str(row["movie"]), int(row["track"]), int(row["frame"])))
        button.click()
    assert "From the first cell (left)" in panel.says.text()
    assert panel._frames.shape[1:] == (FRAMES * 34, 9 * 34)
    panel.play.setChecked(True)
    panel._draw()
    assert len(panel._frames) == 9
    panel.play.setChecked(False)


def test_evidence_and_novelty(shown, qtbot, trained):
    panel = shown.panels.made["evidence"]
    with qtbot.waitSignal(shown.task.ended, timeout=MOST):
        qtbot.mouseClick(panel.ask_button, Qt.MouseButton.LeftButton)
    assert [panel.table.item(row, 0).text() for row in range(panel.table.rowCount())] == [
        "features",
        "convgru-vae",
        "convgru-vae_code",
        "vae",
    ]
    assert "add" in panel.says.text()
    assert [panel.table.item(row, 6).text() for row in range(4)] == ["-"] * 4
    panel.nets.setChecked(True)
    with qtbot.waitSignal(shown.task.ended, timeout=MOST):
        qtbot.mouseClick(panel.ask_button, Qt.MouseButton.LeftButton)
    stays = [panel.table.item(row, 6).text() for row in range(4)]
    assert stays[0] == "-"
    assert all(-0.1 < float(one) <= 1 for one in stays[1:])
    assert panel.table.item(1, 1).text().startswith(("adds nothing to the features", "adds to the features"))
    panel.controls.setCurrentText("young")
    with qtbot.waitSignal(shown.task.ended, timeout=MOST):
        qtbot.mouseClick(panel.novel_button, Qt.MouseButton.LeftButton)
    assert "young_1 (control)" in panel.novel_says.text()
    marked = shown.layers.find(WINDOWS)
    novel = panel._novelty.table
    expected = int((novel["novel"] & (novel["movie"] == shown.session.movie)).sum())
    assert (0 if marked is None else len(marked.data)) == expected


def test_train_cancel_resume(dock, two_movies, qtbot):
    cs.run(two_movies, replace(cs.Recipe(), embed=(EMBED["vae"](steps=50_000),)), until="features")
    dock.open(two_movies)
    dock.page.show_stage("embed")
    view = dock.page.learning
    assert not view.isHidden()
    assert "not begun" in view.says.text()
    assert view.plot.isHidden()
    before = 0
    for button in ("Train", "Resume"):
        assert view.resume_button.text() == button
        view.resume_button.click()
        assert not view.resume_button.isEnabled()
        qtbot.waitUntil(lambda before=before: _steps(two_movies) > before, timeout=MOST)
        with qtbot.waitSignal(dock.task.ended, timeout=MOST):
            view.cancel_button.click()
        assert "of 50000: stopped, Resume goes on from there" in view.says.text()
        done = _steps(two_movies)
        assert before < done < 50_000
        before = done
    steps, losses = view.curves["loss"].getData()
    assert len(steps) == len(losses) > 20
    dock.page.show_stage("states")
    assert view.isHidden()


def test_a_net_that_has_learnt(shown):
    shown.page.show_stage("embed")
    assert "convgru-vae: learnt in 6 steps" in shown.page.learning.says.text()
    assert shown.page.learning.resume_button.isHidden()


def _steps(experiment: cs.Experiment) -> int:
    from napari_cellstate.experiment.learning import learnings

    [one] = learnings(experiment)
    return one.done
