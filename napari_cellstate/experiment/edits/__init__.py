"""Corrections by hand: every kind that a journal can hold."""

from napari_cellstate.core.edits import Edit
from napari_cellstate.core.link_edits import LINK_EDITS
from napari_cellstate.core.mask_edits import MASK_EDITS
from napari_cellstate.core.review_edits import REVIEW_EDITS
from napari_cellstate.experiment.edits.describe_movie import DescribeMovie
from napari_cellstate.experiment.edits.exclude import ExcludeFrames, ExcludeTrack
from napari_cellstate.experiment.edits.state_looks import ColourState, NameState, NoteState
from napari_cellstate.experiment.edits.states import STATE_EDITS

EDITS: tuple[type[Edit], ...] = (
    *MASK_EDITS,
    *LINK_EDITS,
    *REVIEW_EDITS,
    *STATE_EDITS,
    *(NameState, ColourState, NoteState, DescribeMovie, ExcludeTrack, ExcludeFrames),
)
"""One class a gesture; a new one is listed here and nowhere else."""

KINDS: dict[str, type[Edit]] = {cls.kind: cls for cls in EDITS}
