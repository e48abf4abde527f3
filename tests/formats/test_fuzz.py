"""Mutated files: an error that says what is wrong, or a readable result; never a traceback, never a hang."""

from __future__ import annotations

import io
import json
import os
import shutil
import tomllib
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.core.times import breaks, goes_back, sentence, worth_keeping
from napari_cellstate.experiment.recipe import Recipe, read_recipe, recipe_from
from napari_cellstate.experiment.recipe_file import dumps
from napari_cellstate.formats.calibration import from_ome
from napari_cellstate.formats.columns import guess_columns
from napari_cellstate.formats.crop import parse_roi
from napari_cellstate.formats.ctc import read_ctc, write_ctc
from napari_cellstate.formats.geff_write import write_geff
from napari_cellstate.formats.movies import open_movie
from napari_cellstate.formats.tracks import read_tracks
from tests.formats.test_trackmate import xml

FACTOR = int(os.environ.get("CELLSTATE_FUZZ", "1"))
"""A longer search with other inputs: CELLSTATE_FUZZ=20 pytest tests/formats/test_fuzz.py"""


def some(n: int):
    return settings(fuzzed, max_examples=n * FACTOR)


fuzzed = settings(
    derandomize=FACTOR == 1,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""The same inputs in every run, unless more are asked for."""

TOKENS = (
    *(
        "",
        "0",
        "-1",
        "1e999",
        "nan",
        "inf",
        "1.5",
        "99999999999999999999",
        '"',
        "\n",
        ",",
        ";",
        "\t",
        "\0",
        "é",
        "\ufeff",
    ),
    *("[", "]", "{", "}", "=", "#", "true", "null", "<", ">", "&a;", "x" * 300, "-", "1_0", "0x1F", "2024-01-01"),
)


@st.composite
def edits(draw, tokens=TOKENS):
    """A few places (as shares of the length), how much is cut there, and what is put in."""
    one = st.tuples(st.floats(0, 1, width=32), st.integers(0, 40), st.sampled_from(tokens))
    return draw(st.lists(one, min_size=1, max_size=4))


def mutated(text: str, changes) -> str:
    for at, cut, put in changes:
        start = int(at * len(text))
        text = text[:start] + put + text[start + cut :]
    return text


def flipped(raw: bytes, changes, head: int) -> bytes:
    """Bytes changed within the first `head`, or the end cut off."""
    data = bytearray(raw)
    for at, value, cuts in changes:
        if cuts:
            del data[int(at * len(data)) :]
        elif data:
            data[int(at * min(head, len(data) - 1))] = value
    return bytes(data)


byte_edits = st.lists(
    st.tuples(
        st.floats(0, 1, width=32), st.sampled_from((0, 1, 2, 4, 127, 128, 255)), st.sampled_from((False,) * 9 + (True,))
    ),
    min_size=1,
    max_size=5,
)

RECIPE = dumps(Recipe())
TABLE = "track,frame,y,x,label,parent,area\n" + "".join(
    f"{k},{t},{k}.5,{t}.25,{k},{'' if k < 3 else 1},{7 * k}\n" for k in (1, 2, 3) for t in range(3 * (k == 3), 3 * k)
)
TRACKMATE_CSV = (
    "LABEL,TRACK_ID,FRAME,POSITION_X,POSITION_Y\nLabel,Track,Frame,X,Y\nLabel,Track,Frame,X,Y\n,,,(px),(px)\n"
    + ("".join(f"ID{t},0,{t},{t}.5,2\n" for t in range(5)))
)
CTC = "1 0 1 0\n2 2 3 1\n3 2 3 1\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@some(300)
@given(changes=edits())
def test_recipes(folder, changes):
    path = folder / "recipe.toml"
    path.write_text(mutated(RECIPE, changes), encoding="utf-8")
    with suppress(CellStateError):
        recipe = read_recipe(path)
        assert recipe_from(tomllib.loads(dumps(recipe))) == recipe


@some(300)
@given(changes=edits(), start=st.sampled_from((TABLE, TRACKMATE_CSV)))
def test_tables(folder, changes, start):
    path = folder / "t.csv"
    path.write_text(mutated(start, changes), encoding="utf-8")
    with suppress(CellStateError):
        check_points(read_tracks(path))


@some(300)
@given(changes=edits())
@example(changes=[(0.0, 0, "99999999999999999999")])
def test_ctc(folder, changes):
    where = folder / "ctc"
    if not where.exists():
        table = pd.DataFrame([list(map(int, line.split())) for line in CTC.splitlines()], columns=list("LBEP"))
        first, later = np.zeros((8, 8), int), np.zeros((8, 8), int)
        first[1:3, 1:3] = 1
        later[1:3, 1:3], later[5:7, 5:7] = 2, 3
        write_ctc(where, [(0, first), (1, first), (2, later), (3, later)], table)
    (where / "res_track.txt").write_text(mutated(CTC, changes), encoding="utf-8")
    with suppress(CellStateError):
        read_ctc(where)
        check_points(read_tracks(where))


@some(300)
@given(changes=edits())
def test_trackmate(folder, changes):
    path = folder / "t.xml"
    path.write_text(mutated(xml(), changes), encoding="utf-8")
    with suppress(CellStateError):
        check_points(read_tracks(path))


NODES = pd.DataFrame({"t": [0, 1, 2, 2], "y": [0.0, 1, 2, 8], "x": [0.0, 1, 2, 8], "label": [1, 1, 1, 2]})


def geff_at(folder: Path) -> Path:
    source = folder / "source.geff"
    if not source.exists():
        write_geff(source, NODES, np.array([[0, 1], [1, 2], [1, 3]]), dt_s=60.0, pixel_size_um=0.5)
    shutil.rmtree(folder / "m.geff", ignore_errors=True)
    shutil.copytree(source, folder / "m.geff")
    return folder / "m.geff"


@some(60)
@given(changes=edits())
def test_geff_metadata(folder, changes):
    path = geff_at(folder)
    (path / ".zattrs").write_text(mutated((path / ".zattrs").read_text(), changes), encoding="utf-8")
    with suppress(CellStateError):
        check_points(read_tracks(path))


json_values = st.recursive(
    st.sampled_from((None, True, -1, 0, 1.5, 1e308, "", "t", "x", "second", "pixel", "2.0", "1.1", [], {})),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("name", "type", "unit")), inner),
    max_leaves=4,
)


@some(60)
@given(
    key=st.sampled_from(("geff_version", "directed", "axes", "track_node_props", "related_objects")), value=json_values
)
def test_geff_metadata_of_other_types(folder, key, value):
    path = geff_at(folder)
    content = json.loads((path / ".zattrs").read_text())
    content["geff"][key] = value
    (path / ".zattrs").write_text(json.dumps(content))
    with suppress(CellStateError):
        check_points(read_tracks(path))


@some(60)
@given(data=st.data())
def test_geff_arrays(folder, data):
    path = geff_at(folder)
    files = sorted(one for one in path.rglob("*") if one.is_file())
    one = data.draw(st.sampled_from(files))
    one.write_bytes(flipped(one.read_bytes(), data.draw(byte_edits), 400))
    with suppress(CellStateError):
        check_points(read_tracks(path))


def tiffs() -> list[bytes]:
    """One of each kind."""
    stack = (np.arange(3 * 8 * 8) % 251).astype(np.uint16).reshape(3, 8, 8)
    made = []
    for options in (
        {"ome": True, "metadata": {"axes": "TYX", "TimeIncrement": 5.0}},
        {"imagej": True, "metadata": {"axes": "TYX"}},
        {"bigtiff": True, "compression": "zlib", "metadata": None},
        {"byteorder": ">", "metadata": None},
    ):
        stream = io.BytesIO()
        tifffile.imwrite(stream, stack, photometric="minisblack", **options)
        made.append(stream.getvalue())
    return made


TIFFS = tiffs()


@some(620)
@given(start=st.sampled_from(TIFFS), changes=byte_edits, head=st.sampled_from((16, 300, 2000)))
def test_tiff_headers(folder, start, changes, head):
    path = folder / "m.tif"
    path.write_bytes(flipped(start, changes, head))
    with suppress(CellStateError), closing(open_movie(path, time_given=True)) as movie:
        assert len(movie.shape) == 4
        if np.prod(movie.shape) < 10**6:
            assert movie.read(0, 0).shape == movie.shape[2:]


def test_what_is_mutated_can_be_read(folder):
    """Else the mutations would prove nothing."""
    for nth, content in enumerate(TIFFS):
        (folder / f"{nth}.tif").write_bytes(content)
        with closing(open_movie(folder / f"{nth}.tif", time_given=True)) as movie:
            assert movie.shape == (3, 1, 8, 8)
    for name, text in (("a.csv", TABLE), ("b.csv", TRACKMATE_CSV), ("c.xml", xml())):
        (folder / name).write_text(text)
        check_points(read_tracks(folder / name))
    check_points(read_tracks(geff_at(folder)))
    (folder / "r.toml").write_text(RECIPE)
    assert read_recipe(folder / "r.toml") == Recipe()


def check_points(given) -> None:
    """A result is one that the rest can use."""
    points = given.points
    assert len(points)
    assert points["track"].between(1, len(given.ids)).all()
    assert points["parent"].between(0, len(given.ids)).all()
    assert np.isfinite(points[["y", "x"]].to_numpy(float)).all()
    assert (points["frame"] >= 0).all()
    assert not points.duplicated(["frame", "label"]).any()
    assert not points.duplicated(["frame", "track"]).any()


@some(200)
@given(
    header=st.lists(
        st.text(max_size=20) | st.sampled_from(("x [um]", "Time (min)", "TRACK_ID", "y_", "()")), max_size=8
    )
)
def test_headers_of_tables(header):
    found = guess_columns(header)
    named = [one for one in (found.track, found.time, found.y, found.x, found.label, found.parent) if one]
    assert len(set(named)) == len(named)
    assert set(named) <= set(header)


@some(200)
@given(text=st.text(max_size=30) | st.from_regex(r"\d{0,4}:\d{0,4},\d{0,4}:\d{0,4}", fullmatch=True))
def test_regions(text):
    with suppress(CellStateError):
        top, bottom, left, right = parse_roi(text, 100, 200)
        assert 0 <= top < bottom <= 100
        assert 0 <= left < right <= 200


@some(200)
@given(changes=edits())
def test_times_in_ome(changes):
    planes = "".join(f'<Plane TheT="{t}" TheC="0" TheZ="0" DeltaT="{t}.5" DeltaTUnit="min"/>' for t in range(4))
    whole = f'<OME xmlns="x"><Image><Pixels SizeT="4" PhysicalSizeX="0.5">{planes}</Pixels></Image></OME>'
    with suppress(CellStateError):
        times = from_ome(mutated(whole, changes), "fuzz").times_s
        assert len(times) in (0, *range(2, 10))
        assert np.isfinite(times).all()
        sentence(worth_keeping(times), "m")


@some(100)
@given(times=st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=12))
def test_times_of_frames(times):
    kept = worth_keeping(tuple(times)) if not goes_back(times) else ()
    assert all(0 < at < len(times) for at in breaks(kept))
    sentence(kept, "m")
