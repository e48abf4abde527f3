from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zarr

import napari_cellstate as cs
from napari_cellstate.formats.labels import open_labels
from napari_cellstate.formats.tracks import read_tracks
from tests.experiment_kit import blobs, write_movie


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> cs.Experiment:
    """Two movies with every stage done; nothing here changes it."""
    folder = tmp_path_factory.mktemp("done")
    exp = cs.new(folder / "two.cellstate")
    for nth, condition in enumerate(("young", "aged")):
        path = write_movie(folder / f"{condition}_1.ome.tif", blobs(seed=nth))
        cs.add(exp, path, condition=condition, replicate=str(nth))
    cs.run(exp)
    return exp


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_geff_joins_the_tables(done, tmp_path):
    paths = cs.export(done, tmp_path / "out", "geff")
    assert [path.name for path in paths] == ["young_1.geff", "aged_1.geff"]
    cs.export(done, tmp_path / "csv")
    states = pd.read_csv(tmp_path / "csv" / "states.csv", float_precision="round_trip")
    for path in paths:
        given = read_tracks(path)
        assert (given.dt_s, given.pixel_size_um) == (390, 0.65)
        mine = states[states["movie"] == path.stem].reset_index(drop=True)
        joined = mine.merge(given.points, on=["frame", "label"], how="outer", suffixes=("", "_geff"))
        assert len(joined) == len(mine) == len(given.points)
        for name in ("y", "x", "state", "state_prob", "cluster", "lineage"):
            assert np.array_equal(joined[name].to_numpy(float), joined[f"{name}_geff"].to_numpy(float), equal_nan=True)
        assert joined["state"].notna().any()


def test_geff_is_valid_by_its_reference(done, tmp_path):
    geff = pytest.importorskip("geff")
    from geff.validate.data import ValidationConfig, validate_data

    for path in cs.export(done, tmp_path / "out", "geff"):
        geff.validate_structure(path)
        reader = geff.GeffReader(path)
        reader.read_node_props()
        built = reader.build()
        validate_data(built, ValidationConfig(graph=True, tracklet=True, lineage=True))
        assert len(built["edge_ids"]) == len(done.links(path.stem))
        assert built["metadata"].extra["napari_cellstate"]["movie"] == path.stem


def test_geff_of_given_ids(tmp_path):
    rows = [(name, t, 5.0 + t, 5.0 * k) for k, name in enumerate(("a", "b")) for t in range(12)]
    pd.DataFrame(rows, columns=["track", "frame", "y", "x"]).to_csv(tmp_path / "t.csv", index=False)
    exp = cs.new(tmp_path / "e.cellstate")
    cs.add(exp, tracks=tmp_path / "t.csv")
    cs.run(exp, until="link")
    (path,) = cs.export(exp, tmp_path / "out", "geff")
    meta = zarr.open_group(path, mode="r").attrs["geff"]
    assert meta["extra"]["napari_cellstate"]["track_ids"] == ["a", "b"]
    assert [axis["name"] for axis in meta["axes"]] == ["t", "y", "x"]
    assert "scale" not in meta["axes"][0]
    assert read_tracks(path).points["x"].tolist() == [0.0, 5.0] * 12
    with pytest.raises(cs.InputError, match="no masks to write"):
        cs.export(exp, tmp_path / "zarr", "ome-zarr")


def test_ome_zarr_labels(done, tmp_path):
    paths = cs.export(done, tmp_path / "out", "ome-zarr")
    assert [path.name for path in paths] == ["young_1.ome.zarr", "aged_1.ome.zarr"]
    tracks, ours = done.tracks("young_1"), done.labels("young_1")
    top = zarr.open_group(paths[0], mode="r")
    assert top["labels"].attrs["ome"]["labels"] == ["tracks", "states"]
    written = open_labels(paths[0] / "labels" / "tracks")
    assert (written.dt_s, written.pixel_size_um, written.axes_named) == (390, 0.65, True)
    for t in (0, 5, 11):
        here = tracks.cells["frame"] == t
        by_label = dict(zip(tracks.cells["label"][here], tracks.track[here], strict=True))
        frame = np.asarray(ours[t])
        expected = np.vectorize(lambda one, known=by_label: known.get(one, 0))(frame)
        assert np.array_equal(written.read(t, 0), expected)
    about = top["labels/states"].attrs["ome"]["image-label"]
    assert [one["name"] for one in about["properties"]] == ["state 1", "state 2", "state 3"]
    assert about["colors"][0] == {"label-value": 1, "rgba": [230, 159, 0, 255]}
    states = open_labels(paths[0] / "labels" / "states")
    assert set(np.unique(states.read(5, 0))) <= {0, 1, 2, 3}


def test_trackmate_spots_come_back(done, tmp_path):
    paths = cs.export(done, tmp_path / "out", "trackmate")
    assert [path.name for path in paths] == ["young_1_spots.csv", "aged_1_spots.csv"]
    tracks = done.tracks("young_1")
    given = read_tracks(paths[0], pixel_size_um=0.65)
    assert given.id_name == "TRACK_ID"
    ours = tracks.cells.assign(track=tracks.track).sort_values(["frame", "track"])
    theirs = given.points.assign(id=[given.ids[one - 1] for one in given.points["track"]]).sort_values(["frame", "id"])
    assert theirs["id"].tolist() == ours["track"].tolist()
    assert np.allclose(theirs[["y", "x"]], ours[["y", "x"]])
    with pytest.raises(cs.InputError, match="POSITION_Y is in micron"):
        read_tracks(paths[0])


@pytest.mark.parametrize("kind", ["geff", "ome-zarr", "trackmate"])
def test_the_same_bytes_again(done, tmp_path, kind):
    cs.export(done, tmp_path / "a", kind)
    cs.export(done, tmp_path / "b", kind)
    before = files(tmp_path / "a")
    assert before == files(tmp_path / "b")
    cs.export(done, tmp_path / "a", kind, force=True)
    assert files(tmp_path / "a") == before


def test_anndata_both_ways(done, tmp_path):
    import anndata

    ours = done.behavior
    (path,) = cs.export(done, tmp_path / "zarr", "zarr")
    (file,) = cs.export(done, tmp_path / "h5ad", "h5ad")
    for theirs in (anndata.read_zarr(path), anndata.read_h5ad(file)):
        assert np.array_equal(theirs.X, ours.X, equal_nan=True)
        assert np.array_equal(theirs.layers["scaled"], ours.layers["scaled"])
        assert list(theirs.obs_names) == list(ours.obs_names)
        for name in ("movie", "track", "frame", "state", "state_prob", "time_s"):
            assert theirs.obs[name].tolist() == ours.obs[name].tolist()
        assert set(theirs.obsm) == set(ours.obsm)
        assert theirs.uns["provenance"] == ours.uns["provenance"]
    cs.export(done, tmp_path / "zarr", "zarr", force=True)


def test_states_in_a_geff_come_back_as_columns(done, tmp_path):
    """As its own columns of numbers: a GEFF made here can be added again, with its states."""
    path = cs.export(done, tmp_path / "out", "geff")[0]
    exp = cs.new(tmp_path / "e.cellstate")
    entry = cs.add(exp, tracks=path)
    assert (entry.dt_s, entry.pixel_size_um) == (390, 0.65)
    cs.run(exp, until="link")
    ours, theirs = done.cells("young_1"), exp.cells(entry.name)
    joined = ours.merge(theirs, on=["frame", "label"], suffixes=("", "_back"))
    assert len(joined) == len(ours) == len(theirs)
    assert np.array_equal(joined["y"], joined["y_back"])
    assert "state" in theirs and set(theirs["state"].dropna()) <= {1, 2, 3}
    table = done.tracks("young_1").table()
    assert len(exp.tracks(entry.name).table()) == len(table)


def test_ctc_is_read_by_its_reference_and_scores_one(done, tmp_path):
    metrics = pytest.importorskip("ctc_metrics")
    [path, _] = cs.export(done, tmp_path / "out", "ctc")
    truth = tmp_path / "truth" / "01_GT"
    (truth / "TRA").mkdir(parents=True)
    for mask in path.glob("mask*.tif"):
        (truth / "TRA" / mask.name.replace("mask", "man_track")).write_bytes(mask.read_bytes())
    (truth / "TRA" / "man_track.txt").write_bytes((path / "res_track.txt").read_bytes())
    found = metrics.evaluate_sequence(str(path), str(truth), metrics=["TRA", "DET", "LNK"])
    assert [found[name] for name in ("TRA", "DET", "LNK")] == pytest.approx([1.0, 1.0, 1.0])


def test_label_images_are_read_by_tifffile_as_written(done, tmp_path):
    import tifffile

    [path, _] = cs.export(done, tmp_path / "out", "ctc")
    tracks, ours = done.tracks("young_1"), done.labels("young_1")
    frame = tifffile.imread(path / "mask005.tif")
    assert ((frame > 0) == (np.asarray(ours[5]) > 0)).all()
    assert len(np.unique(frame)) - 1 == (tracks.cells["frame"] == 5).sum()
