from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
import zarr

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.labels import open_labels
from napari_cellstate.formats.movies import open_movie

AXES = {
    "t": {"name": "t", "type": "time", "unit": "minute"},
    "c": {"name": "c", "type": "channel"},
    "z": {"name": "z", "type": "space", "unit": "micrometer"},
    "y": {"name": "y", "type": "space", "unit": "nanometer"},
    "x": {"name": "x", "type": "space", "unit": "nanometer"},
}
SCALE = {"t": 6.5, "c": 1.0, "z": 1.0, "y": 650.0, "x": 650.0}


def write_image(group, data, axes, version, *, omero=None, outer=None):
    """Two levels by the specification; the second one is half as large."""
    group.create_array("0", data=data)
    group.create_array("1", data=data[..., ::2, ::2])
    scales = [[SCALE[a] * (f if a in "yx" else 1) for a in axes] for f in (1, 2)]
    if outer is not None:
        scales = [[v / o for v, o in zip(one, outer, strict=True)] for one in scales]
    multiscale = {
        "axes": [dict(AXES[a]) for a in axes],
        "datasets": [
            {"path": str(n), "coordinateTransformations": [{"type": "scale", "scale": s}]} for n, s in enumerate(scales)
        ],
    }
    if outer is not None:
        multiscale["coordinateTransformations"] = [{"type": "scale", "scale": outer}]
    found = {"multiscales": [multiscale]}
    if omero:
        found["omero"] = {"channels": [{"label": name} for name in omero]}
    if version == "0.4":
        multiscale["version"] = "0.4"
        group.attrs.update(found)
    else:
        group.attrs["ome"] = {"version": version, **found}


def top(path, version):
    return zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_levels_axes_scale_and_channels(tmp_path, version):
    data = np.random.default_rng(0).integers(0, 4000, (5, 2, 1, 12, 10)).astype(np.uint16)
    write_image(top(tmp_path / "m.ome.zarr", version), data, "tczyx", version, omero=("phase", "gfp"))
    with closing(open_movie(tmp_path / "m.ome.zarr")) as movie:
        assert movie.shape == (5, 2, 12, 10)
        assert movie.dtype == np.uint16
        assert movie.dt_s == pytest.approx(390)
        assert movie.pixel_size_um == pytest.approx(0.65)
        assert movie.channels == ("phase", "gfp")
        assert movie.axes_named
        for t, c in ((0, 0), (4, 1), (2, 0)):
            assert np.array_equal(movie.read(t, c), data[t, c, 0])
        with pytest.raises(InputError, match="no frame 5"):
            movie.read(5, 0)


def test_scale_of_all_levels_multiplies(tmp_path):
    data = np.zeros((3, 4, 4), np.uint8)
    write_image(top(tmp_path / "m.zarr", "0.5"), data, "tyx", "0.5", outer=[13.0, 1.0, 1.0])
    movie = open_movie(tmp_path / "m.zarr")
    assert (movie.dt_s, movie.pixel_size_um) == (pytest.approx(390), pytest.approx(0.65))


def test_without_units_nothing_is_known(tmp_path):
    group = top(tmp_path / "m.zarr", "0.5")
    write_image(group, np.zeros((3, 4, 4), np.uint8), "tyx", "0.5")
    found = dict(group.attrs["ome"])
    for axis in found["multiscales"][0]["axes"]:
        axis.pop("unit")
    group.attrs["ome"] = found
    movie = open_movie(tmp_path / "m.zarr")
    assert (movie.dt_s, movie.pixel_size_um) == (None, None)


def test_a_stack_is_refused(tmp_path):
    write_image(top(tmp_path / "m.zarr", "0.5"), np.zeros((2, 7, 4, 4), np.uint8), "tzyx", "0.5")
    with pytest.raises(InputError, match=r"m\.zarr: a z-stack \(7 planes"):
        open_movie(tmp_path / "m.zarr")


def several(path):
    group = top(path, "0.5")
    group.attrs["ome"] = {"version": "0.5", "bioformats2raw.layout": 3}
    for name in ("0", "1", "10", "2"):
        write_image(group.create_group(name), np.full((2, 4, 4), int(name), np.uint8), "tyx", "0.5")
    return path


def test_several_images_need_a_position(tmp_path):
    path = several(tmp_path / "m.zarr")
    with pytest.raises(InputError, match=r"4 positions in one file: 0 \(0\), 1 \(1\), 2 \(2\), 3 \(10\).*--position"):
        open_movie(path)
    assert open_movie(path, position=3).read(0, 0).max() == 10
    with pytest.raises(InputError, match=r"no position 4; found 4, counted from 0"):
        open_movie(path, position=4)


def test_fields_of_a_plate(tmp_path):
    group = top(tmp_path / "p.zarr", "0.4")
    group.attrs["plate"] = {"wells": [{"path": "A/1"}, {"path": "B/3"}]}
    for nth, well in enumerate(("A/1", "B/3")):
        made = group.create_group(well)
        made.attrs["well"] = {"images": [{"path": "0"}, {"path": "1"}]}
        for field in (0, 1):
            write_image(made.create_group(str(field)), np.full((2, 4, 4), 2 * nth + field, np.uint8), "tyx", "0.4")
    with pytest.raises(InputError, match=r"3 \(B/3/1\)"):
        open_movie(tmp_path / "p.zarr")
    assert open_movie(tmp_path / "p.zarr", position=2).read(1, 0).max() == 2


def test_an_array_by_itself(tmp_path):
    data = np.arange(2 * 3 * 4, dtype=np.uint32).reshape(2, 3, 4)
    zarr.create_array(tmp_path / "l.zarr", data=data, dimension_names=("t", "y", "x"))
    with closing(open_labels(tmp_path / "l.zarr", shape=(2, 3, 4))) as labels:
        assert labels.axes_named
        assert np.array_equal(labels.read(1, 0), data[1])
    zarr.create_array(tmp_path / "u.zarr", data=data)
    with pytest.raises(InputError, match=r"does not say what the first axis is"):
        open_movie(tmp_path / "u.zarr")
    assert open_movie(tmp_path / "u.zarr", axes="TYX").shape == (2, 1, 3, 4)


@pytest.mark.parametrize("content", ['{"zarr_format": 3', '{"zarr_format": 3, "node_type": "group", "attributes": {}}'])
def test_what_is_no_image(tmp_path, content):
    (tmp_path / "m.zarr").mkdir()
    (tmp_path / "m.zarr" / "zarr.json").write_text(content)
    with pytest.raises(InputError, match=r"m\.zarr"):
        open_movie(tmp_path / "m.zarr")


def test_an_empty_folder(tmp_path):
    (tmp_path / "m.zarr").mkdir()
    with pytest.raises(InputError, match=r"no Zarr group or array"):
        open_movie(tmp_path / "m.zarr")


def test_a_damaged_chunk_names_its_frame(tmp_path):
    write_image(top(tmp_path / "m.zarr", "0.5"), np.ones((3, 4, 4), np.uint16), "tyx", "0.5")
    chunk = next(path for path in sorted((tmp_path / "m.zarr" / "0" / "c").rglob("*")) if path.is_file())
    chunk.write_bytes(b"broken")
    movie = open_movie(tmp_path / "m.zarr")
    with pytest.raises(InputError, match=r"frame 0, channel 0: cannot be read"):
        movie.read(0, 0)
