from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.tracks import read_tracks


def write(folder, x, y):
    folder.mkdir(exist_ok=True)
    np.savetxt(folder / "tracksX.csv", x, delimiter=",", fmt="%.10f")
    np.savetxt(folder / "tracksY.csv", y, delimiter=",", fmt="%.10f")
    return folder


@pytest.fixture
def xy():
    return np.random.default_rng(0).uniform(0, 500, (2, 4, 6))


def test_every_position_comes_back(tmp_path, xy):
    given = read_tracks(write(tmp_path / "d", *xy))
    points = given.points.sort_values(["track", "frame"])
    assert given.ids == (0, 1, 2, 3)
    assert np.allclose(points["x"].to_numpy().reshape(4, 6), xy[0])
    assert np.allclose(points["y"].to_numpy().reshape(4, 6), xy[1])
    assert (points["parent"] == 0).all()


def test_missing_frames_are_gaps(tmp_path, xy):
    xy[:, 1, 2] = np.nan
    xy[:, 2, :] = np.nan
    given = read_tracks(write(tmp_path / "d", *xy))
    assert given.ids == (0, 1, 3)
    assert given.points.query("track == 2")["frame"].tolist() == [0, 1, 3, 4, 5]


def test_bad_pairs(tmp_path, xy):
    folder = write(tmp_path / "d", xy[0], xy[1, :3])
    with pytest.raises(InputError, match=r"tracksX\.csv: \(4, 6\).*tracksY\.csv is \(3, 6\)"):
        read_tracks(folder)
    odd = xy[1].copy()
    odd[2, 3] = np.nan
    with pytest.raises(InputError, match=r"row 3, column 4: .*in both or in neither"):
        read_tracks(write(folder, xy[0], odd))
    (folder / "tracksX.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=r"tracksX\.csv, row 1, column 1: 'a'; expected a number"):
        read_tracks(folder)
    (folder / "tracksY.csv").unlink()
    with pytest.raises(InputError, match=r"tracksY\.csv is not beside it"):
        read_tracks(folder)
    (folder / "tracksX.csv").unlink()
    with pytest.raises(InputError, match="expected one of the Cell Tracking Challenge"):
        read_tracks(folder)


@pytest.mark.real
def test_the_reference_tables(data_dir):
    folder = data_dir / "heteromotility_reference"
    given = read_tracks(folder)
    assert len(given.points) == 200 * 100
    x = np.loadtxt(folder / "tracksX.csv", delimiter=",")
    assert np.array_equal(given.points.sort_values(["track", "frame"])["x"].to_numpy().reshape(200, 100), x)
