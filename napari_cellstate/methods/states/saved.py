"""States of another experiment, applied to this one."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np

from napari_cellstate.core.digest import digest
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Rows, StateEstimator, StateFit
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.states._common import one_state

_MANY = 0.02


@register
class Saved(StateEstimator):
    """States saved from another experiment, in its own scaling and space: the same states in both.

    `k` and `space` are not looked at. Rows farther from every state than 99.5 % of those it was made from lie outside;
    more than 2 % of them are said, as their states mean little.

    Notes
    -----
    States are judged by a Gaussian each and by how they follow each other, whatever method made them. Other optics,
    another pixel size or frame interval shift features: look at how many rows lie outside, and at their distribution.
    """

    kind: ClassVar[str] = "saved"
    title: ClassVar[str] = "Saved from another experiment"

    model: str = setting("", "File", help="Written by: napari-cellstate save-states EXP FILE.json")

    def content(self) -> str:
        """Digest of the file."""
        path = Path(self.model).expanduser()
        return digest([path.read_text(encoding="utf-8")]) if self.model and path.is_file() else ""

    def fit(self, rows: Rows, runtime: Runtime) -> StateFit:
        """Judge the rows; see `StateEstimator.fit`."""
        from threadpoolctl import threadpool_limits

        from napari_cellstate.methods.states._state_model import judge, read_state_model

        if not self.model:
            note = "one state only: no file of saved states is given; write one with save-states"
            return one_state(len(rows.points), (note,), probability=True)
        saved = read_state_model(Path(self.model).expanduser())
        if rows.named is None:
            raise InputError("saved states need features by their names, which these rows lack")
        if not len(rows.points):
            return one_state(0, probability=True)
        runtime.progress(0, 1, "states: saved")
        with threadpool_limits(1):
            fit, distance = judge(saved, rows)
        runtime.progress(1, 1, "states: saved")
        outside = float(np.mean(distance > saved.far))
        notes: tuple[str, ...] = ()
        if outside > _MANY:
            notes = (
                f"{outside:.0%} of the rows lie outside what the saved states were made from (0.5 % there): "
                "their states mean little",
            )
        return StateFit(fit.cluster, fit.state, fit.posterior, notes)
