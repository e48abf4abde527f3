"""States merged, split and put into another order by hand; states of windows said by hand."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_cellstate.core.edits import Edit
from napari_cellstate.core.families import Rows, StateFit
from napari_cellstate.core.progress import Runtime

Ints = NDArray[np.int64]


class MergeStates(Edit):
    """Make several states one; it takes the place of the first of them, and those after move up.

    Attributes
    ----------
    states : two or more, from 1, as they are numbered then.
    """

    kind: ClassVar[str] = "merge-states"
    stage: ClassVar[str] = "states"
    states: list[int] = Field(min_length=2)

    def words(self) -> str:
        """What it does."""
        return f"merge states {', '.join(map(str, sorted(self.states)))}"


class SplitState(Edit):
    """Make a state two, by a hidden Markov model of its rows; the second takes the next number.

    Attributes
    ----------
    state : from 1.
    """

    kind: ClassVar[str] = "split-state"
    stage: ClassVar[str] = "states"
    state: int = Field(ge=1)

    def words(self) -> str:
        """What it does."""
        return f"split state {self.state}"


class OrderStates(Edit):
    """Put states into another order.

    Attributes
    ----------
    order : the states as they are numbered then, in the order wanted.
    """

    kind: ClassVar[str] = "order-states"
    stage: ClassVar[str] = "states"
    order: list[int] = Field(min_length=1)

    def words(self) -> str:
        """What it does."""
        return f"order states {', '.join(map(str, self.order))}"


class TeachState(Edit):
    """Say which state a cell is in, for the method that is taught by example.

    Attributes
    ----------
    frame, y, x : where the cell is, px.
    state : from 1; 0 takes back what was said of this cell in this frame.
    """

    kind: ClassVar[str] = "teach-state"
    stage: ClassVar[str] = "states"
    changes_view: ClassVar[bool] = False  # states are others only after the method has learnt from it
    frame: int = Field(ge=0)
    y: float
    x: float
    state: int = Field(ge=0, le=30)

    def words(self) -> str:
        """What it does."""
        what = f"is in state {self.state}" if self.state else "is in no state that was said"
        return f"the cell at ({self.y:.0f}, {self.x:.0f}) in frame {self.frame} {what}"


STATE_EDITS: tuple[type[Edit], ...] = (MergeStates, SplitState, OrderStates, TeachState)


def restated(fit: StateFit, edits: tuple[Edit, ...], rows: Rows, runtime: Runtime) -> tuple[StateFit, tuple[str, ...]]:
    """A fit (states from 0) with corrections applied in order, and the words of those that fit no state."""
    lost: list[str] = []
    for one in edits:
        k = _count(fit)
        if isinstance(one, MergeStates):
            fit, fits = _merged(fit, sorted(set(one.states)), k)
        elif isinstance(one, OrderStates):
            fit, fits = _ordered(fit, one.order, k)
        elif isinstance(one, SplitState):
            fit, fits = _split(fit, one.state, k, rows, runtime)
        else:
            continue
        if not fits:
            lost.append(one.words())
    return fit, tuple(lost)


def _count(fit: StateFit) -> int:
    k = int(max(fit.state.max(initial=-1), fit.cluster.max(initial=-1))) + 1
    return k if fit.posterior is None else max(k, fit.posterior.shape[1])


def _renumbered(fit: StateFit, number: Ints, k: int) -> StateFit:
    """Each old state under its new number; states with one number are added up."""
    posterior = None
    if fit.posterior is not None:
        posterior = np.zeros((len(fit.posterior), k))
        for old, new in enumerate(number):
            posterior[:, new] += fit.posterior[:, old]
    return StateFit(number[fit.cluster], number[fit.state], posterior, fit.notes)


def _merged(fit: StateFit, states: list[int], k: int) -> tuple[StateFit, bool]:
    if states[0] < 1 or states[-1] > k or len(states) < 2:
        return fit, False
    kept = [one for one in range(1, k + 1) if one not in states[1:]]
    number = np.array([kept.index(states[0] if one in states else one) for one in range(1, k + 1)], np.int64)
    return _renumbered(fit, number, len(kept)), True


def _ordered(fit: StateFit, order: list[int], k: int) -> tuple[StateFit, bool]:
    if sorted(order) != list(range(1, k + 1)):
        return fit, False
    number = np.empty(k, np.int64)
    number[np.array(order) - 1] = np.arange(k)
    return _renumbered(fit, number, k), True


def _split(fit: StateFit, state: int, k: int, rows: Rows, runtime: Runtime) -> tuple[StateFit, bool]:
    from napari_cellstate.methods.states.hmm import Hmm

    if not 1 <= state <= k:
        return fit, False
    mine = np.flatnonzero(fit.state == state - 1)
    if len(mine) < 2:
        return fit, False
    run = np.cumsum(np.append(True, (np.diff(mine) > 1) | (np.diff(rows.run[mine]) != 0)))
    part = Hmm(k=2).fit(Rows(rows.points[mine], run, rows.overlap), runtime)
    if int(part.state.max()) < 1:
        return fit, False
    number = np.arange(k) + (np.arange(k) >= state)
    wide = _renumbered(fit, number, k + 1)
    new, cluster = wide.state.copy(), wide.cluster.copy()
    new[mine] += part.state
    share = np.full(len(new), float(part.state.mean()))
    assert part.posterior is not None
    share[mine] = part.posterior[:, 1]
    cluster = np.where(cluster == state - 1, cluster + (share > 0.5), cluster)
    posterior = wide.posterior
    if posterior is not None:
        both = posterior[:, state - 1].copy()
        posterior[:, state - 1], posterior[:, state] = both * (1 - share), both * share
    return StateFit(cluster, new, posterior, fit.notes), True
