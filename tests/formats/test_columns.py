from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.columns import Columns, guess_columns
from napari_cellstate.formats.tracks import read_tracks
from napari_cellstate.formats.units import unit_in


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["frame", "track", "y", "x"], Columns("track", "frame", "y", "x")),
        (
            ["LABEL", "ID", "TRACK_ID", "POSITION_X", "POSITION_Y", "POSITION_T", "FRAME"],
            Columns("TRACK_ID", "FRAME", "POSITION_Y", "POSITION_X", "LABEL"),
        ),
        (
            ["Cell ID", "Time (min)", "Position X [um]", "Position Y [um]"],
            Columns("Cell ID", "Time (min)", "Position Y [um]", "Position X [um]", time_unit="min", length_unit="um"),
        ),
        (
            ["ImageNumber", "ObjectNumber", "TrackObjects_Label", "Location_Center_X", "Location_Center_Y"],
            Columns("TrackObjects_Label", "ImageNumber", "Location_Center_Y", "Location_Center_X", "ObjectNumber"),
        ),
        (["particle", "frame", "x", "y", "mass"], Columns("particle", "frame", "y", "x")),
        (["Track n\u00b0", "Slice n\u00b0", "X", "Y"], Columns("Track n\u00b0", "", "Y", "X")),
        (["mass", "size"], Columns()),
        ([], Columns()),
    ],
)
def test_guesses(header: list[str], expected: Columns) -> None:
    assert guess_columns(header) == expected


def test_what_is_missing_is_said() -> None:
    assert guess_columns(["x", "y"]).missing == ("track", "time")


@pytest.mark.parametrize(
    ("name", "unit"),
    [("time_s", "s"), ("Time (min)", "min"), ("x [px]", "px"), ("y_um", "um"), ("class", ""), ("area", ""), ("t", "")],
)
def test_units_in_headers(name: str, unit: str) -> None:
    assert unit_in(name) == unit


def test_a_column_that_could_be_meant_is_named_and_not_taken(tmp_path: Path) -> None:
    pd.DataFrame({"Cell ID": [1], "frame": [0], "y": [1.0], "x": [1.0]}).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InputError, match=r"no column 'track_id'.*perhaps --track 'Cell ID'"):
        read_tracks(tmp_path / "t.csv")


def test_positions_in_a_length_need_the_size_of_a_pixel(tmp_path: Path) -> None:
    rows = {"track": [1, 1], "frame": [0, 1], "y_um": [1.3, 2.6], "x_um": [0.0, 0.65]}
    pd.DataFrame(rows).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InputError, match="y_um is in um; expected px"):
        read_tracks(tmp_path / "t.csv", y="y_um", x="x_um")
    points = read_tracks(tmp_path / "t.csv", y="y_um", x="x_um", pixel_size_um=0.65).points
    assert points[["y", "x"]].to_numpy().tolist() == [[2.0, 0.0], [4.0, 1.0]]
