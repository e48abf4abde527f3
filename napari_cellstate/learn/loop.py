"""One training loop for all nets.

Chance comes from generators seeded by the training's seed and the step, so a step does not depend on how it was
reached: a training that was killed and resumed ends, on a processor with the same number of threads, with the same
bytes as one that was not.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from napari_cellstate.core.digest import digest
from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.learn.checkpoint import Counts, read_checkpoint, write_checkpoint
from napari_cellstate.learn.objectives import Batch, Objective

if TYPE_CHECKING:
    import pandas as pd

Draw = Callable[[int, torch.Generator], Batch]
"""``draw(step, generator)``: the batch of a step, on the processor; all its chance from the generator."""
Check = Callable[[nn.Module], float]
"""``check(net)``: what early stopping watches, less is better; the net is in evaluation mode."""


@dataclass(frozen=True)
class Training:
    """How a net is trained.

    Attributes
    ----------
    steps : at most.
    seconds : at most, checked between steps, 0 for no limit; how far it comes then depends on the machine.
    optimiser : "adam", "sgd" (momentum 0.9) or "rmsprop".
    learning_rate, weight_decay : of the optimiser.
    schedule : "constant", or "cosine": falls to 0 at `steps` or, if that is given, at `seconds`, whichever is nearer.
    warmup : steps over which the learning rate rises from 0.
    decay : the learning rate is multiplied by this at each step.
    clip : largest norm of the gradient, 0 for no limit.
    bfloat16 : compute in reduced precision where that is safe; weights stay float32.
    seed : of batches, dropout and everything else.
    check_every : steps between checks.
    patience : checks without a better one until it stops, 0 for never.
    checkpoint_every : steps between checkpoints, 0 for none but when it is cancelled.
    record_every : steps between records of the history.
    """

    steps: int = 1000
    seconds: float = 0.0
    optimiser: Literal["adam", "sgd", "rmsprop"] = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: int = 0
    decay: float = 1.0
    clip: float = 0.0
    bfloat16: bool = False
    seed: int = 0
    check_every: int = 50
    patience: int = 0
    checkpoint_every: int = 100
    record_every: int = 1

    def rate(self, step: int, seconds: float = 0.0) -> float:
        """Learning rate of a step that begins after so many seconds of training."""
        done = max(step / self.steps, seconds / self.seconds if self.seconds else 0.0)
        shape = (1 + math.cos(math.pi * min(done, 1.0))) / 2 if self.schedule == "cosine" else 1.0
        rise = min((step + 1) / (self.warmup + 1), 1.0)
        return self.learning_rate * rise * shape * self.decay**step


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training has done; the net itself holds the best weights, or the last ones if nothing was checked.

    Attributes
    ----------
    steps : done in all.
    stopped : why it ended: "steps", "patience" or "seconds".
    best : least value of the check, none if there was no check.
    records : step, loss, each part of it, learning_rate, check (none where there was none).
    """

    steps: int
    stopped: str
    best: float | None
    records: tuple[dict[str, float | None], ...]

    def table(self) -> pd.DataFrame:
        """History as a table, a row a record."""
        import pandas as pd

        return pd.DataFrame(list(self.records))


def train(
    net: nn.Module,
    objective: Objective,
    draw: Draw,
    settings: Training,
    *,
    check: Check | None = None,
    folder: Path | None = None,
    device: torch.device | None = None,
    progress: Progress = silent,
) -> Trained:
    """Train a net, in place.

    Parameters
    ----------
    net : moved to the device, and left there in evaluation mode.
    objective : gives the loss.
    draw : gives the batches.
    check : for early stopping and the choice of the best weights.
    folder : where a checkpoint is written; one that lies there, of the same settings, is resumed.
    progress : called before each step; if it raises `Cancelled`, a checkpoint is written first.

    Raises
    ------
    InputError
        The loss is not finite, memory does not suffice for a single example, or the checkpoint does not fit.
    """
    return _Loop(net, objective, draw, settings, check, folder, device or torch.device("cpu")).run(progress)


class _Loop:
    def __init__(
        self,
        net: nn.Module,
        objective: Objective,
        draw: Draw,
        settings: Training,
        check: Check | None,
        folder: Path | None,
        device: torch.device,
    ) -> None:
        self.net, self.objective = net.to(device), objective.to(device)
        self.draw, self.settings, self.check, self.folder, self.device = draw, settings, check, folder, device
        self.optimiser = _optimiser(net, settings)
        self.counts, self.best = Counts(), dict[str, Tensor]()
        self.digest = digest(asdict(settings))
        if folder is not None and (found := read_checkpoint(folder, self.digest, self._modules, self.optimiser)):
            self.counts, self.best = found

    @property
    def _modules(self) -> dict[str, nn.Module]:
        return {"net": self.net, "objective": self.objective}

    def run(self, progress: Progress) -> Trained:
        before = self.counts.seconds
        began = time.monotonic()
        stopped = self._why_stop()
        while not stopped:
            try:
                progress(self.counts.step, self.settings.steps, "training")
            except Cancelled:
                self._save()
                raise
            self._one_step()
            self.counts.seconds = before + time.monotonic() - began
            stopped = self._why_stop()
            if self.settings.checkpoint_every and self.counts.step % self.settings.checkpoint_every == 0:
                self._save()
        self._save()
        if self.best:
            self.net.load_state_dict(self.best)
        self.net.eval()
        return Trained(self.counts.step, stopped, self.counts.best, tuple(self.counts.history))

    def _why_stop(self) -> str:
        chosen, counts = self.settings, self.counts
        if chosen.patience and counts.waited >= chosen.patience:
            return "patience"
        if counts.step >= chosen.steps:
            return "steps"
        return "seconds" if chosen.seconds and counts.seconds >= chosen.seconds else ""

    def _one_step(self) -> None:
        step, rate = self.counts.step, self.settings.rate(self.counts.step, self.counts.seconds)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        batch = self.draw(step, _generator(self.settings.seed, step, "draw"))
        record = {"step": float(step), **self._gradients(batch), "learning_rate": rate, "check": None}
        if self.settings.clip:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.settings.clip)
        self.optimiser.step()
        self.objective.after(self.net, step)
        self.counts.step += 1
        last = self.counts.step == self.settings.steps
        if self.check is not None and (self.counts.step % self.settings.check_every == 0 or last):
            record["check"] = self._checked(self.check)
        if step % self.settings.record_every == 0 or record["check"] is not None or last:
            self.counts.history.append(record)

    def _gradients(self, batch: Batch) -> dict[str, float]:
        """Gradients of a batch; if it does not fit in memory, of its halves, and so on."""
        while True:
            try:
                return self._gradients_of(_cut(batch, self.counts.pieces))
            except torch.OutOfMemoryError:
                if 2 * self.counts.pieces > min(map(len, batch.values())):
                    raise InputError(
                        f"out of memory on {self.device} with {len(next(iter(batch.values())))} examples cut into "
                        f"{self.counts.pieces} parts; use smaller images, or the processor"
                    ) from None
            self.counts.pieces *= 2
            if self.device.type == "cuda":
                torch.cuda.empty_cache()

    def _gradients_of(self, pieces: list[Batch]) -> dict[str, float]:
        self.net.train()
        self.objective.train()
        self.optimiser.zero_grad(set_to_none=True)
        said: dict[str, float] = {}
        whole = sum(len(next(iter(piece.values()))) for piece in pieces)
        for nth, piece in enumerate(pieces):
            share = len(next(iter(piece.values()))) / whole
            there = {name: value.to(self.device) for name, value in piece.items()}
            generator = _generator(self.settings.seed, self.counts.step, f"loss {nth}")
            with (
                torch.random.fork_rng(),
                torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.bfloat16),
            ):
                torch.manual_seed(generator.initial_seed())
                loss = self.objective.loss(self.net, there, self.counts.step, generator)
            (share * loss.total).backward()  # type: ignore[no-untyped-call]
            for name, value in {"loss": loss.total.detach(), **loss.parts}.items():
                said[name] = said.get(name, 0.0) + share * float(value)
        if not math.isfinite(said["loss"]):
            raise InputError(
                f"training step {self.counts.step}: the loss is {said['loss']}; use a smaller learning rate than "
                f"{self.settings.learning_rate:g}, and check the images for NaN"
            )
        return said

    def _checked(self, check: Check) -> float:
        self.net.eval()
        with torch.no_grad(), torch.random.fork_rng():
            torch.manual_seed(_seed(self.settings.seed, self.counts.step, "check"))
            value = float(check(self.net))
        if self.counts.best is None or value < self.counts.best:
            self.counts.best, self.counts.waited = value, 0
            self.best = {name: tensor.detach().clone() for name, tensor in self.net.state_dict().items()}
        else:
            self.counts.waited += 1
        return value

    def _save(self) -> None:
        if self.folder is not None:
            write_checkpoint(self.folder, self.digest, self.counts, self._modules, self.optimiser, self.best)


def _optimiser(net: nn.Module, settings: Training) -> torch.optim.Optimizer:
    wanted = [parameter for parameter in net.parameters() if parameter.requires_grad]
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimiser == "sgd":
        return torch.optim.SGD(wanted, rate, momentum=0.9, weight_decay=decay)
    if settings.optimiser == "rmsprop":
        return torch.optim.RMSprop(wanted, rate, weight_decay=decay)
    if settings.optimiser == "adam":
        return torch.optim.Adam(wanted, rate, weight_decay=decay)
    raise InputError(f"optimiser {settings.optimiser!r}: expected adam, sgd or rmsprop")


def _cut(batch: Batch, pieces: int) -> list[Batch]:
    parts = {name: torch.tensor_split(value, pieces) for name, value in batch.items()}
    return [{name: part[nth] for name, part in parts.items()} for nth in range(pieces)]


def _seed(seed: int, step: int, what: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}/{step}/{what}".encode(), digest_size=7).digest(), "little")


def _generator(seed: int, step: int, what: str) -> torch.Generator:
    return torch.Generator().manual_seed(_seed(seed, step, what))
