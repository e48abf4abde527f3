"""Figures of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.compare.design import Design
from napari_cellstate.compare.finding import Finding
from napari_cellstate.dynamics.dwell import find_bouts
from napari_cellstate.dynamics.intervals import MOVIE
from napari_cellstate.dynamics.survival import survival_table, survivals
from napari_cellstate.experiment.comparing.comparison import Comparison, pair_of
from napari_cellstate.experiment.comparing.questions import by_tracks, count_samples
from napari_cellstate.experiment.comparing.words import short_name
from napari_cellstate.experiment.observations import Observations

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

MOST_PANELS = 8


@dataclass(frozen=True)
class Picture:
    """A figure to be: its file name, a caption, and what makes it."""

    name: str
    caption: str
    make: Callable[[], Figure]


def pictures_of(result: Comparison) -> list[Picture]:
    """All figures that the comparison has something for."""
    seen, many = result.seen, len(result.designs) > 1
    found: list[Picture] = []
    for nth, design in enumerate(result.designs):
        suffix = f"_{nth + 1}" if many else ""
        found += _of_pair(result, design, suffix)
    if seen.states:
        found.append(Picture("dwell", "How long cells stay in each state.", lambda: dwell_figure(result)))
    if seen.states or seen.features:
        found.append(Picture("superplots", "Cells (faint) and replicates (bold: the n).", lambda: superplots(result)))
    if "progress" in result.details:
        caption = "Mean pseudotime of the same points as they drift with the movements of each condition."
        found.append(Picture("progress", caption, lambda: _progress(result)))
    if _has_paths(seen):
        caption = "Tracks from a common origin, coloured by time."
        found.append(Picture("paths", caption, lambda: _paths(seen)))
    if len(seen.features) > 1:
        found.append(Picture("clustermap", "Means of replicates.", lambda: _clustermap(seen)))
    return found


def _of_pair(result: Comparison, design: Design, suffix: str) -> list[Picture]:
    """Effects and difference vectors of one pair of conditions."""
    pair, findings = pair_of(design), result.of(design)
    found = []
    rates = [one for one in findings if one.question in ("overall rate", "rates", "dwell")]
    if rates:
        caption = f"Ratios of rates and of hazards of leaving, {pair}, with 95 % intervals; shaded: the margin."
        found.append(Picture(f"rates{suffix}", caption, lambda: ratio_figure(rates, pair)))
    sds = [one for one in findings if one.question in ("states", "means")]
    if sds:
        caption = f"Means, {pair}, in standard deviations, with 95 % intervals; shaded: the margin."
        found.append(Picture(f"means{suffix}", caption, lambda: _sd_figure(sds, pair)))
    vectors = result.details["pairs"][pair].get("vectors")
    if vectors:
        caption = f"Difference vectors in {vectors['space']}: length beside noise, and how alike they are."
        found.append(Picture(f"vectors{suffix}", caption, lambda: _vectors(vectors, pair)))
    return found


def effects_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """What forest plots draw."""
    import pandas as pd

    rows = [(short_name(one), one.estimate, one.low, one.high, one.verdict) for one in findings]
    return pd.DataFrame(rows, columns=["name", "estimate", "low", "high", "verdict"])


def ratio_figure(findings: Sequence[Finding], pair: str) -> Figure:
    """Forest plot of ratios."""
    from napari_cellstate.plots.forest import forest

    margin = findings[0].margin
    return forest(effects_table(findings), label=f"ratio, {pair}", margin=margin, title="Rates")


def _sd_figure(findings: Sequence[Finding], pair: str) -> Figure:
    from napari_cellstate.plots.forest import forest

    ordered = sorted(findings, key=lambda one: -abs(np.nan_to_num(one.estimate)))[:40]
    title = f"Means ({len(ordered)} largest of {len(findings)})" if len(ordered) < len(findings) else "Means"
    return forest(
        effects_table(ordered), label=f"difference, sd ({pair})", margin=findings[0].margin, ratio=False, title=title
    )


def _vectors(vectors: dict[str, Any], pair: str) -> Figure:
    from napari_cellstate.plots.vectors import difference_figure

    length, noise, cosine = (np.array(vectors[name], np.float64) for name in ("length", "noise", "cosine"))
    names = [_title(name) for name in vectors["groups"]]
    return difference_figure(names, length, noise, cosine, title=f"Difference vectors, {pair}")


def survival_of(seen: Observations) -> pd.DataFrame:
    """Survival of stays in each condition and state, with bands over replicates."""
    bouts = find_bouts(seen.run, seen.frame, seen.state, spacing=seen.lag)
    condition = seen.samples.condition[seen.sample]
    found = survivals(bouts, len(seen.states), condition=condition, movie=seen.sample, track=seen.track)
    table = survival_table(found, dt_s=seen.dt_s)
    return table.assign(unit=table["unit"].replace(MOVIE, "replicate"))


def state_names(seen: Observations) -> dict[int, str]:
    """Titles of the states by number."""
    return {nth + 1: _title(name) for nth, name in enumerate(seen.states)}


def dwell_figure(result: Comparison) -> Figure:
    """Survival of stays, with the hazard ratio of the first pair of conditions."""
    from napari_cellstate.plots.dwell import dwell

    seen = result.seen
    names, remarks = state_names(seen), hazard_texts(result)
    return dwell(survival_of(seen), dt_s=seen.dt_s, names=names, conditions=seen.conditions, remarks=remarks)


def hazard_texts(result: Comparison) -> dict[int, str]:
    """Hazard ratio and interval of each state, where there are two conditions."""
    if len(result.designs) > 1:
        return {}
    found = [one for one in result.findings if one.question == "dwell"]
    return {
        nth + 1: f"hazard ratio {one.estimate:.2f}\n({one.low:.2f} to {one.high:.2f})" for nth, one in enumerate(found)
    }


def superplots(result: Comparison) -> Figure:
    """Switches, occupancy and the features that differ most."""
    from napari_cellstate.plots.superplot import superplot

    cells, replicates = super_tables(result)
    paired = any(design.paired for design in result.designs)
    return superplot(cells, replicates, conditions=result.seen.conditions, paired=paired)


def super_tables(result: Comparison) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells and replicates: quantity, condition, replicate, value."""
    import pandas as pd

    seen = result.seen
    cells: list[pd.DataFrame] = []
    bold: list[pd.DataFrame] = []
    samples = seen.samples
    track_sample = np.zeros(int(seen.track.max(initial=-1)) + 1, np.int64)
    track_sample[seen.track] = seen.sample

    def add(quantity: str, of_tracks: NDArray[Any], of_samples: NDArray[Any]) -> None:
        for values, at, into in (
            (of_tracks, track_sample, cells),
            (of_samples, np.arange(len(samples.condition)), bold),
        ):
            told = {"condition": samples.condition[at], "replicate": samples.replicate[at], "value": values}
            into.append(pd.DataFrame({"quantity": quantity, **told}))

    if seen.states:
        counts, rows = count_samples(seen)
        tracks, k = len(track_sample), len(seen.states)
        shares = np.zeros((tracks, k + 1))
        np.add.at(shares, (seen.track, seen.state), 1)
        shares = shares[:, 1:] / np.maximum(shares[:, 1:].sum(axis=1, keepdims=True), 1)
        exposure = counts.sum(axis=(1, 2))
        changes = exposure - np.trace(counts, axis1=1, axis2=2)
        rate = changes / np.maximum(exposure * seen.pair_time, 1e-12)
        add(f"switches per {seen.time_unit}", _switches(seen, tracks), rate)
        totals = np.maximum(rows.sum(axis=1, keepdims=True), 1)
        for nth, name in enumerate(seen.states):
            add(f"share in {_title(name)}", shares[:, nth], (rows / totals)[:, nth])
    values, movie_of = by_tracks(seen)
    for at in leading_features(result):
        means = _sample_means(values[:, at], movie_of, seen)
        add(seen.features[at], values[:, at], means)
    nothing = pd.DataFrame(columns=["quantity", "condition", "replicate", "value"])
    return pd.concat(cells) if cells else nothing, pd.concat(bold) if bold else nothing


def leading_features(result: Comparison) -> list[int]:
    """Features whose mean has the smallest p, or the largest effect where nothing was tested."""
    best: dict[int, tuple[float, float]] = {}
    asked = [one for one in result.findings if one.question == "means"]
    for nth, one in enumerate(asked):
        at = nth % len(result.seen.features)
        rank = (one.p if np.isfinite(one.p) else 2.0, -abs(np.nan_to_num(one.estimate)))
        best[at] = min(best.get(at, (3.0, 0.0)), rank)
    of_states = len(result.seen.states) + 1 if result.seen.states else 0
    return sorted(sorted(best, key=lambda at: best[at])[: max(MOST_PANELS - of_states, 3)])


def _sample_means(values: NDArray[Any], movie_of: NDArray[Any], seen: Observations) -> NDArray[Any]:
    there = np.isfinite(values)
    movies = len(seen.samples.of)
    total = np.bincount(movie_of[there], values[there], movies)
    n = np.bincount(movie_of[there], minlength=movies)
    return seen.samples.mean(np.divide(total, n, out=np.full(movies, np.nan), where=n > 0))


def _switches(seen: Observations, tracks: int) -> NDArray[Any]:
    """Changes of state per unit of time of each track."""
    from napari_cellstate.dynamics.pairs import row_pairs

    pairs = row_pairs(seen.run, seen.frame, seen.lag)
    pairs = pairs[(seen.state[pairs] > 0).all(axis=1)]
    track = seen.track[pairs[:, 0]]
    changed = seen.state[pairs[:, 0]] != seen.state[pairs[:, 1]]
    n = np.bincount(track, minlength=tracks)
    events, rate = np.bincount(track[changed], minlength=tracks), np.full(tracks, np.nan)
    np.divide(events, n * seen.pair_time, out=rate, where=n > 0)
    return rate


def _progress(result: Comparison) -> Figure:
    from napari_cellstate.plots.curves import curves

    said = result.details["progress"]
    known = {name: values for name, values in said["pseudotime"].items() if values}
    return curves(known, label=f"mean pseudotime (from {_title(said['root'])})", title="Phase simulation")


def _has_paths(seen: Observations) -> bool:
    """Whether some track has positions at two times."""
    rows = np.flatnonzero(np.isfinite(seen.place).all(axis=1))
    return len(rows) > len(np.unique(seen.track[rows]))


def _paths(seen: Observations) -> Figure:
    import pandas as pd

    from napari_cellstate.plots.paths import paths

    table = pd.DataFrame(
        {
            "movie": seen.movie,
            "condition": seen.samples.condition[seen.sample],
            "track": seen.track,
            "frame": seen.frame,
            "y": seen.place[:, 0],
            "x": seen.place[:, 1],
            "state": seen.state if len(seen.state) else 0,
        }
    )
    if seen.dt_s:
        table["time_s"] = table["frame"] * seen.dt_s
    length = seen.place_unit or "unit of the table"
    return paths(table, colour="time", length=length, conditions=seen.conditions)


def _clustermap(seen: Observations) -> Figure:
    from napari_cellstate.plots.clustermap import clustermap

    values, movie_of = by_tracks(seen)
    means = np.stack([_sample_means(column, movie_of, seen) for column in values.T], axis=1)
    return clustermap(means, seen.features, seen.samples.condition.tolist(), seen.samples.replicate.tolist())


def _title(name: str) -> str:
    return f"state {name}" if name.isdigit() else name
