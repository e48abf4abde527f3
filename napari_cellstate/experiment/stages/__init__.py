"""The seven stages, in their order; each file loads what it needs, calls its method and hands the result to disk."""

from __future__ import annotations

from napari_cellstate.experiment.stages import dynamics, embed, features, link, measure, segment, states
from napari_cellstate.experiment.stages.base import MovieStage, PooledStage

MOVIE_STAGES: tuple[MovieStage, ...] = (segment.STAGE, measure.STAGE, link.STAGE, features.STAGE)
POOLED_STAGES: tuple[PooledStage, ...] = (embed.STAGE, states.STAGE, dynamics.STAGE)
NAMES = (*(stage.name for stage in MOVIE_STAGES), *(stage.name for stage in POOLED_STAGES))
