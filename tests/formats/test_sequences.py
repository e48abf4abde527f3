from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.sequences import read_sequences


def table(path, **columns):
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def test_rows_are_sorted_and_gaps_end_runs(tmp_path):
    path = table(tmp_path / "s.csv", track=[2, 1, 1, 1, 2, 1], frame=[5, 3, 1, 2, 6, 5], state=list("abaabb"))
    found = read_sequences(path)
    assert found.track.tolist() == [0, 0, 0, 0, 1, 1]
    assert found.frame.tolist() == [1, 2, 3, 5, 5, 6]
    assert found.run.tolist() == [0, 0, 0, 1, 2, 2]
    assert found.names == ("a", "b")
    assert found.state.tolist() == [1, 1, 2, 2, 1, 2]
    assert found.spacing == 1
    assert set(found.condition) == {"all"}


def test_own_names_of_columns_and_states(tmp_path):
    path = table(tmp_path / "s.csv", cell=["x", "x"], when=[0, 20], doing=["run", None], drug=["", "yes"][::-1])
    with pytest.raises(InputError, match="two conditions"):
        read_sequences(path, states="doing", track="cell", time="when", condition="drug")
    found = read_sequences(path, states="doing", track="cell", time="when")
    assert found.names == ("run",)
    assert found.state.tolist() == [1, 0]  # a blank is no state
    assert found.spacing == 20


@pytest.mark.parametrize(
    ("states", "names"),
    [
        ([3, 10, 2], (2, 3, 10)),
        ([1.0, None, 2.0], (1, 2)),
        (["10", "9", "b"], ("10", "9", "b")),
        (["01", "1", "1"], ("01", "1")),
    ],
)
def test_states_come_back_as_they_stood(tmp_path, states, names):
    found = read_sequences(table(tmp_path / "s.csv", track=[1, 1, 1], frame=[0, 1, 2], state=states))
    assert found.names == names


def test_tracks_of_two_movies_are_not_joined(tmp_path):
    found = read_sequences(
        table(tmp_path / "s.csv", movie=["a", "b"], track=[1, 1], frame=[0, 1], state=[1, 1], condition=["x", None])
    )
    assert len(set(found.track)) == 2
    assert found.condition.tolist() == ["x", "all"]
    assert len(np.unique(found.run)) == 2


def test_what_is_wrong_is_said(tmp_path):
    path = tmp_path / "s.csv"
    with pytest.raises(InputError, match="rows 2 and 3: track 7 is twice"):
        read_sequences(table(path, track=[7, 7], frame=[1, 1], state=[1, 2]))
    with pytest.raises(InputError, match="blank in every row"):
        read_sequences(table(path, track=[7, 7], frame=[1, 2], state=["", None]))
    with pytest.raises(InputError, match="row 3: track is blank"):
        read_sequences(table(path, track=["a", None], frame=[1, 2], state=[1, 2]))
    with pytest.raises(InputError, match="did you mean 'state'"):
        read_sequences(table(path, track=[7], frame=[1], state=[2]), states="stat")
