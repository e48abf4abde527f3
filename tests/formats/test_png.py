from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.movies import open_movie


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_one_image_is_a_movie_of_one_frame(tmp_path, dtype):
    image = np.arange(42).reshape(6, 7).astype(dtype)
    Image.fromarray(image).save(tmp_path / "i.png")
    source = open_movie(tmp_path / "i.png")
    assert (source.shape, source.dtype) == ((1, 1, 6, 7), np.dtype(dtype))
    np.testing.assert_array_equal(source.read(0, 0), image)


def test_a_palette_gives_its_numbers(tmp_path):
    labels = np.arange(42, dtype=np.uint8).reshape(6, 7)
    image = Image.fromarray(labels, mode="P")
    image.putpalette(np.random.default_rng(0).integers(0, 256, 768, dtype=np.uint8).tobytes())
    image.save(tmp_path / "i.png")
    np.testing.assert_array_equal(open_movie(tmp_path / "i.png").read(0, 0), labels)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_colour_is_refused(tmp_path, mode):
    Image.new(mode, (7, 6)).save(tmp_path / "i.png")
    with pytest.raises(InputError, match=r"i\.png: a colour image"):
        open_movie(tmp_path / "i.png")


def test_broken_files_are_refused(tmp_path):
    path = tmp_path / "i.png"
    Image.new("L", (70, 60)).save(path)
    raw = path.read_bytes()
    for content, message in [(b"", "empty"), (b"text", "not a PNG"), (raw[:20], "truncated"), (raw[:-4], "truncated")]:
        path.write_bytes(content)
        with pytest.raises(InputError, match=rf"i\.png: .*{message}"):
            open_movie(path)


def test_damaged_pixels_are_named_when_read(tmp_path):
    path = tmp_path / "i.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 70), dtype=np.uint8)).save(path)
    raw = bytearray(path.read_bytes())
    raw[100:140] = bytes(40)
    path.write_bytes(raw)
    with pytest.raises(InputError, match=r"i\.png: cannot be read"):
        open_movie(path).read(0, 0)
