from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
import zarr

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.geff_write import write_geff
from napari_cellstate.formats.tracks import read_tracks

NODES = pd.DataFrame(
    {
        "t": [0, 0, 1, 2, 4, 4],
        "y": [1.0, 9.0, 1.5, 2.0, 2.5, 8.0],
        "x": [1.0, 9.0, 1.5, 2.0, 2.5, 8.25],
        "label": [1, 2, 1, 1, 1, 2],
        "tracklet": [1, 2, 1, 1, 3, 4],
        "state": pd.array([1, None, 2, 2, 1, None], dtype="Int64"),
        "state_prob": [0.9, np.nan, 0.8, 0.7, 0.6, np.nan],
    }
)
EDGES = np.array([[0, 2], [2, 3], [3, 4], [3, 5]])


@pytest.fixture
def path(tmp_path):
    write_geff(
        tmp_path / "m.geff", NODES, EDGES, dt_s=390.0, pixel_size_um=0.65, tracklet="tracklet", extra={"movie": "m"}
    )
    return tmp_path / "m.geff"


def test_round_trip(path):
    given = read_tracks(path)
    points = given.points
    assert (given.dt_s, given.pixel_size_um, given.id_name) == (390, 0.65, "tracklet")
    assert given.ids == (1, 2, 3, 4)
    for ours, name in (("frame", "t"), ("y", "y"), ("x", "x"), ("label", "label")):
        assert points[ours].tolist() == NODES[name].tolist()
    assert points["track"].tolist() == [1, 2, 1, 1, 3, 4]
    assert points["parent"].tolist() == [0, 0, 0, 0, 1, 1]
    for name in ("state", "state_prob"):
        assert np.array_equal(
            points[name].to_numpy(float), NODES[name].to_numpy(float, na_value=np.nan), equal_nan=True
        )


def test_the_reference_reader_agrees(path):
    geff = pytest.importorskip("geff")
    from geff.validate.data import ValidationConfig, validate_data

    geff.validate_structure(path)
    memory = geff.GeffReader(path)
    memory.read_node_props()
    built = memory.build()
    validate_data(built, ValidationConfig(graph=True, tracklet=True, lineage=True))
    assert np.array_equal(built["edge_ids"], EDGES)
    assert built["node_props"]["state"]["values"].tolist() == [1, 0, 2, 2, 1, 0]
    assert built["node_props"]["state"]["missing"].tolist() == [False, True, False, False, False, True]
    axes = {axis.name: axis for axis in built["metadata"].axes}
    assert (axes["t"].unit, axes["t"].scale, axes["t"].scaled_unit) == ("frame", 390, "second")
    assert (axes["x"].unit, axes["x"].scale, axes["x"].min, axes["x"].max) == ("pixel", 0.65, 1.0, 9.0)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_what_the_reference_writer_writes(tmp_path, zarr_format):
    geff = pytest.importorskip("geff")
    import networkx as nx

    graph = nx.DiGraph()
    for node, row in NODES.iterrows():
        graph.add_node(10 + 3 * int(node), t=int(row["t"]), y=float(row["y"]), x=float(row["x"]), area=float(node))
    graph.add_edges_from((10 + 3 * a, 10 + 3 * b) for a, b in EDGES)
    geff.write(
        graph,
        tmp_path / "n.geff",
        axis_names=["t", "y", "x"],
        axis_types=["time", "space", "space"],
        axis_units=["frame", "pixel", "pixel"],
        zarr_format=zarr_format,
    )
    points = read_tracks(tmp_path / "n.geff").points
    assert points["track"].tolist() == [1, 2, 1, 1, 3, 4]
    assert points["area"].tolist() == [0, 1, 2, 3, 4, 5]
    assert points["x"].tolist() == NODES["x"].tolist()


def test_the_same_bytes(path, tmp_path):
    def sums(folder):
        files = sorted(one for one in folder.rglob("*") if one.is_file())
        return [(one.relative_to(folder).as_posix(), hashlib.md5(one.read_bytes()).hexdigest()) for one in files]

    before = sums(path)
    write_geff(path, NODES, EDGES, dt_s=390.0, pixel_size_um=0.65, tracklet="tracklet", extra={"movie": "m"})
    assert sums(path) == before
    assert [one.name for one in path.parent.iterdir()] == ["m.geff"]


def change(path, **changes):
    group = zarr.open_group(path, mode="r+")
    group.attrs["geff"] = {**group.attrs["geff"], **changes}
    return path


def axes(**unit):
    return [{"name": n, "type": "time" if n == "t" else "space", "unit": unit.get(n, "pixel")} for n in "tyx"]


def test_lengths_need_a_pixel_size(path):
    change(path, axes=axes(t="frame", y="nanometer", x="nanometer"))
    with pytest.raises(InputError, match=r"positions are in nanometer.*--pixel-size"):
        read_tracks(path)
    assert read_tracks(path, pixel_size_um=0.001).points["x"].max() == 9


def test_times_become_frames(path):
    group = zarr.open_group(path, mode="r+")
    del group["nodes/props/t"]
    group.create_array("nodes/props/t/values", data=NODES["t"].to_numpy() * 1.5)
    change(path, axes=axes(t="minute"))
    given = read_tracks(path)
    assert given.points["frame"].tolist() == NODES["t"].tolist()
    assert given.dt_s == pytest.approx(90)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"geff_version": "2.0"}, "GEFF version 2.0; expected 1.x"),
        ({"axes": [{"name": "t", "type": "time"}]}, "one of time and two of space"),
        ({"axes": [*axes(t="frame"), {"name": "z", "type": "space", "min": 0, "max": 4}]}, "a third axis 'z'"),
        ({"axes": [*axes()[:2], {"name": "u", "type": "space"}]}, "axis 'u' is no property"),
    ],
)
def test_bad_metadata(path, changes, said):
    with pytest.raises(InputError, match=rf"m\.geff: .*{said}"):
        read_tracks(change(path, **changes))


def test_bad_folders(path, tmp_path):
    (tmp_path / "e.geff").mkdir()
    with pytest.raises(InputError, match="no Zarr group"):
        read_tracks(tmp_path / "e.geff")
    zarr.open_group(tmp_path / "z.zarr", mode="w")
    with pytest.raises(InputError, match="0 graphs in it"):
        read_tracks(tmp_path / "z.zarr")
    group = zarr.open_group(path, mode="r+")
    group["edges/ids"][0] = [0, 77]
    with pytest.raises(InputError, match="an edge to node 77"):
        read_tracks(path)
    group["edges/ids"][0] = [2, 0]
    with pytest.raises(InputError, match="forward in time"):
        read_tracks(path)
