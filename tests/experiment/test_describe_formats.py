"""The verb `features` on every format of tracks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from numpy.testing import assert_allclose

from napari_cellstate.experiment.describe import features_of_table as describe
from napari_cellstate.formats.geff_write import write_geff
from napari_cellstate.methods.features.motility import describe_paths

FRAMES = 20
START = np.array([[[30.0, 30]], [[80.0, 80]]])
PATHS = START + np.random.default_rng(0).integers(-2, 3, (2, FRAMES, 2)).cumsum(axis=1)


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        [(nth + 1, t, *path[t]) for t in range(FRAMES) for nth, path in enumerate(PATHS)],
        columns=["track", "frame", "y", "x"],
    )


def csv(folder: Path) -> Path:
    rows().to_csv(folder / "t.csv", index=False)
    return folder / "t.csv"


def tabs(folder: Path) -> Path:
    rows().to_csv(folder / "t.tsv", index=False, sep="\t")
    return folder / "t.tsv"


def parquet(folder: Path) -> Path:
    rows().to_parquet(folder / "t.parquet")
    return folder / "t.parquet"


def pair(folder: Path) -> Path:
    for nth, axis in enumerate("YX"):
        pd.DataFrame(PATHS[..., nth]).to_csv(folder / f"tracks{axis}.csv", index=False, header=False)
    return folder


def first_of_pair(folder: Path) -> Path:
    return pair(folder) / "tracksX.csv"


def trackmate(folder: Path) -> Path:
    spots = [
        f'<Spot ID="{100 * nth + t}" FRAME="{t}" POSITION_X="{x}" POSITION_Y="{y}" POSITION_Z="0" POSITION_T="{t}" />'
        for nth, path in enumerate(PATHS)
        for t, (y, x) in enumerate(path.tolist())
    ]
    tracks = [
        f'<Track TRACK_ID="{nth}">'
        + "".join(
            f'<Edge SPOT_SOURCE_ID="{100 * nth + t}" SPOT_TARGET_ID="{100 * nth + t + 1}" />' for t in range(FRAMES - 1)
        )
        + "</Track>"
        for nth in range(2)
    ]
    kept = "".join(f'<TrackID TRACK_ID="{nth}" />' for nth in range(2))
    (folder / "t.xml").write_text(
        '<TrackMate version="7"><Model spatialunits="pixel" timeunits="frame"><FeatureDeclarations />'
        f"<AllSpots>{''.join(spots)}</AllSpots><AllTracks>{''.join(tracks)}</AllTracks>"
        f"<FilteredTracks>{kept}</FilteredTracks></Model></TrackMate>"
    )
    return folder / "t.xml"


def geff(folder: Path) -> Path:
    nodes = rows().rename(columns={"frame": "t", "track": "tracklet"})[["t", "y", "x", "tracklet"]]
    edges = np.stack([np.arange(2 * FRAMES - 2), np.arange(2, 2 * FRAMES)], axis=1)
    write_geff(folder / "t.geff", nodes, edges, dt_s=None, pixel_size_um=None, tracklet="tracklet")
    return folder / "t.geff"


def challenge(folder: Path) -> Path:
    for t in range(FRAMES):
        mask = np.zeros((120, 120), np.uint16)
        for nth, path in enumerate(PATHS.astype(int)):
            y, x = path[t]
            mask[y - 3 : y + 4, x - 2 : x + 3] = nth + 1
        tifffile.imwrite(folder / f"mask{t:03d}.tif", mask)
    (folder / "res_track.txt").write_text(f"1 0 {FRAMES - 1} 0\n2 0 {FRAMES - 1} 0\n")
    return folder


@pytest.mark.parametrize("write", [csv, tabs, parquet, pair, first_of_pair, trackmate, geff, challenge])
def test_every_format_gives_the_same(write, tmp_path):
    found = describe(write(tmp_path), ["motility"])
    assert_allclose(found.table["speed"], describe_paths(PATHS)[:, 0], rtol=1e-9)
    assert len(found.table) == 2
