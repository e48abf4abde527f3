from __future__ import annotations

import json

import numpy as np
import pytest

import napari_cellstate as cs
from napari_cellstate.core.errors import LockedError
from napari_cellstate.experiment.lock import writing
from napari_cellstate.experiment.stages import MOVIE_STAGES, NAMES
from tests.experiment_kit import FRAMES, blobs, results, write_movie

K2 = cs.recipe_from({"states": {"method": "kmeans", "k": 2}})


def test_one_run_does_every_stage_and_the_next_nothing(two_movies):
    report = cs.run(two_movies)
    assert len(report.done) == 2 * 4 + 3
    assert report.fresh == ()
    again = cs.run(two_movies)
    assert again.done == ()
    assert len(again.fresh) == 11


def test_stage_order():
    assert NAMES == ("segment", "measure", "link", "features", "embed", "states", "dynamics")


def test_status_follows_the_recipe(two_movies):
    before = cs.status(two_movies)
    assert set(before["movies"][0]["stages"].values()) == {"missing"}
    cs.run(two_movies)
    assert set(cs.status(two_movies)["stages"].values()) == {"fresh"}
    text = two_movies.paths.recipe.read_text().replace("max_gap", "max_gap")
    changed = text.replace('[link]\nmethod = "auto"', '[link]\nmethod = "trackpy"\nmax_gap = 1')
    assert changed != text
    two_movies.paths.recipe.write_text(changed)
    after = cs.status(two_movies)
    assert after["movies"][0]["stages"] == {
        "segment": "fresh",
        "measure": "fresh",
        "link": "stale",
        "features": "stale",
    }
    assert set(after["stages"].values()) == {"stale"}


def test_only_what_is_stale_is_done(two_movies):
    cs.run(two_movies)
    assert [stage for _, stage in cs.run(two_movies, K2).done] == ["states", "dynamics"]


def test_a_changed_condition_leaves_the_movies_alone(two_movies):
    cs.run(two_movies)
    entries = two_movies.movies
    two_movies.set_movies((entries[0].model_copy(update={"condition": "old"}), *entries[1:]))
    assert [stage for _, stage in cs.run(two_movies).done] == ["embed", "states", "dynamics"]
    assert set(two_movies.dynamics("transitions")["condition"]) == {"old", "aged"}


def test_until(two_movies):
    report = cs.run(two_movies, until="link")
    assert {stage for _, stage in report.done} == {"segment", "measure", "link"}
    with pytest.raises(cs.InputError, match="no stage 'track'"):
        cs.run(two_movies, until="track")


def test_same_bytes_from_two_runs(two_movies, tmp_path):
    cs.run(two_movies)
    other = cs.new(tmp_path / "again.cellstate")
    for entry in two_movies.movies:
        cs.add(other, two_movies.root / entry.images.path, condition=entry.condition, replicate=entry.replicate)
    cs.run(other)
    first, second = results(two_movies.root), results(other.root)
    assert first.keys() == second.keys()
    for name in first:
        assert first[name] == second[name], name


def test_a_deleted_result_is_made_again(two_movies):
    cs.run(two_movies)
    before = results(two_movies.root)
    two_movies.paths.behavior.unlink()
    assert [stage for _, stage in cs.run(two_movies).done] == ["embed", "states", "dynamics"]
    assert results(two_movies.root) == before


def test_behavior_table(two_movies):
    cs.run(two_movies)
    table = two_movies.behavior
    assert list(table.obs[["movie", "track", "frame"]].drop_duplicates().shape) == [table.n_obs, 3]
    assert set(table.obs["state"]) <= {1, 2, 3}
    assert table.obsm["state_posterior"].shape == (table.n_obs, 3)
    assert np.isfinite(table.layers["scaled"]).all()
    assert table.var.loc["speed", "unit"] == "um/h"
    expected = 0
    for name in ("young_1", "aged_1"):
        spans = two_movies.tracks(name).table().eval("last_frame - first_frame + 1")
        expected += int(np.maximum(spans - 3 + 1, 0).sum())
    assert table.n_obs == expected
    speed = table.obs["step"].groupby(table.obs["state"]).mean()
    assert list(speed) == sorted(speed)


def test_transitions_count_every_ordered_pair(two_movies):
    cs.run(two_movies)
    table = two_movies.dynamics("transitions")
    assert len(table) == 2 * 9
    assert not table["rate_per_hour"][table["from"] != table["to"]].isna().all()
    obs = two_movies.behavior.obs
    pairs = 0
    for _, track in obs.groupby(["movie", "track"], observed=True):
        pairs += int((np.diff(track["frame"]) == 1).sum())
    assert table["count"].sum() <= pairs


def test_doubtful_windows_are_counted_and_shared_out(two_movies):
    cs.run(two_movies)
    obs, posterior = two_movies.behavior.obs, two_movies.behavior.obsm["state_posterior"]
    doubtful = (posterior.max(axis=1) < 0.7) & (obs["state_prob"] < 0.7).to_numpy()
    assert two_movies.record("states")["summary"]["doubtful"] == (obs["state_prob"] < 0.7).sum()
    shares = two_movies.dynamics("occupancy_by_condition").set_index(["condition", "state"])
    moves = two_movies.dynamics("transitions")
    for condition in ("young", "aged"):
        mine = (obs["condition"] == condition).to_numpy()
        assert shares.loc[(condition, 1), "n_doubtful"] >= doubtful[mine].sum()
        np.testing.assert_allclose(shares.loc[condition, "soft_share"], posterior[mine].mean(axis=0))
        here = np.flatnonzero(mine)
        runs = obs.iloc[here]
        follows = (runs["run"].diff() == 0).to_numpy() & (runs["frame"].diff() == 1).to_numpy()
        pairs = np.einsum("pi,pj->ij", posterior[here[:-1][follows[1:]]], posterior[here[follows]])
        found = moves[moves["condition"] == condition]["soft_count"].to_numpy().reshape(3, 3)
        np.testing.assert_allclose(found, pairs)


def test_units_are_asked_for(tmp_path):
    import tifffile

    exp = cs.new(tmp_path / "px.cellstate")
    tifffile.imwrite(tmp_path / "plain.tif", blobs(), metadata={"axes": "TYX"})
    cs.add(exp, tmp_path / "plain.tif", axes="TYX")
    cs.run(exp)
    assert exp.behavior.var.loc["speed", "unit"] == "px/frame"
    assert exp.dynamics("transitions")["rate_per_hour"].isna().all()


def test_movies_of_different_intervals_are_not_pooled(two_movies, tmp_path):
    path = write_movie(tmp_path / "fast.ome.tif", blobs(frames=24, seed=5))
    cs.add(two_movies, path, dt=195)
    with pytest.raises(cs.InputError, match=r"frame interval of movie young_1 is 390 s, of movie fast 195 s"):
        cs.run(two_movies)
    resampled = cs.recipe_from({"features": {"resample_dt_s": 390.0}})
    cs.run(two_movies, resampled)
    rows = two_movies.behavior.obs.query("movie == 'fast'")
    window = cs.Recipe().windows.window
    assert (rows["t1"] - rows["t0"] == 2 * (window - 1)).all()  # every second frame is used
    wrong = cs.recipe_from({"features": {"resample_dt_s": 500.0}})
    with pytest.raises(cs.InputError, match="not a multiple"):
        cs.run(two_movies, wrong)


def test_pixel_sizes_that_differ_are_refused(two_movies, tmp_path):
    cs.add(two_movies, write_movie(tmp_path / "big.ome.tif", blobs(seed=5)), pixel_size=0.7)
    with pytest.raises(cs.InputError, match="pixel size of movie young_1"):
        cs.run(two_movies)
    cs.run(two_movies, cs.recipe_from({"features": {"resample_pixel_size": True}}))


def test_one_writer(two_movies):
    with writing(two_movies.paths.lock), pytest.raises(LockedError, match=r"written by process \d+ on"):
        cs.run(two_movies)
    cs.run(two_movies, until="segment")


def test_a_bad_movie_does_not_stop_the_others(two_movies):
    path = two_movies.entry("young_1").images.resolve(two_movies.root)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(cs.InputError, match="movie young_1"):
        cs.run(two_movies)
    stages = {movie["name"]: movie for movie in cs.status(two_movies)["movies"]}
    assert set(stages["aged_1"]["stages"].values()) == {"fresh"}
    assert set(stages["young_1"]["stages"].values()) == {"missing"}
    assert "changed" in stages["young_1"]["problem"]


def test_cancel_keeps_what_is_done(two_movies):
    calls = []

    def stop(done, total, what):
        calls.append(what)
        if what == "young_1: segment" and done == 5:
            raise cs.Cancelled

    with pytest.raises(cs.Cancelled):
        cs.run(two_movies, progress=stop)
    seen = []
    cs.run(two_movies, progress=lambda done, total, what: seen.append((done, total, what)))
    assert seen[0] == (5, FRAMES, "young_1: segment")


def test_records_say_what_was_used(two_movies):
    cs.run(two_movies)
    record = two_movies.record("segment", "young_1")
    assert record["resolved"]["diameter"] > 5
    assert two_movies.record("link", "young_1")["resolved"]["search_range"] > 0
    for stage in MOVIE_STAGES:
        content = json.loads(two_movies.movie_paths("young_1").record(stage.name).read_text())
        assert content["key"] and content["version"]


def test_empty_frame_in_the_middle_is_said(tmp_path):
    exp = cs.new(tmp_path / "gap.cellstate")
    cs.add(exp, write_movie(tmp_path / "gap.ome.tif", blobs(empty=(4,))))
    report = cs.run(exp)
    assert any("1 of 12 frames have no cells (frames 4)" in sentence for sentence in report.warnings)
    assert exp.tracks("gap").table()["n_missing"].max() == 1
    assert cs.run(exp).warnings == report.warnings


@pytest.mark.parametrize(
    ("name", "stack"),
    [
        ("nothing", np.full((6, 40, 40), 100, np.uint16)),
        ("one frame", blobs(1)),
        ("two frames", blobs(2)),
        ("one cell", None),
    ],
)
def test_any_movie_comes_to_the_end(tmp_path, name, stack):
    if stack is None:
        stack = np.full((8, 60, 60), 50, np.uint8)
        stack[:, 20:32, 20:32] = 200
    exp = cs.new(tmp_path / "e.cellstate")
    cs.add(exp, write_movie(tmp_path / "m.ome.tif", stack))
    report = cs.run(exp)
    assert cs.status(exp)["stages"] == {"embed": "fresh", "states": "fresh", "dynamics": "fresh"}
    if name != "one cell":
        assert exp.behavior.n_obs == 0
        assert any("behaviour table is empty" in sentence for sentence in report.warnings)
    else:
        assert exp.behavior.n_obs == 8 - cs.Recipe().windows.window + 1
    cs.export(exp, tmp_path / "out")
    cs.export(exp, tmp_path / "ctc", "ctc")


def test_all_channels_are_measured_and_one_is_segmented(tmp_path):
    import tifffile

    stack = blobs()
    both = np.stack([np.full_like(stack, 7), stack], axis=1)
    path = tmp_path / "two.tif"
    tifffile.imwrite(path, both, imagej=True, metadata={"axes": "TCYX", "finterval": 390.0})
    exp = cs.new(tmp_path / "c.cellstate")
    cs.add(exp, path, channel=1)
    cs.run(exp, until="measure")
    cells = exp.cells("two")
    assert len(cells) == 6 * FRAMES
    assert (cells["intensity_mean_0"] == 7).all()
    assert (cells["intensity_sd_0"] == 0).all()
    assert cells["intensity_mean_1"].min() > 300
