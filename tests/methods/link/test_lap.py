from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_cellstate.core.errors import Cancelled
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import check_links, empty_cells
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.methods.link._assign import assign, confidence
from napari_cellstate.methods.link.lap import LapLinker
from napari_cellstate.methods.link.trackpy import TrackpyLinker
from napari_cellstate.metrics.linking import LinkScore, edge_score, edges_from_tracks

MOVIE = Movie("m", (60, 200, 200), range(60))


def cells_of(frame: object, y: object, x: object, **more: object) -> pd.DataFrame:
    """Cells sorted by frame, labelled 1, 2, ... within it."""
    cells = pd.DataFrame({"frame": frame, "y": y, "x": x, **more}).sort_values("frame", kind="stable")
    cells = cells.astype({"frame": np.int64, "y": float, "x": float}).reset_index(drop=True)
    cells.insert(1, "label", cells.groupby("frame").cumcount().to_numpy(np.int64) + 1)
    return cells


def walk(
    seed: int = 0, *, n: int = 80, frames: int = 25, size: float = 500.0, missing: float = 0.02, **motion: float
) -> pd.DataFrame:
    """Random walkers (`who`) of which some are missed now and then; `speed` of own direction, `tail`, `jump`."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, motion.get("step", 2.5), (n, frames, 2))
    if "tail" in motion:
        steps *= np.sqrt(motion["tail"] / rng.chisquare(motion["tail"], (n, frames, 1)))
    angle = rng.uniform(0, 2 * np.pi, (n, 1))
    steps += motion.get("speed", 0.0) * np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    stage = np.cumsum(
        motion.get("jump", 0.0) * rng.normal(0, 1, (frames, 2)) * (np.arange(frames)[:, None] % 7 == 3), 0
    )
    at = rng.uniform(0, size, (n, 1, 2)) + np.cumsum(steps, axis=1) + stage
    who, frame = np.repeat(np.arange(n), frames), np.tile(np.arange(frames), n)
    area = np.exp(rng.normal(5, 0.4, n))[who] * np.exp(rng.normal(0, 0.05, n * frames))
    seen = rng.random(n * frames) >= missing
    columns = {"y": at[..., 0].ravel()[seen], "x": at[..., 1].ravel()[seen], "who": who[seen], "area": area[seen]}
    return cells_of(frame[seen], **columns)


def links_of(cells: pd.DataFrame, **settings: float) -> pd.DataFrame:
    links = LapLinker(**settings).link(cells, MOVIE, Runtime())  # type: ignore[arg-type]
    check_links(cells, links)
    return links


def score(cells: pd.DataFrame, links: pd.DataFrame) -> LinkScore:
    source, target = edges_from_tracks(cells["frame"], cells["who"])
    return edge_score(cells, links, cells, pd.DataFrame({"source": source, "target": target}))


def dividing(seed: int = 0, *, frames: int = 30, n: int = 60, step: float = 1.5) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells on a wide grid, each dividing once, and their true links."""
    rng = np.random.default_rng(seed)
    rows, parent = [], {}
    for cell in range(n):
        home = 120.0 * np.array(divmod(cell, 8))
        at, when = home + rng.uniform(-20, 20, 2), int(rng.integers(8, frames - 8))
        path = at + np.cumsum(rng.normal(0, step, (when, 2)), axis=0)
        rows += [(t, *path[t], 3 * cell + 1) for t in range(when)]
        angle = rng.uniform(0, 2 * np.pi)
        for daughter, side in ((1, 1.0), (2, -1.0)):
            begin = path[-1] + side * 7 * np.array([np.sin(angle), np.cos(angle)])
            away = begin + np.cumsum(rng.normal(0, step, (frames - when, 2)), axis=0)
            rows += [(when + t, *away[t], 3 * cell + 1 + daughter) for t in range(frames - when)]
            parent[3 * cell + 1 + daughter] = 3 * cell + 1
    frame, y, x, who = np.array(rows).T
    cells = cells_of(frame, y, x, who=who.astype(np.int64))
    mother = cells["who"].map(parent).fillna(0).astype(np.int64)
    source, target = edges_from_tracks(cells["frame"], cells["who"], mother)
    return cells, pd.DataFrame({"source": source, "target": target})


@pytest.mark.parametrize("seed", range(20))
def test_assignment_equals_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gain = rng.normal(0.5, 1, (5, 4)) * (rng.random((5, 4)) < 0.7)
    row, column = np.nonzero(gain)
    chosen = assign(row, column, gain[row, column], (5, 4))
    assert len(set(row[chosen])) == len(set(column[chosen])) == len(chosen)
    wide = np.hstack([np.maximum(gain, 0), np.zeros((5, 5))])
    best = max(sum(wide[a, b] for a, b in enumerate(order)) for order in permutations(range(9), 5))
    assert_allclose(gain[row[chosen], column[chosen]].sum(), best)


def test_no_candidate_and_no_gain() -> None:
    none = np.empty(0, np.int64)
    assert len(assign(none, none, np.empty(0), (3, 3))) == 0
    assert len(assign(np.array([0, 1]), np.array([0, 0]), np.array([-1.0, 0.0]), (2, 1))) == 0


def test_confidence_of_known_margins() -> None:
    # a link alone: the other solution is no link; a swap worth as much: one in two
    one = (np.array([0]), np.array([0]), np.array([2.0]))
    assert_allclose(confidence(*one, assign(*one, (1, 1)), (1, 1)), 1 / (1 + np.exp(-2)))
    row, column = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    square = (row, column, np.full(4, 9.0))
    sure = confidence(*square, assign(*square, (2, 2)), (2, 2))
    assert_allclose(sure, 1 / 3, atol=1e-3)  # the swap counts from either end
    clear = (row, column, np.array([9.0, 1.0, 1.0, 9.0]))
    assert (confidence(*clear, assign(*clear, (2, 2)), (2, 2)) > 0.99).all()


def test_cells_that_cross_at_constant_velocity_keep_their_identity() -> None:
    frames = np.arange(21)
    paths = [(50 + 4 * (frames - 10), 50 + 4 * (frames - 10)), (53 + 4 * (frames - 10), 50 - 4 * (frames - 10))]
    lanes = [(np.full(21, 150.0 + 40 * k), 30 + 4.0 * frames) for k in range(6)]  # more cells to learn from
    both = [(frames, y, x, np.full(21, who)) for who, (y, x) in enumerate(paths + lanes)]
    frame, y, x, who = (np.concatenate(part) for part in zip(*both, strict=True))
    noise = np.random.default_rng(0).normal(0, 0.3, (2, len(y)))
    cells = cells_of(frame, y + noise[0], x + noise[1], who=who)
    assert score(cells, links_of(cells)).f1 == 1


@pytest.mark.parametrize(("max_gap", "tracks"), [(2, 2), (3, 1), (5, 1)])
def test_a_cell_missing_for_three_frames(max_gap: int, tracks: int) -> None:
    cells = walk(n=12, missing=0.0, size=600)
    cells = cells[(cells["who"] != 5) | ~cells["frame"].between(10, 12)].reset_index(drop=True)
    cells["label"] = cells.groupby("frame").cumcount() + 1
    found = Tracks(cells, links_of(cells, max_gap=max_gap), max_gap)
    assert len(np.unique(found.track[cells["who"].to_numpy() == 5])) == tracks
    assert found.n_tracks == 11 + tracks


def test_a_whole_frame_without_cells_is_a_gap() -> None:
    cells = walk(n=15, missing=0.0)
    cells = cells[~cells["frame"].isin([9, 10])].reset_index(drop=True)
    assert Tracks(cells, links_of(cells), 3).n_tracks == 15
    assert Tracks(cells, links_of(cells, max_gap=1), 1).n_tracks == 30


@pytest.mark.parametrize("step", [0.3, 1.5])
def test_divisions_have_two_daughters_and_their_mother(step: float) -> None:
    cells, truth = dividing(step=step)
    found = edge_score(cells, links_of(cells), cells, truth)
    assert found.division_f1 >= 0.95
    assert found.f1 >= 0.99
    single = links_of(cells, divisions=False)
    assert single["source"].is_unique


def test_a_piece_torn_off_is_no_daughter() -> None:
    cells, _ = dividing()
    mothers = cells["who"] % 3 == 1
    alike = cells.assign(area=np.where(mothers, 400.0, 200.0))
    torn = cells.assign(area=np.where(mothers, 400.0, np.where(cells["who"] % 3 == 2, 390.0, 12.0)))
    assert links_of(alike)["source"].duplicated().sum() >= 57
    assert not links_of(torn)["source"].duplicated().any()


def test_no_division_where_cells_only_come_and_go() -> None:
    cells = walk(n=100, size=400.0, missing=0.05)
    links = links_of(cells)
    assert links["source"].duplicated().sum() <= 2


@pytest.mark.parametrize(
    "motion",
    [{}, {"speed": 4.0}, {"tail": 1.5, "step": 1.5}, {"jump": 40.0}, {"step": 0.2}],
    ids=["walk", "directed", "heavy tails", "stage jumps", "at rest"],
)
def test_no_worse_than_trackpy_however_cells_move(motion: dict[str, float]) -> None:
    ours, theirs = [], []
    for seed in range(3):
        cells = walk(seed, missing=0.03, **motion)
        ours.append(score(cells, links_of(cells)).f1)
        theirs.append(score(cells, TrackpyLinker().link(cells, MOVIE, Runtime())).f1)
    # the standard error of a share near 1 of some 5,000 links, twice
    assert np.mean(ours) >= np.mean(theirs) - 2 * np.sqrt(0.02 / 5000)


def test_size_tells_crowded_cells_apart() -> None:
    cells = walk(n=150, size=250.0)
    with_area, without = (score(cells, links_of(one)).f1 for one in (cells, cells.drop(columns="area")))
    assert with_area > without + 0.02
    noise = cells.assign(area=np.random.default_rng(1).uniform(50, 500, len(cells)))
    assert score(cells, links_of(noise)).f1 > without - 0.01


def test_wrong_links_have_less_confidence() -> None:
    from sklearn.metrics import roc_auc_score

    cells = walk(n=200, size=300.0, frames=30, missing=0.03).drop(columns="area")
    links = links_of(cells)
    assert links["confidence"].between(0, 1).all()
    true = set(zip(*edges_from_tracks(cells["frame"], cells["who"]), strict=True))
    right = [pair in true for pair in zip(links["source"], links["target"], strict=True)]
    assert roc_auc_score(right, links["confidence"]) >= 0.8


def test_permuted_labels_change_nothing() -> None:
    cells = walk(n=120, size=300.0)
    cells["cell"] = np.arange(len(cells))
    shuffled = cells.sample(frac=1, random_state=3).sort_values("frame", kind="stable").reset_index(drop=True)
    shuffled["label"] = shuffled.groupby("frame").cumcount() + 1
    tables = []
    for one in (cells, shuffled):
        links, name = links_of(one), one["cell"].to_numpy()
        links = links.assign(source=name[links["source"]], target=name[links["target"]])
        tables.append(links.sort_values(["source", "target"], ignore_index=True))
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_lengths_and_origin_do_not_matter() -> None:
    cells = walk(n=60, size=300.0)
    links = links_of(cells)
    moved = links_of(cells.assign(y=cells["y"] * 4 + 64, x=cells["x"] * 4 - 32))
    assert_array_equal(links[["source", "target"]], moved[["source", "target"]])
    assert_allclose(moved["cost"], 4 * links["cost"])


def test_three_dimensions() -> None:
    cells = walk(n=60, size=300.0)
    # two crowds, one above the other: apart only in z
    below = cells.assign(z=0.0)
    above = cells.assign(
        z=80.0, who=cells["who"] + 60, y=cells["y"] + np.random.default_rng(2).normal(0, 1, len(cells))
    )
    both = pd.concat([below, above])
    cells = cells_of(both["frame"], both["y"], both["x"], z=both["z"], who=both["who"])
    assert score(cells, links_of(cells)).f1 > 0.99


def test_little_or_nothing() -> None:
    assert len(links_of(empty_cells())) == 0
    assert len(links_of(cells_of([3], [1], [1]))) == 0
    assert len(links_of(cells_of([0, 0], [1, 9], [1, 9]))) == 0
    assert len(links_of(cells_of([0, 1], [1, 3], [1, 3]))) == 1
    at_rest = cells_of(np.repeat(np.arange(5), 2), [10, 50] * 5, [10, 50] * 5)
    assert Tracks(at_rest, links_of(at_rest), 3).n_tracks == 2
    same_place = cells_of([0, 0, 1, 1], [5] * 4, [5] * 4)
    assert len(links_of(same_place)) == 2


def test_estimated_range_gives_the_same_links() -> None:
    cells = walk()
    estimated = LapLinker().estimated(cells, MOVIE)
    assert estimated.search_range > 0
    assert LapLinker(search_range=4.5).estimated(cells, MOVIE).search_range == 4.5
    pd.testing.assert_frame_equal(
        estimated.link(cells, MOVIE, Runtime()), LapLinker().link(cells, MOVIE, Runtime()), check_exact=True
    )
    short = links_of(cells.drop(columns="area"), search_range=1.0, max_gap=0)
    assert len(short) < 0.5 * len(cells)


def test_progress_once_a_frame_and_cancelling_stops_within_one() -> None:
    seen: list[int] = []

    def stop(done: int, total: int, what: str) -> None:
        assert (total, what) == (25, "link")
        seen.append(done)
        if done == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        LapLinker().link(walk(), MOVIE, Runtime(progress=stop))
    assert seen == [0, 1, 2, 3, 4, 5]


@pytest.mark.real
@pytest.mark.parametrize("name", ["t98g_phase_usiigaci_movie", "mdamb231_qpi_cellphe"])
@pytest.mark.parametrize(("every", "least"), [(1, 0.975), (5, 0.96)])
def test_real_masks(data_dir: Path, name: str, every: int, least: float) -> None:
    tracks = pd.read_csv(data_dir / name / "gt_tracks.csv")  # its y and x are the centroids of its masks
    tracks = tracks[tracks["t"] % every == 0]
    who = tracks["track_id"]
    cells = cells_of(tracks["t"] // every, tracks["y"], tracks["x"], area=tracks["area"], who=who)
    assert score(cells, links_of(cells)).f1 >= least
