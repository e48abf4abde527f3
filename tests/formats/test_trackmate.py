from __future__ import annotations

import pytest

import napari_cellstate as cs
from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.tracks import read_tracks

SPOTS = {  # id: frame, x, y (um)
    11: (0, 1.0, 2.0), 12: (1, 1.5, 2.0), 13: (3, 2.0, 2.5), 14: (4, 2.0, 3.0), 15: (4, 2.5, 2.0), 16: (5, 2.0, 3.5),
    21: (0, 8.0, 8.0), 22: (1, 8.5, 8.0), 31: (2, 5.0, 5.0), 41: (0, 3.0, 3.0), 42: (1, 3.0, 3.5),
}  # fmt: skip
TRACKS = {0: [(11, 12), (12, 13), (13, 14), (13, 15), (14, 16)], 1: [(21, 22)], 2: [(41, 42)]}


def xml(*, kept=(0, 1), image=True, unit="micron", head='<?xml version="1.0" encoding="UTF-8"?>', spots=SPOTS):
    """As TrackMate 7 writes it."""
    lines = [head, '<TrackMate version="7.11.1"><Log>done</Log>', f'<Model spatialunits="{unit}" timeunits="min">']
    lines.append('<FeatureDeclarations><SpotFeatures><Feature feature="QUALITY" name="Quality" isint="false" />')
    lines.append('<Feature feature="RADIUS" name="R" isint="false" /></SpotFeatures><EdgeFeatures>')
    lines.append('<Feature feature="LINK_COST" name="c" isint="false" /></EdgeFeatures></FeatureDeclarations>')
    lines.append(f'<AllSpots nspots="{len(spots)}">')
    for one, (frame, x, y) in spots.items():
        at = f'POSITION_X="{x}" POSITION_Y="{y}" POSITION_Z="0.0" POSITION_T="{frame * 5.0}" FRAME="{frame}"'
        lines.append(
            f'<Spot ID="{one}" name="ID{one}" QUALITY="{one / 10}" RADIUS="2.5" VISIBILITY="1" {at}>1 2</Spot>'
        )
    lines.append("</AllSpots><AllTracks>")
    for track, edges in TRACKS.items():
        lines.append(f'<Track name="Track_{track}" TRACK_ID="{track}">')
        lines += [f'<Edge SPOT_SOURCE_ID="{a}" SPOT_TARGET_ID="{b}" LINK_COST="1.0" />' for a, b in edges]
        lines.append("</Track>")
    lines.append("</AllTracks><FilteredTracks>")
    lines += [f'<TrackID TRACK_ID="{one}" />' for one in kept]
    lines.append("</FilteredTracks></Model><Settings>")
    if image:
        lines.append('<ImageData filename="m.tif" width="20" height="20" pixelwidth="0.5" timeinterval="5.0" />')
    return "\n".join([*lines, "</Settings></TrackMate>"])


@pytest.fixture
def path(tmp_path):
    (tmp_path / "t.xml").write_text(xml())
    return tmp_path / "t.xml"


def test_divisions_gaps_ids_and_scale(path):
    given = read_tracks(path)
    points = given.points.assign(id=[given.ids[track - 1] for track in given.points["track"]])
    assert given.id_name == "TRACK_ID"
    assert (given.dt_s, given.pixel_size_um) == (pytest.approx(300), pytest.approx(0.5))
    frames = points.groupby("id")["frame"].apply(list).to_dict()
    assert frames[0] == [0, 1, 3]  # with its gap
    assert frames[1] == [0, 1]
    assert sorted(frames.values()) == sorted([[0, 1, 3], [0, 1], [4, 5], [4]])  # track 2 was filtered out
    daughters = points[points["frame"] == 4]
    assert {given.ids[parent - 1] for parent in daughters["parent"]} == {0}
    first = points[(points["id"] == 0) & (points["frame"] == 1)].iloc[0]
    assert (first["y"], first["x"], first["QUALITY"], first["RADIUS"]) == (4.0, 3.0, 1.2, 2.5)


def test_through_the_experiment(path, tmp_path):
    exp = cs.new(tmp_path / "e.cellstate")
    entry = cs.add(exp, tracks=path)
    assert (entry.dt_s, entry.pixel_size_um) == (pytest.approx(300), pytest.approx(0.5))
    cs.run(exp, until="link")
    tracks = exp.tracks("t")
    assert tracks.table()["divides"].sum() == 1
    cs.export(exp, tmp_path / "out")


def test_without_a_pixel_size(tmp_path):
    (tmp_path / "t.xml").write_text(xml(image=False))
    with pytest.raises(InputError, match=r"t\.xml: positions are in micron.*--pixel-size"):
        read_tracks(tmp_path / "t.xml")
    assert read_tracks(tmp_path / "t.xml", pixel_size_um=0.25).points["x"].max() == 34
    (tmp_path / "p.xml").write_text(xml(image=False, unit="pixel"))
    assert read_tracks(tmp_path / "p.xml").points["x"].max() == 8.5


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (xml(head=BOMB), "document type"),
        (xml()[:-200], "not whole XML"),
        ("<Tracks nTracks='1' />", "an XML of 'Tracks'"),
        ("", "not whole XML"),
        (xml(kept=()), "no tracks in it"),
        (xml(spots={k: v for k, v in SPOTS.items() if k != 12}), "an edge to spot 12, which is not there"),
        (xml(spots={**SPOTS, 12: (1.5, 0, 0)}), r"FRAME 1\.5"),
        (xml(spots={**SPOTS, 12: (0, 0, 0)}), "forward in time"),
        (xml().replace('SPOT_TARGET_ID="12"', 'SPOT_TARGET_ID="x"'), "cannot be read"),
    ],
)
def test_what_is_refused(tmp_path, text, said):
    (tmp_path / "t.xml").write_text(text)
    with pytest.raises(InputError, match=rf"t\.xml.*{said}"):
        read_tracks(tmp_path / "t.xml")


def test_columns_belong_to_tables(path):
    with pytest.raises(InputError, match="--track names a column of a table"):
        read_tracks(path, track="TRACK_ID")
