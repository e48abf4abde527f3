"""Start an experiment and put movies into it."""

from __future__ import annotations

import logging
from contextlib import closing
from math import ceil
from pathlib import Path

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import FrameSource
from napari_cellstate.core.times import goes_back, median_interval, worth_keeping
from napari_cellstate.experiment.entry import MovieEntry, Reference, TracksReference
from napari_cellstate.experiment.lock import writing
from napari_cellstate.experiment.paths import check_name, free_name
from napari_cellstate.experiment.pipeline import use_recipe
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.formats.crop import parse_roi
from napari_cellstate.formats.labels import open_labels
from napari_cellstate.formats.movies import open_movie
from napari_cellstate.formats.tracks import read_tracks

log = logging.getLogger(__name__)


def new(path: str | Path) -> Experiment:
    """Make an empty experiment with the default recipe; the folder must not exist, or be empty."""
    experiment = Experiment.create(path)
    use_recipe(experiment, Recipe())
    return experiment


def add(
    experiment: Experiment | str | Path,
    movie: str | Path | None = None,
    *,
    labels: str | Path | None = None,
    tracks: str | Path | None = None,
    name: str = "",
    channel: int = 0,
    position: int | None = None,
    project: str = "",
    axes: str = "",
    dt: float | None = None,
    pixel_size: float | None = None,
    condition: str = "",
    replicate: str = "",
    frames: str = "",
    roi: str = "",
    reason: str = "",
    track_column: str = "",
    time_column: str = "",
    y_column: str = "",
    x_column: str = "",
    time_unit: str = "",
) -> MovieEntry:
    """Add a movie, by reference: images, labels or a track table; one of them is enough.

    Parameters
    ----------
    experiment : an experiment or its folder.
    movie : TIFF, OME-TIFF, ImageJ hyperstack, OME-Zarr, ND2, a grey video, or a folder of numbered images.
    labels : label images of the same size; they are then used instead of a segmentation.
    tracks : a table (CSV, parquet) with one row a cell and frame, a TrackMate XML, a GEFF, a Cell Tracking Challenge
        folder, or a folder with Heteromotility's tracksX.csv and tracksY.csv; then used instead of linking.
    name : default: the name of the file, with the position behind it (NAME_p03) where one is given.
    channel : the channel to segment, from 0.
    position : which of several positions (series, fields) in the movie's file, from 0; see `positions`.
    project : "max" or "mean", what to make of each z-stack; without it z-stacks are refused.
    axes : such as "TYX" or "TCYX", where the file does not say, or says it wrong.
    dt : seconds between frames; default: what the file says. Given here, all intervals are taken as alike.
    pixel_size : micrometres a pixel; default: what the file says.
    condition, replicate : such as "aged" and "mouse 3".
    frames : "A:B", the frames from A to before B; default all.
    roi : "Y0:Y1,X0:X1", rows and columns of the region of interest; default all. Results are in its coordinates.
    reason : why only these frames or this region; it is kept.
    track_column, time_column, y_column, x_column : of the track table, where their names are not the usual ones.
    time_unit : such as s, min or h, where the track table has times instead of frame numbers.

    Returns
    -------
    The new entry.

    Raises
    ------
    InputError
        A file that cannot be used, or settings that do not fit it.
    """
    experiment = as_experiment(experiment)
    if movie is None and labels is None and tracks is None:
        raise InputError("nothing to add: give a movie, --labels or --tracks")
    check_positive("--dt", dt, "seconds")
    check_positive("--pixel-size", pixel_size, "micrometres")
    if position is not None and movie is None:
        raise InputError(f"--position {position}: only a movie has positions; give one")
    if project and movie is None:
        raise InputError(f"--project {project}: only a movie has z-stacks; give one")
    root, paths = experiment.root, [Path(path) for path in (movie, labels, tracks) if path is not None]
    columns = {"track": track_column, "time": time_column, "y": y_column, "x": x_column, "time_unit": time_unit}
    with writing(experiment.paths.lock):
        entries = experiment.movies
        found = look(movie, labels, tracks, axes, columns, pixel_size, position, project, time_given=dt is not None)
        _, _, height, width = found.shape
        region = parse_roi(roi, height, width) if roi else None
        size = (region[1] - region[0], region[3] - region[2]) if region else (height, width)
        times = () if dt is not None else true_times(found.times_s, paths[0])
        entry = MovieEntry(
            name=_name(name, paths[0], position, entries, root),
            images=Reference.to(Path(movie), root, axes, position, project) if movie else None,
            labels=Reference.to(Path(labels), root, "" if movie else axes) if labels else None,
            tracks=TracksReference(**Reference.to(Path(tracks), root).model_dump(), **columns) if tracks else None,
            shape=(*found.shape[:2], *size),
            frames=_frames(frames, found.shape[0]),
            channel=_channel(channel, found.shape[1]),
            channels=found.channels,
            dt_s=dt if dt is not None else median_interval(times) or found.dt_s,
            pixel_size_um=pixel_size if pixel_size is not None else found.pixel_size_um,
            condition=condition,
            replicate=replicate,
            times_s=times,
            roi=region,
            reason=reason,
        )
        experiment.set_movies((*entries, entry))
    return entry


class Found:
    """What the files say."""

    def __init__(self, shape: tuple[int, int, int, int], source: FrameSource | None) -> None:
        self.shape = shape
        self.channels = source.channels if source else ()
        self.dt_s = source.dt_s if source else None
        self.pixel_size_um = source.pixel_size_um if source else None
        self.times_s = source.times_s if source else ()


def look(
    movie: str | Path | None,
    labels: str | Path | None,
    tracks: str | Path | None,
    axes: str,
    columns: dict[str, str],
    pixel_size: float | None,
    position: int | None,
    project: str,
    *,
    time_given: bool,
) -> Found:
    """Open everything once, so that what cannot be used is refused before it is added."""
    found = None
    if movie is not None:
        opened = open_movie(Path(movie), axes=axes, time_given=time_given, position=position, project=project)
        with closing(opened) as source:
            found = Found(source.shape, source)
            source.read(0, 0)
    if labels is not None:
        shape = (found.shape[0], *found.shape[2:]) if found else None
        # With a movie, a label stack of the same shape is in the same order: nothing is left to guess.
        known = time_given or found is not None
        given = "" if found else axes
        with closing(open_labels(Path(labels), axes=given, time_given=known, shape=shape)) as source:
            source.read(0, 0)
            t, _, y, x = source.shape
            found = found or Found((t, 0, y, x), source)
    if tracks is not None:
        size = pixel_size or (found.pixel_size_um if found else None)
        read = read_tracks(Path(tracks), pixel_size_um=size, **columns)
        points = read.points
        if found is None:
            t, y, x = (ceil(points[axis].max()) + 1 for axis in ("frame", "y", "x"))
            found = Found((t, 0, y, x), None)
            found.dt_s, found.pixel_size_um, found.times_s = read.dt_s, read.pixel_size_um, read.times_s
        elif points["frame"].max() >= found.shape[0]:
            raise InputError(
                f"{tracks}: frame {points['frame'].max()} occurs, but the movie has {found.shape[0]} frames, "
                "counted from 0"
            )
    if found is None:
        raise AssertionError("checked by the caller")
    return found


def true_times(times_s: tuple[float, ...], path: Path) -> tuple[float, ...]:
    """True times of the frames where they tell more than one interval does; said where they cannot be."""
    at = goes_back(times_s)
    if at and median_interval(times_s) is not None:
        log.warning(
            "%s: frame %d was taken before frame %d by its time (was the clock set?); its times are not used",
            *(path, at, at - 1),
        )
    return () if at else worth_keeping(times_s)


def _name(wanted: str, path: Path, position: int | None, entries: tuple[MovieEntry, ...], root: Path) -> str:
    taken = {entry.name for entry in entries}
    if wanted:
        check_name(wanted)
        if wanted.lower() in {name.lower() for name in taken}:
            raise InputError(f"there is a movie {wanted!r} already; give another --name")
        return wanted
    for entry in entries:
        for reference in entry.references:
            if reference.resolve(root) == path.resolve() and reference.position == position:
                raise InputError(f"{path} was added already, as {entry.name!r}; to add it once more, give a --name")
    stem = path.name
    for suffix in (".ome.tif", ".ome.tiff", ".ome.zarr", path.suffix):
        if suffix and stem.lower().endswith(suffix):
            stem = stem[: -len(suffix)]
            break
    return free_name(stem if position is None else f"{stem}_p{position:02d}", taken)


def _frames(text: str, n: int) -> tuple[int, int]:
    if not text:
        return 0, n
    first, colon, stop = text.partition(":")
    try:
        start, end = int(first or 0), int(stop or n)
    except ValueError:
        colon = ""
        start, end = 0, 0
    if not colon or not 0 <= start < end <= n:
        raise InputError(f"--frames {text}: expected A:B with 0 <= A < B <= {n}, the number of frames")
    return start, end


def _channel(channel: int, n: int) -> int:
    if not 0 <= channel < max(n, 1):
        raise InputError(f"--channel {channel}: the movie has {n} channels, counted from 0")
    return channel


def check_positive(what: str, value: float | None, unit: str) -> None:
    """Raise InputError for a number that is given and not greater than 0."""
    if value is not None and not 0 < value < float("inf"):
        raise InputError(f"{what} {value:g}: expected {unit} greater than 0")
