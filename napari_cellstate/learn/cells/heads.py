"""What a net for cells says about each pixel."""

from __future__ import annotations

DIAMETER = 24.0
"""Diameter of a typical cell in the net's input, px; images are resized until theirs is."""
WIDTHS = {"cell": 1, "edge": 1, "distance": 1, "centre": 1, "flow": 2, "size": 1}
"""Numbers a pixel of every head, in the order of a net's outputs.

cell, edge : scores before the sigmoid: in a cell; in a cell and at its border.
distance : to the nearest pixel outside of the cell, in halves of `DIAMETER`.
centre : a bump of height 1 around the middle of the cell.
flow : unit vector, y and x, along the shortest way inside of the cell to its middle.
size : log of the cell's diameter (of the disc of equal area) over `DIAMETER`.
"""
EDGE_WIDTH = 1.6
"""Pixels whose distance is at most this are edge, px of the net's input."""


def places(heads: tuple[str, ...] = tuple(WIDTHS)) -> dict[str, slice]:
    """Where each head lies among the outputs of a net that has these heads."""
    found, at = {}, 0
    for name in heads:
        found[name] = slice(at, at + WIDTHS[name])
        at += WIDTHS[name]
    return found


def outputs(heads: tuple[str, ...] = tuple(WIDTHS)) -> int:
    """How many outputs these heads need."""
    return sum(WIDTHS[name] for name in heads)
