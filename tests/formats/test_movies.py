from __future__ import annotations

import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.movies import FORMATS, open_movie


def test_formats_have_names_of_their_own():
    assert len({known.name for known in FORMATS}) == len(FORMATS)
    assert all(known.looks_like for known in FORMATS)


def test_a_path_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"gone\.tif: no such file or folder"):
        open_movie(tmp_path / "gone.tif")


def test_an_ending_that_is_not_known(tmp_path):
    (tmp_path / "m.docx").write_text("x")
    with pytest.raises(InputError, match=r"m\.docx.*\(\.docx\); expected \*\.tif.*folder") as caught:
        open_movie(tmp_path / "m.docx")
    assert "--tracks" not in str(caught.value)


def test_a_table_is_not_a_movie(tmp_path):
    (tmp_path / "t.csv").write_text("track,frame,y,x\n")
    with pytest.raises(InputError, match=r"t\.csv.*--tracks"):
        open_movie(tmp_path / "t.csv")
