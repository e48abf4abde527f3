"""Movies whose frames are not taken at equal intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.dynamics.counts import count_transitions
from napari_cellstate.dynamics.rates import switches_per_hour
from tests.experiment_kit import blobs

TIMES = np.concatenate([np.arange(12) * 300.0, 36_000.0 + np.arange(12) * 330.0])
"""Twelve frames at 300 s, a pause of about nine hours, twelve frames at 330 s."""


@pytest.fixture
def movie(tmp_path):
    plane = {"DeltaT": (TIMES / 60).tolist(), "DeltaTUnit": ["min"] * 24}
    metadata = {"axes": "TYX", "Plane": plane, "PhysicalSizeX": 0.65, "PhysicalSizeY": 0.65}
    tifffile.imwrite(tmp_path / "a.ome.tif", blobs(24), ome=True, metadata=metadata)
    return tmp_path / "a.ome.tif"


def test_a_pause_is_shown_splits_windows_and_enters_rates(movie, tmp_path, capsys):
    root = tmp_path / "e.cellstate"
    cs.new(root)
    assert main(["add", str(root), str(movie)]) == 0
    said = "the interval is 330 s, but not between frames 11 and 12 (32700 s)"
    assert said in capsys.readouterr().err
    cs.run(root)
    exp = cs.Experiment(root)
    [entry] = exp.movies
    assert (entry.dt_s, entry.breaks) == (330.0, (12,))
    for verb in ("status", "check"):
        assert main([verb, str(root)]) == 0
        assert said in "".join(capsys.readouterr())
    rows = exp.features("a")
    assert len(rows) > 50
    assert not ((rows["t0"] < 12) & (rows["t1"] >= 12)).any()
    assert rows["frame"].max() > 12 > rows["frame"].min()
    assert not rows.groupby("run")["frame"].agg(lambda frame: frame.min() < 12 <= frame.max()).any()
    obs = exp.behavior.obs
    assert np.allclose(obs["time_s"], TIMES[obs["frame"]])
    table = exp.dynamics("transitions")
    spent = 0.0  # hours between rows that follow each other
    for _, run in obs.groupby(["track", "run"]):
        spent += np.diff(run["time_s"]).sum() / 3600
    switches = table[table["from"] != table["to"]]
    pairs = table.groupby("from")["count"].sum()
    found = (switches["count"] / switches["rate_per_hour"]).groupby(switches["from"]).first()
    if (switches["count"] > 0).all():
        assert found.sum() == pytest.approx(spent)
    assert pairs.sum() * 330 / 3600 > spent  # the nominal interval would say more
    cs.export(exp, tmp_path / "out", format="csv")
    assert np.allclose(pd.read_csv(tmp_path / "out" / "states.csv")["time_s"].unique(), TIMES)


def test_given_an_interval_the_times_of_the_file_are_not_used(movie, tmp_path):
    exp = cs.new(tmp_path / "e.cellstate")
    assert cs.add(exp, movie, dt=300).times_s == ()
    cs.remove(exp, "a")
    assert cs.add(exp, movie).times_s == pytest.approx(tuple(TIMES))
    assert cs.update(exp, "a", dt=300).times_s == ()


def test_a_clock_that_was_set_back_is_said(tmp_path, caplog):
    plane = {"DeltaT": [0.0, 300.0, 200.0, 500.0], "DeltaTUnit": ["s"] * 4}
    metadata = {"axes": "TYX", "Plane": plane, "TimeIncrement": 300.0}
    tifffile.imwrite(tmp_path / "a.ome.tif", blobs(4), ome=True, metadata=metadata)
    exp = cs.new(tmp_path / "e.cellstate")
    entry = cs.add(exp, tmp_path / "a.ome.tif")
    assert (entry.dt_s, entry.times_s) == (300.0, ())
    assert "frame 2 was taken before frame 1" in caplog.text


@pytest.mark.parametrize(("header", "unit", "factor"), [("time_min", "", 60), ("Time (h)", "", 3600), ("t", "s", 1)])
def test_a_table_with_times_instead_of_frames(tmp_path, header, unit, factor):
    times = np.array([0.0, 5.0, 10.0, 60.0, 65.0, 70.0])
    rows = pd.DataFrame({"track": np.repeat([1, 2], 6), header: np.tile(times, 2), "y": 1.5, "x": np.arange(12.0)})
    rows.to_csv(tmp_path / "t.csv", index=False)
    exp = cs.new(tmp_path / "e.cellstate")
    entry = cs.add(exp, tracks=tmp_path / "t.csv", time_column=header, time_unit=unit)
    assert entry.shape[0] == 6
    assert entry.dt_s == pytest.approx(5 * factor)
    assert entry.times_s == pytest.approx(tuple(times * factor))
    assert entry.breaks == (3,)
    movie = exp.movie("t")
    assert sorted(movie.points.points["frame"].unique()) == [0, 1, 2, 3, 4, 5]


def test_times_without_a_unit_are_refused_by_name(tmp_path):
    pd.DataFrame({"track": 1, "t": [0.0, 0.5], "y": 1.0, "x": 1.0}).to_csv(tmp_path / "t.csv", index=False)
    exp = cs.new(tmp_path / "e.cellstate")
    with pytest.raises(cs.InputError, match=r"t is 0\.5; expected a whole number.*--time-unit"):
        cs.add(exp, tracks=tmp_path / "t.csv")
    with pytest.raises(cs.InputError, match="time unit 'fortnight'"):
        cs.add(exp, tracks=tmp_path / "t.csv", time_unit="fortnight")


def test_rates_are_per_true_hour():
    """Two switches in pairs that are 1, 2 and 3 h long, 6 h in state 1."""
    run, frame = np.zeros(4, np.int64), np.arange(4)
    state, hours = np.array([1, 1, 1, 2]), np.array([0.0, 1.0, 3.0, 6.0])
    found = count_transitions(run, frame, state, 2, 1, time_s=hours * 3600)
    assert found.rate_per_hour(3600.0)[0, 1] == pytest.approx(1 / 6)
    assert switches_per_hour(found, 3600.0) == pytest.approx(1 / 6)
    assert count_transitions(run, frame, state, 2, 1).rate_per_hour(3600.0)[0, 1] == pytest.approx(1 / 3)
