"""A simulated movie as files: OME-TIFF for the pixels, a truth folder in the layout of the Cell Tracking Challenge."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.atomic import replace_folder, replacing
from napari_cellstate.core.digest import digest
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.simulate.movie import Simulation

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

STATES = "states.csv"
RATES = "rates.csv"
ABOUT = "truth.json"
TRACKS = "man_track.txt"


def write_movie(simulation: Simulation, folder: Path, name: str, *, progress: Progress = silent) -> tuple[Path, Path]:
    """Write NAME.ome.tif and NAME_truth into a folder; both are there whole or not at all.

    The truth folder holds TRA/man_trackTTT.tif and SEG/man_segTTT.tif (16 bit; whole masks, a pixel is the track of
    its cell), TRA/man_track.txt (rows L B E P: track, first and last frame, parent), states.csv (one row a cell and
    frame), rates.csv (the generator of this replicate) and truth.json (condition, replicate, seed, scene).

    Returns
    -------
    The movie's path and the truth folder's.
    """
    movie, truth = folder / f"{name}.ome.tif", folder / f"{name}_truth"
    building = folder / f".{name}_truth.tmp"
    frames = len(simulation.images)
    _remove(building)
    try:
        with replacing(movie) as temporary:
            _write_images(simulation, temporary, lambda done, _, what: progress(done, 2 * frames, what))
            write_truth(simulation, building, progress=lambda done, _, what: progress(frames + done, 2 * frames, what))
            replace_folder(building, truth)
    finally:
        _remove(building)
    return movie, truth


def write_truth(simulation: Simulation, folder: Path, *, progress: Progress = silent) -> None:
    """Write all that is true about a movie, file by file; see `write_movie`."""
    import tifffile

    frames = len(simulation.masks)
    parts = {"TRA": "man_track", "SEG": "man_seg"}
    for part in parts:
        (folder / part).mkdir(parents=True, exist_ok=True)
    for t, mask in enumerate(simulation.masks):
        for part, stem in parts.items():
            path = folder / part / f"{stem}{t:0{digits(frames)}d}.tif"
            tifffile.imwrite(path, mask, compression="zlib", metadata=None)
        progress(t + 1, frames, "write")
    rows = simulation.tracks[["track", "first_frame", "last_frame", "parent"]].to_numpy()
    _write_text(folder / "TRA" / TRACKS, "".join(f"{' '.join(map(str, row))}\n" for row in rows.tolist()))
    columns = ["frame", "label", "track", "parent", "state", "y", "x"]
    _write_text(folder / STATES, simulation.cells[columns].to_csv(index=False, lineterminator="\n"))
    _write_text(folder / RATES, _rates(simulation).to_csv(index=False, lineterminator="\n"))
    about = {
        "condition": simulation.condition,
        "replicate": simulation.replicate,
        "seed": list(simulation.seed),
        "scene": simulation.scene.model_dump(mode="json"),
    }
    _write_text(folder / ABOUT, json.dumps(about, indent=1) + "\n")


def digits(frames: int) -> int:
    """How many digits the frame number has in file names."""
    return max(3, len(str(frames - 1)))


def _write_images(simulation: Simulation, path: Path, progress: Progress) -> None:
    """Write the images as OME-TIFF; its id comes from what it shows, so equal movies are equal files."""
    import tifffile

    images, scene = simulation.images, simulation.scene
    known = digest([scene.model_dump(mode="json"), list(simulation.seed)])
    metadata: dict[str, Any] = {
        "axes": "TYX" if images.ndim == 3 else "TCYX",
        "Channel": {"Name": list(scene.channels)},
        "PhysicalSizeX": scene.pixel_size_um,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": scene.pixel_size_um,
        "PhysicalSizeYUnit": "µm",
        "TimeIncrement": scene.dt_s,
        "TimeIncrementUnit": "s",
        "UUID": f"urn:uuid:{known[:8]}-{known[8:12]}-{known[12:16]}-{known[16:20]}-{known[20:]}",
    }
    tifffile.imwrite(
        path,
        _reported(images, progress),
        shape=images.shape,
        dtype=images.dtype,
        ome=True,
        photometric="minisblack",
        metadata=metadata,
    )


def _reported(images: NDArray[np.uint16], progress: Progress) -> Iterator[NDArray[np.uint16]]:
    for t, image in enumerate(images):
        yield from image.reshape(-1, *image.shape[-2:])
        progress(t + 1, len(images), "write")


def _rates(simulation: Simulation) -> pd.DataFrame:
    """The rates between different states, as a table; states from 1."""
    import pandas as pd

    source, target = np.nonzero(~np.eye(len(simulation.rates), dtype=bool))
    rate = simulation.rates[source, target]
    per_hour = rate * 3600.0 / simulation.scene.dt_s
    return pd.DataFrame({"from": source + 1, "to": target + 1, "rate_per_frame": rate, "rate_per_hour": per_hour})


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _write_text(path: Path, text: str) -> None:
    path.write_bytes(text.encode())
