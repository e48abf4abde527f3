"""What the user set in napari's Preferences for this plugin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from napari_cellstate.core.looks import Looks

PLUGIN = "napari-cellstate"
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


@dataclass(frozen=True)
class Preferences:
    """As in the manifest's `configurations`.

    Attributes
    ----------
    device : "auto", "cpu", "cuda" or "mps".
    threads : of new experiments; it is part of their recipe.
    folder : where file dialogs begin and movies without a file are put, "" for the home folder.
    colours : of the states 1, 2, ..., "#RRGGBB"; the usual ones beyond.
    """

    device: str = "auto"
    threads: int = 2
    folder: str = ""
    colours: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        """The default folder, if it is there; else the home folder."""
        folder = Path(self.folder).expanduser() if self.folder.strip() else Path.home()
        return folder if folder.is_dir() else Path.home()

    def looks(self, own: Looks) -> Looks:
        """Names and colours of an experiment over the colours preferred for all."""
        preferred = dict(enumerate(self.colours, start=1))
        return Looks(own.names, {**preferred, **own.colours})


def preferences() -> Preferences:
    """What is set now; the defaults where napari does not know the plugin."""
    from napari.settings import get_plugin_settings

    try:
        found = get_plugin_settings(PLUGIN)
    except KeyError:
        return Preferences()
    colours = tuple(one.upper() for one in _COLOUR.findall(found.looks.colours))
    return Preferences(found.work.device, found.work.threads, found.work.folder, colours)
