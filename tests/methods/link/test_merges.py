"""Marks of merges: which track ended in which cell, with every cell keeping one past."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_cellstate as cs
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.gestures import Gestures
from napari_cellstate.core.pins import Pins
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import MERGED, check_links, make_links, merges
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.experiment.review import MovieReview
from napari_cellstate.methods.link.lap import LapLinker
from napari_cellstate.metrics.linking import edge_score
from tests.methods.link.test_lap import MOVIE, cells_of, dividing, walk

WHEN, APART = 12, 16.0


def fusing(seed: int = 0, *, step: float = 1.5, ratio: float = 1.0, fuse: bool = True, after: int = 24) -> pd.DataFrame:
    """Cells 80 px apart, but 1 stays beside 0 and is gone from frame `WHEN` on: 0 has become both, or stays as it was.

    From the frame `after` on, 1 is there again and 0 is alone again.
    """
    rng, rows = np.random.default_rng(seed), []
    paths = 80.0 * np.stack(np.divmod(np.arange(20), 5), axis=1)[:, None] + np.cumsum(
        rng.normal(0, step, (20, 24, 2)), axis=1
    )
    paths[1] = paths[0] + [0, APART] + rng.normal(0, 0.3, (24, 2))
    area = np.full(20, 200.0)
    area[1] *= ratio
    for t in range(24):
        gone = WHEN <= t < after
        for who in range(20):
            at, size = paths[who, t], area[who]
            if gone and who == 0 and fuse:
                at, size = at + np.array([0, APART * ratio / (1 + ratio)]), size + area[1]
            if not (gone and who == 1):
                rows.append((t, *at, who, size * np.exp(rng.normal(0, 0.03))))
    frame, y, x, who, size = np.array(rows).T
    return cells_of(frame, y, x, who=who.astype(np.int64), area=size)


def linked(cells: pd.DataFrame, *, pins: Pins | None = None, merges: bool = True, **settings: int) -> pd.DataFrame:
    links = LapLinker(merges=merges, **settings).linked(cells, MOVIE, Runtime(), pins).links
    check_links(cells, links)
    return links


def marks(cells: pd.DataFrame, links: pd.DataFrame) -> list[tuple[set[int], int]]:
    """Who merged with whom, and when."""
    at, ended = merges(links)
    who, frame = cells["who"].to_numpy(), cells["frame"].to_numpy()
    pairs = zip(ended, links["source"].to_numpy()[at], links["target"].to_numpy()[at], strict=True)
    return [({int(who[one]), int(who[other])}, int(frame[into])) for one, other, into in pairs]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("step", "ratio"),
    [(1.5, 1.0), (1.5, 0.5), (1.5, 2.0), (3.0, 1.0), (0.3, 1.0)],  # in the last the fused cell is too far from both
)
def test_two_cells_that_become_one(seed: int, step: float, ratio: float) -> None:
    cells = fusing(seed, step=step, ratio=ratio)
    links = linked(cells)
    assert marks(cells, links) == [({0, 1}, WHEN)]
    table = Tracks(cells, links, 3).table().set_index("track")
    assert len(table) == 20
    (ended,) = table.index[table["merged_into"] > 0]
    into = table.loc[ended, "merged_into"]
    assert table.loc[ended, "last_frame"] == WHEN - 1
    assert (table.loc[into, "first_frame"], table.loc[into, "last_frame"]) == (0, 23)


@pytest.mark.parametrize("step", [0.3, 1.5, 3.0])
def test_a_cell_that_leaves_beside_another_has_not_merged(step: float) -> None:
    for seed in range(5):
        cells = fusing(seed, step=step, fuse=False)
        assert not marks(cells, linked(cells))


def test_no_merges_among_cells_that_come_and_go() -> None:
    for seed in range(3):
        cells = walk(seed, missing=0.05, size=250.0)
        links = linked(cells)
        assert not marks(cells, links)
        pd.testing.assert_frame_equal(links.drop(columns=MERGED), linked(cells, merges=False))


def test_cells_that_part_again_keep_the_gap_that_would_be_closed() -> None:
    closed = 0
    for seed in range(6):
        cells = fusing(seed, after=WHEN + 2)
        links, plain = linked(cells, divisions=False), linked(cells, merges=False, divisions=False)
        n = Tracks(cells, links, 3).n_tracks
        pd.testing.assert_frame_equal(links[["source", "target"]], plain[["source", "target"]])
        assert marks(cells, links) == [({0, 1}, WHEN)] * (n - 20)
        closed += n == 20
        assert marks(cells, linked(cells, max_gap=1, divisions=False)) == [({0, 1}, WHEN)]  # a gap too long
    assert closed


@pytest.mark.parametrize("merges", [False, True])
@pytest.mark.parametrize("joined", [1, 2, 3])
def test_outlines_that_join_and_part_are_a_gap_and_no_division(merges: bool, joined: int) -> None:
    for seed in range(5):
        cells = fusing(seed, after=WHEN + joined)
        links = linked(cells, merges=merges)
        found = Tracks(cells, links, 3)
        assert found.n_tracks == 20
        assert not found.table()["divides"].any()
        frame, who = cells["frame"].to_numpy(), cells["who"].to_numpy()
        apart = (frame < WHEN) | (frame >= WHEN + joined)  # while they are one, either may be said to be there
        for one in (0, 1):
            assert len(np.unique(found.track[apart & (who == one)])) == 1
        assert not marks(cells, links)


def test_a_cell_that_grows_and_divides_is_not_two_that_part() -> None:
    cells, true = dividing()
    frame, who = cells["frame"].to_numpy(), cells["who"].to_numpy()
    born = cells.groupby("who")["frame"].transform("min").to_numpy()
    cells["area"] = np.where(who % 3 == 1, 150 + 8 * frame, 100.0 + 5 * (frame - born))
    found = edge_score(cells, linked(cells), cells, true)
    assert found.division_f1 >= 0.9
    assert found.f1 >= 0.98


def test_without_the_option_or_without_areas_there_is_none() -> None:
    cells = fusing()
    assert MERGED not in linked(cells, merges=False).columns
    assert not marks(cells, linked(cells.drop(columns="area")))


def test_same_marks_whatever_the_labels_and_with_rows_that_are_no_cells() -> None:
    cells = fusing()
    order = np.random.default_rng(0).permutation(len(cells))
    other = cells.iloc[order].sort_values("frame", kind="stable", ignore_index=True)
    other["label"] = other.groupby("frame").cumcount() + 1
    assert marks(other, linked(other)) == marks(cells, linked(cells))
    dropped = np.flatnonzero(cells["who"] == 7)
    assert marks(cells, linked(cells, pins=Pins(dropped=dropped))) == [({0, 1}, WHEN)]


def test_a_mark_that_names_no_earlier_cell_is_refused() -> None:
    cells = fusing()
    links = make_links([0], [20]).assign(**{MERGED: 25.0})
    with pytest.raises(InputError, match="row 0: merged is 25; expected the row of a cell in a frame before that"):
        check_links(cells, links)


def test_two_outlines_that_become_one_are_asked_about_and_told(tmp_path: Path) -> None:
    """From labels to the queue and the exported tables; whoever goes on with the ended track takes the mark back."""
    stack = np.zeros((14, 200, 200), np.uint16)
    rows, columns = np.mgrid[:200, :200]
    rng = np.random.default_rng(0)
    middle = np.array([(y, x) for y in (25, 75, 125, 175) for x in (25, 75, 125, 175)], float)
    middle[1] = middle[0] + [0, 17]
    for t in range(14):
        middle[2:] += rng.normal(0, 1, (14, 2))
        for nth, (y, x) in enumerate(middle):
            stack[t][(rows - y) ** 2 + (columns - x) ** 2 < 8.3**2] = 1 if nth == 1 and t >= 7 else nth + 1
    tifffile.imwrite(tmp_path / "m.tif", stack)
    experiment = cs.new(tmp_path / "a.cellstate")
    cs.add(experiment, labels=tmp_path / "m.tif", name="m", axes="TYX", dt=60, pixel_size=1)
    cs.run(experiment, cs.recipe_from({"link": {"method": "lap", "merges": True}}), until="link")
    review = MovieReview.of(experiment, "m")
    asked = [review.item(row) for row in review.queue().tolist() if "merge" in review.item(row).reasons]
    assert [one.frame for one in asked] == [7]
    cs.export(experiment, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "tracks.csv")
    (ended,) = np.flatnonzero(table["merged_into"] > 0)
    assert table["merged_into"][ended] == asked[0].track
    assert table["last_frame"][ended] == 6
    cs.export(experiment, tmp_path / "geff", "geff")
    written = json.loads((tmp_path / "geff" / "m.geff" / ".zattrs").read_text())
    (pair,) = written["geff"]["extra"]["napari_cellstate"]["merges"]
    tracks = experiment.tracks("m")
    assert tracks.track[pair].tolist() == [table["track"][ended], asked[0].track]

    now = Gestures.on("m", tracks, experiment.planes("m"))
    cs.edit(experiment, now.delete(int(np.flatnonzero(tracks.track == 16)[0])))  # rows have other numbers afterwards
    assert experiment.tracks("m").merged_into[table["track"][ended]] > 0
    cs.edit(experiment, now.join(int(table["track"][ended]), int(pair[1])))
    assert not experiment.tracks("m").merged_into.any()
    cs.undo(experiment)
    assert experiment.tracks("m").merged_into[table["track"][ended]] > 0
