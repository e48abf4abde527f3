"""Which column of a table of tracks is what: a guess from the header, which a user can correct."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from napari_cellstate.formats.calibration import micrometres, seconds
from napari_cellstate.formats.units import unit_in

TRACK_NAMES = ("track_id", "track", "TRACK_ID", "particle", "id")
FRAME_NAMES = ("frame", "t", "FRAME", "POSITION_T")
Y_NAMES = ("y", "POSITION_Y")
X_NAMES = ("x", "POSITION_X")
LABEL_NAMES = ("label",)
PARENT_NAMES = ("parent", "parent_track_id")

_MORE: dict[str, tuple[str, ...]] = {
    "track": (
        *("trackid", "tracknumber", "trajectory", "trajectoryid", "cellid", "cell", "tid", "uniqueid", "objectid"),
        *("trackobjectslabel", "tracklet", "trackletid", "celltrack", "trackn", "spotid"),
    ),
    "time": (
        *("framenumber", "framenr", "frameno", "frames", "slice", "timepoint", "timeindex", "timestep", "imagenumber"),
        *("time", "timestamp", "metadatat", "tp", "elapsedtime", "deltat"),
    ),
    "y": ("ypos", "posy", "positiony", "centroidy", "ycentroid", "centery", "ycenter", "ym", "locationcentery", "row"),
    "x": (
        "xpos",
        "posx",
        "positionx",
        "centroidx",
        "xcentroid",
        "centerx",
        "xcenter",
        "xm",
        "locationcenterx",
        "column",
    ),
    "label": ("labelid", "maskid", "segid", "segmentationid", "objectnumber", "roiid"),
    "parent": ("parentid", "parenttrack", "mother", "motherid", "parenttrackid", "parentcell", "lineageparent"),
}
_COUNTS = ("frame", "slice", "timepoint", "timeindex", "timestep", "imagenumber", "tp")


@dataclass(frozen=True)
class Columns:
    """Names of columns, "" where there is none that fits.

    Attributes
    ----------
    track, time, y, x : what every table of tracks has.
    label, parent : number of the cell in its frame; track it comes from.
    time_unit : s, min, ... where the header says that the time column holds times; "" for frame numbers.
    length_unit : um, ... where the header says so of the positions; "" for px.
    """

    track: str = ""
    time: str = ""
    y: str = ""
    x: str = ""
    label: str = ""
    parent: str = ""
    time_unit: str = ""
    length_unit: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """What every table of tracks has and this one seems not to."""
        return tuple(what for what in ("track", "time", "y", "x") if not getattr(self, what))


def guess_columns(header: Sequence[str]) -> Columns:
    """Guess what the columns of a table of tracks are.

    Parameters
    ----------
    header : names of the columns as they stand in the file.

    Notes
    -----
    The names that `read_tracks` takes without being told win over those of other programs (CellProfiler, Imaris,
    trackpy, Fiji, ...), which are compared without case, blanks, signs and units. No column is used twice.
    """
    ours = {
        "track": TRACK_NAMES,
        "time": FRAME_NAMES,
        "y": Y_NAMES,
        "x": X_NAMES,
        "label": LABEL_NAMES,
        "parent": PARENT_NAMES,
    }
    found: dict[str, str] = {}
    for exact in (True, False):
        for what, names in ours.items():
            if what not in found:
                left = [name for name in header if name not in found.values()]
                match = _match(left, names if exact else (*names, *_MORE[what]), exact=exact)
                found |= {what: match} if match else {}
    time, length = found.get("time", ""), unit_in(found.get("y", ""))
    timed = "" if _plain(time) in _COUNTS or seconds(1.0, unit_in(time)) is None else unit_in(time)
    return Columns(**found, time_unit=timed, length_unit=length if micrometres(1.0, length) is not None else "")


def _match(header: Sequence[str], names: Sequence[str], *, exact: bool) -> str:
    """The first name that is there."""
    if exact:
        return next((name for name in names if name in header), "")
    plain = {_plain(name): name for name in reversed(header)}
    return next((plain[_plain(name)] for name in names if _plain(name) in plain), "")


def _plain(name: str) -> str:
    """Letters and digits only, without a unit at the end: "Position X [um]" is positionx."""
    unit = unit_in(name)
    text = re.sub(rf"[(\[_\s.]*{re.escape(unit)}\s*[)\]]?\s*$", "", name) if unit else name
    return re.sub(r"[^a-z0-9]", "", text.lower())
