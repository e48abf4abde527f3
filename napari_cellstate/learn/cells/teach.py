"""Fine-tune a net on what a user corrected, with the movie's other frames as images without labels."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor, nn

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.learn.augment import Augment
from napari_cellstate.learn.average import Average
from napari_cellstate.learn.cells.crops import Crops, Picture, batch, picture
from napari_cellstate.learn.cells.heads import places
from napari_cellstate.learn.cells.objective import WEIGHTS, losses
from napari_cellstate.learn.device import has_fast_bfloat16
from napari_cellstate.learn.ict import consistency_weight
from napari_cellstate.learn.loop import Trained, Training, train
from napari_cellstate.learn.mixup import draw_pairing
from napari_cellstate.learn.objectives import Batch, Objective
from napari_cellstate.nets._norm import Norm
from napari_cellstate.nets.losses import Loss
from napari_cellstate.nets.tiramisu import Tiramisu

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CROPS = Crops(side=160, batch=4, jitter=1.2, wide=0.0, invert=0.0, slope=0.1)
_GENTLE = Augment(rotation=180.0, scale=1.0, gain=0.15, offset=0.1, gamma=0.2, blur=0.4, noise=0.05)
_WATCH_S = 8.0


@dataclass(frozen=True, eq=False)
class Lesson:
    """A frame with what is known about it.

    Attributes
    ----------
    image : (Y, X), any real dtype, finite.
    labels : (Y, X) int; a number above 0 is a cell, 0 background, -1 not known, -2 in a cell whose outline is not known
        (a scribble).
    """

    image: NDArray[np.generic]
    labels: NDArray[np.integer]


@dataclass(frozen=True)
class Teaching:
    """How a net is taught.

    Attributes
    ----------
    seconds : at most; a training that was stopped goes on with what is left of them.
    steps : at most, 0 for no limit but time. With a limit of steps alone, equal input gives equal weights.
    learning_rate : at the start; it falls to 0 at the end.
    consistency : weight of the unlabelled loss after a quarter of the time; 0 leaves unlabelled frames out.
    seed : of crops and augmentation.
    fresh : the net knows nothing yet: norms gather their statistics.
    """

    seconds: float = 60.0
    steps: int = 0
    learning_rate: float = 5e-4
    consistency: float = 10.0
    seed: int = 0
    fresh: bool = False


class Taught(Objective):
    """Losses of the known pixels, and interpolation consistency (Verma et al. 2019) of frames without labels.

    A batch holds what `crops.batch` gives and, if consistency is on, ``unlabelled`` (B', 2, Y, X). Running statistics
    of norms stay as they are unless the net is fresh: a few crops of one movie say little about them.
    """

    def __init__(self, net: nn.Module, most: float, share: Callable[[], float], *, fresh: bool = False) -> None:
        super().__init__()
        self.average = Average(net, 0.99)
        self.most, self.share, self.fresh = most, share, fresh

    def loss(self, net: nn.Module, batch: Batch, step: int, generator: torch.Generator) -> Loss:
        """Weighted sum of the losses of the heads + w(t) * consistency, t the share of the time that is over."""
        for part in net.modules():
            if isinstance(part, Norm) and not self.fresh:
                part.eval()
        parts = losses(net(batch["image"]).float(), batch["targets"], batch["known"], cell_known=batch["cell_known"])
        total = torch.stack([WEIGHTS[name] * value for name, value in parts.items()]).sum()
        if self.most and "unlabelled" in batch:
            images = batch["unlabelled"]
            pairing = draw_pairing(len(images), 1.0, generator=generator, device=images.device)
            self.average.eval()
            with torch.no_grad():
                wanted = pairing.mix(bounded(self.average.net(images).float()))
            apart = (bounded(net(pairing.mix(images)).float()) - wanted).square().mean()
            total = total + consistency_weight(self.share(), 0.25, self.most) * apart
            parts["consistency"] = apart
        return Loss(total, {name: value.detach() for name, value in parts.items()})

    def after(self, net: nn.Module, step: int) -> None:
        """Let the average, which is the teacher, follow."""
        self.average.follow(net, step)


def bounded(said: Tensor) -> Tensor:
    """Outputs whose differences are comparable: probabilities where a head is a score, all else as it is."""
    at = places()
    return torch.cat((torch.sigmoid(said[:, at["cell"]]), torch.sigmoid(said[:, at["edge"]]), said[:, 2:]), 1)


def teach(
    net: Tiramisu,
    lessons: Sequence[Lesson],
    unlabelled: Sequence[NDArray[np.generic]],
    diameter: float,
    chosen: Teaching | None = None,
    *,
    folder: Path | None = None,
    device: torch.device | None = None,
    progress: Progress = silent,
    watch: Callable[[Tiramisu], None] | None = None,
) -> tuple[Tiramisu, Trained]:
    """Fine-tune a copy of a net.

    Parameters
    ----------
    net : in float32; it stays as it is.
    lessons : at least one, with at least one known pixel.
    unlabelled : frames (Y, X) of the same kind; may be empty.
    diameter : of a typical cell, px; 0 takes the median of the lessons' cells.
    folder : where a checkpoint is kept, so that a stopped teaching goes on.
    progress : called before each step with the share of the time (in thousandths) that is over.
    watch : gets the averaged net every few seconds, in evaluation mode, to be looked through at once and not kept.

    Returns
    -------
    The taught net in evaluation mode on the processor, and the history.

    Raises
    ------
    InputError
        Nothing is known in any lesson.
    """
    told = chosen or Teaching()
    pictures, chances = _pictures(lessons, diameter)
    wide = diameter or float(np.median([_diameter(one) for one in lessons]) or 24.0)
    others = [picture(image, np.full(image.shape, -1), wide) for image in unlabelled] if told.consistency else []
    student = copy.deepcopy(net).to(device or torch.device("cpu")).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    clock = _Clock(told)
    objective = Taught(student, told.consistency if others else 0.0, clock.share, fresh=told.fresh)
    settings = Training(
        steps=told.steps or 10**6,
        seconds=told.seconds,
        learning_rate=told.learning_rate,
        schedule="cosine",
        warmup=5,
        clip=1.0,
        bfloat16=has_fast_bfloat16(device),
        seed=told.seed,
        checkpoint_every=50 if folder else 0,
    )

    def draw(step: int, generator: torch.Generator) -> Batch:
        rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
        taken = rng.choice(len(pictures), _CROPS.batch, p=chances)
        made = batch([pictures[n] for n in taken], _CROPS, generator, _GENTLE)
        if others:
            chosen_others = [others[n] for n in rng.integers(len(others), size=_CROPS.batch)]
            made["unlabelled"] = batch(chosen_others, _CROPS, generator, _GENTLE)["image"]
        return made

    def between(done: int, total: int, what: str) -> None:
        clock.step(done)
        progress(round(1000 * clock.share()), 1000, "teach")
        if watch is not None and clock.is_time(_WATCH_S):
            watch(cast("Tiramisu", objective.average.net.eval()))

    result = train(student, objective, draw, settings, folder=folder, device=device, progress=between)
    taught = objective.average.net.eval().cpu()
    return cast("Tiramisu", taught), result


class _Clock:
    """How much of a teaching is over, by steps or by time, whichever is nearer its end."""

    def __init__(self, told: Teaching) -> None:
        self._told, self._began, self._steps, self._last = told, time.monotonic(), 0, time.monotonic()

    def step(self, done: int) -> None:
        self._steps = done

    def share(self) -> float:
        over = (time.monotonic() - self._began) / self._told.seconds if self._told.seconds else 0.0
        return min(max(over, self._steps / self._told.steps if self._told.steps else 0.0), 1.0)

    def is_time(self, seconds: float) -> bool:
        if time.monotonic() - self._last < seconds:
            return False
        self._last = time.monotonic()
        return True


def _pictures(lessons: Sequence[Lesson], diameter: float) -> tuple[list[Picture], NDArray[np.float64]]:
    """Lessons in the net's size, and how often each is taken: as it has cells."""
    pictures = [picture(one.image, one.labels, diameter) for one in lessons if (one.labels != -1).any()]
    if not pictures:
        raise InputError("teach: nothing is known about any frame; correct or click at least one cell first")
    cells = np.array([1.0 + len(np.unique(one.labels[one.labels > 0])) for one in pictures])
    return pictures, cells / cells.sum()


def _diameter(lesson: Lesson) -> float:
    area = np.bincount(lesson.labels[lesson.labels > 0].ravel())
    return float(np.median(np.sqrt(4 / np.pi * area[area > 0]))) if area.any() else 24.0


def known_around(labels: NDArray[np.integer], corrected: Sequence[int], ring: int) -> NDArray[np.int32]:
    """What a frame's corrected cells say: the cells, and that a ring around them is background where no cell lies.

    Parameters
    ----------
    labels : (Y, X), all cells of the frame as they are now.
    corrected : labels of those that a person has looked at.
    ring : px.

    Returns
    -------
    (Y, X) int32, -1 where nothing is known.
    """
    from scipy.ndimage import binary_dilation

    sure = np.isin(labels, list(corrected))
    around = binary_dilation(sure, iterations=max(ring, 1)) & (labels == 0)
    return np.where(sure, labels, np.where(around, 0, -1)).astype(np.int32)
