"""One difference between two conditions: an effect, its interval, a p, and one of three words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.compare.correction import benjamini_hochberg, holm
from napari_cellstate.compare.permutation import Permutation
from napari_cellstate.compare.replicate_tests import Contrast
from napari_cellstate.compare.verdict import UNDECIDED, decide
from napari_cellstate.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellstate.compare.design import Design

CORRECTIONS: dict[str, Callable[[NDArray[Any]], NDArray[np.float64]]] = {
    "benjamini-hochberg": benjamini_hochberg,
    "holm": holm,
}


@dataclass(frozen=True)
class Finding:
    """One difference, in the units in which a reader thinks.

    Attributes
    ----------
    question : "states", "occupancy", "rates", "overall rate", "means": what is corrected for together.
    name : its own name, such as "rate 1->2".
    reference, other : the conditions.
    estimate : of `other` against `reference`, as `unit` says; 95 % interval `low` to `high`; `low90` to `high90`.
    values : of the reference and of the other condition, each the mean of its replicates.
    p, q : NaN where nothing can be tested.
    permutation_p, smallest_p : the check, and the smallest p that it can give.
    n : replicates of the reference and of the other condition; pairs twice.
    margin : smallest and largest effect that is called none, in units of the estimate.
    note : what a reader should know.
    mixed_p : p of a mixed model of the cells, another check; NaN where none was fitted.

    Notes
    -----
    n counts replicates (animals, donors, days), never cells, windows or movies of one replicate. "undecided" is not
    "the same".
    """

    question: str
    name: str
    reference: str
    other: str
    unit: str
    test: str
    paired: bool
    n: tuple[int, int]
    estimate: float
    low: float
    high: float
    low90: float
    high90: float
    margin: tuple[float, float]
    values: tuple[float, float] = (math.nan, math.nan)
    p: float = math.nan
    q: float = math.nan
    permutation_p: float = math.nan
    smallest_p: float = math.nan
    verdict: str = UNDECIDED
    note: str = ""
    mixed_p: float = math.nan


@dataclass(frozen=True)
class Wording:
    """What a family of findings has in common.

    Attributes
    ----------
    to_unit : from the scale of the test to that of the estimate; increasing.
    margin : in units of the estimate.
    """

    question: str
    unit: str
    quantity: str
    margin: tuple[float, float]
    to_unit: Callable[[NDArray[Any]], NDArray[Any]]


def make_findings(
    names: Sequence[str],
    contrast: Contrast,
    permutation: Permutation,
    design: Design,
    wording: Wording,
    *,
    values: NDArray[Any] | None = None,
    notes: Sequence[str] = (),
) -> list[Finding]:
    """Findings of one contrast, not yet corrected (`correct`).

    Parameters
    ----------
    names : (T,).
    contrast, permutation : of T quantities.
    values : (T, 2) of the reference and of the other condition, in a unit of their own.
    """
    bounds = [*contrast.interval(0.95), *contrast.interval(0.90)]
    estimate, low, high, low90, high90 = (wording.to_unit(one) for one in (contrast.estimate, *bounds))
    shown = np.full((len(names), 2), np.nan) if values is None else values
    test = f"{'paired' if design.paired else 'Welch'} t on one {wording.quantity} a replicate"
    return [
        Finding(
            question=wording.question,
            name=name,
            reference=design.reference,
            other=design.other,
            unit=wording.unit,
            test=test,
            paired=design.paired,
            n=(int(contrast.n_a[nth]), int(contrast.n_b[nth])),
            estimate=float(estimate[nth]),
            low=float(low[nth]),
            high=float(high[nth]),
            low90=float(low90[nth]),
            high90=float(high90[nth]),
            margin=wording.margin,
            values=(float(shown[nth, 0]), float(shown[nth, 1])),
            p=float(contrast.p[nth]),
            permutation_p=float(permutation.p[nth]),
            smallest_p=permutation.smallest_p,
            note=notes[nth] if notes else "",
        )
        for nth, name in enumerate(names)
    ]


def permutation_finding(
    question: str,
    name: str,
    design: Design,
    *,
    unit: str,
    quantity: str,
    estimate: float,
    bounds: tuple[float, float] = (math.nan, math.nan),
    p: float,
    smallest_p: float,
    note: str = "",
) -> Finding:
    """Finding of a statistic whose only test is the permutation of replicates, not yet corrected.

    Parameters
    ----------
    quantity : what was permuted, such as "optimal-transport distance".
    bounds : what is shown as low and high; there is no margin within which it would be the same.
    """
    what = "signs of pairs" if design.paired else "replicate labels"
    return Finding(
        question=question,
        name=name,
        reference=design.reference,
        other=design.other,
        unit=unit,
        test=f"permutation of {what}, {quantity}",
        paired=design.paired,
        n=design.n,
        estimate=estimate,
        low=bounds[0],
        high=bounds[1],
        low90=math.nan,
        high90=math.nan,
        margin=(math.nan, math.nan),
        p=p,
        permutation_p=p,
        smallest_p=smallest_p,
        note=note,
    )


def correct(findings: Sequence[Finding], method: str = "benjamini-hochberg") -> list[Finding]:
    """Fill in q and the verdict: all findings of one question are corrected for together.

    Parameters
    ----------
    method : "benjamini-hochberg" or "holm".
    """
    if method not in CORRECTIONS:
        raise InputError(f"compare: no correction {method!r}; known: {', '.join(CORRECTIONS)}")
    q = np.full(len(findings), np.nan)
    questions = np.array([finding.question for finding in findings], object)
    p = np.array([finding.p for finding in findings])
    for question in dict.fromkeys(questions):
        q[questions == question] = CORRECTIONS[method](p[questions == question])
    done = []
    for finding, one in zip(findings, q, strict=True):
        low, high = finding.margin
        word = decide(np.array([one]), np.array([finding.low90]), np.array([finding.high90]), low=low, high=high)[0]
        done.append(replace(finding, q=float(one), verdict=str(word)))
    return done
