"""How often the tests of detailed balance and of stationarity reject at 5 %, over 2,000 made data sets each.

python benchmarks/bench_balance.py
"""

from __future__ import annotations

import numpy as np

from napari_cellstate.dynamics.balance import DRIFTING, DRIVEN, balance
from napari_cellstate.dynamics.stationary import stationary

RUNS, TRACKS, FRAMES, PERMUTATIONS = 2_000, 40, 30, 399
BIRTH_DEATH = np.array([[0.9, 0.1, 0, 0], [0.06, 0.84, 0.1, 0], [0, 0.08, 0.82, 0.1], [0, 0, 0.12, 0.88]])
RING = np.array([[0.8, 0.13, 0.07], [0.07, 0.8, 0.13], [0.13, 0.07, 0.8]])


def paths(step: np.ndarray, start: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    upto, k = np.cumsum(step, axis=1), len(step)
    state = np.empty((TRACKS, FRAMES), np.int64)
    state[:, 0] = rng.choice(k, TRACKS, p=start)
    for t in range(1, FRAMES):
        state[:, t] = np.minimum((rng.random(TRACKS)[:, None] > upto[state[:, t - 1]]).sum(axis=1), k - 1)
    return state + 1


def main() -> None:
    run, frame = np.repeat(np.arange(TRACKS), FRAMES), np.tile(np.arange(FRAMES), TRACKS)
    one = np.array([1.0, 0, 0, 0])
    print(f"{RUNS} runs of {TRACKS} tracks x {FRAMES} frames, {PERMUTATIONS} permutations\n")
    print("| chain | p_reversal < .05 | of the sum | p_stationary < .05 | called driven | called drifting |")
    print("|---|---|---|---|---|---|")
    for name, step, start in (
        ("birth and death, from its stationary law", BIRTH_DEATH, stationary(BIRTH_DEATH)),
        ("birth and death, from one state", BIRTH_DEATH, one),
        ("driven ring (.13, .07), from its stationary law", RING, stationary(RING)),
    ):
        found = []
        for nth in range(RUNS):
            state = paths(step, start, np.random.default_rng([7, nth])).ravel()
            b = balance(run, frame, state, 1, track=run, permutations=PERMUTATIONS, seed=nth)
            small = [p < 0.05 for p in (b.p_reversal, b.p_reversal_sum, b.p_stationary)]
            found.append([*small, b.verdict == DRIVEN, b.verdict == DRIFTING])
        shares = " | ".join(f"{share:.1%}" for share in np.mean(found, axis=0))
        print(f"| {name} | {shares} |")


if __name__ == "__main__":
    main()
