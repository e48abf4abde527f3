"""The verb `stains`: stain images of many movies, and how each stain goes along the states."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.compare.stains import StainTrend, stain_trend, state_means
from napari_cellstate.core import atomic
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.comparing.comparison import number
from napari_cellstate.experiment.export import make_folder
from napari_cellstate.experiment.staining.measure import Stained, StainImage, measure_stain
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.formats.read_sheet import read_sheet
from napari_cellstate.formats.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

BINS = 5
"""Equal groups of cells along pseudotime."""


@dataclass(frozen=True, eq=False)
class Stains:
    """What `stains` found.

    Attributes
    ----------
    table : a row a matched cell.
    content : what stains.json holds: images (registration, matched, unmatched by state) and stains (mean and interval
        of each state, trend, turn), for each condition.
    """

    table: pd.DataFrame
    content: dict[str, Any]

    def text(self) -> str:
        """What the terminal prints."""
        lines = [_image_text(one) for one in self.content["images"]]
        return "\n".join([*lines, *(one["says"] for one in self.content["stains"])])


def stains(
    experiment: Experiment | str | Path,
    table: str | Path,
    out: str | Path,
    *,
    channel: int = 0,
    cap: float = 0.0,
    max_angle: float = 10.0,
    order: str = "",
    along: str = "",
    force: bool = False,
    progress: Progress = silent,
) -> Stains:
    """Match stain images to last frames and say how each stain goes along the states.

    Parameters
    ----------
    experiment : with states.
    table : CSV with columns movie, image, and labels where outlines of the stained cells are given; paths may be
        relative to the table.
    out : folder for stains.json, stains.csv and a figure; it must be empty.
    channel : in which cells are found, from 0; every channel is measured.
    cap : px, the farthest that matched cells may lie apart; 0 takes the typical radius.
    max_angle : degrees that the image may be turned.
    order : states in the order along which a stain is expected to rise or fall, such as "1,3,2"; it must not come
        from the stain itself.
    along : column of the behaviour table (pseudotime); the stain is then followed over five groups of it instead.
    force : write into a folder that is not empty.

    Notes
    -----
    n is replicates. Unmatched cells are not missing at random: look at how many of each state are lost.
    """
    experiment = as_experiment(experiment)
    images = _images(Path(table), experiment)
    found = []
    for nth, one in enumerate(images):
        progress(nth, len(images), f"stain of {one.movie}")
        entry = experiment.entry(one.movie)
        found.append(measure_stain(experiment, entry, one, channel=channel, cap=cap, max_angle=max_angle, along=along))
    import pandas as pd

    cells = pd.concat([one.table for one in found], ignore_index=True)
    groups, names = _groups(cells, order, along)
    content = {
        "images": [_image(one, stained) for one, stained in zip(images, found, strict=True)],
        "stains": _stains(cells, groups, names, "bins of " + along if along else "states"),
    }
    result = Stains(cells, content)
    folder = Path(out)
    make_folder(folder, force=force)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    atomic.write_text(folder / "stains.json", text + "\n")
    write_csv(cells, folder / "stains.csv")
    _figures(cells, groups, names, folder / "figures")
    progress(len(images), len(images), "stains")
    return result


def _images(path: Path, experiment: Experiment) -> list[StainImage]:
    sheet = read_sheet(path)
    movies, files = (sheet.words(sheet.find((name,), "", f"a column {name!r}")) for name in ("movie", "image"))
    labels = sheet.words("labels") if "labels" in sheet.frame.columns else np.full(len(movies), "", object)
    known = {entry.name for entry in experiment.movies}
    images = []
    for nth, (movie, file, outlines) in enumerate(zip(movies, files, labels, strict=True)):
        row = int(sheet.rows[nth])
        if movie not in known:
            raise InputError(f"{path}, row {row}: no movie {movie!r}; there are: {', '.join(sorted(known))}")
        given = [path.parent / one if one else None for one in (file, outlines)]
        for one in given:
            if one is not None and not one.exists():
                raise InputError(f"{path}, row {row}: {one} is not there")
        if given[0] is None:
            raise InputError(f"{path}, row {row}: image is blank; expected the path of a stain image")
        images.append(StainImage(movie, given[0], given[1], row))
    return images


def _groups(cells: pd.DataFrame, order: str, along: str) -> tuple[NDArray[np.int64], list[str]]:
    """Group of each cell from 0, -1 for none, and the names in their order."""
    if along:
        values = cells[along].to_numpy(np.float64)
        edges = np.nanquantile(values, np.linspace(0, 1, BINS + 1)[1:-1])
        group = np.where(np.isfinite(values), np.searchsorted(edges, values, side="right"), -1)
        return group.astype(np.int64), [f"{along} {nth + 1}" for nth in range(BINS)]
    there = sorted({int(one) for one in cells["state"]})
    wanted = [int(one) for one in order.split(",")] if order and all(_is_whole(one) for one in order.split(",")) else []
    if order and sorted(wanted) != there:
        raise InputError(f"--order {order!r}: expected each state once: {', '.join(map(str, there))}")
    place = {state: nth for nth, state in enumerate(wanted or there)}
    return np.array([place[int(one)] for one in cells["state"]], np.int64), [f"state {one}" for one in wanted or there]


def _is_whole(text: str) -> bool:
    return text.strip().isdigit()


def _stains(cells: pd.DataFrame, group: NDArray[np.int64], names: list[str], what: str) -> list[dict[str, Any]]:
    """Each channel in each condition."""
    if len(names) < 2:
        raise InputError(f"stains: one state only ({names[0]}); expected two or more")
    said = []
    for condition in dict.fromkeys(cells["condition"]):
        here = (cells["condition"] == condition).to_numpy(bool) & (group >= 0)
        replicate = cells["replicate"].to_numpy(object)[here]
        for name in [one for one in cells.columns if str(one).startswith("stain_")]:
            means, replicates, seen = state_means(cells[name].to_numpy(np.float64)[here], group[here], replicate)
            whole = np.full((len(replicates), len(names)), np.nan)
            whole[:, seen] = means
            said.append(_said(str(name), str(condition), names, what, stain_trend(whole), len(replicates)))
    return said


def _said(name: str, condition: str, names: list[str], what: str, found: StainTrend, n: int) -> dict[str, Any]:
    p = float(found.trend.p)
    slope = float(found.trend.estimate)
    if not np.isfinite(p):
        trend = "undecided (fewer than three replicates)"
    else:
        trend = f"{'rises' if slope > 0 else 'falls'} (p {p:.2g})" if p < 0.05 else f"no trend shown (p {p:.2g})"
    turn = f", {found.turn} at {names[found.turn_at]} (p {found.turn_p:.2g})" if found.turn_p < 0.05 else ""
    of = f" in {condition}" if condition else ""
    return {
        "name": name,
        "condition": condition,
        "groups": names,
        "mean": [number(one) for one in found.mean.tolist()],
        "low": [number(one) for one in found.low.tolist()],
        "high": [number(one) for one in found.high.tolist()],
        "slope": number(slope),
        "trend_p": number(p),
        "turn": found.turn,
        "turn_at": names[found.turn_at] if found.turn_at >= 0 else None,
        "turn_p": number(found.turn_p),
        "n_replicates": n,
        "says": f"{name}{of} along {what}: {trend}{turn}; n = {n} replicates",
    }


def _image(given: StainImage, found: Stained) -> dict[str, Any]:
    motion, matches = found.registration, found.matches
    return {
        "movie": given.movie,
        "image": str(given.image),
        "angle_degrees": float(np.rad2deg(motion.angle)),
        "shift_px": motion.shift.tolist(),
        "support": motion.support,
        "chance": motion.chance,
        "matched": len(matches.pairs),
        "cells": sum(total for _, total in found.lost.values()),
        "unmatched_stain": len(matches.unmatched_stain),
        "unmatched_by_state": {name: {"unmatched": lost, "cells": total} for name, (lost, total) in found.lost.items()},
    }


def _image_text(one: dict[str, Any]) -> str:
    y, x = one["shift_px"]
    return (
        f"{one['movie']}: {one['matched']} of {one['cells']} cells matched, turned {one['angle_degrees']:.2f} degrees, "
        f"shifted {y:.1f}, {x:.1f} px (support {one['support']:.2f}, chance {one['chance']:.2f})"
    )


def _figures(cells: pd.DataFrame, group: NDArray[np.int64], names: list[str], folder: Path) -> None:
    """Superplots of each stain over states, a panel a condition and stain."""
    import pandas as pd

    from napari_cellstate.plots.style import save
    from napari_cellstate.plots.superplot import superplot

    known = cells[group >= 0].assign(condition_of=cells["condition"], group=np.array(names, object)[group[group >= 0]])
    parts = []
    for name in [one for one in cells.columns if str(one).startswith("stain_")]:
        for condition in dict.fromkeys(known["condition_of"]):
            here = known[known["condition_of"] == condition]
            quantity = f"{name}, {condition}" if condition else str(name)
            told = {"condition": here["group"], "replicate": here["replicate"], "value": here[name]}
            parts.append(pd.DataFrame({"quantity": quantity, **told}))
    table = pd.concat(parts, ignore_index=True)
    keys = ["quantity", "condition", "replicate"]
    bold = table.groupby(keys, sort=False)["value"].mean().reset_index()
    save(superplot(table, bold, conditions=names, paired=True, title="Stain of each state"), folder, "stains")
