from __future__ import annotations

import itertools

import numpy as np
import pytest

from napari_cellstate.plots.colours import (
    CONDITION_COLOURS,
    NO_STATE_COLOUR,
    STATE_COLOURS,
    condition_colour,
    state_colour,
    state_rgb,
)

OKABE_ITO = ["#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"]
# Ottosson 2020, OKLab; Machado, Oliveira and Fernandes 2009, severity 1
CONES = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
OPPONENTS = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]
DEUTERANOPE = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
PROTANOPE = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]


def seen(colours):
    """OKLab coordinates of colours as three kinds of eyes see them, (3, N, 3)."""
    srgb = np.array([[int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)] for colour in colours])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    eyes = [linear @ np.array(eye).T for eye in (np.eye(3), DEUTERANOPE, PROTANOPE)]
    return np.stack([np.cbrt(np.clip(eye, 0, 1) @ np.array(CONES).T) @ np.array(OPPONENTS).T for eye in eyes])


def farthest_after(first, n):
    """The rule by which the colours after Okabe and Ito's were chosen."""
    grid = [f"#{r:02X}{g:02X}{b:02X}" for r, g, b in itertools.product(range(0, 256, 51), repeat=3)]
    places = seen(grid)
    light, chroma = places[0, :, 0], np.hypot(places[0, :, 1], places[0, :, 2])
    keep = (light > 0.45) & (light < 0.9) & (chroma > 0.08)
    grid, places = [colour for colour, kept in zip(grid, keep, strict=True) if kept], places[:, keep]
    chosen = list(first)
    while len(chosen) < n:
        others = seen([NO_STATE_COLOUR, "#000000", "#FFFFFF", *chosen])
        distance = np.linalg.norm(places[:, :, None] - others[:, None], axis=-1).min(axis=(0, 2))
        chosen.append(grid[int(distance.argmax())])
    return chosen


def test_first_are_okabe_ito_in_order():
    assert [state_colour(state) for state in range(1, 8)] == OKABE_ITO


def test_further_colours_are_those_that_the_rule_gives():
    assert list(STATE_COLOURS) == farthest_after(OKABE_ITO, 30)


def test_no_two_are_equal_nor_grey():
    assert len({*STATE_COLOURS, NO_STATE_COLOUR}) == 31
    assert not set(CONDITION_COLOURS) & set(STATE_COLOURS)


def test_first_twelve_can_be_told_apart_by_colour_blind_eyes():
    places = seen([*STATE_COLOURS[:12], NO_STATE_COLOUR])
    distance = np.linalg.norm(places[:, :, None] - places[:, None], axis=-1) + np.eye(13)
    assert distance[0].min() > 0.1  # normal eyes
    assert distance[1:].min() > 0.07


@pytest.mark.parametrize("state", [0, -1])
def test_no_state_is_grey(state):
    assert state_colour(state) == NO_STATE_COLOUR


def test_beyond_the_last_it_begins_again():
    assert state_colour(31) == state_colour(1)
    assert condition_colour(len(CONDITION_COLOURS)) == condition_colour(0)


def test_rgb_is_the_same_colour():
    assert state_rgb(2).tolist() == [[0x70, 0x70, 0x70], [0xE6, 0x9F, 0x00], [0x56, 0xB4, 0xE9]]
    assert state_rgb(0).shape == (1, 3)
