"""How often paired tests, distances by state and skewed numbers reject when there is nothing to find.

python -m benchmarks.bench_calibration_paired [RUNS DEAR_RUNS] >> benchmarks/results/calibration.md

Clouds of windows as in `bench_calibration`, but each replicate is seen in both conditions, and half of what a replicate
has of its own is the same in both. Where replicates give one number each (mean pseudotime, progress in the phase
simulation), that number is drawn from skewed laws.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import Pool

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.bench_calibration import (
    CLOUD_FRAMES,
    CLOUD_TRACKS,
    Cloud,
    backward,
    make_cloud,
    row,
    separate,
    steps,
    tell,
)
from napari_cellstate.compare.design import Samples, find_samples, make_design
from napari_cellstate.compare.mixed import mixed_model
from napari_cellstate.compare.permutation import permute
from napari_cellstate.compare.replicate_tests import compare_means
from napari_cellstate.compare.spread import compare_spread, log_spread
from napari_cellstate.compare.transport import compare_clouds

Floats = NDArray[np.float64]
Rejected = NDArray[np.bool_]
Law = Callable[[np.random.Generator, tuple[int, ...]], Floats]

PAIRS, MORE_PAIRS = 4, 6
"""Four pairs can give a permutation p of .125 at the least, six .031: permutations are looked at with six."""

LAWS: dict[str, Law] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "log-normal, sd of logs 0.5": lambda rng, shape: np.exp(0.5 * rng.normal(size=shape)),
    "log-normal, sd of logs 1": lambda rng, shape: np.exp(rng.normal(size=shape)),
    "exponential": lambda rng, shape: rng.exponential(size=shape),
    "near its end: beta(8, 0.8)": lambda rng, shape: rng.beta(8, 0.8, shape),
}


def make_paired_cloud(rng: np.random.Generator, pairs: int, *, dimensions: int = 3) -> Cloud:
    """Windows of replicates that were seen in both conditions; samples a 0, a 1, ..., b 0, b 1, ..."""
    sample = np.repeat(np.arange(2 * pairs), CLOUD_TRACKS * CLOUD_FRAMES)
    track = np.repeat(np.arange(2 * pairs * CLOUD_TRACKS), CLOUD_FRAMES)
    samples = find_samples(np.where(sample < pairs, "a", "b"), sample % pairs)
    half = np.sqrt(0.5)

    def both(sd: float, *shape: int) -> Floats:
        """Half of the variance of the replicate, half of its stay in the condition."""
        return half * sd * (np.tile(rng.normal(size=(pairs, *shape)), (2, *[1] * len(shape)))) + half * sd * rng.normal(
            size=(2 * pairs, *shape)
        )

    own = rng.normal(0, 0.7, (track[-1] + 1, dimensions))[track] + rng.normal(0, 0.7, (len(track), dimensions))
    points = own * np.exp(both(0.1))[sample, None] + both(0.3, dimensions)[sample]
    return Cloud(points, track, samples, make_design(samples, "a", "b", pairing="paired"))


def wide(cloud: Cloud) -> float:
    values = log_spread(
        cloud.points,
        np.zeros(len(cloud.track), np.int64),
        cloud.samples.of,
        groups=1,
        samples=len(cloud.samples.condition),
    )
    return compare_spread(values, cloud.design, names=["spread"])[0].p


def wide_permuted(cloud: Cloud) -> float:
    whole, size = np.zeros(len(cloud.track), np.int64), len(cloud.samples.condition)
    values = log_spread(cloud.points, whole, cloud.samples.of, groups=1, samples=size)[:, 0]
    a, b = cloud.design.split(values)
    return float(permute(a, b, paired=cloud.design.paired).p)


def mixed(cloud: Cloud) -> float:
    """Tracks in two movies a sample, in samples, in pairs."""
    by_track = np.bincount(cloud.track, cloud.points[:, 0]) / CLOUD_FRAMES
    movie = np.arange(len(by_track)) // (CLOUD_TRACKS // 2)
    samples = find_samples(np.repeat(cloud.samples.condition, 2), np.repeat(cloud.samples.replicate, 2))
    return mixed_model(by_track, movie, samples, cloud.design).p


def apart(cloud: Cloud) -> float:
    found = compare_clouds(cloud.points, cloud.samples, cloud.design, n=30, draws=1, relabel_draws=2)
    return found.p


def apart_in_state(cloud: Cloud) -> float:
    """Distance between the windows of one state; states are cut without knowing the condition."""
    here = cloud.points[:, 0] > np.median(cloud.points[:, 0])
    samples = Samples(cloud.samples.condition, cloud.samples.replicate, cloud.samples.of[here])
    if np.bincount(samples.of, minlength=len(samples.condition)).min() < 4:
        return 1.0
    return compare_clouds(cloud.points[here], samples, cloud.design, n=30, draws=1, relabel_draws=2).p


def of_clouds(names: list[str], make: str, runs: int, seed: int) -> dict[str, Rejected]:
    """Rejections of each test; every cloud has a seed of its own, so the number of processes changes nothing."""
    with Pool(int(os.environ.get("PROCESSES", "2"))) as pool:
        found = pool.map(one_run, [(names, make, seed, run) for run in range(runs)], chunksize=10)
    return dict(zip(names, np.array(found).T, strict=True))


def one_run(asked: tuple[list[str], str, int, int]) -> list[bool]:
    names, make, seed, run = asked
    cloud = MAKERS[make](np.random.default_rng([seed, run]))
    return [TESTS[name](cloud) <= 0.05 for name in names]


T_TESTS: dict[str, Callable[[Cloud], float]] = {
    "paired t, spread": wide,
    "paired t, step length": steps,
    "paired t, share of backward steps": backward,
}
MIXED: dict[str, Callable[[Cloud], float]] = {"mixed model (check) with pairs, t with pairs - 1": mixed}
PERMUTATIONS: dict[str, Callable[[Cloud], float]] = {
    "permutation of signs, spread": wide_permuted,
    "permutation within pairs, optimal-transport distance": apart,
    "permutation within pairs, optimal-transport distance in a state": apart_in_state,
    "permutation within pairs, classifier on left out replicates": tell,
    "permutation within pairs, separate against shared states": separate,
}
IN_STATE = {"permutation, optimal-transport distance in a state": apart_in_state}
TESTS = T_TESTS | MIXED | PERMUTATIONS | IN_STATE
MAKERS = {
    "unpaired": make_cloud,
    "pairs": partial(make_paired_cloud, pairs=PAIRS),
    "more pairs": partial(make_paired_cloud, pairs=MORE_PAIRS),
}


def skewed(rng: np.random.Generator, runs: int) -> dict[str, Rejected]:
    """One number a replicate from a skewed law, the same in both conditions."""
    found = {}
    for name, law in LAWS.items():
        for n_a, n_b in ((4, 4), (3, 3), (3, 6), (8, 8)):
            a, b = law(rng, (runs, n_a)), law(rng, (runs, n_b))
            found[f"Welch t, {n_a} v {n_b}, {name}"] = compare_means(a, b).p <= 0.05
        shared = law(rng, (runs, PAIRS))
        a, b = shared + law(rng, (runs, PAIRS)), shared + law(rng, (runs, PAIRS))
        found[f"paired t, {PAIRS} pairs, {name}"] = compare_means(a, b, paired=True).p <= 0.05
    return found


def limit(runs: int) -> float:
    """Percent that a test of exactly 5 % stays below in 999 of 1,000 tables."""
    return 100 * float(stats.binom.ppf(0.999, runs, 0.05)) / runs


def table(found: dict[str, Rejected]) -> None:
    print("| test | runs | rejected, % | limit, % |\n|---|---|---|---|")
    for name, rejected in found.items():
        _, name_, share, _, _ = row(name, rejected).split("|")
        print(f"|{name_}| {len(rejected)} |{share}| {limit(len(rejected)):.1f} |")
    print()


def main() -> None:
    runs, dear = (int(one) for one in sys.argv[1:3]) if len(sys.argv) > 2 else (2000, 2000)
    start = time.perf_counter()
    print("\n## Paired tests, distance by state, skewed numbers; same law in both conditions (target: at most 6.7)\n")
    print("`benchmarks/bench_calibration_paired.py`, 2026-11-23, 2 shared x86-64 cores. Limit: what a test of exactly")
    print("5 % stays below in 999 of 1,000 such tables (binomial).\n")
    print(f"{PAIRS} replicates, each in both conditions:\n")
    table(of_clouds([*T_TESTS], "pairs", runs, 3) | of_clouds([*MIXED], "pairs", dear, 3))
    print(f"{MORE_PAIRS} replicates, each in both conditions (with {PAIRS} no permutation can reach 5 %):\n")
    table(of_clouds([*PERMUTATIONS], "more pairs", dear, 4))
    print("4 replicates against 4 others:\n")
    table(of_clouds([*IN_STATE], "unpaired", dear, 5))
    print("One number a replicate (mean pseudotime, progress in the phase simulation), of skewed laws:\n")
    table(skewed(np.random.default_rng(6), 10 * runs))
    print(f"This part took {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
