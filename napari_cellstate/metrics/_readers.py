"""How well a linear reader tells something from coordinates, on units that it has not seen."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FOLDS = 5


def folds(group: Ints, seed: int, label: Ints | None = None) -> Ints:
    """Fold of each row, (N,); rows of one group share a fold, groups of one label are spread over all folds."""
    names, first, number = np.unique(group, return_index=True, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    if label is not None:
        order = order[np.argsort(label[first][order], kind="stable")]
    fold = np.empty(len(names), np.int64)
    fold[order] = np.arange(len(names)) % min(FOLDS, len(names))
    return fold[number]


def squared_errors(points: Floats, target: Floats, fold: Ints) -> Floats:
    """Squared error of each row out of its fold, mean over target columns, by ridge regression with its own penalty."""
    from sklearn.linear_model import RidgeCV

    found = np.empty(target.shape)
    for nth in np.unique(fold):
        train, test = fold != nth, fold == nth
        scaled = _scaled(points, train)
        model = RidgeCV(alphas=np.logspace(-1, 5, 13)).fit(scaled[train], target[train])
        found[test] = model.predict(scaled[test]).reshape(int(test.sum()), -1)
    return np.asarray(np.square(found - target).mean(axis=1))


def baseline_errors(target: Floats, fold: Ints) -> Floats:
    """Squared error of each row if the mean of the other folds is said of all."""
    found = np.empty(target.shape)
    for nth in np.unique(fold):
        found[fold == nth] = target[fold != nth].mean(axis=0)
    return np.asarray(np.square(found - target).mean(axis=1))


def told_labels(points: Floats, label: Ints, fold: Ints) -> tuple[Floats, Ints]:
    """Log loss and best label of each row out of its fold, by logistic regression, all labels weighing the same."""
    from sklearn.linear_model import LogisticRegression

    loss, best = np.empty(len(label)), np.empty(len(label), np.int64)
    for nth in np.unique(fold):
        train, test = fold != nth, fold == nth
        scaled = _scaled(points, train)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # not quite converged is good enough
            model = LogisticRegression(C=0.1, max_iter=300, class_weight="balanced").fit(scaled[train], label[train])
        chance = np.full((int(test.sum()), int(label.max()) + 1), 1e-6)
        chance[:, model.classes_] = np.maximum(model.predict_proba(scaled[test]), 1e-6)
        loss[test] = -np.log(chance[np.arange(len(chance)), label[test]])
        best[test] = chance.argmax(axis=1)
    return loss, best


def balanced_accuracy(truth: Ints, found: Ints) -> float:
    """Share told right, mean over labels."""
    return float(np.mean([(found[truth == one] == one).mean() for one in np.unique(truth)]))


def beyond(base: Floats, points: Floats) -> Floats:
    """Columns of points without what a linear function of the base explains; those of which nothing is left are gone.

    Else a copy of a column would seem to add something: beside its twin it is shrunk less.
    """
    known = np.concatenate([np.ones((len(base), 1)), base], axis=1)
    rest = points - known @ np.linalg.lstsq(known, points, rcond=None)[0]
    return np.asarray(rest[:, rest.std(axis=0) > 1e-6 * np.maximum(points.std(axis=0), 1e-300)])


def _scaled(points: Floats, train: NDArray[np.bool_]) -> Floats:
    mean, spread = points[train].mean(axis=0), points[train].std(axis=0)
    return np.asarray((points - mean) / np.where(spread > 1e-12, spread, 1.0))
