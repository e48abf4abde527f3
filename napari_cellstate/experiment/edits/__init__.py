"""Corrections by hand: every kind that a journal can hold."""

from napari_cellstate.core.edits import Edit

EDITS: tuple[type[Edit], ...] = ()
"""One class a gesture; a new one is listed here and nowhere else."""

KINDS: dict[str, type[Edit]] = {cls.kind: cls for cls in EDITS}
