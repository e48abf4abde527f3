"""Linking: ours beside trackpy's own strategies and laptrack, on simulated walks and on real masks. One run, medians.

python benchmarks/bench_linking.py [--out FILE] [--repeats N] [--no-laptrack] [--data FOLDER]

laptrack and numba (for trackpy's fast strategies) are used where they are installed.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from walks import Walks, simulate

from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.link.lap import CONFIDENCE, LapLinker
from napari_cellstate.methods.link.trackpy import TrackpyLinker
from napari_cellstate.metrics.linking import edge_score, edges_from_tracks

MOVIE = Movie("m", (1, 1, 1), range(1))
BASE = Walks()
SIZES = {
    "1,000 x 200 in 2048^2": BASE,
    "5,000 x 50 in 4096^2": replace(BASE, cells=5000, frames=50, size=4096.0),
    "1,000 x 50 in 1024^2 (crowded)": replace(BASE, frames=50, size=1024.0),
    "1,000 x 200 in 2048^2, 0.2 % divisions": replace(BASE, division_rate=0.002),
}
REGIMES = {
    "common drift": {"common": True},
    "no drift": {"drift": 0.0},
    "heavy tails (t, 2 d.f.)": {"drift": 0.0, "tail": 2.0},
    "correlated turns (0.8)": {"drift": 0.0, "persistence": 0.8},
    "stage jumps of 60 px": {"drift": 0.0, "jump": 60.0},
    "stage jumps of 8 px": {"drift": 0.0, "jump": 8.0},
    "nearly at rest": {"drift": 0.0, "step": 0.5, "noise": 0.5},
}
REACH = 12.0
"""Search range of the peers, px: the drift and three standard deviations of a step; more is slower and no better."""
Links = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Case:
    cells: pd.DataFrame
    links: pd.DataFrame


def ours(cells: pd.DataFrame) -> pd.DataFrame:
    return LapLinker().link(cells, MOVIE, Runtime())


def our_trackpy(cells: pd.DataFrame) -> pd.DataFrame:
    return TrackpyLinker().link(cells, MOVIE, Runtime())


def library(strategy: str) -> Links:
    def link(cells: pd.DataFrame) -> pd.DataFrame:
        import trackpy

        trackpy.quiet()
        found = trackpy.link(cells, REACH, pos_columns=["y", "x"], memory=3, link_strategy=strategy)
        source, target = edges_from_tracks(found["frame"], found["particle"])
        rows = found.index.to_numpy()
        return pd.DataFrame({"source": rows[source], "target": rows[target]})

    return link


def laptrack(cells: pd.DataFrame) -> pd.DataFrame:
    from laptrack import LapTrack

    square = REACH**2
    tracker = LapTrack(cutoff=square, gap_closing_cutoff=square, gap_closing_max_frame_count=3, splitting_cutoff=400)
    found, split, _ = tracker.predict_dataframe(
        cells.reset_index(names="row"), ["y", "x"], frame_col="frame", only_coordinate_cols=False
    )
    found = found.reset_index(drop=True)
    parent = dict(zip(split["child_track_id"], split["parent_track_id"], strict=True)) if len(split) else {}
    mother = found["track_id"].map(parent).fillna(-1).to_numpy(np.int64) + 1
    source, target = edges_from_tracks(found.get("frame", found.get("frame_y")), found["track_id"] + 1, mother)
    rows = found["row"].to_numpy()
    return pd.DataFrame({"source": rows[source], "target": rows[target]})


def strategies() -> dict[str, Links]:
    names = ["recursive", "nonrecursive"] + (["numba", "hybrid"] if find_spec("numba") else [])
    return {f"trackpy {name}": library(name) for name in names}


def fastest(case: Case) -> tuple[dict[str, Links], str]:
    """The strategy of trackpy that takes least on a short movie, and the compiled one; and what all of them take."""
    rows = measure(strategies(), case, 3)
    best = min((row for row in rows if not row[1].startswith("fails")), key=lambda row: float(row[1]))[0]
    peers = {name: link for name, link in strategies().items() if name in (best, "trackpy numba")}
    return peers, table(measure({"lap": ours, **strategies()}, case, 3))


def measure(methods: dict[str, Links], case: Case, repeats: int) -> list[list[str]]:
    """A row a method: seconds (median), ratio to ours, edge F1, precision, recall, division F1, found/true."""
    rows, base = [], None
    for name, link in methods.items():
        try:
            link(case.cells.iloc[: max(len(case.cells) // 20, 1)])  # compilation and imports
            times = []
            for _ in range(repeats if name != "laptrack" else 1):
                start = time.process_time()
                links = link(case.cells)
                times.append(time.process_time() - start)
        except Exception as error:  # noqa: BLE001 - a peer that fails is a result
            rows.append([name, f"fails: {type(error).__name__}", "", "", "", "", "", ""])
            continue
        seconds = statistics.median(times)
        base = base or seconds
        score = edge_score(case.cells, links, case.cells, case.links)
        rows.append(
            [name, f"{seconds:.3f}", f"{seconds / base:.1f}", f"{score.f1:.4f}", f"{score.precision:.4f}",
             f"{score.recall:.4f}", f"{score.division_f1:.3f}", f"{score.predicted_divisions}/{score.true_divisions}"]
        )  # fmt: skip
    return rows


def confidence(case: Case) -> str:
    """Whether wrong links are told from right ones, and how many the first 5 % of the queue hold."""
    from sklearn.metrics import roc_auc_score

    links = ours(case.cells)
    true = set(zip(case.links["source"], case.links["target"], strict=True))
    right = np.array([pair in true for pair in zip(links["source"], links["target"], strict=True)])
    first = np.argsort(links[CONFIDENCE].to_numpy(), kind="stable")[: len(links) // 20]
    held = (~right[first]).sum() / max((~right).sum(), 1)
    return f"{roc_auc_score(right, links[CONFIDENCE]):.3f} | {held:.2f} | {(~right).mean():.4f}"


def real(folder: Path, every: int, dropped: float, columns: list[str]) -> Case:
    cells = pd.read_csv(folder / "gt_tracks.csv").rename(columns={"t": "frame", "track_id": "label"})
    cells = cells[cells["frame"] % every == 0].assign(frame=lambda one: one["frame"] // every)
    cells = cells[np.random.default_rng(0).random(len(cells)) >= dropped]
    cells = cells.sort_values(["frame", "label"], ignore_index=True)
    source, target = edges_from_tracks(cells["frame"], cells["label"])
    return Case(cells[["frame", "label", "y", "x", *columns]], pd.DataFrame({"source": source, "target": target}))


def rendered(truth: Path, every: int) -> Case:
    """Masks and tracks that the simulator wrote (`napari-cellstate simulate OUT`: a folder NAME_truth)."""
    import tifffile
    from skimage.measure import regionprops_table

    parts = []
    for t, path in enumerate(sorted((truth / "TRA").glob("*.tif"))):
        found = pd.DataFrame(regionprops_table(tifffile.imread(path), properties=("label", "centroid", "area")))
        parts.append(found.rename(columns={"centroid-0": "y", "centroid-1": "x"}).assign(frame=t))
    cells = pd.concat(parts[::every], ignore_index=True)
    cells["frame"] //= every
    parents = np.loadtxt(truth / "TRA" / "man_track.txt", dtype=np.int64)
    mother = cells["label"].map(dict(parents[:, [0, 3]].tolist())).fillna(0).to_numpy(np.int64)
    source, target = edges_from_tracks(cells["frame"], cells["label"], mother)
    return Case(cells[["frame", "label", "y", "x", "area"]], pd.DataFrame({"source": source, "target": target}))


def on_rendered(folder: Path) -> list[list[str]]:
    """A row a method, of the movie of the folder that it does worst on."""
    rows = []
    for every in (1, 3):
        worst: dict[str, list[str]] = {}
        for truth in sorted(folder.glob("*_truth")):
            for row in measure({"lap": ours, "trackpy": our_trackpy}, rendered(truth, every), 1):
                if row[0] not in worst or row[3] < worst[row[0]][3]:
                    worst[row[0]] = row
        rows += [[f"every {every}: {row[0]}", *row[1:]] for row in worst.values()]
    return rows


def joined(case: Case, seed: int) -> tuple[Case, int]:
    """The same with outlines of neighbours as one for one to three frames, at random; how often. The larger is there.

    The link over the frames in which the smaller is not seen is true.
    """
    from scipy.spatial import cKDTree

    rng, cells = np.random.default_rng(seed), case.cells.astype({"area": float})
    rows = {key: nth for nth, key in enumerate(zip(cells["frame"], cells["label"], strict=True))}
    gone, busy, joins = set[int](), set[tuple[int, int]](), 0
    for t in range(1, int(cells["frame"].max()) - 4):
        here = cells[cells["frame"] == t]
        at, label, area = here[["y", "x"]].to_numpy(), here["label"].to_numpy(), here["area"].to_numpy()
        radius = np.sqrt(area / np.pi)
        for i, j in sorted(cKDTree(at).query_pairs(3 * radius.max())):
            if np.hypot(*(at[i] - at[j])) > 1.5 * (radius[i] + radius[j]) or rng.random() > 0.08:
                continue
            large, small = (label[i], label[j]) if area[i] >= area[j] else (label[j], label[i])
            frames = range(t - 1, t + 1 + int(rng.integers(1, 4)))
            keys = {(f, one) for f in frames for one in (large, small)}
            if busy & keys or not keys <= rows.keys():
                continue
            busy |= keys
            joins += 1
            for f in frames[1:-1]:
                one, other = rows[f, large], rows[f, small]
                share = cells.loc[other, "area"] / (cells.loc[one, "area"] + cells.loc[other, "area"])
                cells.loc[one, ["y", "x"]] += share * (cells.loc[other, ["y", "x"]] - cells.loc[one, ["y", "x"]])
                cells.loc[one, "area"] += cells.loc[other, "area"]
                gone.add(other)
    return Case(*_without(cells, case.links, gone)), joins


def _without(cells: pd.DataFrame, links: pd.DataFrame, gone: set[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables without some cells; a link to one leads on to what followed it."""
    after = dict(zip(links["source"].tolist(), links["target"].tolist(), strict=True))  # joined cells do not divide
    pairs = []
    for source, target in zip(links["source"].tolist(), links["target"].tolist(), strict=True):
        while target in gone and target in after:
            target = after[target]
        if not {source, target} & gone:
            pairs.append((source, target))
    kept = np.ones(len(cells), np.bool_)
    kept[list(gone)] = False
    number = np.cumsum(kept) - 1
    source, target = number[np.array(pairs)].T
    return cells[kept].reset_index(drop=True), pd.DataFrame({"source": source, "target": target})


def on_joined(folder: Path) -> str:
    """Rendered movies with outlines that are one for a while: means over the movies, divisions together."""
    rows = ["| areas | joins | lap: edge F1 | trackpy: edge F1 | lap: division F1 | found/true divisions |"]
    rows.append("|---" * 6 + "|")
    cases = [joined(rendered(truth, 1), nth) for nth, truth in enumerate(sorted(folder.glob("*_truth")))]
    for areas in (True, False):
        scores, peers = [], []
        for case, _ in cases:
            cells = case.cells if areas else case.cells.drop(columns="area")
            scores.append(edge_score(case.cells, ours(cells), case.cells, case.links))
            peers.append(edge_score(case.cells, our_trackpy(cells), case.cells, case.links))
        one, other = (statistics.mean(score.f1 for score in part) for part in (scores, peers))
        found, true = (sum(getattr(one, name) for one in scores) for name in ("predicted_divisions", "true_divisions"))
        division = statistics.mean(score.division_f1 for score in scores)
        joins = sum(joins for _, joins in cases)
        said = "known" if areas else "not given"
        rows.append(f"| {said} | {joins} | {one:.4f} | {other:.4f} | {division:.2f} | {found}/{true} |")
    return "\n".join(rows)


HEAD = (
    "| method | CPU s | beside ours | edge F1 | precision | recall | division F1 | found/true divisions |\n"
    + "|---" * 8
    + "|"
)


def table(rows: list[list[str]]) -> str:
    return "\n".join([HEAD, *("| " + " | ".join(row) + " |" for row in rows)])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-laptrack", action="store_true")
    parser.add_argument("--laptrack", action="store_true", help="in the full sizes too: minutes each")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rendered", type=Path, help="folder that `napari-cellstate simulate` wrote")
    given = parser.parse_args()
    machine = f"2 shared x86-64 cores, Python {platform.python_version()}"
    settings = (
        f"ours with all settings estimated from the cells; search range of the peers on simulated cells {REACH:g} px"
    )
    parts = [f"# Linking\n\n{date.today()}, {machine}; CPU seconds, medians of {given.repeats}; {settings}."]

    def say(text: str) -> None:
        parts.append(text)
        print(text, file=sys.stderr, flush=True)

    sure = []
    peer, pilot = fastest(Case(*simulate(replace(BASE, frames=20))))
    say(f"## Strategies of trackpy, 1,000 x 20 in 2048^2\n\n{pilot}")
    for name, walks in SIZES.items():
        case = Case(*simulate(walks))
        slow = {"laptrack": laptrack} if given.laptrack and find_spec("laptrack") else {}
        say(f"## {name}\n\n{table(measure({'lap': ours, **peer, **slow}, case, given.repeats))}")
        sure.append(f"| {name} | {confidence(case)} |")
    if not given.no_laptrack and find_spec("laptrack"):
        case = Case(*simulate(replace(BASE, frames=20)))
        say(f"## 1,000 x 20 in 2048^2\n\n{table(measure({'lap': ours, 'laptrack': laptrack}, case, given.repeats))}")
    head = (
        "| simulation | AUROC | wrong links in the first 5 % of the queue | share of wrong links |\n|---|---|---|---|"
    )
    say("\n".join([f"## Confidence\n\n{head}", *sure]))
    rows = []
    for name, change in REGIMES.items():
        case = Case(*simulate(replace(BASE, frames=50, **change)))
        rows += [[f"{name}: {row[0]}", *row[1:]] for row in measure({"lap": ours, "trackpy": our_trackpy}, case, 1)]
    say(f"## Other ways to move (1,000 x 50 in 2048^2)\n\n{table(rows)}")
    if given.rendered:
        say(f"## Rendered movies, the worst of each method\n\n{table(on_rendered(given.rendered))}")
        say(f"## Rendered movies with outlines that join and part\n\n{on_joined(given.rendered)}")
    rows = []
    for movie in ("t98g_phase_usiigaci_movie", "mdamb231_qpi_cellphe"):
        for every, dropped in ((1, 0.0), (5, 0.0), (1, 0.1), (5, 0.1)):
            for columns in ([], ["area"]) if (given.data / movie).is_dir() else ():
                what = (
                    f"{movie.split('_')[0]}, every {every}, {dropped:.0%} deleted, {'area' if columns else 'no area'}"
                )
                case = real(given.data / movie, every, dropped, columns)
                rows += [[f"{what}: {row[0]}", *row[1:]]
                         for row in measure({"lap": ours, "trackpy": our_trackpy}, case, given.repeats)]  # fmt: skip
    if rows:
        say(f"## Real masks\n\n{table(rows)}")
    if given.out:
        given.out.write_text("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
