from __future__ import annotations

from dataclasses import dataclass

import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.treatments import treatments


@dataclass
class Said:
    movies: tuple[MovieEntry, ...]


def said(*given):
    movies = [
        MovieEntry(name=f"m{nth}", shape=(3, 1, 9, 9), frames=(0, 3), condition=condition, about=about)
        for nth, (condition, about) in enumerate(given)
    ]
    return Said(tuple(movies))


def test_times_of_each_condition_once():
    found = treatments(
        said(
            ("drug", {"treated_h": "12; 2.5"}),
            ("drug", {"treated_h": "2.5,20"}),
            ("none", {"well": "B2"}),
            ("", {"treated_h": "1"}),
        )
    )
    assert found == {"drug": (2.5, 12.0, 20.0), "all": (1.0,)}


@pytest.mark.parametrize("word", ["noon", "nan"])
def test_what_is_no_number_is_said(word):
    with pytest.raises(InputError, match=f"movie m0: treated_h is '{word}'"):
        treatments(said(("drug", {"treated_h": word})))
