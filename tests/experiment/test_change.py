from __future__ import annotations

import numpy as np
import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main


def test_a_corrected_pixel_size_costs_only_the_pooled_stages(two_movies):
    cs.run(two_movies)
    before = two_movies.behavior[:, "speed"].X
    for name in ("young_1", "aged_1"):
        assert cs.update(two_movies, name, pixel_size=1.3).pixel_size_um == 1.3
    assert [stage for _, stage in cs.run(two_movies).done] == ["embed", "states", "dynamics"]
    assert np.allclose(two_movies.behavior[:, "speed"].X, 2 * before)


def test_condition_can_be_emptied(two_movies):
    assert cs.update(two_movies, "young_1", condition="").condition == ""


def test_what_cannot_be_changed(two_movies):
    with pytest.raises(cs.InputError, match="nothing to change"):
        cs.update(two_movies, "young_1")
    with pytest.raises(cs.InputError, match="no movie 'old_1'; there are: young_1, aged_1"):
        cs.update(two_movies, "old_1", dt=1)
    with pytest.raises(cs.InputError, match="--dt 0"):
        cs.update(two_movies, "young_1", dt=0)


def test_removed_and_added_again(two_movies):
    cs.run(two_movies)
    path = two_movies.entry("aged_1").images.resolve(two_movies.root)
    cs.remove(two_movies, "aged_1")
    assert [stage for _, stage in cs.run(two_movies).done] == ["embed", "states", "dynamics"]
    assert set(two_movies.behavior.obs["movie"]) == {"young_1"}
    cs.add(two_movies, path, condition="aged", replicate="1")
    assert [stage for _, stage in cs.run(two_movies).done] == ["embed", "states", "dynamics"]


def test_in_the_terminal(two_movies, capsys):
    assert main(["update", str(two_movies.root), "young_1", "--condition", "adult"]) == 0
    assert "condition adult" in capsys.readouterr().out
    assert main(["remove", str(two_movies.root), "young_1"]) == 0
    assert main(["remove", str(two_movies.root), "young_1"]) == 2
    assert "no movie 'young_1'" in capsys.readouterr().err
