"""The hidden Markov model beside hmmlearn's fastest, and the reversal test: medians, peers in the same run.

python benchmarks/bench_dynamics.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
from hmmlearn.hmm import GaussianHMM
from threadpoolctl import threadpool_limits

from napari_cellstate.dynamics.balance import balance
from napari_cellstate.methods.states._hmm_em import Prior, expectation, fit
from napari_cellstate.methods.states._hmm_model import Model
from napari_cellstate.methods.states._hmm_runs import pack

ITERATIONS = 20
SIZES = ((1_000, 100, 3), (5_000, 200, 5))
AXES = 6


def chains(runs: int, frames: int, k: int) -> tuple[np.ndarray, np.ndarray, Model]:
    rng = np.random.default_rng(0)
    state = np.empty((runs, frames), np.int64)
    state[:, 0] = rng.integers(0, k, runs)
    for t in range(1, frames):
        state[:, t] = np.where(rng.random(runs) < 0.9, state[:, t - 1], rng.integers(0, k, runs))
    mean = 1.5 * rng.normal(size=(k, AXES))
    points = (mean[state] + rng.normal(size=(runs, frames, AXES))).reshape(-1, AXES)
    step = np.full((k, k), 0.1 / (k - 1))
    np.fill_diagonal(step, 0.9)
    start = Model(np.full(k, 1 / k), step, mean + 0.3, np.ones((k, AXES)))
    return points, np.repeat(np.arange(runs), frames), start


def timed(call: Callable[[], object]) -> float:
    begin = time.process_time()  # of the processor: others may be using the machine
    call()
    return time.process_time() - begin


def hmmlearns(start: Model) -> GaussianHMM:
    kind = "diag" if start.diagonal else "full"
    other = GaussianHMM(
        len(start.start), kind, n_iter=ITERATIONS, tol=-np.inf, init_params="", implementation="scaling", min_covar=0
    )
    other.startprob_, other.transmat_, other.means_ = start.start, start.step, start.mean
    other.covars_ = start.covariance
    return other


def ours(points: np.ndarray, run: np.ndarray, start: Model) -> None:
    packed = pack(run)
    fit(packed, np.ascontiguousarray(points[packed.order].T), start, Prior(), iterations=ITERATIONS, tolerance=-np.inf)


def hmm(runs: int, frames: int, k: int, *, full: bool) -> None:
    points, run, start = chains(runs, frames, k)
    if full:
        start = Model(start.start, start.step, start.mean, np.repeat(np.eye(AXES)[None], k, axis=0))
    lengths = [frames] * runs
    repeats = 3 if runs <= 1000 else 1
    pairs = []
    for _ in range(repeats):
        mine = timed(lambda: ours(points, run, start))
        pairs.append((mine, timed(lambda: hmmlearns(start).fit(points, lengths))))
    mine, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    packed = pack(run)
    found = expectation(packed, np.ascontiguousarray(points[packed.order].T), start).log_likelihood
    same = abs(found / hmmlearns(start).score(points, lengths) - 1)
    kind = "full" if full else "diagonal"
    print(
        f"| {runs:,} x {frames} x {AXES}, {k} states | {kind} "
        f"| {mine:.2f} | {theirs:.2f} | {theirs / mine:.1f} | {same:.0e} |"
    )


def reversal() -> None:
    rng = np.random.default_rng(1)
    cells, frames, k = 2_500, 30, 49
    state = rng.integers(1, k + 1, (cells, frames))
    state = np.where(rng.random(state.shape) < 0.5, np.roll(state, 1, axis=1), state).ravel()
    run, frame = np.repeat(np.arange(cells), frames), np.tile(np.arange(frames), cells)
    times = [timed(lambda: balance(run, frame, state, 1, track=run, permutations=1000)) for _ in range(3)]
    print(f"\nboth tests of detailed balance, 1,000 permutations, {cells:,} cells x {frames} frames, {k} states: "
          f"{statistics.median(times):.2f} s")  # fmt: skip


def main() -> None:
    print(f"{ITERATIONS} iterations, seconds, one thread of BLAS for both\n")
    print("| runs x frames x axes | covariance | ours | hmmlearn | ratio | likelihoods differ by |")
    print("|---|---|---|---|---|---|")
    with threadpool_limits(1):
        for size in SIZES:
            for full in (False, True):
                hmm(*size, full=full)
        reversal()


if __name__ == "__main__":
    main()
