from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.ctc import write_ctc


def table(path: Path, **change: object) -> Path:
    """Two tracks; the first divides into the other two of the second half."""
    rows = [(1, t, 10.0, 10.0 + t, 0) for t in range(3)]
    rows += [(track, t, 10.0 + side, 13.0, 1) for t in range(3, 6) for track, side in ((2, 6.0), (3, -6.0))]
    rows += [(4, t, 50.0, 50.0, 0) for t in range(6)]
    frame = pd.DataFrame(rows, columns=["track", "frame", "y", "x", "parent"]).assign(**change)
    frame.to_csv(path, index=False)
    return path


def folder(path: Path, *, truth: bool = False, frames: int = 3) -> Path:
    masks = np.zeros((frames, 32, 32), np.uint16)
    masks[:, 4:10, 4:10], masks[:, 20:28, 20:28] = 1, 2
    tracks = pd.DataFrame({"L": [1, 2], "B": [0, 0], "E": [frames - 1] * 2, "P": [0, 0]})
    write_ctc(path, enumerate(masks), tracks, truth=truth)
    return path


def test_tables(tmp_path, capsys):
    truth = table(tmp_path / "truth.csv")
    assert main(["score", str(truth), str(truth), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert [scores[name] for name in ("det", "tra", "lnk", "idf1", "complete_tracks", "edge_f1")] == [1.0] * 6
    assert scores["division_f1"] == {"0": 1.0, "1": 1.0, "2": 1.0}
    worse = tmp_path / "worse.csv"
    frame = pd.read_csv(truth)
    frame.assign(parent=0).to_csv(worse, index=False)
    assert main(["score", str(worse), str(truth), "--radius", "3"]) == 0
    shown = capsys.readouterr().out
    assert "links, recall                   0.8462" in shown  # 11 of 13
    assert "distance up to 3 px" in shown


def test_folders_and_a_folder_beside_a_table(tmp_path):
    result, truth = folder(tmp_path / "res"), folder(tmp_path / "gt" / "TRA", truth=True)
    assert cs.score_files(result, truth.parent)["tra"] == 1
    points = [(n, t, y, y) for n, y in ((5, 6.5), (9, 23.5)) for t in range(3)]
    path = tmp_path / "points.csv"
    pd.DataFrame(points, columns=["track", "frame", "y", "x"]).to_csv(path, index=False)
    assert cs.score_files(path, truth.parent)["edge_f1"] == 1
    assert cs.score_files(path, truth.parent)["division_f1"]["0"] is None


def test_bad_input(tmp_path, capsys):
    truth = table(tmp_path / "truth.csv")
    late = table(tmp_path / "late.csv", frame=pd.read_csv(truth)["frame"] + 90)
    assert main(["score", str(late), str(truth)]) == 2
    assert "no frame in common" in capsys.readouterr().err
    assert main(["score", str(tmp_path / "no.csv"), str(truth)]) == 2
    assert main(["score", str(truth), str(truth), "--radius", "-1"]) == 2
    assert main(["score", str(folder(tmp_path / "a")), str(folder(tmp_path / "b", frames=2))]) == 2
    assert "must agree" in capsys.readouterr().err


def test_a_mask_that_no_line_lists(tmp_path):
    path = folder(tmp_path / "res")
    (path / "res_track.txt").write_text("1 0 2 0\n")
    with pytest.raises(InputError, match="number 2 is in the mask of frame 0"):
        cs.score_files(path, path)
