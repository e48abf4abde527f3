"""What every embedder and every state method must do; the rules are those of `napari_cellstate.kits`."""

from __future__ import annotations

import pytest

from napari_cellstate.kits.kit import CHECKS
from napari_cellstate.methods import available


@pytest.fixture(params=list(available("embed")))
def embedder(request):
    method = available("embed")[request.param]
    quick = {name: value for name, value in (("steps", 6), ("batch", 4)) if name in method.model_fields}
    return method(**quick)


@pytest.fixture(params=list(available("states")))
def estimator(request):
    return available("states")[request.param]()


@pytest.mark.parametrize("check", CHECKS["embed"], ids=lambda check: check.__name__)
def test_rules_of_embedders(embedder, check):
    check(embedder)


@pytest.mark.parametrize("check", CHECKS["states"], ids=lambda check: check.__name__)
def test_rules_of_states(estimator, check):
    check(estimator)
