from __future__ import annotations

import pytest
import torch

from napari_cellstate.learn import fast
from napari_cellstate.learn.cells.heads import outputs
from napari_cellstate.nets.layouts import Layout
from napari_cellstate.nets.tiramisu import Tiramisu

pytestmark = pytest.mark.skipif(not fast.is_installed(), reason="OpenVINO is not installed (the extra fast)")


@pytest.mark.parametrize(("reduced", "limit"), [(False, 1e-5), (True, 1e-2)])
def test_the_same_numbers_for_any_size(reduced, limit):
    torch.manual_seed(0)
    net = Tiramisu(2, outputs(), Layout(8, (1, 2), 2, 8, 2), dropout=0.0).eval()
    quick = fast.compiled_net(net, reduced=reduced)
    for shape in ((1, 2, 64, 64), (2, 2, 50, 77)):
        image = torch.randn(shape)
        with torch.no_grad():
            wanted = net(image)
        found = quick(image)
        assert found.shape == wanted.shape
        assert float((found - wanted).norm() / wanted.norm()) < limit
