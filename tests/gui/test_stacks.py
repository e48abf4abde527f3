from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.gui.stacks import LazyStack, painted

STACK = np.arange(5 * 4 * 3, dtype=np.uint16).reshape(5, 4, 3)


@pytest.mark.parametrize(
    "key",
    [
        np.s_[2],
        np.s_[-1],
        np.s_[1:4],
        np.s_[2, 1:3, ::2],
        np.s_[:, 1],
        np.s_[..., 1],
        np.s_[3, ...],
        np.s_[np.int64(2), :, :],
        np.s_[::2, 0, 0],
        np.s_[[0, 3]],
    ],
)
def test_indexed_like_an_array(key):
    stack = LazyStack(lambda t: STACK[t], STACK.shape, STACK.dtype)
    np.testing.assert_array_equal(stack[key], STACK[key])


def test_reads_each_frame_once():
    read = []
    stack = LazyStack(lambda t: read.append(t) or STACK[t], STACK.shape, STACK.dtype)
    for t in (1, 1, 2, 1):
        stack[t]
    assert read == [1, 2]
    with pytest.raises(IndexError):
        stack[5]
    np.testing.assert_array_equal(np.asarray(stack), STACK)


def test_painted_through_a_table_of_each_frame():
    labels = np.array([[[0, 1], [2, 9]], [[1, 1], [0, 2]]], np.uint32)
    tables = {0: np.array([0, 3, 1]), 1: np.array([0, 2, 3])}
    stack = painted(labels, tables.__getitem__, np.uint8)
    np.testing.assert_array_equal(stack[0], [[0, 3], [1, 0]])  # label 9 is in no table
    np.testing.assert_array_equal(stack[1], [[2, 2], [0, 3]])
