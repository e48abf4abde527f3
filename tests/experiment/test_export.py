from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_cellstate as cs
from tests.experiment_kit import FRAMES

STATES = (
    "movie,condition,replicate,track,parent,lineage,frame,time_s,label,y,x,y_um,x_um,"
    "cluster,state,state_name,state_prob"
).split(",")


@pytest.fixture
def done(two_movies):
    cs.run(two_movies)
    return two_movies


def test_csv(done, tmp_path):
    paths = cs.export(done, tmp_path / "out")
    assert {path.name for path in paths} >= {
        *("states.csv", "features.csv", "cells.csv", "links.csv", "tracks.csv", "transitions.csv", "columns.csv")
    }
    states = pd.read_csv(tmp_path / "out" / "states.csv")
    assert list(states.columns) == STATES
    assert len(states) == sum(len(done.cells(name)) for name in ("young_1", "aged_1"))
    assert np.allclose(states["y_um"], states["y"] * 0.65)
    assert np.allclose(states["time_s"], states["frame"] * 390)
    assert set(states["state_name"].dropna()) <= {"state 1", "state 2", "state 3"}


def test_states_are_those_of_the_rows(done, tmp_path):
    cs.export(done, tmp_path / "out")
    states = pd.read_csv(tmp_path / "out" / "states.csv")
    obs = done.behavior.obs.astype({"movie": str})
    joined = states.merge(obs, on=["movie", "track", "frame"], how="left", suffixes=("", "_row"))
    has = joined["state_row"].notna()
    assert (joined["state"][has] == joined["state_row"][has]).all()
    assert joined["state"][~has].isna().all()
    assert has.sum() == done.behavior.n_obs
    features = pd.read_csv(tmp_path / "out" / "features.csv")
    assert len(features) == done.behavior.n_obs
    assert np.allclose(features["speed"], done.behavior[:, "speed"].X[:, 0], equal_nan=True)


def test_stride_fills_the_frames_between(done, tmp_path):
    cs.run(done, cs.recipe_from({"features": {"window": 3, "stride": 3}, "states": {"method": "kmeans", "k": 2}}))
    cs.export(done, tmp_path / "out")
    states = pd.read_csv(tmp_path / "out" / "states.csv")
    whole = states.groupby(["movie", "track"]).filter(lambda rows: len(rows) == FRAMES)
    assert whole["state"].notna().all()
    for _, track in whole.groupby(["movie", "track"]):
        in_order = track.sort_values("frame")["state"].to_numpy()
        assert (in_order.reshape(-1, 3) == in_order.reshape(-1, 3)[:, 1:2]).all()


def test_number_of_events_is_one_number(done, tmp_path):
    cs.export(done, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "transitions.csv")
    obs = done.behavior.obs
    for condition, rows in obs.groupby("condition", observed=True):
        moves = 0
        for _, track in rows.groupby(["movie", "track"], observed=True):
            ordered = track.sort_values("frame")
            same_run = np.diff(ordered["run"]) == 0
            moves += int((same_run & (np.diff(ordered["state"]) != 0)).sum())
        mine = table[(table["condition"] == condition) & (table["from"] != table["to"])]
        assert mine["count"].sum() == moves


def test_parquet_has_the_same_tables(done, tmp_path):
    cs.export(done, tmp_path / "csv")
    cs.export(done, tmp_path / "parquet", "parquet")
    for path in (tmp_path / "csv").glob("*.csv"):
        table = pd.read_parquet(tmp_path / "parquet" / f"{path.stem}.parquet")
        assert list(table.columns) == list(pd.read_csv(path, nrows=1).columns)


def test_h5ad(done, tmp_path):
    import anndata

    (path,) = cs.export(done, tmp_path / "out", "h5ad")
    assert anndata.read_h5ad(path).n_obs == done.behavior.n_obs


def test_ctc(done, tmp_path):
    cs.export(done, tmp_path / "out", "ctc")
    folder = tmp_path / "out" / "young_1"
    masks = sorted(folder.glob("mask*.tif"))
    assert [path.name for path in masks] == [f"mask{t:03d}.tif" for t in range(FRAMES)]
    rows = [tuple(map(int, line.split())) for line in (folder / "res_track.txt").read_text().splitlines()]
    cells = done.cells("young_1")
    seen = {}
    for t, path in enumerate(masks):
        frame = tifffile.imread(path)
        ids = np.unique(frame[frame > 0])
        assert len(ids) == (cells["frame"] == t).sum()
        for one in ids.tolist():
            seen.setdefault(one, []).append(t)
        assert ((frame > 0) == (np.asarray(done.labels("young_1")[t]) > 0)).all()
    assert {(one, frames[0], frames[-1]) for one, frames in seen.items()} == {row[:3] for row in rows}
    for one, frames in seen.items():
        assert frames == list(range(frames[0], frames[-1] + 1)), one


def test_out_must_be_empty(done, tmp_path):
    cs.export(done, tmp_path / "out")
    with pytest.raises(cs.InputError, match="not empty"):
        cs.export(done, tmp_path / "out")
    before = (tmp_path / "out" / "states.csv").read_bytes()
    cs.export(done, tmp_path / "out", force=True)
    assert (tmp_path / "out" / "states.csv").read_bytes() == before
    (tmp_path / "file").write_text("")
    with pytest.raises(cs.InputError, match="is a file"):
        cs.export(done, tmp_path / "file")


def test_unknown_format_and_nothing_done(two_movies, tmp_path):
    with pytest.raises(cs.InputError, match="no export format 'xls'"):
        cs.export(two_movies, tmp_path / "out", "xls")
    with pytest.raises(cs.InputError, match="nothing to export yet"):
        cs.export(two_movies, tmp_path / "out")


def test_what_is_there_is_exported(two_movies, tmp_path):
    cs.run(two_movies, until="link")
    names = {path.name for path in cs.export(two_movies, tmp_path / "out")}
    assert names == {"states.csv", "cells.csv", "links.csv", "tracks.csv"}
    assert pd.read_csv(tmp_path / "out" / "states.csv")["state"].isna().all()
