"""The whole path on the two real movies, with default settings, to tables and figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_cellstate as cs
from napari_cellstate.core.tables import join, make_links
from napari_cellstate.metrics.linking import edge_score

pytestmark = pytest.mark.real


def test_quantitative_phase_from_pixels(data_dir, tmp_path):
    source = data_dir / "mdamb231_qpi_cellphe"
    exp = cs.new(tmp_path / "qpi.cellstate")
    cs.add(exp, source / "movie.tif", dt=360, condition="untreated")
    cs.run(exp)
    found = exp.cells("movie").groupby("frame").size()
    true = [len(np.unique(frame)) - 1 for frame in tifffile.imread(source / "gt_masks.tif")]
    near = np.abs(found.reindex(range(len(true)), fill_value=0).to_numpy() / true - 1) <= 0.25
    assert near.mean() >= 0.9, f"{near.sum()} of {len(near)} frames; found {list(found)}, instrument {true}"
    _check_tables(exp, tmp_path / "report")


def test_phase_contrast_with_given_masks(data_dir, tmp_path):
    source = data_dir / "t98g_phase_usiigaci_movie"
    exp = cs.new(tmp_path / "t98g.cellstate")
    cs.add(exp, source / "movie.tif", labels=source / "gt_masks.tif", dt=600, pixel_size=0.87)
    cs.run(exp)
    truth = _truth(source / "gt_tracks.csv", exp.cells("movie"))
    score = edge_score(exp.cells("movie"), exp.links("movie"), exp.cells("movie"), truth)
    assert score.f1 >= 0.97, score
    _check_tables(exp, tmp_path / "report")


def _truth(path, cells):
    """True links as rows of our cell table; the ids of the true tracks are the labels of the masks."""
    table = pd.read_csv(path)[["t", "track_id"]]
    row = {key: at for at, key in enumerate(zip(cells["frame"], cells["label"], strict=True))}
    keys = list(zip(table["t"], table["track_id"], strict=True))
    assert np.mean([key in row for key in keys]) > 0.99
    known = [key for key in keys if key in row]
    rows = np.array([row[key] for key in known])
    source, target = join(*np.array(known).T)
    return make_links(rows[source], rows[target])


def _check_tables(exp, out):
    files = {path.name for path in cs.report(exp, out)}
    assert {"states.csv", "transitions.csv", "transitions.pdf", "ethogram.png"} <= files
    states = pd.read_csv(out / "states.csv")
    assert len(states) == len(exp.cells("movie"))
    assert set(states["state"].dropna()) == {1, 2, 3}
    assert pd.read_csv(out / "transitions.csv")["rate_per_hour"].notna().sum() == 6
