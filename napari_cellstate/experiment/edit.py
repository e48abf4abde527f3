"""Correct a result by hand, undo it, do it again: the one path of all corrections."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from napari_cellstate.core.apply_links import EditedLinks
from napari_cellstate.core.edits import Edit, History
from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.corrections import correct
from napari_cellstate.experiment.journal import append
from napari_cellstate.experiment.lock import writing
from napari_cellstate.experiment.store import Experiment, as_experiment


@dataclass(frozen=True)
class Edited:
    """What an edit, an undo or a redo led to.

    Attributes
    ----------
    edit : the one that was done, undone or redone; None where there was nothing to undo or redo.
    history : what is in force now.
    lost : sentences on edits in force that fit no cell.
    links : links of the movie as they are now, where it is links that were corrected: whoever shows them need not read
        them again.
    """

    edit: Edit | None
    history: History
    lost: tuple[str, ...] = ()
    links: EditedLinks | None = field(default=None, repr=False, compare=False)


def edit(experiment: Experiment | str | Path, one: Edit) -> Edited:
    """Make a correction: it is written into the journal, and the result it corrects is corrected at once.

    Everything that was computed from that result turns stale; nothing is lost.

    Parameters
    ----------
    experiment : an experiment or its folder.
    one : what to do, such as `napari_cellstate.experiment.edits` lists.

    Raises
    ------
    InputError
        The edit does not fit the result that is there (then nothing is written), or there is no such movie.
    LockedError
        Another process is writing to this experiment.
    """
    experiment = as_experiment(experiment)
    with writing(experiment.paths.lock):
        if one.movie:
            experiment.entry(one.movie)
        before = experiment.history
        after = before.do(one)
        return _go(experiment, one, before, after, {"do": one.record()})


def edit_from(kind: str, values: Sequence[str]) -> Edit:
    """A correction from words, as the terminal gives them.

    Parameters
    ----------
    kind : as in the journal, such as "name-state".
    values : "name=value"; a value is JSON, or else text.

    Raises
    ------
    InputError
        No such kind, or values that do not fit it.
    """
    from napari_cellstate.experiment.edits import KINDS

    if kind not in KINDS:
        raise InputError(f"no correction is called {kind!r}; known: {', '.join(sorted(KINDS))}")
    fields = KINDS[kind].model_fields
    given: dict[str, Any] = {}
    for one in values:
        name, sign, text = one.partition("=")
        if not sign or name not in fields:
            raise InputError(f"{kind}: {one!r}; expected NAME=VALUE with one of {', '.join(fields)}")
        given[name] = _value(text, as_text=fields[name].annotation is str)
    try:
        return KINDS[kind].model_validate_json(json.dumps(given))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{kind}: {where}: {first['msg']}") from None


def _value(text: str, *, as_text: bool) -> Any:
    if as_text:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def undo(experiment: Experiment | str | Path) -> Edited:
    """Take the last correction back."""
    experiment = as_experiment(experiment)
    with writing(experiment.paths.lock):
        before = experiment.history
        if not before.done:
            return Edited(None, before)
        return _go(experiment, before.done[-1], before, before.undo(), {"undo": True})


def redo(experiment: Experiment | str | Path) -> Edited:
    """Make the correction again that was taken back last."""
    experiment = as_experiment(experiment)
    with writing(experiment.paths.lock):
        before = experiment.history
        if not before.undone:
            return Edited(None, before)
        return _go(experiment, before.undone[-1], before, before.redo(), {"redo": True})


def _go(experiment: Experiment, one: Edit, before: History, after: History, line: dict[str, Any]) -> Edited:
    """Try it first where that can fail, write it down, and only then change the result."""
    correction = correct(experiment, one, before, after)
    doing = len(after.done) > len(before.done)
    if doing and one.words() in correction.lost:
        raise InputError(f"{one.words()}: it fits no cell of movie {one.movie} as it is now")
    append(experiment.paths.edits, line)
    experiment.recall.put(experiment.paths.edits, after)  # nobody else may have written to it
    correction.write()
    return Edited(one, after, correction.lost, correction.links)
