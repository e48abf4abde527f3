from __future__ import annotations

import pytest

from napari_cellstate.core import digest as module
from napari_cellstate.core.digest import digest, fingerprint, stamp


def test_equal_values_have_equal_digests():
    assert digest({"a": 1, "b": [1.5, "x"]}) == digest({"b": [1.5, "x"], "a": 1})
    assert digest(1) != digest("1")
    with pytest.raises(ValueError, match="Out of range"):
        digest(float("nan"))


def test_content_not_name_or_time(tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_bytes(b"12345")
    b.write_bytes(b"12345")
    assert fingerprint(a) == fingerprint(b)
    b.write_bytes(b"12346")
    assert fingerprint(a) != fingerprint(b)


def test_folder_knows_the_names_of_its_files(tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "t0").write_bytes(b"1")
    before = fingerprint(folder), stamp(folder)
    (folder / "t0").rename(folder / "t1")
    assert fingerprint(folder) != before[0]
    assert stamp(folder) != before[1]


def test_large_files_are_sampled(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_WHOLE", 1000)
    monkeypatch.setattr(module, "_BLOCK", 10)
    monkeypatch.setattr(module, "_BLOCKS", 4)
    path = tmp_path / "big"
    content = bytearray(5000)
    path.write_bytes(content)
    first = fingerprint(path)
    for at in (0, 4999):
        changed = bytearray(content)
        changed[at] = 1
        path.write_bytes(changed)
        assert fingerprint(path) != first
    path.write_bytes(content + b"\0")
    assert fingerprint(path) != first


def test_metadata_of_zarr_2_is_content_and_what_systems_leave_is_not(tmp_path):
    (tmp_path / ".zattrs").write_text("{}")
    before = fingerprint(tmp_path), stamp(tmp_path)
    (tmp_path / ".DS_Store").write_text("x")
    assert (fingerprint(tmp_path), stamp(tmp_path)) == before
    (tmp_path / ".zattrs").write_text('{"a": 1}')
    assert fingerprint(tmp_path) != before[0]
    assert stamp(tmp_path) != before[1]
