from __future__ import annotations

import numpy as np
import pytest

import napari_cellstate as cs
from napari_cellstate.experiment.preview import Preview
from napari_cellstate.methods import available
from tests.experiment_kit import FRAMES, results

SEGMENT = [{}, {"contrast": 9.0}, {"min_area": 30}, {"smoothing": 2.0, "neck": 0.3}, {"diameter": 12.0}]


@pytest.fixture
def preview(two_movies):
    with_movie = Preview(two_movies, "young_1")
    yield with_movie
    with_movie.close()


def test_a_frame_is_that_of_the_run(two_movies, preview):
    cs.run(two_movies, until="segment")
    for frame in (0, 7, FRAMES - 1):
        assert np.array_equal(preview.segment(cs.Recipe(), frame), two_movies.labels("young_1")[frame])


@pytest.mark.parametrize("settings", SEGMENT)
def test_settings_are_followed_and_estimates_are_those_of_the_whole_movie(two_movies, preview, settings):
    preview.segment(cs.Recipe(), 3)  # from now on, estimates are kept
    method = available("segment")["threshold"](**settings)
    recipe = cs.recipe_from({"segment": {"method": "threshold", **settings}})
    movie = two_movies.movie("young_1")
    expected = method.estimated(movie).segment(movie.image(3))
    movie.close()
    assert np.array_equal(preview.segment(recipe, 3), expected)


def test_nothing_is_written(two_movies, preview):
    before = results(two_movies.root)
    preview.segment(cs.Recipe(), 0)
    preview.link(cs.Recipe(), 0)
    assert results(two_movies.root) == before


def test_links_before_and_after_measuring_are_the_same(two_movies, preview):
    found = preview.link(cs.Recipe(), 0, ahead=FRAMES)
    cs.run(two_movies, until="link")
    again = preview.link(cs.Recipe(), 0, ahead=FRAMES)
    assert np.array_equal(found.rows, again.rows)
    assert found.links == len(two_movies.links("young_1"))
    track = two_movies.tracks("young_1").track
    assert len(np.unique(found.rows[:, 0])) == track.max()


def test_links_end_with_the_movie(preview):
    found = preview.link(cs.Recipe(), FRAMES - 3)
    assert found.frames == (FRAMES - 3, FRAMES)
    assert set(found.rows[:, 1]) == {FRAMES - 3, FRAMES - 2, FRAMES - 1}


def test_what_cannot_be_shown_is_said(two_movies, preview, tmp_path):
    with pytest.raises(cs.InputError, match=f"frame 99 is not used; expected 0 to {FRAMES - 1}"):
        preview.segment(cs.Recipe(), 99)
    table = tmp_path / "t.csv"
    table.write_text("track,frame,y,x\n1,0,1,1\n1,1,2,2\n")
    cs.add(two_movies, tracks=table)
    with pytest.raises(cs.InputError, match="nothing to segment"):
        Preview(two_movies, "t").segment(cs.Recipe(), 0)
    assert Preview(two_movies, "t").link(cs.Recipe(), 0).links == 1
