from __future__ import annotations

import numpy as np
import pytest

import napari_cellstate as cs
from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.recipe import WindowSettings
from napari_cellstate.experiment.track_filter import filter_tracks
from tests.experiment_kit import blobs, write_movie
from tests.kits.inputs import tracks


def test_each_reason_is_counted_once():
    given = tracks((12, 4, 9))
    assert filter_tracks(given, WindowSettings(), (64, 64)).left_out == {}
    found = filter_tracks(given, WindowSettings(min_track=5, keep="n_cells > 10"), (1000, 1000))
    assert found.left_out == {"shorter than 5 frames": 1, "without n_cells > 10": 1}
    assert found.kept.tolist() == [True, True, False, False]
    assert "2 of 3 tracks are left out (1 shorter than 5 frames, 1 without n_cells > 10)" in found.words("m")[0]
    near = filter_tracks(given, WindowSettings(border=1000.0), (64, 64))
    assert near.left_out == {"nearer than 1000 px to the border": 3}
    with pytest.raises(InputError, match="no column 'colour'"):
        filter_tracks(given, WindowSettings(keep="colour > 3"), (64, 64))


def test_what_is_left_out_has_no_windows_and_is_said(tmp_path):
    experiment = cs.new(tmp_path / "a.cellstate")
    cs.add(experiment, write_movie(tmp_path / "m.ome.tif", blobs()), name="m")
    cs.run(experiment, until="features")
    all_rows = experiment.features("m")
    recipe = cs.recipe_from({"features": {"border": 25.0}})
    report = cs.run(experiment, recipe, until="features")
    left = experiment.features("m")
    assert 0 < left["track"].nunique() < all_rows["track"].nunique()
    rows = all_rows[np.isin(all_rows["track"], left["track"].unique())]
    assert len(rows) == len(left)
    assert any("tracks are left out" in sentence for sentence in report.warnings)
    movie = cs.status(experiment)["movies"][0]
    assert movie["summary"]["tracks_left_out"] == all_rows["track"].nunique() - left["track"].nunique()
