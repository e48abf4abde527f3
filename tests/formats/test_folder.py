from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.movies import open_movie


def fill(folder, names, *, dtype=np.uint16, shape=(6, 7)):
    """Images whose pixels are their place in `names`."""
    folder.mkdir(exist_ok=True)
    for value, name in enumerate(names):
        image = np.full(shape, value, dtype)
        if name.endswith("png"):
            Image.fromarray(image).save(folder / name)
        else:
            tifffile.imwrite(folder / name, image)
    return folder


def values(source):
    return [int(source.read(t, 0)[0, 0]) for t in range(source.shape[0])]


@pytest.mark.parametrize("pattern", ["t{:03}.tif", "mask{:03}.tif", "man_seg{:04}.tif", "w2_p1_t{}.png", "a{}_raw.tif"])
def test_frames_are_in_the_order_of_their_last_number(tmp_path, pattern):
    folder = fill(tmp_path / "m", [pattern.format(n) for n in range(8, 13)])
    (folder / "notes.txt").write_text("not an image")
    (folder / "._t008.tif").write_text("what some systems leave")
    source = open_movie(folder)
    assert (source.shape, source.dtype, source.axes_named) == ((5, 1, 6, 7), np.dtype("uint16"), True)
    assert values(source) == [0, 1, 2, 3, 4]
    assert (source.dt_s, source.pixel_size_um) == (None, None)
    source.close()


def test_png_of_eight_bits(tmp_path):
    source = open_movie(fill(tmp_path / "m", ["1.png", "2.png"], dtype=np.uint8))
    assert source.dtype == source.read(1, 0).dtype == np.dtype("uint8")
    source.close()


def test_holes_are_named(tmp_path):
    folder = fill(tmp_path / "m", ["t000.tif", "t001.tif", "t004.tif", "t006.tif"])
    with pytest.raises(InputError, match=r"number 2, 3, 5 are missing \(4 files, numbers 0 to 6\)"):
        open_movie(folder)


def test_many_holes_are_counted(tmp_path):
    with pytest.raises(InputError, match=r"1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 1999988 more are missing"):
        open_movie(fill(tmp_path / "m", ["t0.tif", "t1999999.tif"]))


def test_mixed_names_are_listed(tmp_path):
    folder = fill(tmp_path / "m", ["t000.tif", "t001.tif", "man_track000.tif", "t000.png"])
    with pytest.raises(InputError, match=r"3 kinds: man_track#\.tif \(1 files\), t#\.png .*t#\.tif \(2 files\)"):
        open_movie(folder)


def test_the_same_number_twice(tmp_path):
    with pytest.raises(InputError, match=r"t01\.tif and t1\.tif have the same number"):
        open_movie(fill(tmp_path / "m", ["t1.tif", "t01.tif"]))


def test_a_name_without_a_number(tmp_path):
    with pytest.raises(InputError, match=r"first\.tif: no number in the name"):
        open_movie(fill(tmp_path / "m", ["first.tif"]))


@pytest.mark.parametrize("other", [{"shape": (6, 8)}, {"dtype": np.uint8}], ids=str)
def test_frames_must_be_alike(tmp_path, other):
    folder = fill(tmp_path / "m", ["t0.tif", "t1.tif"])
    fill(tmp_path / "n", ["t2.tif"], **other)
    (tmp_path / "n" / "t2.tif").rename(folder / "t2.tif")
    with pytest.raises(InputError, match=r"t2\.tif: .*expected \(6, 7\) \(Y, X\) of uint16 as in t0\.tif"):
        open_movie(folder)


def test_a_stack_in_a_folder(tmp_path):
    with pytest.raises(InputError, match=r"t0\.tif: 5 frames and 1 channels; expected one plane"):
        open_movie(fill(tmp_path / "m", ["t0.tif"], shape=(5, 6, 7)))


def test_an_empty_folder_and_one_of_folders(tmp_path):
    (tmp_path / "m").mkdir()
    with pytest.raises(InputError, match=r"no images in this folder.*found: nothing"):
        open_movie(tmp_path / "m")
    (tmp_path / "m" / "01_GT").mkdir()
    with pytest.raises(InputError, match="found: 01_GT"):
        open_movie(tmp_path / "m")


def test_axes_are_known(tmp_path):
    folder = fill(tmp_path / "m", ["t0.tif", "t1.tif"])
    assert open_movie(folder, axes="TYX").shape == (2, 1, 6, 7)
    with pytest.raises(InputError, match="axes 'ZYX'; a folder of images is TYX"):
        open_movie(folder, axes="ZYX")


def test_a_file_that_vanishes(tmp_path):
    folder = fill(tmp_path / "m", ["t5.tif", "t6.tif"])
    source = open_movie(folder)
    (folder / "t6.tif").unlink()
    assert source.read(0, 0).shape == (6, 7)
    with pytest.raises(InputError, match=r"frame 1: .*t6\.tif: the file is gone"):
        source.read(1, 0)


def test_a_truncated_file_in_it(tmp_path):
    folder = fill(tmp_path / "m", ["t5.tif", "t6.tif"])
    raw = (folder / "t6.tif").read_bytes()
    (folder / "t6.tif").write_bytes(raw[:-20])
    with pytest.raises(InputError, match=r"t6\.tif.*truncated"):
        open_movie(folder)
