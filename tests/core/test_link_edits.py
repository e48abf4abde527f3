from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from napari_cellstate.core.apply_links import apply_link_edits, without
from napari_cellstate.core.cell_ref import CellRef, Places
from napari_cellstate.core.digest import digest
from napari_cellstate.core.edits import digest_with, records
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.gestures import Gestures
from napari_cellstate.core.link_edits import LINK_EDITS, FillGap, Join, LinkEdit
from napari_cellstate.core.tables import BY_HAND, check_links, make_links
from napari_cellstate.core.tracks import Tracks

KINDS = {cls.kind: cls for cls in LINK_EDITS}
FRAMES, LANES = 8, 5


def lanes(seed: int = 0, *, area: float = 80.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells that walk along lanes 40 px apart, row = frame * LANES + lane, and their links."""
    rng = np.random.default_rng(seed)
    frame, lane = np.repeat(np.arange(FRAMES), LANES), np.tile(np.arange(LANES), FRAMES)
    at = np.stack([40.0 * lane, 4.0 * frame], axis=1) + rng.normal(0, 1, (len(frame), 2))
    cells = pd.DataFrame({"frame": frame, "label": lane + 1, "y": at[:, 0], "x": at[:, 1]})
    if area:
        cells["area"] = area
    source = np.flatnonzero(frame < FRAMES - 1)
    links = make_links(source, source + LANES, np.ones(len(source)))
    links["confidence"] = 0.5
    return cells, links


def row(frame: int, lane: int) -> int:
    return frame * LANES + lane


def done(cells: pd.DataFrame, links: pd.DataFrame, *edits: LinkEdit) -> pd.DataFrame:
    """Links after edits, all of which fit."""
    found = apply_link_edits(cells, links, edits)
    assert not found.lost
    check_links(cells, found.links)
    again = apply_link_edits(cells, found.links, edits, found.dropped)  # an edit says how things are
    pd.testing.assert_frame_equal(again.links, found.links)
    return found.links


def pairs(links: pd.DataFrame) -> set[tuple[int, int]]:
    return set(zip(links["source"].tolist(), links["target"].tolist(), strict=True))


def gestures(cells: pd.DataFrame, links: pd.DataFrame) -> Gestures:
    return Gestures.on("m", Tracks(cells, links, 3))


def test_join_makes_one_track_and_frees_what_followed() -> None:
    cells, links = lanes()
    edit = gestures(cells, links).join(1, row(4, 1))
    found = done(cells, links, edit)
    assert pairs(found) ^ pairs(links) == {
        (row(3, 0), row(4, 1)),
        (row(3, 0), row(4, 0)),
        (row(3, 1), row(4, 1)),
    }
    made = found[found["target"] == row(4, 1)].iloc[0]
    assert made["confidence"] == 1
    assert made[BY_HAND]
    assert made["cost"] == pytest.approx(40, abs=8)
    assert not found[found["target"] == row(2, 2)][BY_HAND].any()


def test_break_swap_divide_and_back() -> None:
    cells, links = lanes()
    now = gestures(cells, links)
    assert pairs(links) - pairs(done(cells, links, now.cut(row(4, 2)))) == {(row(3, 2), row(4, 2))}
    swapped = done(cells, links, now.swap(1, row(4, 1)))
    assert pairs(swapped) - pairs(links) == {(row(3, 0), row(4, 1)), (row(3, 1), row(4, 0))}
    divided = done(cells, links, now.divide(1, row(4, 1)))
    assert pairs(divided) - pairs(links) == {(row(3, 0), row(4, 1))}
    assert Tracks(cells, divided, 3).table()["divides"].sum() == 1
    single = done(cells, divided, gestures(cells, divided).divide(1, row(4, 1)))
    assert pairs(divided) - pairs(single) == {(row(3, 0), row(4, 1))}


def test_delete_a_cell_and_a_track() -> None:
    cells, links = lanes()
    found = apply_link_edits(cells, links, [gestures(cells, links).delete(row(4, 2))])
    assert found.dropped.tolist() == [row(4, 2)]
    assert pairs(links) - pairs(found.links) == {(row(3, 2), row(4, 2)), (row(4, 2), row(5, 2))}
    found = apply_link_edits(cells, links, [gestures(cells, links).delete_track(row(4, 2))])
    assert len(found.dropped) == FRAMES
    left = Tracks(*without(cells, found.links, found.dropped), 3)
    assert left.n_tracks == LANES - 1
    assert set(left.cells["label"]) == {1, 2, 4, 5}


def test_re_assign_closes_the_track_behind_the_cell() -> None:
    cells, links = lanes()
    found = done(cells, links, gestures(cells, links).re_assign(1, row(4, 1)))
    assert {(row(3, 0), row(4, 1)), (row(4, 1), row(5, 0)), (row(3, 1), row(5, 1))} <= pairs(found)
    assert not {row(4, 0)} & {end for pair in pairs(found) for end in pair}


def test_fill_takes_free_cells_on_the_way_and_closes_any_gap() -> None:
    cells, links = lanes()
    gap = [row(t, 2) for t in range(2, 7)]
    holes = links[~links["source"].isin(gap) & ~links["target"].isin(gap)].reset_index(drop=True)
    now = gestures(cells, holes)
    chosen = int(now.track[row(1, 2)])
    filled = done(cells, holes, now.fill(chosen, row(7, 2)))
    assert {(row(t, 2), row(t + 1, 2)) for t in range(FRAMES - 1)} <= pairs(filled)
    alone = cells.drop(index=gap).reset_index(drop=True)  # nothing there to be taken
    rest = Tracks(alone, make_links([], []), 0)
    a, b = (int(np.flatnonzero((alone["frame"] == t) & (alone["label"] == 3))[0]) for t in (1, 7))
    over = done(alone, rest.links, Gestures.on("m", rest).fill(int(rest.track[a]), b))
    tracks = Tracks(alone, over, 0)
    assert tracks.track[a] == tracks.track[b]


@pytest.mark.parametrize(
    ("gesture", "says"),
    [
        (lambda now: now.join(1, row(0, 1)), "not there before frame 0"),
        (lambda now: now.join(1, row(3, 0)), "already"),
        (lambda now: now.cut(row(0, 2)), "begins with"),
        (lambda now: now.swap(1, row(3, 0)), "of another"),
        (lambda now: now.swap(1, row(0, 1)), "frame 0, each"),
        (lambda now: now.re_assign(1, row(3, 0)), "already"),
        (lambda now: now.divide(1, row(0, 1)), "not there before"),
    ],
)
def test_gestures_that_mean_nothing_say_why(gesture: Callable[[Gestures], LinkEdit], says: str) -> None:
    with pytest.raises(InputError, match=says):
        gesture(gestures(*lanes()))


def test_edits_are_checked_where_they_are_made() -> None:
    ref = Places.of(lanes()[0]).ref
    with pytest.raises(ValidationError, match="forward in time"):
        Join(source=ref(row(4, 1)), target=ref(row(4, 2)))
    with pytest.raises(ValidationError, match="forward in time"):
        FillGap(cells=(ref(row(1, 1)), ref(row(3, 1)), ref(row(2, 1))))
    with pytest.raises(ValidationError):
        CellRef(frame=-1, y=0, x=0)


# finding cells again


def test_cells_are_found_again_by_place_whatever_their_labels_and_rows() -> None:
    cells, links = lanes()
    edits = [gestures(cells, links).swap(1, row(4, 1)), gestures(cells, links).delete(row(2, 3))]
    before = apply_link_edits(cells, links, edits)
    order = np.lexsort((-cells["label"], cells["frame"]))
    place = np.argsort(order)
    moved = cells.iloc[order].reset_index(drop=True).assign(label=np.tile(np.arange(LANES) + 7, FRAMES))
    moved[["y", "x"]] += np.random.default_rng(1).normal(0, 0.5, (len(moved), 2))
    moved["area"] *= 1.3
    there = make_links(place[links["source"]], place[links["target"]], links["cost"])
    after = apply_link_edits(moved, there, edits)
    assert not after.lost
    assert {(place[a], place[b]) for a, b in pairs(before.links)} == pairs(after.links)
    assert place[before.dropped].tolist() == after.dropped.tolist()


def test_cells_cut_in_two_or_merged_or_gone_are_lost_and_said() -> None:
    cells, links = lanes()
    edit = gestures(cells, links).swap(1, row(4, 1))
    for change, says in (
        (lambda table: table.assign(area=table["area"].where(table.index != row(4, 1), 39.0)), "no cell fits"),
        (lambda table: table.assign(area=table["area"].where(table.index != row(4, 1), 170.0)), "no cell fits"),
        (lambda table: table.assign(y=table["y"].where(table.index != row(4, 1), 60.0)), "no cell fits"),
    ):
        found = apply_link_edits(change(cells), links, [edit])
        assert [lost.edit for lost in found.lost] == [0]
        assert says in found.lost[0].why
        assert "in frame 4" in found.lost[0].why
        pd.testing.assert_frame_equal(found.links, links)


def test_two_that_fit_are_lost() -> None:
    places = Places(
        np.array([0, 0]), np.array([[10.0, 10.0], [10.0, 11.0]]), np.array([100.0, 100.0]), np.array([1, 2])
    )
    assert len(places.fitting(CellRef(frame=0, y=10, x=10.5, area=100))) == 2
    assert places.fitting(CellRef(frame=0, y=10, x=10, area=100)).tolist() == [0]  # the very place


def test_cells_without_outlines_are_found_within_their_room() -> None:
    cells, _ = lanes(area=0.0)
    places = Places.of(cells)
    ref = places.ref(row(3, 2))
    assert ref.room == 10
    near = ref.model_copy(update={"x": ref.x + 9})
    assert places.fitting(near).tolist() == [row(3, 2)]
    assert not len(places.fitting(ref.model_copy(update={"x": ref.x + 11})))


def test_of_a_track_to_delete_those_that_fit_go() -> None:
    cells, links = lanes()
    edit = gestures(cells, links).delete_track(row(0, 2))
    shifted = cells.assign(y=cells["y"].where(cells.index != row(3, 2), 300.0))
    found = apply_link_edits(shifted, links, [edit])
    assert len(found.dropped) == FRAMES - 1
    assert len(found.lost) == 1


# any sequence


def any_gesture(choice: tuple[int, int, int], now: Gestures) -> LinkEdit | None:
    kind, first, second = choice
    track, at = int(now.track[first % len(now.track)]), second % len(now.track)
    makers: list[Callable[[], LinkEdit]] = [
        lambda: now.join(track, at),
        lambda: now.cut(at),
        lambda: now.swap(track, at),
        lambda: now.divide(track, at),
        lambda: now.delete(at),
        lambda: now.re_assign(track, at),
        lambda: now.fill(track, at),
        lambda: now.accept(at),
    ]
    try:
        return makers[kind % len(makers)]()
    except InputError:
        return None


CHOICES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 999), st.integers(0, 999)), max_size=8)


@settings(max_examples=60, deadline=None)
@given(CHOICES, st.randoms(use_true_random=False))
def test_any_sequence_with_undo_and_redo_ends_where_it_should(choices: list[tuple[int, int, int]], rng: object) -> None:
    cells, links = lanes()
    edits: list[LinkEdit] = []
    states = [apply_link_edits(cells, links, [])]
    for choice in choices:
        now = states[-1]
        kept = without(cells, now.links, now.dropped)
        edit = any_gesture(choice, Gestures.on("m", Tracks(*kept, 3)))
        if edit is None:
            continue
        edits.append(edit)
        states.append(apply_link_edits(cells, links, edits))
        check_links(cells, states[-1].links)
        assert not states[-1].lost
        one_more = apply_link_edits(cells, now.links, [edit], now.dropped)  # what the window does
        pd.testing.assert_frame_equal(one_more.links, states[-1].links, check_like=True)
        np.testing.assert_array_equal(one_more.dropped, states[-1].dropped)
    assert [KINDS[edit.kind].model_validate_json(edit.model_dump_json()) for edit in edits] == edits
    done = len(edits)
    for _ in range(12):  # undo and redo in any order
        done = min(max(done + rng.choice((-1, 1)), 0), len(edits))  # type: ignore[attr-defined]
        found = apply_link_edits(cells, links, edits[:done])
        pd.testing.assert_frame_equal(found.links, states[done].links)
        np.testing.assert_array_equal(found.dropped, states[done].dropped)
    pd.testing.assert_frame_equal(apply_link_edits(cells, links, edits[:0]).links, links)


def test_the_text_of_an_edit_is_what_keys_were_made_of_and_no_copy_keeps_an_old_one():
    made = Gestures.on("m", Tracks(*lanes()))
    edits = [made.cut(row(3, 1)), made.join(1, row(4, 2)), made.delete(row(5, 4))]
    assert digest_with("abc", edits) == digest(["abc", records(edits)])
    assert digest_with("abc", []) == digest(["abc", []])
    other = edits[0].model_copy(update={"movie": "n"})
    assert digest_with("abc", [other]) == digest(["abc", records([other])]) != digest_with("abc", edits[:1])
    assert edits[0] == type(edits[0]).model_validate(
        edits[0].model_dump()
    )  # one that knows its text, one that does not


def test_tables_without_rows_are_what_pandas_would_leave():
    cells, links = lanes()
    links["by_hand"] = np.arange(len(links)) % 3 == 0
    gone = np.array([row(2, 3), row(6, 0)])
    kept = np.setdiff1d(np.arange(len(cells)), gone)
    left_cells, left = without(cells, links, gone)
    pd.testing.assert_frame_equal(left_cells, cells.iloc[kept].reset_index(drop=True))
    there = links[~links["source"].isin(gone) & ~links["target"].isin(gone)]
    number = pd.Series(np.arange(len(kept)), index=kept)
    renumbered = there.assign(source=number[there["source"]].to_numpy(), target=number[there["target"]].to_numpy())
    pd.testing.assert_frame_equal(left, renumbered.reset_index(drop=True))
    assert np.array_equal(links["source"], lanes()[1]["source"])  # what came in is as it was
