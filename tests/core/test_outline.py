from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from napari_cellstate.core.apply_links import apply_link_edits
from napari_cellstate.core.cell_ref import CellRef, Places
from napari_cellstate.core.gestures import Gestures
from napari_cellstate.core.outline import outline_of, under
from napari_cellstate.core.tables import make_links
from napari_cellstate.core.tracks import Tracks


def bent(moved: int = 0) -> np.ndarray:
    """A long cell bent around another, 60 x 60 px, labels 1 and 2."""
    plane = np.zeros((60, 60), np.uint32)
    plane[10 + moved : 50, 10:14], plane[46:50, 10:50] = 1, 1
    plane[20:30, 25:35] = 2
    return plane


def table(planes: list[np.ndarray]) -> pd.DataFrame:
    rows = []
    for frame, plane in enumerate(planes):
        for label in np.unique(plane[plane > 0]).tolist():
            y, x = np.nonzero(plane == label)
            rows.append((frame, label, y.mean(), x.mean(), float(len(y))))
    return pd.DataFrame(rows, columns=["frame", "label", "y", "x", "area"])


def test_an_outline_fits_itself_and_what_covers_most_of_it_both_ways() -> None:
    plane = bent()
    outline = outline_of(plane, 1)
    assert len(outline) < 80
    assert under(outline, plane) == [1]
    assert under(outline, bent(10)) == [1]
    halves = plane.copy()
    halves[46:50, 12:50] = 3
    assert under(outline, halves) == []  # each of the halves has 152 of 304 px: not more than half
    merged = np.where(plane > 0, 1, plane)
    assert under(outline, merged) == [1]  # 304 of 404 px
    assert under(outline_of(plane, 2), merged) == []
    assert under(outline, np.zeros_like(plane)) == []
    assert outline_of(plane, 9) == ""


def test_a_long_cell_is_found_again_by_its_outline_where_a_disc_would_not_do() -> None:
    before, after = [bent(), bent()], [bent(12), bent(12)]
    cells, again = table(before), table(after)
    tracks = Tracks(cells, make_links([0, 1], [2, 3]), 3)
    by_disc = Gestures.on("m", tracks).cut(2)
    by_outline = Gestures.on("m", tracks, before.__getitem__).cut(2)
    links = make_links([0, 1], [2, 3])
    assert apply_link_edits(again, links, [by_outline], plane=after.__getitem__).lost == ()
    far = again.assign(y=again["y"] + np.where(again["label"] == 1, 9.0, 0.0))  # a middle that tells little
    assert apply_link_edits(far, links, [by_disc]).lost
    assert len(apply_link_edits(far, links, [by_outline], plane=after.__getitem__).links) == 1


def test_records_without_an_outline_are_as_they_were() -> None:
    cells = table([bent()])
    ref = Places.of(cells).ref(0)
    assert "outline" not in ref.model_dump(mode="json")
    kept = Places.of(cells, lambda _: bent()).ref(0)
    assert CellRef.model_validate_json(kept.model_dump_json()) == kept
    assert kept.outline
    for wrong in ("x", "1,2,3,4,zz", kept.outline[:-3], "0,0,1,1," + kept.outline.split(",", 4)[4]):
        with pytest.raises(ValidationError, match="not an outline"):
            CellRef(frame=0, y=1.0, x=1.0, outline=wrong)
