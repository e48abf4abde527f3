"""Labels of one experiment for another: semi-supervised, with calibrated probabilities and an "unknown" class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent

if TYPE_CHECKING:
    from torch import nn

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

UNKNOWN = -1
LEAST_GROUPS = 2


@dataclass(frozen=True)
class TransferSettings:
    """How a classifier is trained.

    Attributes
    ----------
    steps, batch : of the training; `patience` checks on held-out groups without a better one end it.
    mixup : alpha of the blends of labelled rows.
    consistency : most weight of interpolation consistency on unlabelled rows, 0 for none.
    held_out : share of the labelled groups (movies, replicates) that are kept apart for stopping and calibration.
    far : share of held-out rows that lie farther from their class than what is still called known.
    unsure : below this calibrated probability a row is unknown too.
    """

    steps: int = 1500
    batch: int = 128
    patience: int = 10
    mixup: float = 0.4
    consistency: float = 10.0
    held_out: float = 0.25
    far: float = 0.01
    unsure: float = 0.5
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Transfer:
    """What the classifier says of the rows without labels, and how far it can be believed.

    Attributes
    ----------
    label : (M,) class from 0, `UNKNOWN` where a row is like none of the classes, or between them.
    probability : (M, C) calibrated on held-out groups.
    distance : (M,) to the nearest class over the farthest that is still known: above 1 is unknown.
    accuracy : share of the rows of held-out groups that are told rightly, all classes weighing the same.
    calibration_error : mean difference of probability and share of right ones on held-out groups, ten bins.
    temperature : by which scores were divided.

    Notes
    -----
    Accuracy and calibration hold for groups of the labelled experiment; another laboratory's movies may be told less
    well, and the probabilities do not know it. Do not test conditions on labels from a classifier that was trained to
    tell conditions.
    """

    label: Ints
    probability: Floats
    distance: Floats
    accuracy: float
    calibration_error: float
    temperature: float


def transfer_labels(
    values: NDArray[Any],
    label: Ints,
    group: Ints,
    unlabelled: NDArray[Any],
    settings: TransferSettings | None = None,
    *,
    progress: Progress = silent,
) -> Transfer:
    """Train on labelled rows (mixup) and unlabelled ones (interpolation consistency), and label the latter.

    Parameters
    ----------
    values, unlabelled : (N, F) and (M, F) finite, in one scaling that knows no labels.
    label : (N,) 0 to C - 1.
    group : (N,) movie or replicate of each labelled row: whole groups are held out.

    Raises
    ------
    InputError
        Shapes do not fit, not finite, one class or one group only.

    Notes
    -----
    Zhang et al. 2018, arXiv 1710.09412; Verma et al. 2019, arXiv 1903.03825; temperature: Guo et al. 2017, ICML.
    A row is unknown if its Mahalanobis distance to the nearest class (Lee et al. 2018, NeurIPS) is beyond that of all
    but `far` of the held-out rows, or if no class reaches the probability `unsure`.
    """
    chosen = settings or TransferSettings()
    values, unlabelled = np.asarray(values, np.float64), np.asarray(unlabelled, np.float64)
    classes = _check(values, label, group, unlabelled)
    held = _held_out(label, group, classes, chosen)
    net = _train(values, label, held, unlabelled, classes, chosen, progress)
    temperature = _temperature(_scores(net, values[held]), label[held])
    seen = _softmax(_scores(net, values[held]) / temperature)
    probability = _softmax(_scores(net, unlabelled) / temperature)
    reach = _Reach(values[~held], label[~held], classes)
    farthest = float(np.quantile(reach.distance(values[held]), 1 - chosen.far))
    distance = reach.distance(unlabelled) / max(farthest, 1e-12)
    known = (distance <= 1) & (probability.max(axis=1) >= chosen.unsure)
    return Transfer(
        np.where(known, probability.argmax(axis=1), UNKNOWN),
        probability,
        distance,
        _balanced(seen.argmax(axis=1), label[held], classes),
        calibration_error(seen, label[held]),
        temperature,
    )


def calibration_error(probability: Floats, label: Ints, bins: int = 10) -> float:
    """Expected calibration error: difference of the largest probability and how often it is right, over bins."""
    sure, right = probability.max(axis=1), probability.argmax(axis=1) == label
    at = np.minimum((sure * bins).astype(np.int64), bins - 1)
    n = np.bincount(at, minlength=bins)
    off = np.abs(np.bincount(at, sure, bins) - np.bincount(at, right, bins))
    return float(off.sum() / max(n.sum(), 1))


def _check(values: Floats, label: Ints, group: Ints, unlabelled: Floats) -> int:
    fits = values.ndim == unlabelled.ndim == 2 and values.shape[1] == unlabelled.shape[1] and values.shape[1] > 0
    if not fits or len(label) != len(values) or len(group) != len(values) or not len(unlabelled):
        raise InputError(
            f"transfer: {values.shape} labelled rows, {len(label)} labels, {unlabelled.shape} others; expected "
            "the same features, a label and a group for each labelled row"
        )
    if not (np.isfinite(values).all() and np.isfinite(unlabelled).all()):
        raise InputError("transfer: values that are not finite; leave such rows out, or fill them in")
    classes = len(np.unique(label))
    if classes < 2 or label.min() != 0 or label.max() != classes - 1:
        raise InputError(f"transfer: {classes} classes; expected two or more, each with some rows")
    if len(np.unique(group)) < LEAST_GROUPS:
        raise InputError("transfer: one group only; expected labelled movies or replicates to hold out")
    return classes


def _held_out(label: Ints, group: Ints, classes: int, chosen: TransferSettings) -> NDArray[np.bool_]:
    """Rows of the groups that are kept apart; the others still have every class."""
    rng = np.random.default_rng(chosen.seed)
    groups = rng.permutation(np.unique(group))
    wanted = max(1, round(chosen.held_out * len(groups)))
    held = np.zeros(len(label), np.bool_)
    taken = 0
    for one in groups:
        left = label[~held & (group != one)]
        if taken < wanted and len(np.unique(left)) == classes:
            held |= group == one
            taken += 1
    if not held.any():
        raise InputError("transfer: each group has a class that no other group has; expected every class in two groups")
    return held


def _train(
    values: Floats,
    label: Ints,
    held: NDArray[np.bool_],
    unlabelled: Floats,
    classes: int,
    chosen: TransferSettings,
    progress: Progress,
) -> nn.Module:
    import torch

    from napari_cellstate.learn.loop import Training, train
    from napari_cellstate.learn.objectives import Pixels, PixelSettings
    from napari_cellstate.nets.classifier import Classifier

    x, y = torch.as_tensor(values[~held], dtype=torch.float32), torch.as_tensor(label[~held])
    other = torch.as_tensor(unlabelled, dtype=torch.float32)
    kept, truth = torch.as_tensor(values[held], dtype=torch.float32), torch.as_tensor(label[held])
    counts = np.bincount(label[~held], minlength=classes)
    weight = torch.as_tensor(1.0 / counts[label[~held]], dtype=torch.float64)

    def draw(step: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
        at = torch.multinomial(weight, chosen.batch, replacement=True, generator=generator)
        batch = {"image": x[at], "labels": y[at]}
        if chosen.consistency:
            batch["unlabelled"] = other[torch.randint(len(other), (chosen.batch,), generator=generator)]
        return batch

    def check(net: nn.Module) -> float:
        return float(torch.nn.functional.cross_entropy(net(kept), truth))

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(chosen.seed)
        net = Classifier(values.shape[1], classes)
        settings = PixelSettings(
            classes, mixup=chosen.mixup, most_consistency=chosen.consistency, ramp=max(chosen.steps // 4, 1)
        )
        how = Training(
            steps=chosen.steps, check_every=50, patience=chosen.patience, seed=chosen.seed, checkpoint_every=0
        )
        train(net, Pixels(settings, net), draw, how, check=check, progress=progress)
    return net


def _scores(net: nn.Module, values: Floats) -> Floats:
    import torch

    with torch.no_grad():
        return np.asarray(net(torch.as_tensor(values, dtype=torch.float32)).double().numpy())


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _temperature(scores: Floats, label: Ints) -> float:
    """What scores are divided by so that held-out rows are foretold best."""
    from scipy.optimize import minimize_scalar

    def loss(log: float) -> float:
        chance = _softmax(scores / np.exp(log))[np.arange(len(label)), label]
        return float(-np.log(np.maximum(chance, 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


class _Reach:
    """Distance to the nearest class, all of one covariance."""

    def __init__(self, values: Floats, label: Ints, classes: int) -> None:
        self.means = np.stack([values[label == one].mean(axis=0) for one in range(classes)])
        around = values - self.means[label]
        covariance = around.T @ around / max(len(values) - classes, 1)
        ridge = 0.01 * np.trace(covariance) / len(covariance) + 1e-9
        self.whiten = np.linalg.cholesky(np.linalg.inv(covariance + ridge * np.eye(len(covariance))))

    def distance(self, values: Floats) -> Floats:
        """(N,)."""
        each = [np.linalg.norm((values - mean) @ self.whiten, axis=1) for mean in self.means]
        return np.asarray(np.min(each, axis=0))


def _balanced(found: Ints, truth: Ints, classes: int) -> float:
    there = [one for one in range(classes) if (truth == one).any()]
    return float(np.mean([(found[truth == one] == one).mean() for one in there]))
