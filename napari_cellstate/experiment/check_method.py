"""Run the conformance kit on somebody's own method file."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import chdir
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from napari_cellstate.core.errors import CellStateError, InputError
from napari_cellstate.core.method import Method, registered, unregister
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.recipe import Recipe, recipe_from
from napari_cellstate.kits.expect import Broken, expect
from napari_cellstate.kits.kit import CHECKS, SETTINGS
from napari_cellstate.methods import available

_MANY = ("features", "embed")


@dataclass(frozen=True)
class Ruling:
    """One rule, and whether a method keeps it.

    Attributes
    ----------
    family, method : whose.
    rule : its name, in words.
    problem : "" where it is kept, else what is wrong.
    """

    family: str
    method: str
    rule: str
    problem: str

    def __str__(self) -> str:
        """As a person reads it."""
        return f"{'FAILED' if self.problem else 'kept  '}  {self.family} {self.method}: {self.rule}" + (
            f"\n        {self.problem}" if self.problem else ""
        )

    def to_dict(self) -> dict[str, str]:
        """As plain values."""
        return asdict(self)


def check_method(file: str | Path, *, progress: Progress = silent) -> tuple[Ruling, ...]:
    """Import a file with one or more methods, and check each against the rules of its family.

    The file is run as Python. Nothing of it stays registered, and nothing is written but what it writes itself.

    Parameters
    ----------
    file : a .py file in which at least one class is registered.
    progress : called for each rule.

    Raises
    ------
    InputError
        The file cannot be imported, or registers no method.
    """
    path = Path(file).resolve()
    if not path.is_file() or path.suffix != ".py":
        raise InputError(f"{path}: expected a Python file (.py) with a registered method")
    classes = _import(path)
    try:
        rules = [(one, check) for one in classes for check in (*SETTINGS, _survives_a_recipe_file, *_of(one))]
        found = []
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            for nth, (one, check) in enumerate(rules):
                progress(nth, len(rules), f"{one.kind}: {_words(check)}")
                problem = _problem(one, check)
                found.append(Ruling(one.family, one.kind, _words(check), problem or _written(Path(folder))))
        return tuple(found)
    finally:
        for one in classes:
            unregister(one)


def _import(path: Path) -> list[type[Method]]:
    """The methods that a file registers."""
    before = {family: dict(available(family)) for family in CHECKS}
    name = f"_checked_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except CellStateError:
        raise
    except Exception as error:
        raise InputError(f"{path}: {_last(error)}; it must be importable by itself") from error
    finally:
        del sys.modules[name]
    classes = [
        one for family in CHECKS for kind, one in registered(family).items() if before[family].get(kind) is not one
    ]
    if not classes:
        raise InputError(f"{path}: no method is registered in it; put @register above a class (see write-a-method)")
    return classes


def _of(cls: type[Method]) -> tuple[Callable[[Any], None], ...]:
    return CHECKS.get(cls.family, ())


def _problem(cls: type[Method], check: Callable[[Any], None]) -> str:
    """What is wrong, "" for nothing; a method of somebody else may raise anything."""
    try:
        check(cls())
    except Broken as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return _last(error)
    return ""


def _last(error: BaseException) -> str:
    """An error with the last place in the user's file."""
    frames = traceback.extract_tb(error.__traceback__)
    where = next((f" (line {one.lineno} of {Path(one.filename).name})" for one in reversed(frames)), "")
    return f"{type(error).__name__}: {error}{where}"


def _written(folder: Path) -> str:
    """What a method left in the folder it was run in; methods write nothing."""
    left = sorted(one.name for one in folder.iterdir())
    for one in folder.iterdir():
        if one.is_file():
            one.unlink()
    return f"it wrote {left[0]}; a method writes nothing" if left else ""


def _survives_a_recipe_file(method: Method) -> None:
    """A recipe file gives the method back."""
    import tomllib

    from napari_cellstate.experiment.recipe_file import dumps

    chosen: dict[str, Any] = {method.family: (method,) if method.family in _MANY else method}
    recipe = Recipe(**chosen)
    expect(recipe_from(tomllib.loads(dumps(recipe))) == recipe, "a recipe file gives another method back")


def _words(check: Callable[[Any], None]) -> str:
    return check.__name__.strip("_").replace("_", " ")
