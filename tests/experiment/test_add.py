from __future__ import annotations

import shutil

import numpy as np
import pytest
import tifffile

import napari_cellstate as cs
from napari_cellstate.experiment.notes import axes_note
from napari_cellstate.experiment.paths import check_name, free_name
from tests.experiment_kit import FRAMES, SIZE, blobs, results, write_movie


@pytest.fixture
def exp(tmp_path):
    return cs.new(tmp_path / "e.cellstate")


@pytest.fixture
def labels(tmp_path):
    stack = np.zeros((FRAMES, SIZE, SIZE), np.uint16)
    for t in range(FRAMES):
        stack[t, 10:20, 10 + t : 20 + t] = 1
        stack[t, 50:62, 50 - t : 62 - t] = 7
    path = tmp_path / "labels.tif"
    tifffile.imwrite(path, stack, photometric="minisblack")
    return path


@pytest.fixture
def table(tmp_path):
    lines = ["particle,frame,y,x,mass"]
    for t in range(FRAMES):
        lines += [f"left,{t},{15 + 0.1 * t},{15 + t},3.5", f"right,{t},56,{56 - t},4.5"]
    path = tmp_path / "tracks.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_reads_what_the_file_says(exp, movie):
    entry = cs.add(exp, movie, condition="young", replicate="mouse 1", frames="2:10")
    assert (entry.name, entry.dt_s, entry.frames) == ("m", 390.0, (2, 10))
    assert entry.pixel_size_um == pytest.approx(0.65)
    assert exp.movies == (entry,)
    assert entry.images.path == "../m.ome.tif"


def test_frames_keep_their_numbers(exp, movie):
    cs.add(exp, movie, frames="3:11")
    cs.run(exp)
    assert set(exp.cells("m")["frame"]) == set(range(3, 11))
    assert not np.asarray(exp.labels("m")[0]).any()


def test_unnamed_axes(exp, tmp_path):
    tifffile.imwrite(tmp_path / "plain.tif", blobs(4), photometric="minisblack")
    with pytest.raises(cs.InputError, match="--axes"):
        cs.add(exp, tmp_path / "plain.tif")
    entry = cs.add(exp, tmp_path / "plain.tif", dt=60)
    assert entry.shape == (4, 1, SIZE, SIZE)
    assert "taken as T, Y, X" in axes_note(exp, entry)


def test_labels_alone(exp, labels):
    entry = cs.add(exp, labels=labels, dt=60)
    assert entry.shape == (FRAMES, 0, SIZE, SIZE)
    cs.run(exp)
    assert set(exp.cells("labels")["label"]) == {1, 7}
    assert (np.asarray(exp.labels("labels")[3]) == tifffile.imread(labels, key=3)).all()
    assert exp.tracks("labels").n_tracks == 2
    assert not exp.behavior.obs["state"].isna().any()


def test_labels_with_unnamed_axes(exp, labels):
    with pytest.raises(cs.InputError, match="--axes"):
        cs.add(exp, labels=labels)
    entry = cs.add(exp, labels=labels, axes="TYX")
    assert entry.labels.axes == "TYX"
    cs.run(exp)
    assert exp.tracks("labels").n_tracks == 2


def test_pixels_that_are_no_numbers(exp, tmp_path):
    stack = blobs().astype(np.float32)
    stack[5, 3, 3] = np.nan
    cs.add(exp, write_movie(tmp_path / "nan.ome.tif", stack))
    with pytest.raises(cs.InputError, match=r"movie nan, frame 5: 1 of 9216 pixels are NaN or infinite"):
        cs.run(exp)
    assert cs.status(exp)["movies"][0]["stages"]["segment"] == "missing"


@pytest.mark.parametrize("shape", [(4, 30, 30, 3), (30, 30, 3)])
def test_colour_is_refused(exp, tmp_path, shape):
    tifffile.imwrite(tmp_path / "rgb.tif", np.zeros(shape, np.uint8), photometric="rgb")
    with pytest.raises(cs.InputError, match=r"colour|RGB"):
        cs.add(exp, tmp_path / "rgb.tif", dt=60)


def test_truncated_and_no_image(exp, movie, tmp_path):
    movie.write_bytes(movie.read_bytes()[:-20_000])
    with pytest.raises(cs.InputError, match=r"m\.ome\.tif"):
        cs.add(exp, movie)
    (tmp_path / "text.tif").write_text("hello")
    with pytest.raises(cs.InputError, match=r"text\.tif"):
        cs.add(exp, tmp_path / "text.tif")
    with pytest.raises(cs.InputError, match="--tracks"):
        (tmp_path / "t.csv").write_text("track,frame,y,x\n1,0,1,1\n")
        cs.add(exp, tmp_path / "t.csv")
    assert exp.movies == ()


def test_labels_with_a_movie(exp, movie, labels):
    cs.add(exp, movie, labels=labels)
    cs.run(exp)
    assert "intensity_mean_0" in exp.cells("m")
    assert exp.record("segment", "m")["resolved"]["method"] == "labels"
    explicit = cs.recipe_from({"segment": {"method": "threshold"}})
    cs.run(exp, explicit)
    assert len(set(exp.cells("m").query("frame == 0")["label"])) == 6


def test_labels_of_another_shape(exp, movie, tmp_path):
    tifffile.imwrite(tmp_path / "small.tif", np.zeros((FRAMES, 50, 50), np.uint8), photometric="minisblack")
    with pytest.raises(cs.InputError, match=r"\(12, 50, 50\).*\(12, 96, 96\)"):
        cs.add(exp, movie, labels=tmp_path / "small.tif")
    assert exp.movies == ()


def test_tracks_alone(exp, table, tmp_path):
    cs.add(exp, tracks=table, dt=60, pixel_size=0.5)
    cs.run(exp)
    stages = cs.status(exp)["movies"][0]["stages"]
    assert stages == {"segment": "given", "measure": "fresh", "link": "fresh", "features": "fresh"}
    cs.export(exp, tmp_path / "out")
    import pandas as pd

    states = pd.read_csv(tmp_path / "out" / "states.csv")
    assert set(states["particle"]) == {"left", "right"}
    assert set(states["track"]) == {"left", "right"}
    assert states["state"].notna().sum() == 2 * (FRAMES - 2)
    assert pd.read_csv(tmp_path / "out" / "cells.csv")["mass"].notna().all()
    assert exp.tracks("tracks").n_tracks == 2


def test_text_and_numbers_as_ids_in_one_experiment(exp, table, movie, tmp_path):
    import pandas as pd

    cs.add(exp, tracks=table, dt=390, pixel_size=0.65)
    assert not [sentence for sentence in cs.run(exp).warnings if "left out" in sentence]
    cs.add(exp, movie)
    report = cs.run(exp)
    assert "feature elongation_mean is left out of the states: movie tracks lacks it" in report.warnings
    for form, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        cs.export(exp, tmp_path / form, form)
        states = read(tmp_path / form / f"states.{form}")
        assert {"left", "right", "1"} <= set(states["track"].astype(str))
        tracks = read(tmp_path / form / f"tracks.{form}")
        assert set(tracks["parent"].astype(str)) == {"0"}


def test_numbers_as_ids_come_back(exp, table, tmp_path):
    text = table.read_text().replace("particle", "TRACK_ID").replace("left", "104").replace("right", "7")
    table.write_text(text)
    cs.add(exp, tracks=table)
    cs.run(exp)
    cs.export(exp, tmp_path / "out")
    import pandas as pd

    states = pd.read_csv(tmp_path / "out" / "states.csv")
    assert set(states["track"]) == set(states["TRACK_ID"]) == {7, 104}
    assert set(pd.read_csv(tmp_path / "out" / "features.csv")["track"]) == {7, 104}


def test_a_given_track_with_a_long_gap_is_two(exp, tmp_path):
    lines = ["track,frame,y,x"] + [f"a,{t},5,{t}" for t in (*range(8), *range(20, 28))]
    (tmp_path / "gap.csv").write_text("\n".join(lines))
    cs.add(exp, tracks=tmp_path / "gap.csv")
    cs.run(exp)
    cs.export(exp, tmp_path / "out")
    import pandas as pd

    tracks = pd.read_csv(tmp_path / "out" / "tracks.csv")
    assert list(tracks["track"]) == ["a", "a/2"]
    assert list(tracks["parent"]) == ["0", "a"]


def test_tracks_with_labels(exp, labels, table):
    cs.add(exp, labels=labels, tracks=table, dt=60)
    report = cs.run(exp)
    assert exp.tracks("labels").n_tracks == 2
    assert not [sentence for sentence in report.warnings if "no cell" in sentence]
    given = exp.cells("labels")[["label", "given_track"]].drop_duplicates()
    assert len(given) == 2


def test_tracks_beyond_the_movie(exp, movie, table):
    table.write_text(table.read_text() + "left,400,1,1,1\n")
    with pytest.raises(cs.InputError, match="frame 400"):
        cs.add(exp, movie, tracks=table)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"frames": "5"}, "--frames 5: expected A:B"),
        ({"frames": "5:400"}, "B <= 12"),
        ({"channel": 3}, "--channel 3: the movie has 1 channels"),
        ({"dt": -1.0}, "--dt -1"),
        ({"pixel_size": float("nan")}, "--pixel-size nan"),
        ({"name": "../up"}, "cannot have"),
        ({"axes": "TQX"}, "axes"),
    ],
)
def test_settings_that_do_not_fit(exp, movie, settings, message):
    with pytest.raises(cs.InputError, match=message):
        cs.add(exp, movie, **settings)
    assert exp.movies == ()


def test_nothing_given(exp):
    with pytest.raises(cs.InputError, match="nothing to add"):
        cs.add(exp)


def test_twice_needs_a_name(exp, movie):
    cs.add(exp, movie)
    with pytest.raises(cs.InputError, match="added already, as 'm'"):
        cs.add(exp, movie)
    cs.add(exp, movie, name="second half", frames="6:")
    assert [entry.name for entry in exp.movies] == ["m", "second half"]


def test_moved_and_relinked(two_movies, tmp_path):
    cs.run(two_movies)
    before = results(two_movies.root)
    old = two_movies.entry("young_1").images.resolve(two_movies.root)
    (tmp_path / "elsewhere").mkdir()
    new = tmp_path / "elsewhere" / "y.ome.tif"
    shutil.move(old, new)
    assert "not there any more" in cs.status(two_movies)["movies"][0]["problem"]
    recipe = cs.recipe_from({"segment": {"method": "threshold", "threshold": "li"}})
    with pytest.raises(cs.InputError, match="relink"):
        cs.run(two_movies, recipe)
    assert cs.relink(two_movies, old, new) == ["young_1"]
    assert cs.run(two_movies, cs.Recipe()).done != ()
    assert results(two_movies.root).keys() == before.keys()
    assert cs.status(two_movies)["movies"][0]["problem"] == ""


def test_later_stages_need_no_pixels(two_movies):
    cs.run(two_movies)
    for entry in two_movies.movies:
        entry.images.resolve(two_movies.root).unlink()
    report = cs.run(two_movies, cs.recipe_from({"link": {"method": "trackpy", "max_gap": 1}}))
    assert {stage for _, stage in report.done} == {"link", "features", "embed", "states", "dynamics"}


def test_relink_refuses_another_file(two_movies, tmp_path):
    old = two_movies.entry("young_1").images.resolve(two_movies.root)
    other = write_movie(tmp_path / "other.ome.tif", blobs(seed=99))
    with pytest.raises(cs.InputError, match="does not hold what"):
        cs.relink(two_movies, old, other)
    with pytest.raises(cs.InputError, match="no movie refers to"):
        cs.relink(two_movies, tmp_path / "never.tif", other)


def test_folder_and_experiment_move_together(two_movies, tmp_path):
    cs.run(two_movies)
    files = [entry.images.resolve(two_movies.root) for entry in two_movies.movies]
    (tmp_path / "new place").mkdir()
    for path in (*files, two_movies.root):
        shutil.move(path, tmp_path / "new place" / path.name)
    moved = cs.Experiment(tmp_path / "new place" / two_movies.root.name)
    assert cs.run(moved).done == ()


def test_a_touched_file_is_the_same_and_a_changed_one_is_not(exp, movie):
    cs.add(exp, movie)
    movie.touch()
    assert cs.status(exp)["movies"][0]["problem"] == ""
    content = bytearray(movie.read_bytes())
    content[-100] ^= 1
    movie.write_bytes(content)
    assert "has changed since it was added" in cs.status(exp)["movies"][0]["problem"]


@pytest.mark.parametrize("name", ["..", ".", "", " a", "a/b", "a\\b", "a:b", "con", "x" * 200, "a\nb"])
def test_unsafe_names(name):
    with pytest.raises(cs.InputError):
        check_name(name)


def test_free_names():
    assert free_name("a/b", set()) == "a_b"
    assert free_name("Zelle ä 細胞", set()) == "Zelle ä 細胞"
    assert free_name("m", {"M", "m_2"}) == "m_3"
    assert free_name("..", set()) == "movie"
    for wanted in ("con", "é" * 300, "a\0b", "  x  "):
        check_name(free_name(wanted, set()))


def test_escape_by_a_damaged_file_is_refused(exp, movie):
    cs.add(exp, movie)
    text = exp.paths.experiment.read_text().replace('"name": "m"', '"name": "../../m"')
    exp.paths.experiment.write_text(text)
    with pytest.raises(cs.InputError, match="cannot have '/'"):
        cs.Experiment(exp.root)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not a readable experiment file"),
        ('{"format": "x", "format_version": 1, "movies": []}', "not a readable experiment file"),
        ('{"format": "napari-cellstate experiment", "format_version": 99, "movies": []}', "newer version"),
        ('{"format": "napari-cellstate experiment", "format_version": 1, "movies": [{}]}', "damaged"),
    ],
)
def test_damaged_experiment_file(exp, content, message):
    exp.paths.experiment.write_text(content)
    with pytest.raises(cs.InputError, match=message):
        cs.Experiment(exp.root)


def test_not_an_experiment(tmp_path):
    with pytest.raises(cs.InputError, match="not an experiment"):
        cs.Experiment(tmp_path)
    (tmp_path / "x").write_text("")
    with pytest.raises(cs.InputError, match="not empty"):
        cs.new(tmp_path)
