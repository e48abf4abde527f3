from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import tifffile

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.movies import open_movie


@pytest.fixture
def stack():
    """(T, C, Y, X), every pixel another number."""
    return np.arange(5 * 2 * 6 * 7, dtype=np.uint16).reshape(5, 2, 6, 7)


def planes(source):
    t, c = source.shape[:2]
    return np.array([[source.read(i, j) for j in range(c)] for i in range(t)])


def write(path, array, axes="", *, kind="ome", **more):
    metadata = {**({"axes": axes} if axes else {}), **more.pop("metadata", {})}
    tifffile.imwrite(path, array, imagej=kind == "imagej", ome=kind == "ome", metadata=metadata, **more)
    return path


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("axes", ["TCYX", "CTYX", "TZCYX"])
def test_ome_axes_in_any_order(tmp_path, stack, axes, compression):
    array = {"TCYX": stack, "CTYX": stack.transpose(1, 0, 2, 3), "TZCYX": stack[:, None]}[axes]
    source = open_movie(write(tmp_path / "m.ome.tif", array, axes, compression=compression))
    assert source.shape == (5, 2, 6, 7)
    assert source.axes_named
    np.testing.assert_array_equal(planes(source), stack)
    source.close()


def test_ome_scale_and_channel_names(tmp_path, stack):
    metadata = {
        "PhysicalSizeX": 0.65,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": 0.65,
        "TimeIncrement": 6.5,
        "TimeIncrementUnit": "min",
        "Channel": {"Name": ["nuclei", "membrane"]},
    }
    source = open_movie(write(tmp_path / "m.ome.tif", stack, "TCYX", metadata=metadata))
    assert source.pixel_size_um == pytest.approx(0.65)
    assert source.dt_s == pytest.approx(390)
    assert source.channels == ("nuclei", "membrane")
    source.close()


def test_imagej_hyperstack(tmp_path, stack):
    metadata = {"finterval": 390.0, "unit": "um"}
    path = write(tmp_path / "m.tif", stack, "TCYX", kind="imagej", metadata=metadata, resolution=(1 / 0.65, 1 / 0.65))
    source = open_movie(path)
    assert source.shape == (5, 2, 6, 7)
    assert (source.dt_s, source.pixel_size_um) == (390.0, pytest.approx(0.65))
    assert source.channels == ("channel 0", "channel 1")
    np.testing.assert_array_equal(planes(source), stack)
    source.close()


def test_imagej_slices_are_a_z_stack_unless_the_user_says_otherwise(tmp_path, stack):
    path = write(tmp_path / "m.tif", stack[:, 0], "ZYX", kind="imagej")
    with pytest.raises(InputError, match=r"z-stack \(5 planes.*--axes TYX"):
        open_movie(path, time_given=True)
    source = open_movie(path, axes="TYX")
    np.testing.assert_array_equal(planes(source), stack[:, :1])
    source.close()


@pytest.mark.parametrize(
    "how",
    [
        {"metadata": {}},
        {"metadata": None},
        {"metadata": {}, "compression": "zlib"},
        {"metadata": {}, "bigtiff": True},
        {"metadata": {}, "byteorder": ">"},
        {"metadata": {}, "truncate": True},
        {"metadata": {}, "tile": (16, 16), "compression": "zlib"},
        {"description": "ImageJ=1.53t\nimages=5\n", "metadata": None},
    ],
    ids=lambda how: "-".join(f"{key}={value}" for key, value in how.items() if key != "metadata") or str(how),
)
def test_plain_stack_is_time_if_the_interval_is_given(tmp_path, stack, how):
    tifffile.imwrite(tmp_path / "m.tif", stack[:, 0], **how)
    source = open_movie(tmp_path / "m.tif", time_given=True)
    assert (source.shape, source.axes_named) == ((5, 1, 6, 7), False)
    assert (source.dtype, source.dt_s, source.pixel_size_um) == (np.dtype("uint16"), None, None)
    np.testing.assert_array_equal(planes(source), stack[:, :1])
    assert source.read(0, 0).dtype == source.dtype
    source.close()
    with pytest.raises(InputError, match=r"m\.tif.*--axes TYX.*--dt"):
        open_movie(tmp_path / "m.tif")


def test_pages_written_one_by_one_are_one_stack(tmp_path, stack):
    with tifffile.TiffWriter(tmp_path / "m.tif") as writer:
        for plane in stack[:, 0]:
            writer.write(plane, compression="zlib")
    source = open_movie(tmp_path / "m.tif", axes="TYX")
    np.testing.assert_array_equal(planes(source), stack[:, :1])
    source.close()


def test_plain_resolution_is_not_a_pixel_size(tmp_path, stack):
    tifffile.imwrite(tmp_path / "m.tif", stack[:, 0], resolution=(72, 72), resolutionunit="INCH")
    source = open_movie(tmp_path / "m.tif", axes="TYX")
    assert source.pixel_size_um is None
    source.close()


@pytest.mark.parametrize(
    ("dtype", "read_as"), [("?", "uint8"), ("i2", "int16"), ("f4", "float32"), ("f8", "float64"), (">f4", "float32")]
)
def test_kinds_of_pixels(tmp_path, dtype, read_as):
    array = (np.arange(30).reshape(5, 6) % 2).astype(dtype)
    tifffile.imwrite(tmp_path / "m.tif", array)
    source = open_movie(tmp_path / "m.tif")
    assert source.shape == (1, 1, 5, 6)
    assert source.dtype == source.read(0, 0).dtype == np.dtype(read_as)
    np.testing.assert_array_equal(source.read(0, 0), array)
    source.close()


def test_opening_a_large_file_and_reading_a_frame_of_it_takes_no_more_than_the_frame(tmp_path):
    array = tifffile.memmap(tmp_path / "m.tif", shape=(1000, 512, 512), dtype="uint16", bigtiff=True)  # a sparse file
    array[700, 3, 4] = 9
    array.flush()
    del array
    open_movie(tmp_path / "m.tif", time_given=True).close()  # imports tifffile
    tracemalloc.start()
    source = open_movie(tmp_path / "m.tif", time_given=True)
    plane = source.read(700, 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    source.close()
    assert plane[3, 4] == 9
    assert peak < 20 * plane.nbytes < source.shape[0] * plane.nbytes


def test_files_of_a_set_are_one_movie(tmp_path, stack):
    ids = [f"urn:uuid:0000000{n}-0000-0000-0000-000000000000" for n in range(2)]
    data = "".join(
        f'<TiffData FirstT="{n}" IFD="0" PlaneCount="1"><UUID FileName="f{n}.ome.tif">{ids[n]}</UUID></TiffData>'
        for n in range(2)
    )
    for n in range(2):
        xml = (
            f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{ids[n]}"><Image ID="Image:0">'
            '<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="7" SizeY="6" SizeC="1" SizeZ="1" '
            f'SizeT="2"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>{data}</Pixels></Image></OME>'
        )
        tifffile.imwrite(tmp_path / f"f{n}.ome.tif", stack[n, 0], description=xml, metadata=None)
    source = open_movie(tmp_path / "f0.ome.tif")
    np.testing.assert_array_equal(planes(source), stack[:2, :1])
    source.close()
    (tmp_path / "f1.ome.tif").unlink()
    with pytest.raises(InputError, match=r"f0\.ome\.tif, plane 1 of 2.*missing"):
        open_movie(tmp_path / "f0.ome.tif")


@pytest.mark.parametrize(
    "how",
    [
        {"metadata": {}},
        {"metadata": None},
        {"metadata": None, "compression": "zlib"},
        {"imagej": True, "metadata": {"axes": "TYX"}},
        {"ome": True, "metadata": {"axes": "TYX"}},
        {"ome": True, "metadata": {"axes": "TYX"}, "bigtiff": True, "compression": "zlib"},
    ],
    ids=str,
)
def test_a_file_cut_anywhere_is_refused_when_it_is_opened_or_nothing_was_lost(tmp_path, stack, how):
    tifffile.imwrite(tmp_path / "whole.tif", stack[:, 0], **how)
    raw = (tmp_path / "whole.tif").read_bytes()
    path = tmp_path / "cut.tif"
    refused = 0
    cuts = [*range(0, len(raw), 37), *range(len(raw) - 20, len(raw))]
    for cut in cuts:
        path.write_bytes(raw[:cut])
        try:
            source = open_movie(path, time_given=True)
        except InputError as error:
            refused += 1
            assert str(path) in str(error)
        else:
            np.testing.assert_array_equal(planes(source), stack[:, :1])
            source.close()
    assert refused > len(cuts) - 20


def test_a_late_frame_without_all_its_pixels_is_named(tmp_path):
    array = np.random.default_rng(0).integers(0, 2**16, (5, 40, 50), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "m.tif", array, imagej=True, metadata={"axes": "TYX"})
    with tifffile.TiffFile(tmp_path / "m.tif") as file:
        size = file.pages[4].dataoffsets[0] + 100
    raw = (tmp_path / "m.tif").read_bytes()
    (tmp_path / "m.tif").write_bytes(raw[:size])
    with pytest.raises(InputError, match=rf"m\.tif.*truncated.*the file at byte {size}; copy"):
        open_movie(tmp_path / "m.tif")


def test_colour_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "m.tif", np.zeros((5, 6, 7, 3), np.uint8), photometric="rgb")
    with pytest.raises(InputError, match=r"m\.tif: a colour image \(3 samples"):
        open_movie(tmp_path / "m.tif", time_given=True)


def test_complex_pixels_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "m.tif", np.zeros((5, 6), np.complex64))
    with pytest.raises(InputError, match=r"m\.tif: pixels are complex64; expected whole or real"):
        open_movie(tmp_path / "m.tif")


def test_several_images_in_one_file_are_refused(tmp_path, stack):
    with tifffile.TiffWriter(tmp_path / "m.tif") as writer:
        writer.write(stack[:, 0])
        writer.write(stack[0, 0, :3])
    with pytest.raises(InputError, match=r"2 images in one file \(shapes \(5, 6, 7\), \(3, 7\)\)"):
        open_movie(tmp_path / "m.tif")


def test_pixels_that_are_not_square_are_refused(tmp_path, stack):
    metadata = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.7}
    path = write(tmp_path / "m.ome.tif", stack, "TCYX", metadata=metadata)
    with pytest.raises(InputError, match=r"0\.5 x 0\.7 um"):
        open_movie(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"hello, this is text", "not a TIFF"),
        (b"II*\0", "truncated in its header"),
        (b"II*\0\0\0\0\0", "without any page"),
        (b"II*\0\x08\0\0\0\0\0\x08\0\0\0", "points back"),
    ],
)
def test_what_is_no_tiff_is_refused(tmp_path, content, message):
    (tmp_path / "m.tif").write_bytes(content)
    with pytest.raises(InputError, match=rf"m\.tif.*{message}"):
        open_movie(tmp_path / "m.tif")


def test_a_damaged_frame_is_named_when_it_is_read(tmp_path, stack):
    tifffile.imwrite(tmp_path / "m.tif", stack[:, 0], compression="zlib", metadata=None)
    with tifffile.TiffFile(tmp_path / "m.tif") as file:
        at = file.pages[3].dataoffsets[0]
    with (tmp_path / "m.tif").open("rb+") as stream:
        stream.seek(at)
        stream.write(b"\xff" * 8)
    source = open_movie(tmp_path / "m.tif", axes="TYX")
    assert source.read(2, 0).shape == (6, 7)
    with pytest.raises(InputError, match=r"m\.tif, frame 3, channel 0: cannot be read"):
        source.read(3, 0)
    source.close()


def test_a_file_that_shrinks_while_it_is_open(tmp_path):
    tifffile.imwrite(tmp_path / "m.tif", np.zeros((5, 300, 300), np.uint16))  # more than what the system reads ahead
    source = open_movie(tmp_path / "m.tif", axes="TYX")
    with (tmp_path / "m.tif").open("rb+") as stream:
        stream.truncate(300)
    with pytest.raises(InputError, match=r"m\.tif, frame 4, channel 0: cannot be read"):
        source.read(4, 0)
    source.close()


@pytest.mark.filterwarnings("ignore:.*stored as RGB:DeprecationWarning")
def test_three_frames_that_were_stored_as_colours(tmp_path, stack):
    tifffile.imwrite(tmp_path / "m.tif", stack[:3, 0], photometric="rgb", planarconfig="separate")
    with pytest.raises(InputError, match=r"colour image .*--axes TYX"):
        open_movie(tmp_path / "m.tif", time_given=True)
    source = open_movie(tmp_path / "m.tif", axes="TYX")
    np.testing.assert_array_equal(planes(source), stack[:3, :1])
    source.close()


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "shape"),
    [("t98g_phase_usiigaci_movie", (37, 1, 700, 700)), ("mdamb231_qpi_cellphe", (30, 1, 615, 615))],
)
def test_real_movies(data_dir, name, shape):
    path = data_dir / name / "movie.tif"
    source = open_movie(path, time_given=True)
    assert (source.shape, source.dtype) == (shape, np.dtype("uint8"))
    last = source.shape[0] - 1
    np.testing.assert_array_equal(source.read(last, 0), tifffile.imread(path, key=last))
    source.close()
