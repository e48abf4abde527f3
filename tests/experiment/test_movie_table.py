from __future__ import annotations

import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.movie_table import movie_table


def sheet(tmp_path, text):
    path = tmp_path / "movies.csv"
    path.write_text(text)
    return path


def test_a_table_says_it_of_many_movies(two_movies, tmp_path, capsys):
    path = sheet(
        tmp_path, "movie,condition,animal,dt_s,drug,well\nyoung_1.ome.tif,old,m1,60,FGF2,B2\naged_1,,m2,,none,\n"
    )
    before = two_movies.movies
    assert len(cs.update_from_table(two_movies, path, preview=True)) == 2 and two_movies.movies == before
    assert main(["update", str(two_movies.root), "--table", str(path)]) == 0
    assert "2 movies changed" in capsys.readouterr().out
    young, aged = two_movies.movies
    assert (young.condition, young.replicate, young.dt_s, young.about) == (
        "old",
        "m1",
        60.0,
        {"drug": "FGF2", "well": "B2"},
    )
    assert (aged.condition, aged.replicate, aged.dt_s, aged.about) == ("aged", "m2", before[1].dt_s, {"drug": "none"})
    assert cs.update_from_table(two_movies, path) == ()  # the same again changes nothing
    table = movie_table(two_movies)
    assert table.columns.tolist() == ["movie", "condition", "replicate", "dt_s", "pixel_size_um", "drug", "well"]
    table.to_csv(path, index=False)
    assert cs.update_from_table(two_movies, path) == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("movie,condition\nnobody,a\n", "row 2: no movie 'nobody'"),
        ("movie,condition\nyoung_1,a\nyoung_1,b\n", "both are movie young_1"),
        ("movie,dt_s\nyoung_1,fast\n", "dt_s is 'fast'"),
        ("movie,dt_s\nyoung_1,-3\n", "row 2: dt_s"),
        ("movie\nyoung_1\n", "nothing but 'movie'"),
        ("condition\na\n", "no column 'movie'"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(two_movies, tmp_path, text, says):
    before = two_movies.movies
    with pytest.raises(InputError, match=says):
        cs.update_from_table(two_movies, sheet(tmp_path, text))
    assert two_movies.movies == before


def test_update_wants_a_movie_or_a_table(two_movies, capsys):
    assert main(["update", str(two_movies.root)]) == 2
    assert "--table" in capsys.readouterr().err
