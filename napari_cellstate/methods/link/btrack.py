"""btrack's Bayesian tracker, where it is installed (pip install btrack)."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import make_links
from napari_cellstate.methods.link.reach import ReachingLinker

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]

_MOST_LOST = 10
"""Frames in a row; with none btrack makes no tracks, and with more than these its compiled part ends the program."""


class BtrackLinker(ReachingLinker):
    """Kalman filters for short tracks, then the likeliest way to join them (Ulicna et al. 2021).

    Notes
    -----
    Noise and hypotheses have the values that btrack gives for cells; distances follow the search range. btrack knows
    dividing cells best by their looks, which it is not given here, so it finds few divisions.
    """

    kind: ClassVar[str] = "btrack"
    title: ClassVar[str] = "Bayesian tracker (btrack)"

    divisions: bool = setting(True, "Divisions", help="Look for divisions; without it every cell that appears is new.")

    def link(self, cells: pd.DataFrame, movie: Movie, runtime: Runtime) -> pd.DataFrame:
        """Link the cells of one movie; btrack itself cannot be stopped on its way."""
        runtime.progress(0, 1, "link")
        if not len(cells):
            return make_links([], [], [])
        import pandas as pd

        first = int(cells["frame"].iloc[0])
        places = {"t": cells["frame"] - first, "x": cells["x"], "y": cells["y"], "z": 0.0}
        with _tracker() as tracker:
            tracker.configure(_configuration(self.estimated(cells, movie), movie))
            tracker.append(pd.DataFrame(places))
            tracker.track()
            tracker.optimise()
            source, target = _links(tracker.tracks)
        frame = cells["frame"].to_numpy(np.int64)
        near = frame[target] - frame[source] <= self.max_gap + 1
        source, target = source[near], target[near]
        at = cells[["y", "x"]].to_numpy(np.float64)
        runtime.progress(1, 1, "link")
        return make_links(source, target, np.hypot(*(at[target] - at[source]).T))


def _configuration(method: BtrackLinker, movie: Movie) -> dict[str, Any]:
    """Constant velocity in x, y and z, and btrack's hypotheses, whose units are px and frames."""
    here, velocity = np.eye(3, 6), np.eye(3, 6, 3)
    jolt = 15 * np.array([[0.5, 0.5, 0.5, 1.0, 1.0, 1.0]])
    motion = {
        "measurements": 3,
        "states": 6,
        "A": np.vstack([here + velocity, velocity]),
        "H": here,
        "P": 150 * np.diag([0.1, 0.1, 0.1, 1.0, 1.0, 1.0]),
        "G": jolt,
        "R": 5 * np.eye(3),
        "accuracy": 7.5,
        "max_lost": int(np.clip(method.max_gap, 1, _MOST_LOST)),
        "prob_not_assign": 0.001,
    }
    names = ["P_FP", "P_init", "P_term", "P_link"] + ["P_branch"] * method.divisions
    hypotheses = {
        "hypotheses": names,
        "lambda_time": 5.0,
        "lambda_dist": 3.0,
        "lambda_link": 10.0,
        "lambda_branch": 50.0,
        "eta": 1e-10,
        "theta_dist": 20.0,
        "theta_time": 5.0,
        "dist_thresh": method.search_range,
        "time_thresh": method.max_gap + 1,
        "apop_thresh": 5,
        "segmentation_miss_rate": 0.1,
        "apoptosis_rate": 0.001,
        "relax": True,
    }
    _, height, width = movie.shape
    return {
        "motion_model": motion,
        "hypothesis_model": hypotheses,
        "max_search_radius": method.search_range,
        "optimizer_options": {"msg_lev": "GLP_MSG_OFF"},
        "volume": ((0, width), (0, height), (-1e5, 1e5)),
    }


def _tracker() -> Any:
    """The engine, told to speak only of what went wrong."""
    import btrack

    logging.getLogger("btrack").setLevel(logging.WARNING)
    try:
        return btrack.BayesianTracker(verbose=False)
    except Exception as error:  # btrack raises nothing more precise where its compiled part cannot be loaded
        raise InputError(
            f"link method 'btrack': btrack is installed but does not start ({error or type(error).__name__}); install "
            "a release of it that fits this computer (pip install btrack==...), or choose another link method"
        ) from error


def _links(tracks: Any) -> tuple[Ints, Ints]:
    """Rows that follow each other in btrack's tracks, and from each mother's last to each daughter's first.

    The objects of a track are numbered as they were given; numbers below 0 stand for frames where nothing was found.
    """
    rows = {one.ID: [row for row in one.refs if row >= 0] for one in tracks}
    pairs = [pair for path in rows.values() for pair in pairwise(path)]
    for one in tracks:
        mother = rows.get(one.parent, []) if one.parent != one.ID else []
        if mother and rows[one.ID]:
            pairs.append((mother[-1], rows[one.ID][0]))
    together = np.array(pairs, np.int64).reshape(-1, 2)
    return together[:, 0], together[:, 1]


if find_spec("btrack") is not None:
    register(BtrackLinker)
