"""The XML file of TrackMate (versions 4 to 8): spots, and edges between them."""

from __future__ import annotations

from array import array
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError, XMLParser

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.given import GivenTracks
from napari_cellstate.formats.calibration import micrometres, seconds
from napari_cellstate.formats.format import reading
from napari_cellstate.formats.graph import CellGraph, tracks_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 2**20
_NEEDED = ("ID", "FRAME", "POSITION_Y", "POSITION_X")
_NOT_KEPT = (*_NEEDED, "POSITION_T", "VISIBILITY", "MANUAL_SPOT_COLOR")


def read_trackmate(path: Path, pixel_size_um: float | None = None) -> GivenTracks:
    """Read the tracks of a TrackMate XML; numeric features of spots become columns under their own names.

    A track of TrackMate is a whole family. Its first branch keeps its TRACK_ID, further ones are called TRACK_ID/2,
    TRACK_ID/3, ... with the branch that they come from as parent. Gaps stay inside a track. Spots without a track,
    and tracks that were filtered out, are left out.

    Parameters
    ----------
    path : the file.
    pixel_size_um : used only where the file does not say how large a pixel is.

    Raises
    ------
    InputError
        Not such a file, or damaged; a document type (it could make the file expand without limit); no tracks; an edge
        to a spot that is not there; positions in a length without a known size of a pixel.
    """
    found = _parse(path)
    where = str(path)
    spots = np.array(found.values, np.float64).reshape(-1, len(found.names))
    columns = dict(zip(found.names, spots.T, strict=True))
    edges = np.array(found.edges, np.int64).reshape(-1, 3)
    if found.kept is not None:
        edges = edges[np.isin(edges[:, 2], list(found.kept))]
    if not len(edges):
        raise InputError(
            f"{where}: no tracks in it ({len(spots)} spots); link the spots in TrackMate, and save it again"
        )
    kept, ends = np.unique(edges[:, :2], return_inverse=True)
    ids = columns["ID"]
    at = _rows(ids, kept, where)
    source, target = ends.reshape(-1, 2).T
    name = np.empty(len(kept), np.int64)
    name[source] = name[target] = edges[:, 2]
    size = _pixel(found, pixel_size_um, where)
    with reading(where):
        frame = _whole_frames(columns["FRAME"][at], where)
    position = np.stack([columns["POSITION_Y"][at], columns["POSITION_X"][at]], axis=1) / size
    others = {name: column[at] for name, column in columns.items() if name not in _NOT_KEPT}
    graph = CellGraph(
        frame, position, source, target, name.tolist(), others={k: v for k, v in others.items() if _any(v)}
    )
    scale = micrometres(size, found.model.get("spatialunits", "")) or pixel_size_um
    dt = seconds(_number(found.image.get("timeinterval")), found.model.get("timeunits", ""))
    return tracks_of(graph, where, "TRACK_ID", dt_s=dt, pixel_size_um=scale)


class _Target:
    """Collects what we need while the file is read; nothing else is kept."""

    def __init__(self, where: str) -> None:
        self.where, self.root = where, ""
        self.model: dict[str, str] = {}
        self.image: dict[str, str] = {}
        self.names: list[str] = list(_NEEDED)
        self.values, self.edges = array("d"), array("q")
        self.kept: set[int] | None = None
        self._track, self._inside = -1, ""

    def doctype(self, *_: object) -> None:
        raise InputError(f"{self.where}: an XML with a document type (DOCTYPE); TrackMate writes none; remove it")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.root = self.root or tag
        if tag == "Spot":
            self._spot(attributes)
        elif tag == "Edge":
            self.edges.extend((int(attributes["SPOT_SOURCE_ID"]), int(attributes["SPOT_TARGET_ID"]), self._track))
        elif tag == "Track":
            self._track = int(attributes["TRACK_ID"])
        elif tag == "TrackID" and self.kept is not None:
            self.kept.add(int(attributes["TRACK_ID"]))
        elif tag == "FilteredTracks":
            self.kept = set()
        elif tag == "SpotFeatures":
            self._inside = tag
        elif tag == "Feature" and self._inside and attributes.get("feature", "") not in ("", *self.names):
            self.names.append(attributes["feature"])
        elif tag == "Model":
            self.model = attributes
        elif tag == "ImageData":
            self.image = attributes

    def end(self, tag: str) -> None:
        if tag == "SpotFeatures":
            self._inside = ""

    def data(self, text: str) -> None:
        """Outlines of spots stand here; we do not need them."""

    def close(self) -> _Target:
        return self

    def _spot(self, attributes: dict[str, str]) -> None:
        missing = [name for name in _NEEDED if name not in attributes]
        if missing:
            raise InputError(f"{self.where}: spot {attributes.get('ID', '?')} has no {missing[0]}; export it again")
        self.values.extend([_number(attributes.get(name)) for name in self.names])


def _parse(path: Path) -> _Target:
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a TrackMate XML")
    target = _Target(str(path))
    parser = XMLParser(target=target)
    try:
        with reading(str(path)), path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                parser.feed(block)
            parser.close()
    except ParseError as error:
        raise InputError(f"{path}: not whole XML ({error}); save it again from TrackMate") from None
    if target.root != "TrackMate":
        raise InputError(f"{path}: an XML of {target.root!r}; expected one of TrackMate (not its simple track export)")
    return target


def _rows(ids: NDArray[np.float64], wanted: NDArray[np.int64], where: str) -> NDArray[np.int64]:
    """Row of each wanted spot."""
    order = np.argsort(ids, kind="stable")
    if not len(ids):
        raise InputError(f"{where}: edges, but no spots; save it again from TrackMate")
    at = order[np.minimum(np.searchsorted(ids[order], wanted), len(ids) - 1)]
    lost = np.flatnonzero(ids[at] != wanted)
    if len(lost):
        raise InputError(
            f"{where}: an edge to spot {wanted[lost[0]]}, which is not there; save it again from TrackMate"
        )
    return at


def _whole_frames(frame: NDArray[np.float64], where: str) -> NDArray[np.int64]:
    bad = np.flatnonzero(~(np.isfinite(frame) & (frame >= 0) & (frame == np.floor(frame)) & (frame < 2**53)))
    if len(bad):
        raise InputError(f"{where}: a spot in FRAME {frame[bad[0]]}; expected a whole number from 0")
    return frame.astype(np.int64)


def _pixel(found: _Target, pixel_size_um: float | None, where: str) -> float:
    """Size of a pixel in the unit of the positions."""
    unit = found.model.get("spatialunits", "")
    size = _number(found.image.get("pixelwidth"))
    if isfinite(size) and size > 0:
        return size
    length = micrometres(1.0, unit)
    if length is None:
        return 1.0  # pixels, or a unit that we don't know: taken as they are, as in a table
    if pixel_size_um is None:
        raise InputError(
            f"{where}: positions are in {unit}, and the file does not say how large a pixel is; give it with "
            "--pixel-size"
        )
    return pixel_size_um / length


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return float("nan")


def _any(values: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(values).any())
