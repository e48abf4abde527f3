"""GEFF 1.x, the graph exchange file format: reading tracks (https://liveimagetrackingtools.org/geff)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.given import GivenTracks
from napari_cellstate.formats.calibration import micrometres, seconds
from napari_cellstate.formats.format import reading
from napari_cellstate.formats.graph import CellGraph, tracks_of
from napari_cellstate.formats.ome_zarr import is_zarr

if TYPE_CHECKING:
    import zarr

_LABELS = ("label", "seg_id", "segmentation_id")
_FRAME_UNITS = ("", "frame", "frames")
_PIXEL_UNITS = ("", "pixel", "pixels", "px")

Floats = NDArray[np.float64]


def read_geff(path: Path, pixel_size_um: float | None = None) -> GivenTracks:
    """Read the tracks of a GEFF; numeric node properties of one number a node become columns under their own names.

    Ids are those of the property that the file names as tracklet, else tracks are numbered. Gaps stay inside a track.

    Parameters
    ----------
    path : the Zarr group with the attribute "geff", or one in which exactly one group has it.
    pixel_size_um : needed where positions are in a length and the file gives no size of a pixel.

    Raises
    ------
    InputError
        Not such a file, damaged, of another major version; no time axis; a third spatial axis that is in use; times
        that are no frames; links inside one frame or backward in time.
    """
    where = str(path)
    if not is_zarr(path):
        raise InputError(f"{path}: no Zarr group in this folder; expected a GEFF")
    with reading(where):  # all of it, since metadata may be of any type
        return _read(path, pixel_size_um, where)


def _read(path: Path, pixel_size_um: float | None, where: str) -> GivenTracks:
    group, meta = _find(path)
    axes = _axes(meta, where)
    ids = np.asarray(group["nodes/ids"][:])  # type: ignore[index]
    props = _properties(group, len(ids))
    ends = np.asarray(group["edges/ids"][:]).reshape(-1, 2)  # type: ignore[index]
    if not len(ids):
        raise InputError(f"{where}: no nodes in it; expected at least one track")
    for axis in axes.values():
        if axis["name"] not in props:
            raise InputError(f"{where}: axis {axis['name']!r} is no property of its nodes; write it again")
    frame, dt_s = _frames(axes["t"], props, where)
    y, size_y = _pixels(axes["y"], props, pixel_size_um, where)
    x, _ = _pixels(axes["x"], props, pixel_size_um, where)
    source, target = _edges(ids, ends, frame, where, directed=bool(meta.get("directed", True)))
    tracklet = str((meta.get("track_node_props") or {}).get("tracklet", ""))
    names = _names(props.get(tracklet)) or _numbered(len(ids), source, target)
    label_name = _label_name(meta, props)
    used = {axis["name"] for axis in axes.values()} | {tracklet, label_name}
    others = {name: values for name, values in props.items() if name not in used}
    label = _whole(props.get(label_name))
    graph = CellGraph(frame, np.stack([y, x], axis=1), source, target, names, label, others)
    return tracks_of(graph, where, tracklet or "track", dt_s=dt_s, pixel_size_um=size_y)


def _find(path: Path) -> tuple[zarr.Group, Mapping[str, Any]]:
    """The group with the graph, and its metadata."""
    import zarr

    top = zarr.open(path, mode="r")
    if isinstance(top, zarr.Array):
        raise InputError(f"{path}: a Zarr array; expected a group with the attribute 'geff'")
    groups = [top] if "geff" in top.attrs else [one for _, one in top.groups() if "geff" in one.attrs]
    if len(groups) != 1:
        listed = ", ".join(one.path for one in groups)
        raise InputError(
            f"{path}: {len(groups)} graphs in it{f' ({listed})' if listed else ''}; expected one group with the "
            "attribute 'geff'; give its path"
        )
    meta = groups[0].attrs["geff"]
    if not isinstance(meta, Mapping):
        raise InputError(f"{path}: its attribute 'geff' is {type(meta).__name__}; expected a table; write it again")
    version = str(meta.get("geff_version", "?"))
    if version.split(".")[0] not in ("0", "1"):
        raise InputError(f"{path}: GEFF version {version}; expected 1.x; write it as that")
    return groups[0], meta


def _axes(meta: Mapping[str, Any], where: str) -> dict[str, Mapping[str, Any]]:
    """Axes by our letters: t, y, x."""
    listed = [axis for axis in (meta.get("axes") or []) if isinstance(axis, Mapping) and "name" in axis]
    if not listed:
        listed = [{"name": name} for name in ("t", "y", "x")]
    by_name = {str(axis["name"]).lower(): axis for axis in listed}
    time = [axis for axis in listed if axis.get("type") == "time"] or [
        by_name[n] for n in ("t", "time") if n in by_name
    ]
    space = [axis for axis in listed if axis.get("type", "space") == "space" and axis not in time]
    flat = [axis for axis in space if str(axis["name"]).lower() != "z"]
    if not time or len(flat) < 2:
        names = ", ".join(str(axis["name"]) for axis in listed)
        raise InputError(f"{where}: axes {names}; expected one of time and two of space (y, x)")
    for axis in space:
        if axis not in flat and axis.get("min") != axis.get("max"):
            raise InputError(f"{where}: positions have a third axis {axis['name']!r}; expected y and x only")
    return {"t": time[0], "y": by_name.get("y", flat[-2]), "x": by_name.get("x", flat[-1])}


def _properties(group: zarr.Group, n: int) -> dict[str, NDArray[Any]]:
    """Node properties with one number a node; NaN where a node has none."""
    found: dict[str, NDArray[Any]] = {}
    if "nodes/props" not in group:
        return found
    for name, prop in sorted(group["nodes/props"].groups()):  # type: ignore[union-attr]
        if "data" in prop or "values" not in prop:
            continue  # of a length that varies: nothing that a column could hold
        values = np.asarray(prop["values"][:])
        if values.shape != (n,) or values.dtype.kind not in "biuf":
            continue
        if "missing" in prop and (missing := np.asarray(prop["missing"][:], bool)).any():
            values = np.where(missing, np.nan, values.astype(np.float64))
        found[name] = values
    return found


def _frames(axis: Mapping[str, Any], props: Mapping[str, NDArray[Any]], where: str) -> tuple[NDArray[np.int64], Any]:
    """Frame of each node, and seconds between frames or None."""
    values = np.asarray(props[axis["name"]], np.float64)
    unit = str(axis.get("unit") or "")
    dt_s = seconds(float(axis.get("scale") or 0.0), str(axis.get("scaled_unit") or ""))
    if unit.lower() not in _FRAME_UNITS and not np.array_equal(values, np.floor(values)):
        step = np.diff(np.unique(values))
        unit_s = seconds(1.0, unit)
        if not len(step) or not np.isfinite(values).all() or unit_s is None:
            raise InputError(f"{where}: times in {unit}; expected frames; write the axis with unit 'frame'")
        values, dt_s = values / step.min(), float(step.min()) * unit_s
        if np.abs(values - np.rint(values)).max() > 0.01:
            raise InputError(f"{where}: times in {unit} that are no multiples of one interval; expected frames")
        values = np.rint(values)
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0) & (values == np.floor(values)) & (values < 2**53)))
    if len(bad):
        raise InputError(f"{where}: node {bad[0]} at time {values[bad[0]]:g}; expected whole frames from 0")
    return values.astype(np.int64), dt_s


def _pixels(
    axis: Mapping[str, Any], props: Mapping[str, NDArray[Any]], pixel_size_um: float | None, where: str
) -> tuple[Floats, float | None]:
    """Positions in px, and the size of a pixel in um or None."""
    values = np.asarray(props[axis["name"]], np.float64)
    unit = str(axis.get("unit") or "")
    if unit.lower() in _PIXEL_UNITS:
        return values, micrometres(float(axis.get("scale") or 0.0), str(axis.get("scaled_unit") or ""))
    length = micrometres(1.0, unit)
    if length is None:
        raise InputError(f"{where}: axis {axis['name']!r} is in {unit!r}; expected pixel or a length")
    if pixel_size_um is None:
        raise InputError(f"{where}: positions are in {unit}; expected px; give the pixel size with --pixel-size")
    return values * (length / pixel_size_um), pixel_size_um


def _edges(
    ids: NDArray[Any], ends: NDArray[Any], frame: NDArray[np.int64], where: str, *, directed: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of source and target of each edge."""
    order = np.argsort(ids, kind="stable")
    if len(np.unique(ids)) != len(ids):
        raise InputError(f"{where}: node ids occur twice; expected each once; write it again")
    rows = order[np.minimum(np.searchsorted(ids[order], ends), len(ids) - 1)]
    lost = np.argwhere(ids[rows] != ends)
    if len(lost):
        raise InputError(f"{where}: an edge to node {ends[tuple(lost[0])]}, which is not there; write it again")
    if not directed and len(rows):
        rows = np.take_along_axis(rows, np.argsort(frame[rows], axis=1, kind="stable"), axis=1)
    return rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)


def _names(tracklet: NDArray[Any] | None) -> list[str | int]:
    whole = _whole(tracklet)
    return [] if whole is None else [int(one) for one in whole]


def _numbered(n: int, source: NDArray[np.int64], target: NDArray[np.int64]) -> list[str | int]:
    """A name of its own for each track: the number of its family, from 1."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(source), np.int8), (source, target)), shape=(n, n))
    _, family = connected_components(graph, directed=False)
    return [int(one) + 1 for one in family]


def _label_name(meta: Mapping[str, Any], props: Mapping[str, NDArray[Any]]) -> str:
    """The property that numbers the cells in the masks."""
    for other in meta.get("related_objects") or []:
        if isinstance(other, Mapping) and other.get("type") == "labels":
            name = str(other.get("node_prop") or other.get("label_prop") or "")
            if name in props:
                return name
    return next((name for name in _LABELS if name in props), "")


def _whole(values: NDArray[Any] | None) -> NDArray[np.int64] | None:
    if values is None or not np.isfinite(values).all() or not np.array_equal(values, np.floor(values)):
        return None
    return values.astype(np.int64)
