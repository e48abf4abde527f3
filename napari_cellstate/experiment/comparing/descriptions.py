"""What is described without a test: variance explained, difference vectors, features, wrong links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.compare.checks import Check
from napari_cellstate.compare.design import Design
from napari_cellstate.compare.finding import Finding
from napari_cellstate.compare.link_errors import add_link_errors
from napari_cellstate.compare.means import group_means
from napari_cellstate.compare.variance import variance_shares
from napari_cellstate.compare.vectors import count_shared, difference_vectors
from napari_cellstate.experiment.comparing.comparison import number, pair_of
from napari_cellstate.experiment.comparing.questions import groups_of
from napari_cellstate.experiment.observations import Observations

if TYPE_CHECKING:
    from numpy.typing import NDArray


def describe_pair(seen: Observations, design: Design, findings: Sequence[Finding]) -> dict[str, Any]:
    """Difference vectors of the states, and which features change in one state or in most."""
    if not seen.features:
        return {}
    said: dict[str, Any] = {"vectors": _vectors(seen, design)}
    if len(seen.states) > 1:
        said["features"] = _shared(seen, findings)
    return said


def _vectors(seen: Observations, design: Design) -> dict[str, Any]:
    group, names = groups_of(seen)
    groups, movies = max(len(names), 1), len(seen.samples.of)
    means = group_means(seen.space, group, seen.movie, groups=groups, movies=movies).means
    found = difference_vectors(seen.samples.mean(means), design)
    low, high = found.cosine_range()
    return {
        "space": seen.space_name,
        "groups": names or ["all"],
        "length": _numbers(found.length),
        "noise": _numbers(found.noise),
        "cosine": _numbers(found.cosine),
        "cosine_low": _numbers(low),
        "cosine_high": _numbers(high),
        "vectors": _numbers(found.vectors),
    }


def _shared(seen: Observations, findings: Sequence[Finding]) -> dict[str, Any]:
    """Counts of the states in which each feature changes, from corrected findings."""
    shape = (len(seen.states), len(seen.features))
    asked = [one for one in findings if one.question == "states"]
    q, estimate = (np.array([getattr(one, name) for one in asked]).reshape(shape) for name in ("q", "estimate"))
    found = count_shared(q, estimate)
    names = np.array(seen.features, object)
    return {
        "names": list(seen.features),
        "states_higher": found.up.tolist(),
        "states_lower": found.down.tolist(),
        "in_most": names[found.shared].tolist(),
        "in_one": names[found.specific].tolist(),
    }


def describe_variance(seen: Observations) -> dict[str, Any]:
    """Shares of the variance of all rows that go with state, condition, replicate and movie, type II."""
    known = seen.placed
    if seen.states:
        known = known & (seen.state > 0)
    if not seen.features or not known.any() or not np.ptp(seen.space[known], axis=0).any():
        return {}
    of = seen.sample[known]
    levels: dict[str, NDArray[Any]] = {"state": seen.state[known]} if seen.states else {}
    levels |= {"condition": seen.samples.condition[of], "replicate": of}
    if len(seen.samples.of) > len(seen.samples.condition):
        levels["movie"] = seen.movie[known]
    found = variance_shares(seen.space[known], levels)
    return {
        "factors": list(found.factors),
        "share": _numbers(found.share),
        "adjusted": _numbers(found.adjusted),
        "residual": number(found.residual),
    }


def check_link_errors(seen: Observations, designs: Sequence[Design], share: float) -> list[Check]:
    """How far rates, and their ratios between conditions, move if so many links more are wrong."""
    found = add_link_errors(
        seen.run, seen.frame, seen.state, seen.movie, seen.sample, share=share, lag=seen.lag, states=len(seen.states)
    )
    checks, off = [], np.argwhere(~np.eye(len(seen.states), dtype=bool))
    for design in designs:
        sides = found.factor(design.a), found.factor(design.b)
        for at in map(tuple, off.tolist()):
            name = f"{seen.states[at[0]]}->{seen.states[at[1]]}"
            factor, low, high = (side[at] for side in sides[0])
            moved = sides[1][0][at] / factor
            says = (
                f"with {share:.1%} more wrong links rate {name} of {design.reference} moves by a factor {factor:.2f}, "
                f"and its ratio {pair_of(design)} by {moved:.2f}"
            )
            unit = "factor by which the rate moves"
            checks.append(Check(f"link error {name} ({pair_of(design)})", factor, low, high, np.nan, unit, says))
    return checks


def _numbers(values: NDArray[Any]) -> Any:
    """Nested lists with None where a number is not finite."""
    return [_numbers(one) for one in values] if values.ndim else number(float(values))
