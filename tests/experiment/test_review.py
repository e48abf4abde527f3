from __future__ import annotations

import json

import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.core.review_edits import Accept
from napari_cellstate.experiment.review import MovieReview, measured_error, sample_links, tracking_summary
from napari_cellstate.experiment.reviewing import judge_links
from tests.experiment_kit import exchanged_tracks


@pytest.fixture
def given(tmp_path):
    """Six given tracks over twelve frames; two of them exchange their places for good between frames 5 and 6."""
    return exchanged_tracks(tmp_path)


def test_given_tracks_are_reviewed_and_what_was_accepted_is_remembered(given):
    review = MovieReview.of(given, "m")
    queue = review.queue()
    first, second = (review.item(int(row)) for row in queue[:2])
    assert {first.frame, second.frame} == {6}
    assert "jump" in first.reasons
    cs.edit(given, Accept(movie="m", cells=first.cells, reasons=first.reasons))
    later = MovieReview.of(cs.Experiment(given.root), "m")
    assert len(later.queue()) == len(queue) - 1
    assert later.item(int(later.queue()[0])).cells == second.cells
    cs.undo(given)
    assert len(MovieReview.of(given, "m").queue()) == len(queue)


def test_the_error_rate_of_a_sample_is_stored_and_told(given):
    assert measured_error(given).judged == 0
    items, judged = sample_links(given, 1, 20)
    assert len(items) == 20
    assert not any(judged)
    for nth, item in enumerate(items):
        cs.edit(given, item.judge(1, "wrong" if nth < 2 else "right"))
    again, judged = sample_links(cs.Experiment(given.root), 1, 20)
    assert again == items
    assert all(judged)
    cs.edit(given, items[0].judge(1, "right"))  # the later verdict counts
    assert (measured_error(given).wrong, measured_error(given).judged) == (1, 20)
    found = tracking_summary(given)
    assert found["words"][1].startswith("Link errors: 1 of 20 links drawn at random were wrong: 5.0%")
    assert cs.status(given)["link_errors"]["judged"] == 20
    assert cs.status(given)["movies"][0]["stages"]["link"] == "fresh"


def test_the_queue_and_the_sample_in_the_terminal(given, capsys):
    folder = str(given.root)
    assert main(["review", folder, "--next", "2", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["links"]
    assert {first["frame"], second["frame"]} == {6}
    assert first["doubt"] >= second["doubt"]
    assert "jump" in first["reasons"]
    assert main(["review", folder, "--next", "1", "--accept", f"m:{first['track']}:6", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["links"] == [second]
    assert main(["review", folder, "--sample", "20", "--wrong", "3", "--right", *map(str, [1, 2, *range(4, 21)])]) == 0
    said = capsys.readouterr().out
    assert "Link errors: 1 of 20 links drawn at random were wrong: 5.0%" in said
    assert said.count("True") == 20
    assert measured_error(given) == judge_links(given, {}, 20)


def test_a_review_that_names_nothing_says_so(given, capsys):
    folder = str(given.root)
    for arguments, why in (
        (["--accept", "m:99:3"], "no link leads to track 99 in frame 3"),
        (["--accept", "m-3"], "expected MOVIE:TRACK:FRAME"),
        (["--sample", "5", "--wrong", "6"], "the sample has links 1 to 5"),
        (["--movie", "n"], "no movie 'n'"),
    ):
        assert main(["review", folder, *arguments]) == 2
        assert why in capsys.readouterr().err
    assert not given.history.done
