"""What all embedders that train a net share: settings, training, and what is said of each row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_cellstate.core.families import Embedder, Embedding, Floats, Ints
from napari_cellstate.core.method import setting
from napari_cellstate.core.progress import Runtime

if TYPE_CHECKING:
    from torch import Tensor, nn

    from napari_cellstate.learn.loop import Training
    from napari_cellstate.nets.elbo import Elbo

ACTIVE = 0.05
"""A dimension whose posterior means vary less than this (the prior's variance is 1) tells nothing and is left out."""
_AT_ONCE = 256


class NetEmbedder(Embedder):
    """Base of the embedders that train a net; see the settings."""

    trains: ClassVar[bool] = True
    least_rows: ClassVar[int] = 20

    latent: int = setting(
        16, "Code", ge=1, le=128, help="Dimensions of the code; those that tell nothing are left out."
    )
    steps: int = setting(
        1000,
        "Training steps",
        ge=1,
        le=1_000_000,
        help="More learns more and takes longer; the loss curve shows when to stop.",
    )
    batch: int = setting(32, "Batch", ge=2, le=4096, rare=True, help="Windows a step; more is steadier and slower.")
    learning_rate: float = setting(
        0.002, "Learning rate", gt=0, le=1, step=0.0005, rare=True, help="Smaller is slower and surer."
    )
    seed: int = setting(
        0, "Seed", ge=0, rare=True, help="Start of the random numbers; the same seed gives the same net."
    )

    def _nothing(self) -> Embedding:
        return Embedding(np.zeros((0, 1)), {"notes": ["no windows: nothing to learn from"]})

    def training(self) -> Training:
        """How the net is trained."""
        from napari_cellstate.learn.loop import Training

        return Training(
            steps=self.steps,
            learning_rate=self.learning_rate,
            schedule="cosine",
            clip=1000.0,
            seed=self.seed,
            check_every=max(1, min(100, self.steps // 5)),
            checkpoint_every=25,
        )


@dataclass(frozen=True, eq=False)
class Told:
    """What a net tells of every row.

    Attributes
    ----------
    mean, log_var : (N, D), of the posterior.
    surprise : (N,), error of the reconstruction and divergence, nats: how little the net can explain the row.
    """

    mean: Floats
    log_var: Floats
    surprise: Floats


def tell(rows: int, one: Callable[[Ints], tuple[Tensor, Tensor, Tensor]], runtime: Runtime) -> Told:
    """Ask a net about every row, some at a time; `one` gives mean, log variance and surprise of some rows."""
    import torch

    parts = []
    with torch.no_grad():
        for begin in range(0, rows, _AT_ONCE):
            runtime.progress(begin, rows, "embed: encoding")
            made = one(np.arange(begin, min(begin + _AT_ONCE, rows)))
            parts.append([value.double().cpu().numpy() for value in made])
    mean, log_var, surprise = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Told(mean, log_var, surprise)


def embedding_of(told: Told, info: dict[str, Any]) -> Embedding:
    """Posterior means of the dimensions that tell something, those that tell most first.

    `info` gets: dims (their places in the code), middle (the mean code), kl (nats of each), notes. Columns: sd, the
    mean posterior standard deviation of these dimensions (1 is that of the prior: nothing is known), and surprise.
    """
    kl = ((told.mean**2 + np.exp(told.log_var) - told.log_var - 1) / 2).mean(axis=0)
    order = np.argsort(-kl, kind="stable")
    active = [int(d) for d in order if told.mean[:, d].var() > ACTIVE] or [int(order[0])]
    notes = list(info.pop("notes", []))
    if told.mean[:, active].var(axis=0).max() <= ACTIVE:
        notes.append("no dimension of the code tells anything: the net has learnt only the average")
    sd = np.exp(told.log_var[:, active] / 2).mean(axis=1)
    middle = [round(float(one), 6) for one in told.mean.mean(axis=0)]
    info |= {"dims": active, "middle": middle, "kl": [round(float(kl[d]), 4) for d in active], "notes": notes}
    return Embedding(told.mean[:, active], info, {"sd": sd, "surprise": told.surprise})


def losses_said(records: Any) -> dict[str, Any]:
    """First and last values of a training's history, for the record."""
    last = records[-1] if records else {}
    checks = [row["check"] for row in records if row.get("check") is not None]
    return {
        "steps": len(records),
        "loss": round(float(last.get("loss") or 0.0), 4),
        "check": round(float(min(checks)), 4) if checks else None,
    }


def elbo_of(objective: str, *, beta: float, capacity: float, steps: int, sd: float) -> Elbo:
    """The objective by its name; the capacity is reached after four fifths of the steps."""
    from napari_cellstate.nets.elbo import Elbo

    return Elbo(
        objective,  # type: ignore[arg-type]
        "gaussian",
        sd=sd,
        beta=beta,
        gamma=100.0,
        most_capacity=capacity,
        capacity_steps=max(1, steps * 4 // 5),
    )


def on(net: nn.Module) -> Any:
    """The device that a net is on."""
    return next(net.parameters()).device
