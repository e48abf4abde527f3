"""Spots as a table in the form of TrackMate's: names, and three further header rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.progress import Progress
from napari_cellstate.core.times import times_of
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.experiment.tables import states_table
from napari_cellstate.formats.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd

_HEADERS = {
    "LABEL": ("Label", "Label", ""),
    "ID": ("Spot ID", "Spot ID", ""),
    "TRACK_ID": ("Track ID", "Track ID", ""),
    "POSITION_X": ("X", "X", "length"),
    "POSITION_Y": ("Y", "Y", "length"),
    "POSITION_T": ("T", "T", "time"),
    "FRAME": ("Frame", "Frame", ""),
    "STATE": ("State", "State", ""),
    "STATE_PROB": ("State probability", "State prob.", ""),
}
"""Long and short name of each column, and what it is measured in."""


def export_trackmate(experiment: Experiment, folder: Path, progress: Progress) -> list[Path]:
    """Write MOVIE_spots.csv for each movie.

    TRACK_ID is our track: such a table cannot hold that one track comes from another (GEFF and CTC can).
    """
    import pandas as pd

    table, paths = states_table(experiment), []
    for nth, entry in enumerate(experiment.movies):
        progress(nth, len(experiment.movies), f"{entry.name}: export trackmate")
        rows = table[table["movie"] == entry.name].reset_index(drop=True)
        spots = _spots(rows, entry).astype(object)
        length, time = "micron" if entry.pixel_size_um else "pixel", "sec" if entry.dt_s else "frame"
        units = {"length": f"({length})", "time": f"({time})", "": ""}
        above = [[_HEADERS[name][row] for name in spots.columns] for row in (0, 1)]
        above.append([units[_HEADERS[name][2]] for name in spots.columns])
        paths.append(folder / f"{entry.name}_spots.csv")
        write_csv(pd.concat([pd.DataFrame(above, columns=spots.columns), spots], ignore_index=True), paths[-1])
    progress(len(paths), len(paths), "export trackmate")
    return paths


def _spots(rows: pd.DataFrame, entry: MovieEntry) -> pd.DataFrame:
    import pandas as pd

    number = np.arange(len(rows))
    size, frame = entry.pixel_size_um or 1.0, rows["frame"].to_numpy(np.int64)
    return pd.DataFrame(
        {
            "LABEL": [f"ID{one}" for one in number],
            "ID": number,
            "TRACK_ID": rows["track"],
            "POSITION_X": rows["x"] * size,
            "POSITION_Y": rows["y"] * size,
            "POSITION_T": times_of(frame, entry.dt_s or 1.0, entry.times_s),
            "FRAME": rows["frame"],
            "STATE": rows["state"],
            "STATE_PROB": rows["state_prob"],
        }
    )
