"""GEFF 1.x: writing tracks with their states."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core import atomic

if TYPE_CHECKING:
    import pandas as pd
    import zarr
    from numpy.typing import NDArray

VERSION = "1.1"
_INTEGERS = "biu"


def write_geff(
    path: Path,
    nodes: pd.DataFrame,
    edges: NDArray[np.int64],
    *,
    dt_s: float | None,
    pixel_size_um: float | None,
    tracklet: str = "",
    lineage: str = "",
    descriptions: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write a directed graph of cells; the same input gives the same bytes.

    Parameters
    ----------
    path : the folder to make, or to replace.
    nodes : a row a cell: t (int64, frames), y and x (float64, px), and any further columns of numbers; missing
        values (NaN, or NA of a nullable type) are written as missing. Node ids are row numbers.
    edges : (E, 2) row numbers of source and target.
    dt_s, pixel_size_um : scale of the axes, None where not known.
    tracklet, lineage : columns with ids of tracklets (as GEFF defines them: cut at divisions only) and of families.
    descriptions : of columns.
    extra : plain values that go into the metadata under "napari_cellstate".
    """
    import zarr

    told = descriptions or {}
    building = path.with_name(f".{path.name}.building")
    if building.exists():
        shutil.rmtree(building)
    try:
        group = zarr.open_group(building, mode="w", zarr_format=2)
        _array(group, "nodes/ids", np.arange(len(nodes), dtype=np.uint64))
        _array(group, "edges/ids", edges.astype(np.uint64).reshape(-1, 2))
        group.require_group("edges/props")
        props = {str(name): _property(group, str(name), nodes[name], told) for name in nodes.columns}
        found = {"tracklet": tracklet, "lineage": lineage}
        group.attrs["geff"] = {
            "geff_version": VERSION,
            "directed": True,
            "axes": _axes(nodes, dt_s, pixel_size_um),
            "node_props_metadata": props,
            "edge_props_metadata": {},
            "track_node_props": {kind: name for kind, name in found.items() if name} or None,
            "display_hints": {"display_horizontal": "x", "display_vertical": "y", "display_time": "t"},
            "extra": {"napari_cellstate": dict(extra)} if extra else {},
        }
        atomic.replace_folder(building, path)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _axes(nodes: pd.DataFrame, dt_s: float | None, pixel_size_um: float | None) -> list[dict[str, Any]]:
    """Axes with units, scale and range."""
    axes: list[dict[str, Any]] = []
    for name, kind, unit, scale, scaled in (
        ("t", "time", "frame", dt_s, "second"),
        ("y", "space", "pixel", pixel_size_um, "micrometer"),
        ("x", "space", "pixel", pixel_size_um, "micrometer"),
    ):
        axis: dict[str, Any] = {"name": name, "type": kind, "unit": unit}
        if len(nodes):
            axis |= {"min": float(nodes[name].min()), "max": float(nodes[name].max())}
        if scale is not None:
            axis |= {"scale": scale, "scaled_unit": scaled}
        axes.append(axis)
    return axes


def _property(group: zarr.Group, name: str, column: pd.Series[Any], told: Mapping[str, str]) -> dict[str, Any]:
    """Write one node property, and describe it."""
    missing = column.isna().to_numpy()
    whole = column.dtype.kind in _INTEGERS
    values = column.fillna(0).to_numpy(np.int64) if whole else column.to_numpy(np.float64, na_value=np.nan)
    _array(group, f"nodes/props/{name}/values", values)
    if missing.any():
        _array(group, f"nodes/props/{name}/missing", missing)
    about = {"description": told[name]} if name in told else {}
    return {"identifier": name, "dtype": str(values.dtype), "varlength": False, **about}


def _array(group: zarr.Group, name: str, values: NDArray[Any]) -> None:
    parent, _, last = name.rpartition("/")
    chunks = tuple(max(1, n) for n in values.shape)
    group.require_group(parent).create_array(last, data=values, chunks=chunks)
