"""The keys that correct links: one gesture each, on the chosen track and the cell under the mouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from napari_cellstate.core.edits import Edit
from napari_cellstate.core.errors import CellStateError, InputError
from napari_cellstate.core.gestures import Gestures
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.session import Pick
from napari_cellstate.gui.tool import Desk
from napari_cellstate.gui.under import row_at


@dataclass(frozen=True)
class Key:
    """One gesture.

    Attributes
    ----------
    key : as napari calls it.
    name : of the button.
    help : what it does.
    chosen : it needs a chosen track beside the cell under the mouse.
    """

    key: str
    name: str
    help: str
    chosen: bool = True


KEYS: dict[str, Key] = {
    "join": Key("j", "Join", "the chosen track goes on here"),
    "cut": Key("b", "Break", "a track begins here", chosen=False),
    "swap": Key("s", "Swap", "exchange the two tracks from here on"),
    "divide": Key("v", "Divide", "a daughter of the chosen track, or not"),
    "delete": Key("d", "Delete", "this is no cell", chosen=False),
    "delete_track": Key("Shift-d", "Delete track", "none of this track are cells", chosen=False),
    "re_assign": Key("r", "Re-assign", "only this cell to the chosen track"),
    "fill": Key("f", "Fill gap", "the chosen track goes on here, over a gap"),
}
"""Gestures by the name of their method of `Gestures`."""
UNDO, REDO = "z", "Shift-z"


class LinkKeys:
    """What the keys do.

    Parameters
    ----------
    desk : what it works on.
    say : told in words what was done, or why not.
    fail : told of what the user can do nothing about.
    """

    def __init__(self, desk: Desk, say: Callable[[str, bool], None], fail: Callable[[BaseException], None]) -> None:
        self._desk, self._say, self._fail = desk, say, fail
        self._found: MovieResults | None = None
        self._gestures: Gestures | None = None
        self._keep: tuple[int, float, float] | None = None

    def bindings(self) -> dict[str, Callable[[], object]]:
        """What each key does."""
        acts: dict[str, Callable[[], object]] = {key.key: partial(self.act, name) for name, key in KEYS.items()}
        return acts | {UNDO: self.undo, REDO: self.redo}

    def show_results(self, found: MovieResults | None) -> None:
        """Other results: tracks may have other numbers now, so the chosen cell is chosen again by its place."""
        self._found, self._gestures = found, None
        session, keep = self._desk.session, self._keep
        self._keep = None
        if keep is None or found is None or session.movie != found.movie:
            return
        rows = found.rows_of(keep[0])
        away = np.hypot(found.y[rows] - keep[1], found.x[rows] - keep[2])
        if len(away) and away.min() < 1e-6:
            session.choose(Pick(found.movie, int(found.track[rows][away.argmin()]), keep[0]))
        else:
            session.choose(None)

    def act(self, name: str) -> bool:
        """Do one gesture of `KEYS` where the mouse is; says whether it was done."""
        try:
            edit = self._edit(name)
        except InputError as error:
            self._say(str(error), False)
            return False
        return self.do(edit)

    def do(self, edit: Edit) -> bool:
        """Make a correction, and keep the chosen cell chosen."""
        return self._try(lambda: self._desk.session.edit(edit), "done")

    def undo(self) -> bool:
        """Take the last correction back."""
        return self._try(self._desk.session.undo, "taken back")

    def redo(self) -> bool:
        """Make it again."""
        return self._try(self._desk.session.redo, "made again")

    def remember(self) -> None:
        """Note where the chosen cell is, for when tracks have other numbers."""
        pick, found = self._desk.session.pick, self._found
        row = found.row_of(pick.track, pick.frame) if found is not None and pick is not None else -1
        self._keep = None
        if found is not None and row < 0 and pick is not None and len(found.track_rows(pick.track)):
            rows = found.track_rows(pick.track)
            row = int(rows[np.abs(found.frame[rows] - pick.frame).argmin()])
        if found is not None and row >= 0:
            self._keep = int(found.frame[row]), float(found.y[row]), float(found.x[row])

    def _edit(self, name: str) -> Edit:
        key, pick, found = KEYS[name], self._desk.session.pick, self._found
        experiment = self._desk.session.experiment
        if found is None or found.tracks is None or experiment is None:
            raise InputError("there are no tracks to correct yet: press Run all")
        if key.chosen and (pick is None or pick.movie != found.movie):
            raise InputError(f"{key.name}: click a cell first, to choose its track; then point at another and press it")
        row = row_at(self._desk.layers, found, self._desk.viewer.cursor.position)
        if row < 0:
            raise InputError(f"{key.name}: there is no cell under the mouse")
        if self._gestures is None:
            self._gestures = Gestures.on(found.movie, found.tracks, experiment.planes(found.movie))
        make = getattr(self._gestures, name)
        edit: Edit = make(pick.track, row) if key.chosen and pick is not None else make(row)
        return edit

    def _try(self, act: Callable[[], Any], done: str) -> bool:
        self.remember()
        try:
            edited = act()
        except CellStateError as error:
            self._say(str(error), False)
            return False
        except OSError as error:
            self._fail(error)
            return False
        self._say(f"{done}: {edited.edit.words()}" if edited.edit is not None else "nothing to do", True)
        return edited.edit is not None


def shown(key: str) -> str:
    """A key as people write it: "Shift-d" is Shift+D."""
    return key.replace("-", "+").title()


def key_map(keys: dict[str, Key]) -> str:
    """The keys as a table in HTML."""
    rows = [*((key.key, key.name, key.help) for key in keys.values())]
    rows += [(UNDO, "Undo", "the last correction"), (REDO, "Redo", "what was taken back")]
    cells = "".join(
        f"<tr><td><b>{shown(key)}</b>&nbsp;&nbsp;</td><td>{name}&nbsp;&nbsp;</td><td>{text}</td></tr>"
        for key, name, text in rows
    )
    return f'<table cellspacing="2">{cells}</table>'
