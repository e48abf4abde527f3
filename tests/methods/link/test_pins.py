from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from napari_cellstate.core.apply_links import apply_link_edits
from napari_cellstate.core.families import Linker
from napari_cellstate.core.gestures import Gestures
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.pins import Pins, hold, pins_of
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import check_links, make_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.methods.link.lap import LapLinker
from napari_cellstate.methods.link.trackpy import TrackpyLinker

MOVIE = Movie("m", (60, 200, 200), range(60))
LINKERS = [LapLinker(), TrackpyLinker()]


def crowd(seed: int = 0, *, n: int = 60, frames: int = 20, size: float = 160.0) -> tuple[pd.DataFrame, np.ndarray]:
    """Crowded walkers, and who each is."""
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, size, (n, 1, 2)) + np.cumsum(rng.normal(0, 3.0, (n, frames, 2)), axis=1)
    frame, who = np.tile(np.arange(frames), n), np.repeat(np.arange(n), frames)
    cells = pd.DataFrame({"frame": frame, "y": at[..., 0].ravel(), "x": at[..., 1].ravel(), "who": who})
    cells = cells[rng.random(len(cells)) > 0.03].sort_values(["frame", "who"]).reset_index(drop=True)
    cells.insert(1, "label", cells.groupby("frame").cumcount() + 1)
    return cells.drop(columns="who"), cells["who"].to_numpy()


def pairs(links: pd.DataFrame) -> set[tuple[int, int]]:
    return set(zip(links["source"].tolist(), links["target"].tolist(), strict=True))


def some_pins(seed: int) -> tuple[pd.DataFrame, Pins]:
    """True links as pins (over gaps too), two divisions, links that must not be (of those made without pins), and
    cells that are none."""
    cells, who = crowd(seed)
    rng, frame = np.random.default_rng(seed), cells["frame"].to_numpy()
    dropped = np.sort(rng.choice(len(cells), 20, replace=False))
    order = np.lexsort((frame, who))
    true = np.stack([order[:-1], order[1:]], axis=1)[np.diff(who[order]) == 0]
    must = true[rng.random(len(true)) < 0.1]
    mothers = rng.choice(np.flatnonzero(frame < 15), 2, replace=False)
    for mother in mothers:
        daughters = rng.choice(np.flatnonzero(frame == frame[mother] + 1), 2, replace=False)
        kept = (must[:, 0] != mother) & ~np.isin(must[:, 1], daughters)
        must = np.concatenate([must[kept], [[mother, daughters[0]], [mother, daughters[1]]]])
    must = must[~np.isin(must, dropped).any(axis=1)]
    free = LapLinker().link(cells, MOVIE, Runtime())[["source", "target"]].to_numpy()
    never = free[rng.random(len(free)) < 0.1]
    known = {tuple(pair) for pair in must.tolist()}
    never = np.array([pair for pair in never.tolist() if tuple(pair) not in known], np.int64)
    return cells, Pins(must, never, dropped)


@pytest.mark.parametrize("linker", LINKERS, ids=lambda one: one.kind)
@pytest.mark.parametrize("seed", range(4))
def test_pins_are_honoured(linker: Linker, seed: int) -> None:
    cells, pins = some_pins(seed)
    links = linker.linked(cells, MOVIE, Runtime(), pins).links
    check_links(cells, links)
    found = pairs(links)
    assert {tuple(pair) for pair in pins.must.tolist()} <= found
    assert not {tuple(pair) for pair in pins.never.tolist()} & found
    assert not {end for pair in found for end in pair} & set(pins.dropped.tolist())
    sources = set(pins.must[:, 0].tolist())
    assert {pair for pair in found if pair[0] in sources} == {tuple(pair) for pair in pins.must.tolist()}
    pd.testing.assert_frame_equal(links, linker.linked(cells, MOVIE, Runtime(), pins).links, check_exact=True)


@pytest.mark.parametrize("linker", LINKERS, ids=lambda one: one.kind)
def test_no_pins_change_nothing(linker: Linker) -> None:
    cells, _ = crowd()
    plain = linker.estimated(cells, MOVIE).link(cells, MOVIE, Runtime())
    for pins in (None, Pins()):
        linking = linker.linked(cells, MOVIE, Runtime(), pins)
        pd.testing.assert_frame_equal(linking.links, plain, check_exact=True)
        assert linking.method == linker.estimated(cells, MOVIE)


def test_the_links_that_lap_makes_itself_change_nothing_as_pins() -> None:
    cells, _ = crowd()
    free = LapLinker().link(cells, MOVIE, Runtime())
    some = free[["source", "target"]].to_numpy()[::3]
    sources, counts = np.unique(free["source"], return_counts=True)
    some = some[~np.isin(some[:, 0], sources[counts > 1])]
    held = LapLinker().linked(cells, MOVIE, Runtime(), Pins(must=some)).links
    near = len(pairs(free) & pairs(held)) / len(free)
    assert near > 0.99  # their gaps are no lessons for how often cells are missed


def test_neighbours_of_a_pin_follow_it() -> None:
    """Two crossing cells that were exchanged: one pinned link puts both right where a cut and a join would not."""
    rng = np.random.default_rng(0)
    rows = [(t, y, 60.0 * k) for k in range(1, 6) for t, y in enumerate(200 + rng.normal(0, 4, 12))]
    rows += [(t, y, x) for t in range(12) for y, x in ((0.0, 8.0 * t), (10.0, 8.0 * t))]
    cells = pd.DataFrame(rows, columns=["frame", "y", "x"]).astype({"frame": np.int64})
    cells = cells.sort_values(["frame", "y"], ignore_index=True)
    cells.insert(1, "label", cells.groupby("frame").cumcount() + 1)
    at = {(t, y): int(cells.index[(cells["frame"] == t) & (cells["y"] == y)][0]) for t in (5, 6) for y in (0.0, 10.0)}
    free = pairs(LapLinker().link(cells, MOVIE, Runtime()))
    assert {(at[5, 0.0], at[6, 0.0]), (at[5, 10.0], at[6, 10.0])} <= free
    pins = Pins(must=np.array([[at[5, 0.0], at[6, 10.0]]]))
    held = LapLinker(search_range=15.0).linked(cells, MOVIE, Runtime(), pins).links
    assert {(at[5, 0.0], at[6, 10.0]), (at[5, 10.0], at[6, 0.0])} <= pairs(held)
    later = TrackpyLinker(search_range=15.0).linked(cells, MOVIE, Runtime(), pins).links
    assert (at[5, 0.0], at[6, 10.0]) in pairs(later)


def test_pins_of_edits_and_the_same_edits_on_top() -> None:
    cells, _ = crowd()
    links = LapLinker().link(cells, MOVIE, Runtime())
    now = Gestures.on("m", Tracks(cells, links, 3))
    middle = np.flatnonzero(cells["frame"] == 10)
    edits = [
        now.swap(int(now.track[middle[3]]), int(middle[7])),
        now.cut(int(middle[12])),
        now.delete(int(middle[20])),
    ]
    pins, lost = pins_of(cells, edits)
    assert not lost
    assert len(pins.must) == 2
    assert pins.dropped.tolist() == [middle[20]]
    again = LapLinker().linked(cells, MOVIE, Runtime(), pins).links
    both = apply_link_edits(cells, again, edits)
    assert pairs(both.links) == pairs(again)
    assert both.dropped.tolist() == [middle[20]]
    undone = now.join(int(now.track[middle[12]]), int(np.flatnonzero(cells["frame"] == 12)[4]))
    later, _ = pins_of(cells, [*edits, undone])
    assert len(later.must) == 3


def test_holding_is_least_change() -> None:
    cells, _ = crowd()
    links = LapLinker().link(cells, MOVIE, Runtime())
    some = links[["source", "target"]].to_numpy()[::5]
    some = some[links["source"].value_counts()[some[:, 0]].to_numpy() == 1]
    assert pairs(hold(cells, links, Pins(must=some))) == pairs(links)
    none = Pins(never=links[["source", "target"]].to_numpy()[:1])
    assert len(hold(cells, links, none)) == len(links) - 1
    empty = hold(cells, make_links([], []), Pins(must=some))
    assert_array_equal(np.sort(empty["target"]), np.sort(some[:, 1]))
