"""Corrections by hand: every kind that a journal can hold."""

from napari_cellstate.core.edits import Edit
from napari_cellstate.core.mask_edits import MASK_EDITS

EDITS: tuple[type[Edit], ...] = (*MASK_EDITS,)
"""One class a gesture; a new one is listed here and nowhere else."""

KINDS: dict[str, type[Edit]] = {cls.kind: cls for cls in EDITS}
