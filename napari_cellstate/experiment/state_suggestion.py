"""How many states does the evidence suggest? A rule, and its reason in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.methods.states._held_out import HeldOut

if TYPE_CHECKING:
    import pandas as pd

STABLE = 0.8
"""Median adjusted Rand index between resamples below which states are not found again."""


def suggestion(table: pd.DataFrame, held: Sequence[HeldOut], kept_apart: str) -> tuple[int, str]:
    """A number of states and the reason for it.

    Among the numbers of states whose models are found again in resamples, and foretell what was kept apart better than
    one state fewer by more than a standard error, the one with the most slow processes counts: it stands for one
    state more than it has slow processes. No more than `k` states can be suggested by a model of k.

    Parameters
    ----------
    table : a row for each k, rising: k, stability, slow (see `Refit.slow`).
    held : what each foretells.

    Notes
    -----
    The likelihood alone goes on rising with k where the values of a state have no Gaussian shape, and keep a memory of
    their own: a state more then describes the shape of a state, not another behaviour. Cells take such a state on and
    off from one window to the next, so that it adds no slow process. The other way round, what cells keep for life
    (their size, their looks) is slow, and can be counted as states: look at what a state is like before it is named.
    Behaviours that change within a window cannot be told from shapes.
    """
    ks, stability = table["k"].to_numpy(np.int64), table["stability"].to_numpy(np.float64)
    slow = table["slow"].to_numpy(np.int64)
    better = [True, *(_better(held[at], held[at - 1]) for at in range(1, len(ks)))]
    good = [at for at in range(len(ks)) if stability[at] >= STABLE and better[at]]
    if not good:
        at = int(stability.argmax())
        return int(ks[at]), (
            f"No number of states is found again in resamples of tracks (adjusted Rand index of {STABLE:g} or more); "
            f"{ks[at]} comes nearest ({stability[at]:.2f}). Trust none of them far."
        )
    at = max(good, key=lambda one: (slow[one], -one))
    found = int(slow[at]) + 1
    return found, f"{_held(found, int(ks[at]))} {_rest(table, at, kept_apart)}".strip()


def _better(one: HeldOut, other: HeldOut) -> bool:
    gain, error = one.over(other)
    return gain > error if np.isfinite(error) else gain > 0


def _held(found: int, k: int) -> str:
    if found == 1:
        return "No state lasts: cells take the states of every model on and off from one window to the next."
    many = "way" if found == 2 else "ways"
    first = f"The model of {k} states has {found - 1} {many} of changing that can still be seen a window later"
    return f"{first}: {found} behaviours." if found == k else f"{first}: {found} behaviours, some of several shapes."


def _rest(table: pd.DataFrame, at: int, kept_apart: str) -> str:
    chosen, last = table.iloc[at], table.iloc[-1]
    parts = []
    if chosen["k"] > 1:
        parts.append(f"Resamples of tracks find its states again (adjusted Rand index {chosen['stability']:.2f}).")
    more = table.iloc[at + 1 :]
    more = more[more["slow"] > chosen["slow"]]
    if len(more):
        one = more.iloc[0]
        but = (
            "they foretell no better"
            if one["stability"] >= STABLE
            else f"resamples do not find them again ({one['stability']:.2f}; {STABLE:g} is asked for)"
        )
        shown = int(one["slow"] - chosen["slow"])
        parts.append(f"{int(one['k'])} states show {shown} more, but {but}: more movies would tell.")
    elif len(table) > 1 and last["k"] > chosen["k"] and last["gain"] > 0:
        parts.append(
            f"The likelihood of what was left out ({kept_apart}s kept apart) still rises up to {int(last['k'])} "
            "states, but only with shapes of these."
        )
    elif at == len(table) - 1:
        parts.append("More states were not tried: there may be more.")
    return " ".join(parts)
