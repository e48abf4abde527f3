from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.tables import make_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.metrics.doubts import REASONS, doubts
from napari_cellstate.metrics.error_rate import draw_keys, error_rate, wilson
from napari_cellstate.metrics.track_quality import FEATURES, track_quality

FRAMES, LANES = 30, 8


def lanes(seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells along lanes 60 px apart, row = frame * LANES + lane, and their links."""
    rng = np.random.default_rng(seed)
    frame, lane = np.repeat(np.arange(FRAMES), LANES), np.tile(np.arange(LANES), FRAMES)
    cells = pd.DataFrame({"frame": frame, "label": lane + 1, "y": 60.0 * lane, "x": 5.0 * frame})
    cells[["y", "x"]] += rng.normal(0, 1, (len(cells), 2))
    cells["area"] = 200 * np.exp(rng.normal(0, 0.03, len(cells)))
    source = np.flatnonzero(frame < FRAMES - 1)
    return cells, make_links(source, source + LANES)


def at(frame: int, lane: int) -> int:
    return frame * LANES + lane


def of(cells: pd.DataFrame, links: pd.DataFrame, source: int, target: int) -> tuple[float, set[str]]:
    found = doubts(cells, links)
    row = int(np.flatnonzero((links["source"] == source) & (links["target"] == target))[0])
    assert set(str(found.reasons[row]).split()) <= set(REASONS)
    return float(found.score[row]), set(str(found.reasons[row]).split())


def test_plain_tracks_raise_no_doubt() -> None:
    found = doubts(*lanes())
    assert (found.reasons != "").mean() < 0.02
    assert len(found.queue(np.zeros(len(found.score), bool))) == (found.reasons != "").sum()


def test_a_jump_and_a_size_step() -> None:
    cells, links = lanes()
    cells.loc[at(10, 3) :, "x"] += np.where(cells.loc[at(10, 3) :, "label"] == 4, 50.0, 0.0)
    assert "jump" in of(cells, links, at(9, 3), at(10, 3))[1]
    cells, links = lanes()
    cells.loc[at(10, 3), "area"] = 420
    assert "size" in of(cells, links, at(9, 3), at(10, 3))[1]


def test_a_tie() -> None:
    cells, links = lanes()
    beside = at(10, 3)  # as near to where the cell was as where it is
    cells.loc[beside, "y"], cells.loc[beside, "x"] = cells["y"][at(10, 2)] + 1.5, cells["x"][at(10, 2)]
    assert "tie" in of(cells, links, at(9, 2), at(10, 2))[1]


def test_a_gap() -> None:
    cells, links = lanes()
    kept = (links["source"] != at(9, 2)) & (links["source"] != at(10, 2))
    links = make_links(np.append(links["source"][kept], at(9, 2)), np.append(links["target"][kept], at(11, 2)))
    assert of(cells, links, at(9, 2), at(11, 2))[1] == {"gap"}


def test_a_division_whose_daughter_is_gone_at_once() -> None:
    cells, links = lanes()
    cells = pd.concat([cells, pd.DataFrame({"frame": [10], "label": [99], "y": [125.0], "x": [50.0], "area": [190.0]})])
    cells = cells.sort_values(["frame", "label"], kind="stable", ignore_index=True)
    piece = int(cells.index[cells["label"] == 99][0])
    shift = links[["source", "target"]].to_numpy() + (links[["source", "target"]].to_numpy() >= piece)
    links = make_links(np.append(shift[:, 0], at(9, 2)), np.append(shift[:, 1], piece))
    score, reasons = of(cells, links, at(9, 2), piece)
    assert "division" in reasons
    assert score >= 0.6


def test_a_cell_that_stays_half_as_large_lacks_a_daughter() -> None:
    cells, links = lanes()
    later = (cells["label"] == 3) & (cells["frame"] >= 10)
    cells.loc[later, "area"] *= 0.5
    assert "daughter" in of(cells, links, at(9, 2), at(10, 2))[1]


def test_two_tracks_that_cross_and_were_exchanged() -> None:
    cells, links = lanes()
    frame = cells["frame"].to_numpy()
    for lane, slope in ((2, 6.0), (3, -6.0)):  # they cross between frames 10 and 11
        mine = cells["label"] == lane + 1
        cells.loc[mine, "y"] = 150.0 + slope * (frame[mine] - 10.5)
    wrong = links.copy()
    swap = {at(11, 2): at(11, 3), at(11, 3): at(11, 2)}
    wrong["target"] = [
        swap.get(t, t) if s in (at(10, 2), at(10, 3)) else t
        for s, t in zip(wrong["source"], wrong["target"], strict=True)
    ]
    assert "swap" in of(cells, wrong, at(10, 2), at(11, 3))[1]
    assert "swap" not in of(cells, links, at(10, 2), at(11, 2))[1]


def test_what_was_corrected_is_not_doubted() -> None:
    cells, links = lanes()
    cells.loc[at(10, 3), "area"] = 420
    assert not doubts(cells, links.assign(by_hand=True)).score.any()


def test_a_linker_that_knows_its_doubts_is_believed() -> None:
    cells, links = lanes()
    sure = np.full(len(links), 0.99)
    sure[17] = 0.3
    found = doubts(cells, links.assign(confidence=sure))
    assert found.queue(np.zeros(len(links), bool))[0] == 17
    assert "confidence" in str(found.reasons[17])


@pytest.mark.parametrize("n", [0, 1, 2])
def test_little_or_nothing(n: int) -> None:
    cells = lanes()[0].iloc[:n]
    found = doubts(cells, make_links([], []))
    assert len(found.score) == 0
    assert len(track_quality(Tracks(cells, make_links([], []), 0))) == n


def test_wrong_links_come_first_and_mixed_tracks_have_less_quality() -> None:
    """Walkers with planted errors: exchanged targets. Both scores must tell them better than chance by far."""
    rng = np.random.default_rng(1)
    n, frames = 150, 30
    paths = rng.uniform(0, 1200, (n, 1, 2)) + np.cumsum(rng.normal(0, 3, (n, frames, 2)), axis=1)
    cells = pd.DataFrame({"frame": np.repeat(np.arange(frames), n), "label": np.tile(np.arange(n) + 1, frames)})
    cells["y"], cells["x"] = paths[..., 0].T.ravel(), paths[..., 1].T.ravel()
    source = np.arange(n * (frames - 1))
    target = source + n
    wrong = np.zeros(len(source), bool)
    for t in range(frames - 1):
        at_next = paths[:, t + 1]
        one = int(rng.integers(n))
        away = np.hypot(*(at_next - at_next[one]).T)
        away[one] = np.inf
        other = int(away.argmin())
        target[[t * n + one, t * n + other]] = target[[t * n + other, t * n + one]]
        wrong[[t * n + one, t * n + other]] = True
    links = make_links(source, target)
    from sklearn.metrics import roc_auc_score

    assert roc_auc_score(wrong, doubts(cells, links).score) > 0.9
    tracks = Tracks(cells, links, 0)
    quality = track_quality(tracks)
    assert set(FEATURES) == set(quality.columns) - {"track"}
    mixed = np.zeros(tracks.n_tracks + 1, bool)
    mixed[tracks.track[target[wrong]]] = True
    assert roc_auc_score(~mixed[1:], quality["quality"]) > 0.85


def test_wilson_of_known_values() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    np.testing.assert_allclose(wilson(0, 50), (0.0, 0.0713476), atol=1e-6)
    np.testing.assert_allclose(wilson(5, 50), (0.0434750, 0.2136022), atol=1e-6)


def test_wilson_covers_the_truth() -> None:
    rng, rate, n, trials = np.random.default_rng(0), 0.08, 50, 4000
    hits = rng.binomial(n, rate, trials)
    low, high = np.array([wilson(int(one), n) for one in hits]).T
    covered = ((low <= rate) & (rate <= high)).mean()
    assert covered > 0.95 - 3.3 * np.sqrt(0.05 * 0.95 / trials) - 0.02  # of a discrete count it wanders by some 2 %


def test_unclear_verdicts_are_left_out_and_said() -> None:
    found = error_rate(["right"] * 45 + ["wrong"] * 5 + ["unclear"] * 2)
    assert (found.wrong, found.judged, found.unclear) == (5, 50, 2)
    assert found.words().startswith("5 of 50 links drawn at random were wrong: 10.0%")
    assert error_rate([]).words() == "no links were judged"


def test_a_sample_is_random_and_keeps_its_links() -> None:
    rng = np.random.default_rng(0)
    frame, at = np.repeat(np.arange(50), 200), rng.uniform(0, 1000, (10_000, 2))
    keys = draw_keys(frame, at[:, 0], at[:, 1], 1)
    drawn = np.argsort(keys)[:1000]
    expected, spread = 20.0, np.sqrt(20 * 0.98)
    assert (np.abs(np.bincount(frame[drawn], minlength=50) - expected) < 4.5 * spread).all()
    fewer = np.delete(np.arange(10_000), rng.choice(10_000, 500, replace=False))
    again = fewer[np.argsort(draw_keys(frame[fewer], at[fewer, 0], at[fewer, 1], 1))]
    kept = set(drawn.tolist()) & set(fewer.tolist())
    assert kept <= set(again[:1000].tolist())
    other = np.argsort(draw_keys(frame, at[:, 0], at[:, 1], 2))[:1000]
    assert len(set(drawn.tolist()) & set(other.tolist())) < 200
