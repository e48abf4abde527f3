"""Behaviour states of cells in time-lapse movies.

>>> import napari_cellstate as cs
>>> exp = cs.new("screen.cellstate")                                     # doctest: +SKIP
>>> cs.add(exp, "young_1.tif", dt=390, pixel_size=0.65, condition="young")  # doctest: +SKIP
>>> cs.run(exp)                                                          # doctest: +SKIP
>>> exp.behavior                                                         # doctest: +SKIP

Each verb of the command line is a function here. Names are loaded when first used: importing the package is quick.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_cellstate.core.errors import Cancelled, CellStateError, InputError
    from napari_cellstate.experiment.add import add, new
    from napari_cellstate.experiment.behaviours import describe_states, families, find
    from napari_cellstate.experiment.change import remove, update
    from napari_cellstate.experiment.check import check
    from napari_cellstate.experiment.check_method import check_method
    from napari_cellstate.experiment.cite import cite
    from napari_cellstate.experiment.comparing.compare import compare
    from napari_cellstate.experiment.demo import demo
    from napari_cellstate.experiment.describe import features_of_table
    from napari_cellstate.experiment.dynamics_table import dynamics_of_table
    from napari_cellstate.experiment.edit import edit, redo, undo
    from napari_cellstate.experiment.evidence import embedding_evidence, known_factors
    from napari_cellstate.experiment.export import export
    from napari_cellstate.experiment.flow import flow, write_flow
    from napari_cellstate.experiment.flux_table import flux_of_table
    from napari_cellstate.experiment.grow import grow
    from napari_cellstate.experiment.labelling import label_states, learn_states
    from napari_cellstate.experiment.listing import methods
    from napari_cellstate.experiment.models import model_summary
    from napari_cellstate.experiment.movie_table import update_from_table
    from napari_cellstate.experiment.novelty import novelty
    from napari_cellstate.experiment.pack import pack
    from napari_cellstate.experiment.pipeline import run
    from napari_cellstate.experiment.pseudotime import pseudotime, write_pseudotime
    from napari_cellstate.experiment.rate_change import rate_changes
    from napari_cellstate.experiment.recipe import Recipe, read_recipe, recipe_from
    from napari_cellstate.experiment.relink import relink
    from napari_cellstate.experiment.report import report
    from napari_cellstate.experiment.save_states import save_states
    from napari_cellstate.experiment.score import score_files
    from napari_cellstate.experiment.segmenting import segment
    from napari_cellstate.experiment.staining.stains import stains
    from napari_cellstate.experiment.state_evidence import state_evidence
    from napari_cellstate.experiment.states_table import states_of_table
    from napari_cellstate.experiment.status import status
    from napari_cellstate.experiment.store import Experiment
    from napari_cellstate.experiment.training import train
    from napari_cellstate.experiment.transferring import transfer
    from napari_cellstate.formats.movies import positions
    from napari_cellstate.simulate.sample import simulate

__all__ = [
    "Cancelled",
    "CellStateError",
    "Experiment",
    "InputError",
    "Recipe",
    "add",
    "check",
    "check_method",
    "cite",
    "compare",
    "demo",
    "describe_states",
    "dynamics_of_table",
    "edit",
    "embedding_evidence",
    "export",
    "families",
    "features_of_table",
    "find",
    "flow",
    "flux_of_table",
    "grow",
    "known_factors",
    "label_states",
    "learn_states",
    "methods",
    "model_summary",
    "new",
    "novelty",
    "pack",
    "positions",
    "pseudotime",
    "rate_changes",
    "read_recipe",
    "recipe_from",
    "redo",
    "relink",
    "remove",
    "report",
    "run",
    "save_states",
    "score_files",
    "segment",
    "simulate",
    "stains",
    "state_evidence",
    "states_of_table",
    "status",
    "train",
    "transfer",
    "undo",
    "update",
    "update_from_table",
    "write_flow",
    "write_pseudotime",
]

_HOME = {
    "Cancelled": "core.errors",
    "CellStateError": "core.errors",
    "Experiment": "experiment.store",
    "InputError": "core.errors",
    "Recipe": "experiment.recipe",
    "add": "experiment.add",
    "compare": "experiment.comparing.compare",
    "check": "experiment.check",
    "check_method": "experiment.check_method",
    "cite": "experiment.cite",
    "demo": "experiment.demo",
    "dynamics_of_table": "experiment.dynamics_table",
    "edit": "experiment.edit",
    "redo": "experiment.edit",
    "undo": "experiment.edit",
    "embedding_evidence": "experiment.evidence",
    "state_evidence": "experiment.state_evidence",
    "export": "experiment.export",
    "grow": "experiment.grow",
    "describe_states": "experiment.behaviours",
    "families": "experiment.behaviours",
    "find": "experiment.behaviours",
    "flow": "experiment.flow",
    "flux_of_table": "experiment.flux_table",
    "known_factors": "experiment.evidence",
    "features_of_table": "experiment.describe",
    "write_flow": "experiment.flow",
    "label_states": "experiment.labelling",
    "learn_states": "experiment.labelling",
    "pseudotime": "experiment.pseudotime",
    "write_pseudotime": "experiment.pseudotime",
    "methods": "experiment.listing",
    "model_summary": "experiment.models",
    "new": "experiment.add",
    "novelty": "experiment.novelty",
    "pack": "experiment.pack",
    "positions": "formats.movies",
    "rate_changes": "experiment.rate_change",
    "read_recipe": "experiment.recipe",
    "recipe_from": "experiment.recipe",
    "relink": "experiment.relink",
    "remove": "experiment.change",
    "report": "experiment.report",
    "run": "experiment.pipeline",
    "save_states": "experiment.save_states",
    "score_files": "experiment.score",
    "segment": "experiment.segmenting",
    "simulate": "simulate.sample",
    "stains": "experiment.staining.stains",
    "states_of_table": "experiment.states_table",
    "status": "experiment.status",
    "train": "experiment.training",
    "transfer": "experiment.transferring",
    "update": "experiment.change",
    "update_from_table": "experiment.movie_table",
}


class _Package(ModuleType):
    """The package; a verb that is called like one of its folders (`simulate`) stays the verb.

    Importing a submodule sets it as an attribute of its package, which would hide the function of that name.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
