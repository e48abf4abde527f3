"""What every embedder and every state method must do; the rules are those of `napari_cellstate.kits`."""

from __future__ import annotations

import pytest

from napari_cellstate.kits.kit import CHECKS
from napari_cellstate.methods import available

OF_CROPS = ("vae of crops", "beta-vae of crops")


@pytest.fixture(params=[*(kind for kind in available("embed") if kind != "pretrained"), *OF_CROPS])
def embedder(request):
    """With its defaults, but a short training; those that can read features or crops with both.

    A pretrained encoder is tested by itself: it needs a folder of weights.
    """
    kind, _, of = request.param.partition(" of ")
    method = available("embed")[kind]
    quick = {name: value for name, value in (("steps", 6), ("batch", 4)) if name in method.model_fields}
    return method(**quick, **({"of": of} if of else {}))


@pytest.fixture(params=list(available("states")))
def estimator(request):
    return available("states")[request.param]()


@pytest.mark.parametrize("check", CHECKS["embed"], ids=lambda check: check.__name__)
def test_rules_of_embedders(embedder, check):
    check(embedder)


@pytest.mark.parametrize("check", CHECKS["states"], ids=lambda check: check.__name__)
def test_rules_of_states(estimator, check):
    check(estimator)
