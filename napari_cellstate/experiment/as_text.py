"""What the window does, as a line of Python and as a command: both give the same bytes as the button."""

from __future__ import annotations

import pprint
import shlex

from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.recipe_changes import DEFAULT, as_settings, unlike_default
from napari_cellstate.experiment.stages import NAMES
from napari_cellstate.experiment.store import Experiment


def as_command(experiment: Experiment, until: str = "", device: str = "auto") -> str:
    """The command that does what Run does, for a POSIX shell.

    Parameters
    ----------
    until : the last stage, "" or the last of all for all.
    """
    words = ["napari-cellstate", "run", str(experiment.root), "--recipe", DEFAULT]
    for text in as_settings(current_recipe(experiment)):
        words += ["--set", text]
    words += ["--until", until] if until and until != NAMES[-1] else []
    words += ["--device", device] if device != "auto" else []
    return shlex.join(words)


def as_python(experiment: Experiment, until: str = "", device: str = "auto") -> str:
    """The same in Python."""
    settings = unlike_default(current_recipe(experiment))
    lines = ["import napari_cellstate as cs", ""]
    recipe = "cs.Recipe()"
    if settings:
        said = pprint.pformat(settings, width=100, sort_dicts=False)
        lines += [f"recipe = cs.recipe_from({said})"]
        recipe = "recipe"
    arguments = [repr(str(experiment.root)), recipe]
    arguments += [f"until={until!r}"] if until and until != NAMES[-1] else []
    arguments += [f"device={device!r}"] if device != "auto" else []
    return "\n".join([*lines, f"cs.run({', '.join(arguments)})", ""])
