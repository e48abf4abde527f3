from __future__ import annotations

import pytest

from napari_cellstate.core import atomic


def test_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.txt"
    atomic.write_text(path, "old")
    with pytest.raises(RuntimeError), atomic.replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_takes_the_place_of_another(tmp_path):
    for name in ("new", "place"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "who").write_text(name)
    atomic.replace_folder(tmp_path / "new", tmp_path / "place")
    assert (tmp_path / "place" / "who").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


def test_building_a_folder(tmp_path):
    with pytest.raises(RuntimeError), atomic.building_folder(tmp_path / "f") as folder:
        (folder / "half").write_text("")
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    with atomic.building_folder(tmp_path / "f") as folder:
        (folder / "whole").write_text("")
    assert (tmp_path / "f" / "whole").exists()


def test_sweep_takes_only_what_was_left(tmp_path):
    for name in (".a.parquet.1.tmp.parquet", "a.parquet", ".hidden"):
        (tmp_path / name).write_text("")
    for name in (".labels.zarr.old", ".labels.part", ".x.tmp"):
        (tmp_path / name).mkdir()
    atomic.sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"a.parquet", ".hidden", ".labels.part"}
