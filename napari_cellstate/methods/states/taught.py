"""States taught by example: some rows are labelled by hand, a small net labels the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_cellstate.core.families import Floats, Ints, Rows, StateEstimator, StateFit
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.states._common import one_state

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_WHAT = "states: taught"
_BATCH = 64
FEW = 100
"""Labels below which rows without a label are learnt from too."""


@register
class Taught(StateEstimator):
    """A small net trained on the rows that the user labelled, with mixup; the posterior is its probability.

    With fewer than 100 labels it also learns from rows without one: its prediction for a blend of two of them is to be
    the blend of its predictions (interpolation consistency). As many states as labels; `k` is not looked at.

    Notes
    -----
    It learns what was said, mistakes too, and knows nothing of states that nobody showed it. Rows far from every
    labelled one get a state all the same: look at their probability, and label some.
    """

    kind: ClassVar[str] = "taught"
    title: ClassVar[str] = "Taught by example"

    mixup: float = setting(
        0.4,
        "mixup",
        ge=0,
        le=10,
        step=0.1,
        rare=True,
        help="Blend of labelled rows; 0 for none, more blends more evenly.",
    )
    consistency: float = setting(
        1.0,
        "Consistency",
        ge=0,
        le=1000,
        step=1.0,
        rare=True,
        help="Weight of rows without label, where labels are few.",
    )
    hidden: int = setting(32, "Hidden units", ge=1, le=1024, rare=True, help="More can draw finer borders.")
    steps: int = setting(600, "Steps", ge=1, le=100_000, rare=True, help="Of training; more fits the labels closer.")

    def fit(self, rows: Rows, runtime: Runtime) -> StateFit:
        """Learn from `rows.taught` and label every row; see `StateEstimator.fit`."""
        taught = np.zeros(len(rows.points), np.int64) if rows.taught is None else rows.taught
        known = np.unique(taught[taught > 0])
        if len(known) < 2 or not len(rows.points):
            said = "nobody has labelled a row yet" if not len(known) else f"all labels say state {known[0]}"
            note = f"one state only: {said}; label cells of two or more states and run again"
            return one_state(len(rows.points), (note,), probability=True)
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            posterior = self._learnt(_standard(rows.points), taught, known, runtime)
        labelled = np.flatnonzero(taught > 0)
        state = posterior.argmax(axis=1)
        wrong = int((known[state[labelled]] != taught[labelled]).sum())
        notes: tuple[str, ...] = (
            f"{len(labelled)} labelled rows of {len(known)} states; {wrong} of them come out otherwise",
        )
        whole = np.zeros((len(state), int(known.max())))
        whole[:, known - 1] = posterior
        missing = sorted(set(range(1, int(known.max()) + 1)) - set(known.tolist()))
        if missing:
            notes = (*notes, f"nobody labelled state {missing[0]}; the others keep their numbers")
        final = (known[state] - 1).astype(np.int64)
        return StateFit(final, final, whole, notes)

    def _learnt(self, points: Floats, taught: Ints, known: Ints, runtime: Runtime) -> Floats:
        import torch

        net = _net(points.shape[1], self.hidden, len(known))
        inputs = torch.from_numpy(points).float()
        at = torch.from_numpy(np.flatnonzero(taught > 0))
        place = torch.from_numpy(np.searchsorted(known, taught[taught > 0]))
        classes = torch.nn.functional.one_hot(place, len(known)).float()
        classes_weight = classes.sum(0)
        balance = (1.0 / classes_weight)[place]
        few = len(at) < FEW and self.consistency > 0
        optimiser = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=1e-4)
        generator = torch.Generator().manual_seed(self.seed)
        for step in range(self.steps):
            if step % 20 == 0:
                runtime.progress(step, self.steps, _WHAT)
            chosen = torch.multinomial(balance, _BATCH, replacement=True, generator=generator)
            loss = self._loss(net, inputs[at[chosen]], classes[chosen], generator)
            if few:
                loss = loss + self._between(net, inputs, step, generator)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        runtime.progress(self.steps, self.steps, _WHAT)
        net.eval()
        with torch.no_grad():
            found: Floats = torch.softmax(net(inputs), 1).double().numpy()
        return found

    def _loss(self, net: nn.Module, inputs: Tensor, classes: Tensor, generator: torch.Generator) -> Tensor:
        import torch.nn.functional as functional

        from napari_cellstate.learn.mixup import draw_pairing

        pairing = draw_pairing(len(inputs), self.mixup, generator=generator)
        scores = net(pairing.mix(inputs))
        return -(pairing.mix(classes) * functional.log_softmax(scores, 1)).sum(1).mean()

    def _between(self, net: nn.Module, inputs: Tensor, step: int, generator: torch.Generator) -> Tensor:
        """Difference between the net on blends of rows without label and the blends of what it says of them."""
        import torch

        from napari_cellstate.learn.ict import Teacher, consistency_loss, consistency_weight
        from napari_cellstate.learn.mixup import draw_pairing

        rows = torch.randint(len(inputs), (_BATCH,), generator=generator)
        pairing = draw_pairing(_BATCH, 1.0, generator=generator)
        weight = consistency_weight(step, max(1, self.steps // 4), self.consistency)
        return weight * consistency_loss(net, Teacher(net, "self"), inputs[rows], pairing)


def _net(axes: int, hidden: int, states: int) -> nn.Module:
    from torch import nn

    return nn.Sequential(
        nn.Linear(axes, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, states)
    )


def _standard(points: Floats) -> Floats:
    """Mean 0, and a mean variance of 1 over the axes."""
    centred = points - points.mean(axis=0)
    size = float(np.sqrt(np.square(centred).mean()))
    return np.asarray(centred / (size or 1.0))
