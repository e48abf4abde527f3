"""All methods: ours are the files in the family folders, others come by the entry points of `ENTRY_POINTS`."""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import pkgutil
from functools import cache

from napari_cellstate.core.method import Method, registered

ENTRY_POINTS = "napari_cellstate.methods"

log = logging.getLogger(__name__)


def available(family: str) -> dict[str, type[Method]]:
    """Every method of a family by its kind."""
    _import_family(family)
    return registered(family)


@cache
def _import_family(family: str) -> None:
    package = importlib.import_module(f"napari_cellstate.methods.{family}")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    _import_entry_points()


@cache
def _import_entry_points() -> None:
    """Import other packages' methods; one that fails is named in the log and left out, the rest must go on."""
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        try:
            entry.load()
        except Exception:
            log.exception(
                "methods of %s (entry point %r) could not be loaded", entry.dist and entry.dist.name, entry.name
            )
