"""How often a test of conditions rejects when there is nothing to find, and how often it finds slower switching.

python benchmarks/bench_calibration.py [RUNS] > benchmarks/results/calibration.md

Each run: two conditions, 4 replicates each, three states. The log rates of a replicate are drawn around those of its
condition (sd 0.3: half of the variance common to its rates, half each rate's own, so that occupancy differs too);
then cells follow the replicate's chain. In null runs both conditions have the same law.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from napari_cellstate.compare.correction import benjamini_hochberg
from napari_cellstate.compare.design import Design, Samples, find_samples, make_design
from napari_cellstate.compare.discriminate import tell_apart
from napari_cellstate.compare.emissions import compare_emissions
from napari_cellstate.compare.exits import log_hazards
from napari_cellstate.compare.factors import Factors, effect_contrast, find_effects
from napari_cellstate.compare.mixed import mixed_model
from napari_cellstate.compare.occupancy import logit_occupancy
from napari_cellstate.compare.permutation import permute
from napari_cellstate.compare.rates import log_rates
from napari_cellstate.compare.replicate_tests import compare_means
from napari_cellstate.compare.spread import compare_spread, log_spread
from napari_cellstate.compare.steps import backward_counts, compare_backward, compare_step_lengths, step_lengths
from napari_cellstate.compare.transport import compare_clouds
from napari_cellstate.dynamics.pairs import row_pairs
from napari_cellstate.simulate.population import simulate_population, spread_rates

RATES = np.array([[0, 0.03, 0.01], [0.02, 0, 0.02], [0.01, 0.03, 0]])
STATES, REPLICATES, CHUNK = 3, 4, 100

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Runs:
    """Numbers of many runs; reference replicates come first along the replicate axis."""

    rates: Floats  # (runs, T, 2R)
    mean_rate: Floats  # (runs, 2R)
    logits: Floats  # (runs, k, 2R)
    switches: Floats  # (runs, 2R, tracks) per frame
    hazards: Floats  # (runs, k, 2R) log


def simulate_runs(
    rng: np.random.Generator,
    runs: int,
    *,
    sd: float,
    factor: float = 1.0,
    tracks: int,
    frames: int,
    paired: bool = False,
) -> Runs:
    """Simulate and count; `paired`: half of the variance of a replicate is the same in both conditions."""
    parts = []
    for first in range(0, runs, CHUNK):
        n = min(CHUNK, runs - first)
        rates = np.broadcast_to(RATES, (n, STATES, STATES))
        if paired:
            own = np.exp(rng.normal(0, sd * np.sqrt(0.5), (n, REPLICATES, STATES, STATES)))
            both = np.stack([rates[:, None] * own, rates[:, None] * own * factor], axis=1)
            law = spread_rates(rng, both, sd=sd * np.sqrt(0.5), populations=1)[..., 0, :, :]
        else:
            law = spread_rates(rng, np.stack([rates, rates * factor], axis=1), sd=sd, populations=REPLICATES)
        found = simulate_population(rng, law.reshape(-1, STATES, STATES), tracks=tracks, frames=frames)
        samples = 2 * REPLICATES
        logs = log_rates(found.counts.reshape(n, samples, STATES, STATES))
        parts.append(
            (
                np.moveaxis(logs.values, 1, -1),
                logs.mean,
                np.moveaxis(logit_occupancy(found.rows.reshape(n, samples, STATES)), 1, -1),
                found.switches.reshape(n, samples, tracks) / (frames - 1),
                np.moveaxis(log_hazards(found.counts.reshape(n, samples, STATES, STATES)), 1, -1),
            )
        )
    return Runs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def halves(values: Floats) -> tuple[Floats, Floats]:
    return values[..., :REPLICATES], values[..., REPLICATES:]


def percentile_bootstrap(values: Floats, draws: int = 1000, seed: int = 0) -> NDArray[np.bool_]:
    """Whether 0 is outside of the 95 % percentile interval of the difference of resampled replicates' means."""
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(REPLICATES, [1 / REPLICATES] * REPLICATES, (2, draws)) / REPLICATES
    a, b = halves(values)
    found = b @ weights[1].T - a @ weights[0].T
    low, high = np.percentile(found, [2.5, 97.5], axis=-1)
    return (low > 0) | (high < 0)


def wald(values: Floats) -> NDArray[np.bool_]:
    """A z-test with the standard error of the replicates."""
    contrast = compare_means(*halves(values))
    return 2 * stats.norm.sf(np.abs(contrast.estimate) / contrast.se) < 0.05


def cell_level(switches: Floats) -> NDArray[np.bool_]:
    """Welch's t with every track as if it were independent."""
    a, b = switches[:, :REPLICATES], switches[:, REPLICATES:]
    flat = stats.ttest_ind(a.reshape(len(a), -1), b.reshape(len(b), -1), axis=1, equal_var=False)
    return flat.pvalue < 0.05


def rejections(found: Runs, *, paired: bool = False) -> dict[str, NDArray[np.bool_]]:
    """What is rejected at 5 % by each of our tests; (runs,) or (runs, T)."""
    kind = "paired t" if paired else "Welch t"
    p = compare_means(*halves(found.rates), paired=paired).p
    return {
        f"{kind}, overall rate": compare_means(*halves(found.mean_rate), paired=paired).p < 0.05,
        f"{kind}, each rate": p < 0.05,
        f"{kind}, any rate after Benjamini-Hochberg": (benjamini_hochberg(p) < 0.05).any(axis=1),
        f"{kind}, dwell (hazard of leaving each state)": compare_means(*halves(found.hazards), paired=paired).p < 0.05,
        f"{kind}, occupancy of each state": compare_means(*halves(found.logits), paired=paired).p < 0.05,
        f"permutation{' of signs' if paired else ''}, overall rate": permute(*halves(found.mean_rate), paired=paired).p
        < 0.05,
        f"permutation{' of signs' if paired else ''}, each rate": permute(*halves(found.rates), paired=paired).p < 0.05,
    }


def beside(found: Runs) -> dict[str, NDArray[np.bool_]]:
    """What others do."""
    return {
        "Wald z on replicates, overall rate": wald(found.mean_rate),
        "Wald z on replicates, each rate": wald(found.rates),
        "percentile bootstrap of replicates, overall rate": percentile_bootstrap(found.mean_rate),
        "percentile bootstrap of replicates, each rate": percentile_bootstrap(found.rates),
        "Welch t on tracks (n = cells), switches": cell_level(found.switches),
    }


def transport(runs: int, seed: int = 1) -> NDArray[np.bool_]:
    """Rejections of the optimal-transport distance between clouds whose replicates differ by sd 0.3."""
    samples = find_samples(np.repeat(["a", "b"], REPLICATES * 15), np.repeat(np.arange(2 * REPLICATES), 15))
    design = make_design(samples, "a", "b")
    found = np.empty(runs, bool)
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        points = rng.normal(size=(len(samples.of), 3)) + rng.normal(0, 0.3, (2 * REPLICATES, 3))[samples.of]
        found[run] = compare_clouds(points, samples, design, n=30, draws=1, relabel_draws=2, seed=run).p <= 0.05
    return found


@dataclass(frozen=True)
class Cloud:
    """Windows of one run: correlated in tracks, in replicates whose means (sd 0.3) and spreads (sd 0.1) differ."""

    points: Floats
    track: NDArray[np.int64]
    samples: Samples
    design: Design


CLOUD_TRACKS, CLOUD_FRAMES = 6, 8


def make_cloud(rng: np.random.Generator, *, dimensions: int = 3) -> Cloud:
    replicate = np.repeat(np.arange(2 * REPLICATES), CLOUD_TRACKS * CLOUD_FRAMES)
    track = np.repeat(np.arange(2 * REPLICATES * CLOUD_TRACKS), CLOUD_FRAMES)
    samples = find_samples(np.where(replicate < REPLICATES, "a", "b"), replicate)
    own = rng.normal(0, 0.7, (track[-1] + 1, dimensions))[track] + rng.normal(0, 0.7, (len(track), dimensions))
    width = np.exp(rng.normal(0, 0.1, 2 * REPLICATES))[replicate]
    points = own * width[:, None] + rng.normal(0, 0.3, (2 * REPLICATES, dimensions))[replicate]
    return Cloud(points, track, samples, make_design(samples, "a", "b"))


def of_clouds(runs: int, seed: int = 2) -> dict[str, NDArray[np.bool_]]:
    """Rejections of everything that is asked of clouds of windows."""
    names = {
        "permutation of replicates, classifier on left out replicates": tell,
        "permutation of replicates, separate against shared states": separate,
        "Welch t, spread": wide,
        "Welch t, step length": steps,
        "Welch t, share of backward steps": backward,
        "mixed model (check), t with replicates' degrees of freedom": mixed,
    }
    found = {name: np.empty(runs, bool) for name in names}
    for run in range(runs):
        cloud = make_cloud(np.random.default_rng([seed, run]))
        for name, test in names.items():
            found[name][run] = test(cloud) <= 0.05
    return found


def tell(cloud: Cloud) -> float:
    return tell_apart(cloud.points, cloud.samples, cloud.design).p


def separate(cloud: Cloud) -> float:
    state = 1 + (cloud.points[:, 0] > 0)
    return compare_emissions(cloud.points, state, cloud.samples.of, cloud.design, states=2).p


def wide(cloud: Cloud) -> float:
    whole = np.zeros(len(cloud.track), np.int64)
    values = log_spread(cloud.points, whole, cloud.samples.of, groups=1, samples=2 * REPLICATES)
    return compare_spread(values, cloud.design, names=["spread"])[0].p


def pairs_of(cloud: Cloud) -> NDArray[np.int64]:
    return row_pairs(cloud.track, np.tile(np.arange(CLOUD_FRAMES), len(cloud.track) // CLOUD_FRAMES), 1)


def steps(cloud: Cloud) -> float:
    whole, pairs = np.zeros(len(cloud.track), np.int64), pairs_of(cloud)
    values = step_lengths(cloud.points, pairs, whole, cloud.samples.of, groups=1, samples=2 * REPLICATES)
    return compare_step_lengths(values, cloud.design, names=["steps"])[0].p


def backward(cloud: Cloud) -> float:
    counts = backward_counts(cloud.points[:, 0], pairs_of(cloud), cloud.samples.of, samples=2 * REPLICATES)
    return compare_backward(counts, cloud.design)[0].p


def mixed(cloud: Cloud) -> float:
    by_track = np.bincount(cloud.track, cloud.points[:, 0]) / CLOUD_FRAMES
    movie = np.arange(len(by_track)) // (CLOUD_TRACKS // 2)  # two movies a replicate
    samples = find_samples(np.repeat(cloud.samples.condition, 2), np.repeat(cloud.samples.replicate, 2))
    return mixed_model(by_track, movie, samples, cloud.design).p


def factorial(rng: np.random.Generator, runs: int) -> dict[str, NDArray[np.bool_]]:
    """Main effects and interaction of two factors: each replicate in one cell, and each under both drugs."""
    cells = [(age, drug) for age in ("young", "aged") for drug in ("none", "drug") for _ in range(REPLICATES)]
    factors = Factors(("age", "drug"), np.array(cells, object))
    names = ["+".join(cell) for cell in cells]
    found = {}
    for kind, replicate in (
        ("each replicate once", [f"r{nth}" for nth in range(16)]),
        ("each replicate under both drugs", [f"{cell[0]}{nth % REPLICATES}" for nth, cell in enumerate(cells)]),
    ):
        samples = find_samples(names, replicate)
        _, animal = np.unique(replicate, return_inverse=True)
        values = rng.normal(0, 0.2, (runs, 16)) + rng.normal(0, 0.3, (runs, animal.max() + 1))[:, animal]
        for effect in find_effects(factors):
            what = "interaction" if effect.interaction else f"main effect of {effect.name.partition(':')[0]}"
            p = effect_contrast(values, samples, factors, effect).p
            found[f"Welch t, two factors, {what} ({kind})"] = p < 0.05
    return found


def feature_means(rng: np.random.Generator, runs: int) -> NDArray[np.bool_]:
    """Rejections of the mean of a feature: 30 cells a replicate, of sd 1, around replicate means of sd 0.3."""
    cells = rng.normal(rng.normal(0, 0.3, (runs, 2 * REPLICATES, 1)), 1.0, (runs, 2 * REPLICATES, 30))
    return compare_means(*halves(cells.mean(axis=-1))).p < 0.05


def row(name: str, rejected: NDArray[np.bool_]) -> str:
    share = np.atleast_2d(rejected.T).mean(axis=1) * 100
    each = f"{share.min():.1f} to {share.max():.1f}" if len(share) > 1 else ""
    return f"| {name} | {share.mean():.1f} | {each} |"


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    start = time.perf_counter()
    rng = np.random.default_rng(20)
    null = simulate_runs(rng, runs, sd=0.3, tracks=50, frames=60)
    pairs = simulate_runs(rng, runs, sd=0.3, tracks=50, frames=60, paired=True)
    print("# Calibration and power of the tests between conditions\n")
    print(f"{runs} simulated runs a line, 4 replicates against 4, three states; see `benchmarks/bench_calibration.py`.")
    print("2026-11-23, 2 shared x86-64 cores.\n")
    print("## Same law in both conditions: % of runs rejected at 5 % (target: at most 6.7)\n")
    print("Log rates of replicates differ by sd 0.3; 50 tracks of 60 frames a replicate. Where a line holds several")
    print("tests (six rates, three states), the mean over them and the least and most.\n")
    print("| test | rejected, % | least to most |\n|---|---|---|")
    for name, rejected in {**rejections(null), **rejections(pairs, paired=True)}.items():
        print(row(name, rejected))
    print(row("Welch t, mean of a feature", feature_means(rng, runs)))
    for name, rejected in factorial(rng, runs).items():
        print(row(name, rejected))
    print(row("permutation of replicates, optimal-transport distance", transport(runs)))
    for name, rejected in of_clouds(runs).items():
        print(row(name, rejected))
    print("\nBeside them, on the same (unpaired) runs, what this package does not use at so few replicates:\n")
    print("| test | rejected, % | least to most |\n|---|---|---|")
    for name, rejected in beside(null).items():
        print(row(name, rejected))
    print("\n## Rates x 0.6 in one condition: % of runs in which it is found (target at sd 0.1: at least 80)\n")
    print("100 tracks of 100 frames a replicate.\n")
    print("| sd of log rates | overall rate (Welch) | any rate after BH | all rates after BH | permutation, overall |")
    print("|---|---|---|---|---|")
    for sd in (0.1, 0.2, 0.3):
        slower = simulate_runs(rng, runs, sd=sd, factor=0.6, tracks=100, frames=100)
        done = rejections(slower)
        q = benjamini_hochberg(compare_means(*halves(slower.rates)).p) < 0.05
        shares = [done["Welch t, overall rate"], q.any(1), q.all(1), done["permutation, overall rate"]]
        print(f"| {sd} | " + " | ".join(f"{100 * share.mean():.1f}" for share in shares) + " |")
    print(f"\nAll of it took {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
