from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.score import score_files
from napari_cellstate.formats.ctc import write_ctc
from napari_cellstate.metrics.graphs import CellPairs, TrackGraph, covered
from napari_cellstate.metrics.tracking import complete_tracks, corrections, divisions, idf1

# track 1 divides after frame 1 into 2 and 3; track 4 goes on
TRUE = TrackGraph.of([0, 1, 2, 3, 2, 3, 0, 1, 2, 3], [1, 1, 2, 2, 3, 3, 4, 4, 4, 4], [0, 0, 1, 1, 1, 1, 0, 0, 0, 0])
ALL = CellPairs(np.arange(10), np.arange(10))


def test_the_truth_itself_is_perfect() -> None:
    count = corrections(TRUE, TRUE, ALL)
    assert (count.det, count.tra, count.lnk, count.cells, count.links) == (1, 1, 1, 10, 8)
    assert idf1(TRUE, TRUE, ALL) == complete_tracks(TRUE, TRUE, ALL) == 1
    assert divisions(TRUE, TRUE, ALL).f1 == 1


def test_known_prices() -> None:
    # without its last cell (3, 4), with one that is not there, and track 4 broken after frame 1
    found = TrackGraph.of([*TRUE.frame[:9], 3], [1, 1, 2, 2, 3, 3, 4, 4, 5, 9], [0, 0, 1, 1, 1, 1, 0, 0, 0, 0])
    pairs = CellPairs(np.arange(9), np.arange(9))
    count = corrections(found, TRUE, pairs)
    assert (count.split, count.missed, count.invented) == (0, 1, 1)
    assert (count.extra, count.lacking, count.changed) == (0, 2, 0)
    assert_allclose(count.det, 1 - 11 / 100)
    assert_allclose(count.lnk, 1 - 3 / 12)
    assert_allclose(count.tra, 1 - 14 / 112)
    assert_allclose(complete_tracks(found, TRUE, pairs), 2 * 3 / (6 + 4))
    assert_allclose(idf1(found, TRUE, pairs), 2 * 8 / 20)


def test_an_outline_over_two_cells_must_be_split() -> None:
    found = TrackGraph.of([0, 1], [1, 1])
    true = TrackGraph.of([0, 0, 1, 1], [1, 2, 1, 2])
    count = corrections(found, true, CellPairs(np.array([0, 0, 1, 1]), np.arange(4)))
    assert (count.split, count.missed, count.invented, count.lacking, count.extra) == (2, 0, 0, 2, 0)
    assert_allclose(count.det, 1 - 10 / 40)


def test_a_mother_with_one_daughter_is_a_track_with_changed_meaning() -> None:
    found = TrackGraph.of(TRUE.frame, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5], [0, 0, 1, 1, 1, 1, 0, 0, 4, 4])
    count = corrections(found, TRUE, ALL)
    assert (count.changed, count.extra, count.lacking) == (1, 0, 0)
    assert idf1(found, TRUE, ALL) == 1
    assert complete_tracks(found, TRUE, ALL) < 1


def test_divisions_a_frame_late_need_a_tolerance() -> None:
    late = TrackGraph.of(TRUE.frame, [1, 1, 1, 2, 3, 3, 4, 4, 4, 4], [0, 0, 0, 1, 1, 1, 0, 0, 0, 0])
    # the sister that stays with the mother begins a frame later, the other's mother must end before it begins
    late = TrackGraph(np.delete(late.frame, 4), np.delete(late.track, 4), np.delete(late.parent, 4))
    pairs = CellPairs(np.arange(9), np.delete(np.arange(10), 4))
    assert [divisions(late, TRUE, pairs, frames).common for frames in (0, 1, 2)] == [0, 1, 1]


def test_nothing_there() -> None:
    none = TrackGraph.of([], [])
    no = CellPairs(np.empty(0, np.int64), np.empty(0, np.int64))
    count = corrections(none, none, no)
    assert np.isnan([count.det, count.tra, count.lnk, idf1(none, none, no), divisions(none, none, no).f1]).all()
    missed = corrections(none, TRUE, no)
    assert (missed.det, missed.tra, missed.lnk) == (0, 0, 0)


def test_covering_is_by_more_than_half_of_the_true_cell() -> None:
    true, found = np.zeros((4, 10), int), np.zeros((4, 10), int)
    true[:, :4], true[:, 5:9] = 1, 2
    found[:, :2] = 7  # half of 1
    found[:, 6:] = 8  # three quarters of 2
    assert [part.tolist() for part in covered(found, true)] == [[8], [2]]
    found[:, :] = 8
    assert [part.tolist() for part in covered(found, true)] == [[8, 8], [1, 2]]
    with pytest.raises(InputError, match="must be of one frame"):
        covered(found, true[:2])


def test_a_true_cell_in_two_pairs_is_refused() -> None:
    with pytest.raises(InputError, match="true cell 3 is in 2 pairs"):
        CellPairs(np.array([0, 1]), np.array([3, 3]))


def movie(seed: int, *, frames: int = 8, size: int = 96) -> tuple[np.ndarray, pd.DataFrame]:
    """Squares of a grid that wander a little; some divide, some vanish. Masks and the table L, B, E, P."""
    rng = np.random.default_rng(seed)
    masks, rows, known = np.zeros((frames, size, size), np.uint16), [], 0
    for y in range(12, size, 24):
        for x in range(12, size, 24):
            known += 1
            mother, end = known, int(rng.integers(2, frames))
            rows.append((mother, 0, end, 0))
            places = [(mother, range(end + 1), (0, 0))]
            if end < frames - 1 and rng.random() < 0.6:
                for side in (-5, 5):
                    known += 1
                    rows.append((known, end + 1, frames - 1, mother))
                    places.append((known, range(end + 1, frames), (0, side)))
            for label, when, (dy, dx) in places:
                for t in when:
                    a, b = (int(rng.integers(-1, 2)) for _ in range(2))
                    masks[t, y + dy + a - 4 : y + dy + a + 4, x + dx + b - 4 : x + dx + b + 4] = label
    # a later square may hide part of an earlier one but never all of it: they are 5 px apart, 8 px wide
    return masks, pd.DataFrame(rows, columns=["L", "B", "E", "P"])


def spoiled(masks: np.ndarray, table: pd.DataFrame, seed: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Cells missed, made up and merged; tracks broken; identities swapped; parents lost."""
    rng = np.random.default_rng(seed)
    labels, track = np.zeros_like(masks), {}
    known, last, mothers = 0, {}, dict(zip(table["L"], table["P"], strict=True))
    for t, frame in enumerate(masks):
        for one in np.unique(frame[frame > 0]).tolist():
            if rng.random() < 0.06:
                continue
            if one not in track or last.get(one) != t - 1 or rng.random() < 0.05:
                known += 1
                track[one] = (known, mothers[one] if one not in track and rng.random() < 0.8 else 0)
            last[one] = t
            labels[t][frame == one] = track[one][0]
        if rng.random() < 0.7:
            known += 1
            labels[t, 2:6, 2:6] = known
        if rng.random() < 0.7:  # one outline over two cells
            there = np.unique(labels[t][labels[t] > 0])
            a, b = rng.choice(there, 2, replace=False)
            labels[t][labels[t] == a] = b
    return labels, _table(labels, dict(track.values()), track)


def _table(labels: np.ndarray, parent: dict, track: dict) -> pd.DataFrame:
    """Renumber unbroken pieces in place, and list them."""
    rows, number, known = [], {}, 0
    spans: dict[int, list[int]] = {}
    for t in range(len(labels)):
        new = np.zeros_like(labels[t])
        for one in np.unique(labels[t][labels[t] > 0]).tolist():
            if (t - 1, one) not in number:
                known += 1
                number[t, one] = known
                spans[known] = [t, t, one]
            else:
                number[t, one] = number[t - 1, one]
                spans[number[t, one]][1] = t
            new[labels[t] == one] = number[t, one]
        labels[t] = new
    pieces = {one: [n for n, span in spans.items() if span[2] == one] for _, _, one in spans.values()}
    for n, (first, last, one) in spans.items():
        mother = track.get(parent.get(one, 0), (0, 0))[0] if pieces[one][0] == n else 0
        ends = [p for p in pieces.get(mother, []) if spans[p][1] < first]
        rows.append((n, first, last, ends[-1] if ends else 0))
    return pd.DataFrame(rows, columns=["L", "B", "E", "P"])


@pytest.mark.parametrize("seed", range(6))
def test_equal_to_the_reference_tool(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    oracle = pytest.importorskip(
        "ctc_metrics.scripts.evaluate", reason="py-ctcmetrics is not installed (pip install py-ctcmetrics)"
    )
    truth, true_tracks = movie(seed)
    found, tracks = spoiled(truth, true_tracks, seed + 100)
    write_ctc(tmp_path / "GT" / "TRA", enumerate(truth), true_tracks, truth=True)
    write_ctc(tmp_path / "RES", enumerate(found), tracks)
    names = ["Valid", "DET", "TRA", "LNK", "CT", "BC", "IDF1"]
    theirs = oracle.evaluate_sequence(str(tmp_path / "RES"), str(tmp_path / "GT"), names, 1)
    ours = score_files(tmp_path / "RES", tmp_path / "GT")
    assert theirs["Valid"]
    got = {
        "DET": ours["det"], "TRA": ours["tra"], "LNK": ours["lnk"], "CT": ours["complete_tracks"],
        "IDF1": ours["idf1"], **{f"BC({n})": ours["division_f1"][str(n)] for n in range(3)},
        "AOGM_NS": ours["counts"]["cells_to_split"], "AOGM_FN": ours["counts"]["cells_missed"],
        "AOGM_FP": ours["counts"]["cells_invented"], "AOGM_ED": ours["counts"]["links_extra"],
        "AOGM_EA": ours["counts"]["links_lacking"], "AOGM_EC": ours["counts"]["links_changed"],
    }  # fmt: skip
    assert_allclose(list(got.values()), [theirs[name] for name in got], err_msg=str(list(got)))
    assert 0 < ours["tra"] < 1
