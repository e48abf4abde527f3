"""Diffusion maps against walks whose eigenvectors are known."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import Cancelled
from napari_cellstate.methods.embed.diffusion_map import DiffusionMap, diffusion_coordinates, neighbour_kernel
from tests.kits.inputs import StopAfter, runtime
from tests.methods.embed.test_maps import behavior


def ring(n: int) -> np.ndarray:
    angle = 2 * np.pi * np.arange(n) / n
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_ring_in_closed_form():
    """On a ring of even steps the walk is circulant: its eigenvalues are the Fourier series of the kernel."""
    n, width = 60, 0.3
    points = ring(n)
    square = np.square(points[:, None] - points[None]).sum(axis=-1)
    kernel = np.exp(-square / width)
    values, vectors = diffusion_coordinates(kernel, 4)
    law = kernel[0] / kernel[0].sum()
    wanted = [(law * np.cos(2 * np.pi * j * np.arange(n) / n)).sum() for j in (1, 1, 2, 2)]
    assert values == pytest.approx(wanted, abs=1e-10)
    for first, order in ((0, 1), (2, 2)):  # each pair spans cosine and sine
        angle = 2 * np.pi * order * np.arange(n) / n
        fourier = np.stack([np.cos(angle), np.sin(angle)], axis=1) / np.sqrt(n / 2)
        pair = vectors[:, first : first + 2] / np.sqrt(n)
        assert np.linalg.svd(fourier.T @ pair, compute_uv=False) == pytest.approx([1, 1], abs=1e-8)


def test_two_states_in_closed_form():
    """Of a walk between two places with kernel [[a, b], [b, c]] the second eigenvalue is a/(a+b) + c/(b+c) - 1."""
    a, b, c = 3.0, 0.5, 1.0
    values, vectors = diffusion_coordinates(np.array([[a, b], [b, c]]), 1, density=0.0)
    assert values == pytest.approx([a / (a + b) + c / (b + c) - 1])
    law = np.array([a + b, b + c]) / (a + 2 * b + c)
    assert (law * vectors[:, 0]).sum() == pytest.approx(0, abs=1e-12)
    assert (law * vectors[:, 0] ** 2).sum() == pytest.approx(1)


def test_sparse_solver_gives_what_the_dense_gives():
    kernel = neighbour_kernel(np.random.default_rng(0).normal(size=(200, 3)), 20, runtime())
    dense = diffusion_coordinates(kernel, 3)
    sparse = diffusion_coordinates(kernel, 3, exact_up_to=10)
    assert sparse[0] == pytest.approx(dense[0], abs=1e-8)
    assert np.abs(sparse[1]) == pytest.approx(np.abs(dense[1]), abs=1e-5)


def test_a_bent_line_is_straightened():
    """However unevenly a line is sampled, the first coordinate is monotonic along it."""
    rng = np.random.default_rng(2)
    along = np.sort(rng.beta(2, 1, 400))
    points = np.stack([np.cos(3 * along), np.sin(3 * along), along], axis=1)
    found = DiffusionMap(components=1, neighbours=20).embed(behavior(points), runtime()).coordinates[:, 0]
    assert abs(np.corrcoef(np.argsort(np.argsort(found)), np.arange(400))[0, 1]) > 0.99


def test_walks_of_separate_parts():
    points = np.concatenate([ring(40), ring(40) + 100])
    found = DiffusionMap(components=1, neighbours=5).embed(behavior(points / 20), runtime())
    assert found.info["eigenvalues"][0] == pytest.approx(1, abs=1e-9)


def test_stops():
    stop = StopAfter(2)
    with pytest.raises(Cancelled):
        DiffusionMap().embed(behavior(ring(30)), runtime(stop))
