from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.core.errors import InputError


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Three simulated movies, run, and stain images: last frames turned and shifted, brighter with the state."""
    folder = tmp_path_factory.mktemp("stains")
    movies = cs.simulate(
        folder / "movies", conditions={"young": 10.0}, replicates=3, frames=24, size=256, cells=25, seed=3
    )
    exp = cs.new(folder / "s.cellstate")
    for nth, path in enumerate(movies):
        cs.add(exp, path.path, condition="young", replicate=f"m{nth}")
    cs.run(exp)
    return exp, folder


def stain_of(exp, entry, *, shift=(6, -4), level=(10.0, 20.0, 40.0)):
    """An image with one disc for each cell of the last frame, of the level of its last state."""
    obs = exp.behavior.obs
    mine = obs[obs["movie"] == entry.name].sort_values("frame").groupby("track", observed=True)["state"].last()
    tracks = exp.tracks(entry.name)
    last = tracks.cells.assign(track=tracks.track)
    last = last[last["frame"] == last["frame"].max()]
    image, labels = np.full(entry.shape[2:], 5.0), np.zeros(entry.shape[2:], np.uint16)
    grid = np.indices(image.shape)
    for row in last.itertuples():
        if row.track not in mine.index:
            continue
        inside = np.hypot(grid[0] - row.y - shift[0], grid[1] - row.x - shift[1]) < 4
        image[inside] = 5.0 + level[int(mine[row.track]) - 1]
        labels[inside] = row.label
    return image, labels


def write_table(exp, folder, *, outlines=True, **how):
    rows = []
    for entry in exp.movies:
        image, labels = stain_of(exp, entry, **how)
        tifffile.imwrite(folder / f"{entry.name}_stain.tif", image.astype(np.float32), metadata={"axes": "YX"})
        tifffile.imwrite(folder / f"{entry.name}_labels.tif", labels, metadata={"axes": "YX"})
        names = {"image": f"{entry.name}_stain.tif", "labels": f"{entry.name}_labels.tif"}
        rows.append({"movie": entry.name, **names})
    path = folder / "stains.csv"
    pd.DataFrame(rows)[["movie", "image", *(["labels"] if outlines else [])]].to_csv(path, index=False)
    return path


def test_stain_meets_state(done, capsys):
    exp, folder = done
    table = write_table(exp, folder)
    assert main(["stains", str(exp.root), str(table), str(folder / "out"), "--cap", "5"]) == 0
    assert "rises" in capsys.readouterr().out
    found = json.loads((folder / "out" / "stains.json").read_text())
    for one in found["images"]:
        assert one["shift_px"] == pytest.approx([-6, 4], abs=1) and one["support"] > 0.9
        assert one["matched"] >= 0.95 * one["cells"]
    cells = pd.read_csv(folder / "out" / "stains.csv")
    expected = cells["state"].map({1: 10.0, 2: 20.0, 3: 40.0})
    assert (abs(cells["stain_0"] - expected) < 4).mean() > 0.9
    one = found["stains"][0]
    assert one["mean"] == pytest.approx([10, 20, 40], abs=4) and one["n_replicates"] == 3 and one["trend_p"] < 0.05
    assert (folder / "out" / "figures" / "stains.png").is_file()


def test_a_valley_is_a_turn_in_the_order_given(done):
    exp, folder = done
    table = write_table(exp, folder, outlines=False, level=(10.0, 30.0, 31.0))
    found = cs.stains(exp, table, folder / "valley", cap=5, order="2,1,3")
    one = found.content["stains"][0]
    assert one["turn"] == "valley" and one["turn_at"] == "state 1" and one["turn_p"] < 0.05


def test_what_is_wrong_is_said(done, tmp_path):
    exp, folder = done
    table = write_table(exp, folder)
    for change, says in (
        ({"order": "1,1,2"}, "each state once"),
        ({"along": "pseudotime"}, "no such column"),
        ({"channel": 3}, "no channel 3"),
    ):
        with pytest.raises(InputError, match=says):
            cs.stains(exp, table, tmp_path / "out", **change)
    for text, says in (
        ("movie,image\nnobody,a.tif\n", "no movie 'nobody'"),
        ("movie,image\nyoung_1,a.tif\n", "not there"),
    ):
        (tmp_path / "bad.csv").write_text(text)
        with pytest.raises(InputError, match=says):
            cs.stains(exp, tmp_path / "bad.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()
