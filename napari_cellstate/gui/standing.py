"""Where each stage stands over all movies, in one word and one line. No windows here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any

from napari_cellstate.experiment.stages import MOVIE_STAGES, NAMES

_RESULT = {"segment": "frames", "measure": "cells", "link": "tracks", "features": "rows"}
_OLD = "out of date"
_WORDS = {"rows": "windows"}


@dataclass(frozen=True)
class Standing:
    """One stage.

    Attributes
    ----------
    status : one of `Status`, or "part": some movies are done and others not.
    line : what it found, or what is to do.
    more : what does not fit into the line.
    """

    status: str
    line: str
    more: str = ""


def standings(status: dict[str, Any]) -> dict[str, Standing]:
    """Each stage's standing, from what `experiment.status.status` found."""
    found = {stage.name: _of_movies(stage.name, status["movies"]) for stage in MOVIE_STAGES}
    for stage in NAMES[len(MOVIE_STAGES) :]:
        word = status["stages"].get(stage, "missing")
        there = word != "missing"
        line = _OLD if word == "stale" else _pooled_line(stage, status["summary"]) if there else ""
        found[stage] = Standing(word, line, _shares(status["summary"]) if stage == "states" and there else "")
    return found


def _of_movies(stage: str, movies: list[dict[str, Any]]) -> Standing:
    words = Counter(movie["stages"][stage] for movie in movies)
    if not words:
        return Standing("missing", "")
    done = words["fresh"] + words["given"] + words["edited"]
    old = words["stale"] + words["edits-at-risk"]
    now = "edits-at-risk" if words["edits-at-risk"] else "stale"
    if words["given"] == len(movies):
        return Standing("given", "given")
    if done == len(movies):
        return Standing("edited" if words["edited"] else "fresh", _sum_line(stage, movies), _more(stage, movies))
    if old and not words["missing"]:
        return Standing(now, _OLD if old == len(movies) else f"{old} of {len(movies)} {_OLD}")
    if done or old:
        return Standing("part", f"{done} of {len(movies)} movies done")
    return Standing("missing", "")


def _sum_line(stage: str, movies: list[dict[str, Any]]) -> str:
    key = _RESULT[stage]
    values = [movie["summary"].get(key) for movie in movies]
    numbers = [value for value in values if isinstance(value, int)]
    return f"{sum(numbers):,} {_WORDS.get(key, key)}" if numbers else ""


def _more(stage: str, movies: list[dict[str, Any]]) -> str:
    """What the cells themselves told of how they move and divide, and what is left out of what follows."""
    told = [movie["summary"] for movie in movies]
    steps = [one["typical_step_px"] for one in told if "typical_step_px" in one]
    if stage == "link" and steps:
        rates = [one["divisions_per_cell_and_frame"] for one in told if "divisions_per_cell_and_frame" in one]
        sizes = [one["typical_size_px"] for one in told if "typical_size_px" in one]
        wide = f", cells {median(sizes):.3g} px wide" if sizes else ""
        divisions = sum(one.get("divisions", 0) for one in told)
        return (
            f"typical step {median(steps):.2g} px a frame{wide}; {divisions:,} divisions "
            f"({median(rates):.2%} of the cells a frame)"
        )
    left_out = sum(one.get("tracks_left_out", 0) for one in told)
    if stage == "features" and left_out:
        tracks = sum(one.get("tracks", 0) for one in told)
        return f"{left_out:,} of {tracks:,} tracks are left out: states lean to the rest"
    return ""


def _pooled_line(stage: str, summary: dict[str, Any]) -> str:
    if stage == "states" and "states" in summary:
        return f"{summary['states']} states"
    if stage == "dynamics" and "transitions" in summary:
        return f"{summary['transitions']:,} switches"
    if stage == "embed" and "rows" in summary:
        return f"{summary['rows']:,} windows"
    return ""


def _shares(summary: dict[str, Any]) -> str:
    shares = summary.get("shares", [])
    return "\n".join(f"state {nth}: {share:.0%} of the windows" for nth, share in enumerate(shares, start=1))
