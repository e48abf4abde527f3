"""What nets are made of: ours, saved ones, and any torch module of a user."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellstate.core.errors import InputError

if TYPE_CHECKING:
    from torch import nn

    from napari_cellstate.nets.summary import Summary


def model_summary(net: str | nn.Module, input_size: Sequence[int] = ()) -> Summary:
    """Layers, shapes and parameters of a net, as one pass of zeros shows them.

    Parameters
    ----------
    net : a torch module; or a name of ours such as ``tiramisu-67``, the folder of a saved model, ``FILE.py:NAME`` or
        ``package.module:NAME``, where NAME is a module, or a class or function that gives one without arguments. The
        last two run the code that they name.
    input_size : such as (1, 1, 256, 256); if empty, one that suits the net.

    Raises
    ------
    InputError
        No such net, or it does not take this input.
    """
    from napari_cellstate.nets.summary import summarise

    found, usual = _find(net) if isinstance(net, str) else (net, ())
    try:
        return summarise(found, tuple(input_size) or usual or (1, 1, 256, 256))
    except ValueError as error:
        raise InputError(f"{net if isinstance(net, str) else type(net).__name__}: {error}; give --input") from error


def summary_record(summary: Summary) -> dict[str, Any]:
    """A summary as plain values: rows, parameters, trainable."""
    rows = [{**vars(row), "input": list(row.input), "output": list(row.output)} for row in summary.rows]
    return {"rows": rows, "parameters": summary.parameters, "trainable": summary.trainable}


def size_record(summary: Summary, bits: int = 32) -> dict[str, Any]:
    """Memory of a net and one pass, in bits, and the total in MiB."""
    if bits < 1:
        raise InputError(f"bits {bits}: expected at least 1")
    sizes = summary.sizes(bits)
    return {"bits_a_number": bits, **sizes, "total_mib": sizes["total"] / 8 / 2**20}


def _find(name: str) -> tuple[nn.Module, tuple[int, ...]]:
    from napari_cellstate.learn.weights import CONFIG, load_model
    from napari_cellstate.learn.zoo import NAMED, named, usual_input

    if name in NAMED:
        return named(name), usual_input(*NAMED[name])
    if (Path(name) / CONFIG).is_file():
        model, config = load_model(Path(name))
        return model, usual_input(config.net, config.settings)
    if ":" in name:
        return _of_user(name), ()
    known = ", ".join(NAMED)
    raise InputError(f"no net {name!r}; known: {known}; or give the folder of a model, FILE.py:NAME or module:NAME")


def _of_user(name: str) -> nn.Module:
    from torch import nn

    where, _, what = name.rpartition(":")
    module = _from_file(Path(where)) if where.endswith(".py") else _from_package(where)
    found = getattr(module, what, None)
    if found is None:
        raise InputError(f"{where}: nothing named {what!r}")
    try:
        made = found if isinstance(found, nn.Module) else found()
    except TypeError as error:
        raise InputError(f"{name}: expected to give a net when called without arguments: {error}") from error
    if not isinstance(made, nn.Module):
        raise InputError(f"{name}: expected a torch module, found {type(made).__name__}")
    return made


def _from_file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise InputError(f"{path}: no such file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _from_package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(f"{name}: {error}; give FILE.py:NAME or the name of an installed module") from error
