"""Whether each dimension of a code stands for one factor: MIG, FactorVAE score, BetaVAE score, SAP and DCI.

Notes
-----
They need known factors, and they saturate: after one epoch a plain VAE can already have a BetaVAE score above 0.95. A
code with high scores can be worse for clustering. Definitions as gathered by Locatello et al. 2019, arXiv 1811.12359.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.metrics._mutual import bins_of, entropy, mutual_information

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BINS = 20
PRUNED = 0.05
"""Dimensions whose standard deviation is below this share nothing in the FactorVAE score."""
_TRAIN, _TEST, _PAIRS = 10_000, 5_000, 64


@dataclass(frozen=True)
class DCI:
    """Eastwood and Williams 2018, ICLR, with random forests.

    Attributes
    ----------
    disentanglement : each dimension tells of one factor only, weighted by how much it tells at all.
    completeness : each factor is told by one dimension only.
    informativeness : share of rows, not used for fitting, whose factors are told right, mean over factors.
    """

    disentanglement: float
    completeness: float
    informativeness: float


@dataclass(frozen=True)
class Disentanglement:
    """All scores of one code, each from 0 to 1, more is better; NaN where they are not defined."""

    mig: float
    factor_vae: float
    beta_vae: float
    sap: float
    dci: DCI

    def to_dict(self) -> dict[str, object]:
        """As plain values."""
        return asdict(self)


def disentanglement(codes: Floats, factors: Ints, *, seed: int = 0) -> Disentanglement:
    """Every score of a code.

    Parameters
    ----------
    codes : (N, D), such as the posterior means of a VAE.
    factors : (N, K), levels of the known factors as whole numbers.
    seed : of the rows that are drawn and of the classifiers.

    Raises
    ------
    InputError
        Shapes that do not fit, fewer than 2 rows, values that are not finite, factors that are not whole numbers.
    """
    codes, factors = _checked(codes, factors)
    return Disentanglement(
        mig=mig(codes, factors),
        factor_vae=factor_vae_score(codes, factors, seed=seed),
        beta_vae=beta_vae_score(codes, factors, seed=seed),
        sap=sap(codes, factors, seed=seed),
        dci=dci(codes, factors, seed=seed),
    )


def mig(codes: Floats, factors: Ints) -> float:
    """Mutual information gap: for each factor, the gap between the two dimensions that tell most of it.

    Chen et al. 2018, arXiv 1802.04942: mean over factors of (I first - I second) / H(factor); each dimension in 20
    bins of equal width, or one bin a value where it has at most 20 values. Factors with one level are left out.

    Returns
    -------
    1 where each factor is told by one dimension alone, near 0 where all dimensions tell of all; NaN without factors.
    """
    codes, factors = _checked(codes, factors)
    binned = [bins_of(codes[:, d], BINS) for d in range(codes.shape[1])]
    gaps = []
    for factor in _varying(factors):
        told = np.sort([mutual_information(one, factor) for one in binned])
        second = told[-2] if len(told) > 1 else 0.0
        gaps.append((told[-1] - second) / entropy(factor))
    return _mean(gaps)


def factor_vae_score(codes: Floats, factors: Ints, *, seed: int = 0) -> float:
    """Accuracy of telling which factor was held fixed from the dimension that varies least, by majority vote.

    Kim and Mnih 2018, arXiv 1802.05983: 64 rows share the level of one factor; each dimension's variance among them is
    divided by its variance among all; 10,000 draws to fit, 5,000 to test. 0 if every dimension is constant.
    """
    codes, factors = _checked(codes, factors)
    kept = codes[:, codes.std(axis=0) >= PRUNED]
    groups, rng = _Groups(factors), np.random.default_rng(seed)
    if not kept.shape[1] or not groups.count:
        return 0.0 if groups.count else float(np.nan)
    spread = kept.var(axis=0, ddof=1)
    chosen = rng.integers(groups.count, size=_TRAIN + _TEST)
    least = np.empty(len(chosen), np.int64)
    for some in np.array_split(np.arange(len(chosen)), 30):  # in parts, for the memory's sake
        rows = groups.draw(chosen[some], _PAIRS, rng)
        least[some] = (kept[rows].var(axis=1, ddof=1) / spread).argmin(axis=1)
    votes = np.zeros((kept.shape[1], groups.count), np.int64)
    np.add.at(votes, (least[:_TRAIN], chosen[:_TRAIN]), 1)
    return float((votes.argmax(axis=1)[least[_TRAIN:]] == chosen[_TRAIN:]).mean())


def beta_vae_score(codes: Floats, factors: Ints, *, seed: int = 0) -> float:
    """Accuracy of a logistic regression that tells which factor was shared from how much pairs of codes differ.

    Higgins et al. 2017, ICLR: the mean of abs(z1 - z2) over 64 pairs that share the level of one factor; 10,000 draws
    to fit, 5,000 to test.
    """
    from sklearn.linear_model import LogisticRegression

    codes, factors = _checked(codes, factors)
    groups, rng = _Groups(factors), np.random.default_rng(seed)
    if groups.count < 2:
        return float(np.nan) if not groups.count else 1.0
    chosen = rng.integers(groups.count, size=_TRAIN + _TEST)
    differ = np.empty((len(chosen), codes.shape[1]))
    for some in np.array_split(np.arange(len(chosen)), 30):
        rows = groups.draw(chosen[some], 2 * _PAIRS, rng)
        differ[some] = np.abs(codes[rows[:, :_PAIRS]] - codes[rows[:, _PAIRS:]]).mean(axis=1)
    spread = differ[:_TRAIN].std(axis=0)
    differ /= np.where(spread > 0, spread, 1)
    model = LogisticRegression(max_iter=1000, random_state=seed).fit(differ[:_TRAIN], chosen[:_TRAIN])
    return float(model.score(differ[_TRAIN:], chosen[_TRAIN:]))


def sap(codes: Floats, factors: Ints, *, seed: int = 0) -> float:
    """Separated attribute predictability: the gap between the two dimensions that best tell a factor by themselves.

    Kumar et al. 2018, arXiv 1711.00848. A dimension's worth is the balanced accuracy, on rows not used to fit, of a
    tree of as many leaves as the factor has levels: a linear classifier of one number cannot tell a middle level.
    """
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.tree import DecisionTreeClassifier

    codes, factors = _checked(codes, factors)
    train, test = _halves(len(codes), seed)
    gaps = []
    for factor in _varying(factors):
        worth = []
        for d in range(codes.shape[1]):
            tree = DecisionTreeClassifier(max_leaf_nodes=max(len(np.unique(factor)), 2), random_state=seed)
            tree.fit(codes[train, d : d + 1], factor[train])
            worth.append(_above_chance(balanced_accuracy_score, factor[test], tree.predict(codes[test, d : d + 1])))
        best = np.sort(worth)[::-1]
        gaps.append(best[0] - (best[1] if len(best) > 1 else 0.0))
    return _mean(gaps)


def dci(codes: Floats, factors: Ints, *, seed: int = 0) -> DCI:
    """Disentanglement, completeness and informativeness from the importances of random forests."""
    from sklearn.ensemble import RandomForestClassifier

    codes, factors = _checked(codes, factors)
    train, test = _halves(len(codes), seed)
    importance, right = [], []
    for factor in _varying(factors):
        forest = RandomForestClassifier(
            n_estimators=20, max_features=None, min_samples_leaf=2, random_state=seed, n_jobs=1
        )
        forest.fit(codes[train], factor[train])
        importance.append(forest.feature_importances_)
        right.append(float((forest.predict(codes[test]) == factor[test]).mean()))
    if not right:
        return DCI(*(3 * [float(np.nan)]))
    told = np.array(importance).T  # (D, K)
    of_all = told.sum() or 1.0
    of_dimensions = 1 - _entropy_of_rows(told)
    of_factors = 1 - _entropy_of_rows(told.T)
    return DCI(
        disentanglement=float((of_dimensions * told.sum(axis=1)).sum() / of_all),
        completeness=float((of_factors * told.sum(axis=0)).sum() / of_all),
        informativeness=_mean(right),
    )


class _Groups:
    """Rows by the level of each factor that varies."""

    def __init__(self, factors: Ints) -> None:
        self._factors = [np.unique(factor, return_inverse=True)[1] for factor in _varying(factors)]
        self._order = [np.argsort(factor, kind="stable") for factor in self._factors]
        self._counts = [np.bincount(factor) for factor in self._factors]
        self.count = len(self._factors)

    def draw(self, chosen: Ints, size: int, rng: np.random.Generator) -> Ints:
        """(M, size) rows; those of one line share the level of the chosen factor with a row drawn at random."""
        out = np.empty((len(chosen), size), np.int64)
        for nth in range(self.count):
            mine = np.flatnonzero(chosen == nth)
            level = self._factors[nth][rng.integers(len(self._factors[nth]), size=len(mine))]
            starts = np.concatenate(([0], np.cumsum(self._counts[nth])))[level]
            among = (rng.random((len(mine), size)) * self._counts[nth][level][:, None]).astype(np.int64)
            out[mine] = self._order[nth][starts[:, None] + among]
        return out


def _checked(codes: Floats, factors: Ints) -> tuple[Floats, Ints]:
    codes, factors = np.asarray(codes, np.float64), np.asarray(factors)
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors) or len(codes) < 2 or not codes.shape[1]:
        raise InputError(
            f"codes {codes.shape} and factors {factors.shape}: expected (N, D) and (N, K) with N of at least 2"
        )
    if not np.isfinite(codes).all():
        row, column = np.argwhere(~np.isfinite(codes))[0]
        raise InputError(f"codes row {row}, column {column}: {codes[row, column]}; leave out rows that are not finite")
    if factors.dtype.kind not in "iub":
        raise InputError(f"factors of type {factors.dtype}: expected levels as whole numbers; number them first")
    return codes, factors.astype(np.int64)


def _varying(factors: Ints) -> list[Ints]:
    return [factor for factor in factors.T if (factor != factor[0]).any()]


def _halves(rows: int, seed: int) -> tuple[Ints, Ints]:
    """Rows to fit (two thirds) and to test."""
    order = np.random.default_rng(seed).permutation(rows)
    cut = max(rows * 2 // 3, 1)
    return order[:cut], order[cut:]


def _above_chance(score: object, truth: Ints, found: Ints) -> float:
    levels = len(np.unique(truth))
    value = float(score(truth, found))  # type: ignore[operator]
    return max((value - 1 / levels) / (1 - 1 / levels), 0.0) if levels > 1 else 0.0


def _entropy_of_rows(values: Floats) -> Floats:
    """Entropy of each row as shares, over its most; 0 for a single column."""
    total = values.sum(axis=1, keepdims=True)
    share = values / np.where(total > 0, total, 1)
    bits = -(share * np.log(np.where(share > 0, share, 1))).sum(axis=1)
    most = np.log(values.shape[1])
    out: Floats = bits / most if most > 0 else np.zeros(len(values))
    return out


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float(np.nan)
