from __future__ import annotations

import numpy as np
import torch

from napari_cellstate.learn.latent import decode, interpolation, traversal
from napari_cellstate.nets.sequence_vae import SequenceVAE
from napari_cellstate.nets.vae import image_vae, vector_vae


def test_traversal_changes_one_dimension_at_a_time():
    code = np.array([0.5, -1.0, 2.0])
    codes = traversal(code, [2, 0], reach=3.0, count=5)
    assert codes.shape == (2, 5, 3)
    assert codes[0, :, 2].tolist() == [-3, -1.5, 0, 1.5, 3]
    assert (codes[0, :, :2] == code[:2]).all()
    assert (codes[1, :, 1:] == code[1:]).all()


def test_interpolation_goes_from_one_to_the_other():
    codes = interpolation(np.array([0.0, 2.0]), np.array([4.0, 0.0]), 5)
    assert codes.tolist() == [[0, 2], [1, 1.5], [2, 1], [3, 0.5], [4, 0]]


def test_decoding_a_row_s_code_is_its_reconstruction():
    x = torch.randn(2, 3, 5, 16, 16)
    net = SequenceVAE(5, 16, 3, 2, 4, 2, (4, 8), 4, levels=3).eval()
    made = net(x, torch.randn(2, 3, 2))
    found = decode(net, made.mean.detach().numpy())
    assert np.allclose(found.values, made.output.detach(), atol=1e-5)
    assert np.allclose(found.path, made.path.detach(), atol=1e-5)
    for other, shape in ((vector_vae(6, 2), (3, 6)), (image_vae(2, 16, 2, (4, 4)), (3, 2, 16, 16))):
        found = decode(other.eval(), np.zeros((3, 2)))
        assert found.values.shape == shape
        assert found.path.shape == (3, 0, 2)
