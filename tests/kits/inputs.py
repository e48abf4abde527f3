"""The small inputs of the conformance kit, under the name that tests know."""

from __future__ import annotations

from napari_cellstate.kits.inputs import SIZE, Stack, StopAfter, cells_of, crops, disc, movie, runtime, tracks

__all__ = ["SIZE", "Stack", "StopAfter", "cells_of", "crops", "disc", "movie", "runtime", "tracks"]
