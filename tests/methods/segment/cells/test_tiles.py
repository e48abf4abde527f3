from __future__ import annotations

import pytest
import torch

from napari_cellstate.core.errors import InputError
from napari_cellstate.methods.segment._cells.tiles import Tiling, over_tiles
from napari_cellstate.nets.layouts import Layout
from napari_cellstate.nets.tiramisu import Tiramisu

TINY = Layout(growth=4, down=(1, 1), bottleneck=1, stem=6, stem_stride=2)
"""A pixel of its output sees at most 48 px to each side."""


@pytest.fixture
def net():
    torch.manual_seed(0)
    made = Tiramisu(1, 3, TINY, dropout=0.0).eval()
    with torch.no_grad():
        yield made


@pytest.mark.parametrize("size", [(300, 300), (150, 420), (333, 257)])
@pytest.mark.parametrize("batch", [1, 3])
def test_tiles_equal_the_whole_picture(net, size, batch):
    image = torch.randn(1, 1, *size)
    whole = net(image)
    tiled = over_tiles(net, image, Tiling(side=64, halo=48, blend=8, batch=batch), 8)
    assert tiled.shape == whole.shape
    assert torch.allclose(tiled, whole, atol=1e-4)


def test_small_pictures_stay_whole(net):
    image = torch.randn(1, 1, 100, 90)
    assert torch.equal(over_tiles(net, image, Tiling(side=64, halo=24, blend=8), 8), net(image))


def test_halves_the_batch_when_memory_is_short():
    seen = []

    def short(tiles):
        seen.append(len(tiles))
        if len(tiles) > 1:
            raise torch.OutOfMemoryError
        return tiles

    image = torch.randn(1, 1, 64, 200)
    found = over_tiles(short, image, Tiling(side=32, halo=8, blend=8, batch=4), 8)
    assert torch.allclose(found, image, atol=1e-6)
    assert seen[:3] == [4, 2, 1]


def test_says_so_when_a_single_tile_is_too_much():
    def short(tiles):
        raise torch.OutOfMemoryError

    with pytest.raises(InputError, match="out of memory on cpu"):
        over_tiles(short, torch.zeros(1, 1, 64, 200), Tiling(side=32, halo=8, blend=8), 8)
