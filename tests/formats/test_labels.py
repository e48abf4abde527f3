from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.labels import open_labels


@pytest.fixture
def masks():
    frames = np.zeros((5, 6, 7), np.int64)
    frames[:, 1:3, 1:3] = 1
    frames[:, 4:, 4:] = 300
    return frames


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32", "uint32"])
def test_whole_numbers_of_any_type(tmp_path, masks, dtype):
    tifffile.imwrite(tmp_path / "m.tif", masks.astype(dtype))
    source = open_labels(tmp_path / "m.tif", axes="TYX", shape=(5, 6, 7))
    assert source.shape == (5, 1, 6, 7)
    assert source.dtype == source.read(1, 0).dtype == np.dtype("uint32")
    np.testing.assert_array_equal(source.read(1, 0), masks[1])
    source.close()


def test_an_axis_without_a_name_is_time_as_for_movies(tmp_path, masks):
    tifffile.imwrite(tmp_path / "m.tif", masks.astype("u2"))
    source = open_labels(tmp_path / "m.tif", time_given=True)
    assert not source.axes_named
    source.close()
    with pytest.raises(InputError, match="--dt"):
        open_labels(tmp_path / "m.tif")


def test_a_folder_of_masks(tmp_path, masks):
    for t, mask in enumerate(masks):
        tifffile.imwrite(tmp_path / f"mask{t:03}.tif", mask.astype("u2"))
    (tmp_path / "res_track.txt").write_text("1 0 4 0\n300 0 4 0\n")
    source = open_labels(tmp_path, shape=(5, 6, 7))
    np.testing.assert_array_equal(source.read(2, 0), masks[2])


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [(-1, "int16", "label -1"), (0.5, "float32", "fractions"), (np.nan, "float32", "NaN"), (2**33, "float64", "label")],
)
def test_numbers_that_are_no_labels(tmp_path, masks, value, dtype, message):
    frames = masks.astype(dtype)
    frames[2, 0, 0] = value
    tifffile.imwrite(tmp_path / "m.tif", frames)
    source = open_labels(tmp_path / "m.tif", axes="TYX")
    assert source.read(1, 0).max() == 300
    with pytest.raises(InputError, match=rf"m\.tif, frame 2: .*{message}"):
        source.read(2, 0)
    source.close()


def test_another_shape_than_the_movie(tmp_path, masks):
    tifffile.imwrite(tmp_path / "m.tif", masks.astype("u2"))
    with pytest.raises(InputError, match=r"m\.tif: labels of shape \(5, 6, 7\).*expected \(4, 6, 7\)"):
        open_labels(tmp_path / "m.tif", axes="TYX", shape=(4, 6, 7))


def test_several_channels(tmp_path, masks):
    tifffile.imwrite(tmp_path / "m.tif", masks.astype("u2"))
    with pytest.raises(InputError, match="5 channels; expected label images with one"):
        open_labels(tmp_path / "m.tif", axes="CYX")


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "shape"), [("t98g_phase_usiigaci_movie", (37, 700, 700)), ("mdamb231_qpi_cellphe", (30, 615, 615))]
)
def test_real_masks(data_dir, name, shape):
    path = data_dir / name / "gt_masks.tif"
    source = open_labels(path, time_given=True, shape=shape)
    np.testing.assert_array_equal(source.read(20, 0), tifffile.imread(path, key=20))
    assert source.read(20, 0).max() > 10
    source.close()
