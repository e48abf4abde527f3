from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_cellstate.core.digest import fingerprint
from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.simulate.movie import Simulation
from napari_cellstate.simulate.truth import read_truth
from napari_cellstate.simulate.write import write_movie


def test_the_movie_says_its_axes_and_units(small: Simulation, tmp_path: Path) -> None:
    path, _ = write_movie(small, tmp_path, "a")
    assert path == tmp_path / "a.ome.tif"
    with tifffile.TiffFile(path) as file:
        assert file.is_ome
        assert file.series[0].axes == "TYX"
        np.testing.assert_array_equal(file.asarray(), small.images)
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
    assert pixels["PhysicalSizeX"] == pixels["PhysicalSizeY"] == 0.65
    assert pixels["PhysicalSizeXUnit"] == "µm"
    assert (pixels["TimeIncrement"], pixels["TimeIncrementUnit"]) == (390.0, "s")


def test_truth_comes_back_as_it_was(small: Simulation, tmp_path: Path) -> None:
    _, folder = write_movie(small, tmp_path, "a")
    truth = read_truth(folder)
    assert truth.cells.equals(small.cells)
    assert truth.tracks.equals(small.tracks)
    np.testing.assert_array_equal(truth.masks, small.masks)
    np.testing.assert_allclose(truth.rates, small.rates, rtol=1e-12)
    assert truth.scene == small.scene
    assert (truth.condition, truth.replicate, truth.seed) == ("young", "1", (3,))


def test_truth_is_laid_out_as_in_the_cell_tracking_challenge(small: Simulation, tmp_path: Path) -> None:
    _, folder = write_movie(small, tmp_path, "a")
    names = [f"man_track{t:03d}.tif" for t in range(12)]
    assert sorted(path.name for path in (folder / "TRA").glob("*.tif")) == names
    np.testing.assert_array_equal(tifffile.imread(folder / "SEG" / "man_seg011.tif"), small.masks[11])
    rows = np.loadtxt(folder / "TRA" / "man_track.txt", dtype=int)
    np.testing.assert_array_equal(rows, small.tracks[["track", "first_frame", "last_frame", "parent"]])


def test_rates_are_per_frame_and_per_hour(small: Simulation, tmp_path: Path) -> None:
    import pandas as pd

    _, folder = write_movie(small, tmp_path, "a")
    table = pd.read_csv(folder / "rates.csv")
    assert table[["from", "to"]].to_numpy().tolist() == [[1, 2], [1, 3], [2, 1], [2, 3], [3, 1], [3, 2]]
    np.testing.assert_allclose(table["rate_per_hour"], table["rate_per_frame"] * 3600 / 390)


def test_written_twice_the_bytes_are_the_same(small: Simulation, tmp_path: Path) -> None:
    first, first_truth = write_movie(small, tmp_path / "1", "a")
    second, second_truth = write_movie(small, tmp_path / "2", "a")
    assert first.read_bytes() == second.read_bytes()
    assert fingerprint(first_truth) == fingerprint(second_truth)


def test_writing_again_replaces_what_was_there(small: Simulation, tmp_path: Path) -> None:
    _, folder = write_movie(small, tmp_path, "a")
    (folder / "old.txt").write_text("left over")
    write_movie(small, tmp_path, "a")
    assert not (folder / "old.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ome.tif", "a_truth"]


@pytest.mark.parametrize("at", [1, 12, 13, 24])
def test_a_cancelled_write_leaves_nothing(small: Simulation, tmp_path: Path, at: int) -> None:
    def stop(done: int, total: int, what: str) -> None:
        assert (total, what) == (24, "write")
        if done == at:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_movie(small, tmp_path, "a", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_truth_is_refused(small: Simulation, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"truth\.json is missing"):
        read_truth(tmp_path)
    _, folder = write_movie(small, tmp_path, "a")
    with pytest.raises(InputError, match="no mask of frame 12"):
        read_truth(folder).mask(12)
    (folder / "rates.csv").unlink()
    with pytest.raises(InputError, match=r"rates\.csv is missing"):
        read_truth(folder)
