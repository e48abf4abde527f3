from __future__ import annotations

import gzip
import logging

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.tracks import read_tracks

ROWS = "7,1,4.5,2\n7,0,3.25,1\n9,0,30,10\n9,1,31,11\n"


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path):
    return lambda text, name="t.csv": write(tmp_path / name, text)


def columns(given, *names):
    return [tuple(row) for row in given.points[list(names)].to_numpy().tolist()]


def test_rows_are_sorted_and_tracks_numbered(table):
    given = read_tracks(table("track_id,t,y,x\n" + ROWS))
    assert (given.id_name, given.ids) == ("track_id", (7, 9))
    assert list(given.points.columns) == ["frame", "label", "y", "x", "track", "parent"]
    assert columns(given, *given.points.columns) == [
        (0, 1, 3.25, 1, 1, 0),
        (0, 2, 30, 10, 2, 0),
        (1, 1, 4.5, 2, 1, 0),
        (1, 2, 31, 11, 2, 0),
    ]
    assert given.points.dtypes.astype(str).to_dict() == {
        **dict.fromkeys(("frame", "label", "track", "parent"), "int64"),
        **dict.fromkeys("yx", "float64"),
    }


@pytest.mark.parametrize("track", ["track_id", "track", "TRACK_ID", "particle", "id", "Track_ID", "ID"])
@pytest.mark.parametrize(
    ("frame", "y", "x"), [("frame", "y", "x"), ("t", "Y", "X"), ("FRAME", "POSITION_Y", "POSITION_X")]
)
def test_columns_are_found_under_all_their_names(table, track, frame, y, x):
    given = read_tracks(table(f"{track},{frame},{y},{x}\n{ROWS}"))
    assert given.id_name == track
    assert columns(given, "frame", "y")[0] == (0, 3.25)


def test_the_order_of_preference(table):
    text = "ID,id,track,track_id,POSITION_T,FRAME,t,frame,y,x\n1,2,3,4,50,6,7,8,0,0\n"
    given = read_tracks(table(text))
    assert (given.id_name, given.ids) == ("track_id", (4,))
    assert columns(given, "frame") == [(8,)]
    given = read_tracks(table(text), track="ID", time="FRAME", y="id", x="track")
    assert (given.id_name, given.ids) == ("ID", (1,))
    assert columns(given, "frame", "y", "x") == [(6, 2, 3)]


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.txt", "t.csv.gz"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_of_any_dialect(tmp_path, name, separator):
    text = ("track,frame,y,x\n" + ROWS).replace(",", separator).replace("\n", "\r\n")
    raw = ("\ufeff" + text).encode()
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith("gz") else raw)
    assert read_tracks(tmp_path / name).ids == (7, 9)


def test_parquet_gives_the_same(tmp_path, table):
    text = "track,frame,y,x,area,parent\n7,0,1.5,2,3,\n7,1,1.5,2,,\n8,2,0.1,2,4.5,7\n"
    from_text = read_tracks(table(text))
    pd.read_csv(table(text)).to_parquet(tmp_path / "t.parquet")
    from_parquet = read_tracks(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(from_text.points, from_parquet.points)
    assert from_text.ids == from_parquet.ids == (7, 8)


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        (("3", "12"), (3, 12)),
        (("3.0", "12.000"), (3, 12)),
        (("-4", "0"), (-4, 0)),
        (("007", "12"), ("007", "12")),
        (("cell b", "cell a"), ("cell a", "cell b")),
        (("3.5", "4"), ("3.5", "4")),
        (("12345678901234567890", "1"), (1, 12345678901234567890)),
    ],
)
def test_ids_come_back_as_they_stood(table, written, ids):
    given = read_tracks(table(f"track,frame,y,x\n{written[0]},0,1,2\n{written[1]},0,3,4\n"))
    assert given.ids == ids
    assert [type(one) for one in given.ids] == [type(one) for one in ids]
    row = given.points[given.points["y"] == 1.0].iloc[0]
    assert str(given.ids[int(row["track"]) - 1]) == (written[0].split(".")[0] if ids[0] != "3.5" else "3.5")


def test_rows_of_no_track_are_left_out_with_a_word(table, caplog):
    with caplog.at_level(logging.WARNING):
        given = read_tracks(table("track,frame,y,x\n3.0,0,1,2\n,0,5,5\nnan,1,5,5\n3.0,1,1,2\n"))
    assert given.ids == (3,)
    assert len(given.points) == 2
    assert "2 of 4 rows have no track (track is blank)" in caplog.text
    with pytest.raises(InputError, match="'track' is blank in every row"):
        read_tracks(table("track,frame,y,x\n,0,5,5\n"))


def test_blank_ids_in_parquet(tmp_path):
    frame = pd.DataFrame({"track": [3.0, np.nan, 4.0], "frame": [0, 0, 0], "y": 1.0, "x": 2.0})
    frame.to_parquet(tmp_path / "t.parquet")
    assert read_tracks(tmp_path / "t.parquet").ids == (3, 4)


def test_labels_of_the_table_are_kept(table):
    given = read_tracks(table("track,frame,y,x,label\n1,0,1,1,40\n2,0,2,2,30\n"))
    assert columns(given, "label", "track") == [(30, 2), (40, 1)]


@pytest.mark.parametrize("label", ["young", "0", "5", "1.5", ""])
def test_a_column_that_cannot_be_labels_is_not_used_as_such(table, label):
    given = read_tracks(table(f"track,frame,y,x,label\n1,0,1,1,{label}\n2,0,2,2,{label}\n"))
    assert columns(given, "label", "track") == [(1, 1), (2, 2)]


def test_other_numbers_are_kept_and_text_is_not(table):
    given = read_tracks(table("track,frame,y,x,area,n,drug,empty\n1,0,1,1,2.5,3,DMSO,\n1,1,1,1,,4,DMSO,\n"))
    assert list(given.points.columns[6:]) == ["area", "n"]
    np.testing.assert_array_equal(given.points["area"], [2.5, np.nan])
    assert given.points["n"].dtype == np.int64


MOTHERS = "track,frame,y,x,parent\n{m},0,1,1,{none}\n{d1},1,1,1,{m}\n{d2},1,9,9,{m}\n"


@pytest.mark.parametrize(
    ("m", "d1", "d2", "none"),
    [
        (1, 2, 3, 0),
        (1, 2, 3, ""),
        (1, 2, 3, -1),
        (1, 2, 3, 1),  # itself
        (0, 2, 3, -1),  # 0 is a track here
        (0, 2, 3, ""),
        ("a", "b", "c", ""),
        ("a", "b", "c", 0),
    ],
)
def test_parents_and_the_ways_to_have_none(table, m, d1, d2, none):
    given = read_tracks(table(MOTHERS.format(m=m, d1=d1, d2=d2, none=none)))
    assert columns(given, "track", "parent") == [(1, 0), (2, 1), (3, 1)]


def test_0_is_no_parent_where_nothing_else_says_none(table):
    given = read_tracks(table("track,frame,y,x,parent\n0,0,1,1,0\n1,0,2,2,0\n"))
    assert columns(given, "parent") == [(0,), (0,)]


def test_a_parent_named_in_one_row_only(table):
    given = read_tracks(table("track,frame,y,x,parent_track_id\n1.0,0,1,1,\n2.0,1,1,1,1.0\n2.0,2,1,1,\n"))
    assert columns(given, "track", "parent") == [(1, 0), (2, 1), (2, 1)]


def test_a_parent_that_is_not_there(table, caplog):
    with caplog.at_level(logging.WARNING):
        given = read_tracks(table("track,frame,y,x,parent\n5,1,1,1,77\n"))
    assert columns(given, "parent") == [(0,)]
    assert "77" in caplog.text


def test_parents_that_contradict(table):
    with pytest.raises(InputError, match=r"t\.csv, row 4: track 3 has parent 1 here and 2 elsewhere"):
        read_tracks(table("track,frame,y,x,parent\n1,0,1,1,0\n2,0,1,1,0\n3,1,1,1,1\n3,2,1,1,2\n"))
    with pytest.raises(InputError, match=r"track 2 begins in frame 0, its parent 1 ends in frame 0"):
        read_tracks(table("track,frame,y,x,parent\n1,0,1,1,0\n2,0,1,1,1\n"))


TRACKMATE = (
    "LABEL,ID,TRACK_ID,POSITION_X,POSITION_Y,POSITION_T,FRAME\n"
    "Label,Spot ID,Track ID,X,Y,T,Frame\n"
    "Label,Spot ID,Track ID,X,Y,T,Frame\n"
    ",,,({unit}),({unit}),(sec),\n"
    "ID18,18,0,10.0,20.0,0.0,0\n"
    "ID19,19,0,13.0,{last},390.5,1\n"
    "ID20,20,,99.0,99.0,0.0,0\n"
)


@pytest.mark.parametrize(
    ("unit", "pixel_size_um", "factor"), [("pixel", None, 1), ("pixel", 0.5, 1), ("micron", 0.5, 2)]
)
def test_trackmate(table, unit, pixel_size_um, factor):
    given = read_tracks(table(TRACKMATE.format(unit=unit, last=24.5)), pixel_size_um=pixel_size_um)
    assert (given.id_name, given.ids) == ("TRACK_ID", (0,))
    assert columns(given, "frame", "label", "y", "x", "ID", "POSITION_T") == [
        (0, 1, 20.0 * factor, 10.0 * factor, 18, 0.0),
        (1, 1, 24.5 * factor, 13.0 * factor, 19, 390.5),
    ]


def test_trackmate_in_micrometres_needs_the_pixel_size(table):
    with pytest.raises(InputError, match=r"POSITION_Y is in micron; expected px.*--pixel-size"):
        read_tracks(table(TRACKMATE.format(unit="micron", last=1)))


def test_trackmate_rows_are_counted_as_in_the_file(table):
    with pytest.raises(InputError, match=r"t\.csv, row 6: POSITION_Y is 'x'"):
        read_tracks(table(TRACKMATE.format(unit="pixel", last="x")))


def test_trackmate_without_spots(table):
    text = "".join(TRACKMATE.format(unit="pixel", last=1).splitlines(keepends=True)[:4])
    with pytest.raises(InputError, match="without any row"):
        read_tracks(table(text))


def test_other_text_under_the_header_is_an_error(table):
    with pytest.raises(InputError, match=r"row 2: frame is 'a'"):
        read_tracks(table("track,frame,y,x\n1,a,1,1\n1,b,1,1\n1,c,1,1\n1,3,1,1\n"))


def test_times_that_are_no_frames(table):
    with pytest.raises(InputError, match=r"row 3: POSITION_T is 390\.5; expected a whole number.*--time"):
        read_tracks(table("track,POSITION_T,y,x\n1,0,1,1\n1,390.5,1,1\n"))
    seconds = "track,POSITION_T,y,x\n1,0,1,1\n1,390,1,1\n1,780,1,1\n"
    with pytest.raises(InputError, match=r"POSITION_T goes in steps of 390.*--time"):
        read_tracks(table(seconds))
    assert columns(read_tracks(table(seconds), time="POSITION_T"), "frame") == [(0,), (390,), (780,)]


@pytest.mark.parametrize(
    ("header", "settings", "message"),
    [
        ("cell,frame,y,x", {}, r"no column 'track_id' \(or track, .*found: cell, frame, y, x; .*--track"),
        ("track,when,y,x", {}, "no column 'frame'.*--time"),
        ("track,frame,top,x", {}, "no column 'y'.*--y"),
        ("track,frame,y,left", {}, "no column 'x'.*--x"),
        ("track,frame,y,x", {"track": "trak"}, r"no column 'trak' \(did you mean 'track'\?\), given with --track"),
    ],
)
def test_missing_columns_are_named(table, header, settings, message):
    with pytest.raises(InputError, match=message):
        read_tracks(table(f"{header}\n{ROWS}"), **settings)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1;0;1;1\n1;1;nan;1\n", r"t\.csv, row 3: y is 'nan'; expected a finite number"),
        ("1;0;1;1\n\n1;1;1;inf\n", r"row 4: x is 'inf'; expected a finite number"),
        ("1;0;1;1\n1;1;;1\n", "row 3: y is ''; .*leave rows of missing cells out"),
        ("1;0;1;1\n1;1;2,75;1\n", "row 3: y is '2,75'; expected .*decimal point, not a comma"),
        ("1;0;1;1\n1;-1;2;1\n", "row 3: frame is -1; expected a whole number from 0"),
        ("1;0;1;1\n2;0;1;1\n1;0;2;1\n", "rows 2 and 4: track 1 is twice in frame 0"),
        ("1;0;1;1;8\n", "Expected 4 fields in line 2, saw 5"),
        ("", "a header without any row"),
    ],
)
def test_bad_rows_are_named(table, rows, message):
    with pytest.raises(InputError, match=message):
        read_tracks(table("track;frame;y;x\n" + rows))


def test_bad_files(tmp_path, table):
    with pytest.raises(InputError, match=r"gone\.csv: no such file"):
        read_tracks(tmp_path / "gone.csv")
    with pytest.raises(InputError, match="is empty"):
        read_tracks(table(""))
    with pytest.raises(InputError, match=r"expected a table \(\.csv"):
        read_tracks(table("x", "t.doc"))
    with pytest.raises(InputError, match="column 'y' is there twice"):
        read_tracks(table("track,frame,y,y\n1,2,3,4\n"))
    with pytest.raises(InputError, match="the first line is"):
        read_tracks(table("\ntrack,frame,y,x\n"))
    for name, content in [("t.csv.gz", b"\x1f\x8b\x08damaged"), ("t.parquet", b"PAR1 damaged")]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=rf"{name}: cannot be read"):
            read_tracks(tmp_path / name)


def test_a_unit_in_the_letters_of_windows(tmp_path):
    text = TRACKMATE.format(unit="µm", last=1)
    (tmp_path / "t.csv").write_bytes(text.encode("cp1252"))
    assert columns(read_tracks(tmp_path / "t.csv", pixel_size_um=0.5), "x") == [(20.0,), (26.0,)]


@pytest.mark.real
@pytest.mark.parametrize(("name", "tracks"), [("t98g_phase_usiigaci_movie", 65), ("mdamb231_qpi_cellphe", 64)])
def test_real_tracks_of_movies(data_dir, name, tracks):
    path = data_dir / name / "gt_tracks.csv"
    given = read_tracks(path)
    raw = pd.read_csv(path)
    assert (len(given.ids), len(given.points)) == (raw["track_id"].nunique(), len(raw))
    assert len(given.ids) == tracks
    back = given.points.assign(track_id=np.array(given.ids)[given.points["track"] - 1]).sort_values(
        ["track_id", "frame"]
    )
    expected = raw.sort_values(["track_id", "t"])
    for column in ("y", "x", "area"):
        np.testing.assert_array_equal(back[column], expected[column])


@pytest.mark.real
def test_real_tables_of_many_movies(data_dir):
    given = read_tracks(data_dir / "tracks_heteromotility_musc_mef_myoblast" / "tracks.csv.gz")
    assert (given.id_name, len(given.ids), len(given.points)) == ("track_id", 1855, 124286)
    path = data_dir / "tracks_leukocytes_chemokines_ghent" / "tracks.csv.gz"
    assert len(read_tracks(path).ids) == 1462
    # its column "track" starts anew in each movie
    with pytest.raises(InputError, match=r"track 1 is twice in frame 0; .*several movies"):
        read_tracks(path, track="track")
