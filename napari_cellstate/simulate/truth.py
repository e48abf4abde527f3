"""What is true about a simulated movie, read back from its truth folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.simulate.scene import Scene
from napari_cellstate.simulate.write import ABOUT, RATES, STATES, TRACKS, digits

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Truth:
    """Everything that is true about one simulated movie; masks are read when asked for.

    Attributes
    ----------
    folder : where it lies.
    cells, tracks, rates, scene, condition, replicate, seed : as in `Simulation`.
    """

    folder: Path
    cells: pd.DataFrame
    tracks: pd.DataFrame
    rates: NDArray[np.float64]
    scene: Scene
    condition: str
    replicate: str
    seed: tuple[int, ...]

    def mask(self, t: int) -> NDArray[np.uint16]:
        """Mask of one frame, (Y, X); a pixel is the track of its cell, 0 for none."""
        import tifffile

        path = self.folder / "SEG" / f"man_seg{t:0{digits(self.scene.frames)}d}.tif"
        if not path.is_file():
            raise InputError(f"{path}: no mask of frame {t}; expected frames 0 to {self.scene.frames - 1}")
        return np.asarray(tifffile.imread(path), np.uint16)

    @cached_property
    def masks(self) -> NDArray[np.uint16]:
        """All masks, (T, Y, X)."""
        return np.stack([self.mask(t) for t in range(self.scene.frames)])


def read_truth(folder: Path) -> Truth:
    """Read a truth folder.

    Raises
    ------
    InputError
        It is not a truth folder, or a file is missing.
    """
    import pandas as pd

    for part in (ABOUT, STATES, RATES, f"TRA/{TRACKS}"):
        if not (folder / part).is_file():
            raise InputError(f"{folder}: {part} is missing; expected a truth folder as `simulate` writes it")
    about = json.loads((folder / ABOUT).read_bytes())
    scene = Scene.model_validate_json(json.dumps(about["scene"]))
    lines = [line.split() for line in (folder / "TRA" / TRACKS).read_text().splitlines() if line.strip()]
    numbers = np.array(lines, np.int64).reshape(-1, 4)
    tracks = pd.DataFrame(numbers[:, [0, 3, 1, 2]], columns=["track", "parent", "first_frame", "last_frame"])
    whole = dict.fromkeys(("frame", "label", "track", "parent", "state"), np.int64)
    cells = pd.read_csv(folder / STATES, float_precision="round_trip", dtype={**whole, "y": float, "x": float})
    return Truth(
        folder=folder,
        cells=cells,
        tracks=tracks,
        rates=_read_rates(folder / RATES, scene.n_states),
        scene=scene,
        condition=about["condition"],
        replicate=about["replicate"],
        seed=tuple(about["seed"]),
    )


def _read_rates(path: Path, k: int) -> NDArray[np.float64]:
    import pandas as pd

    table = pd.read_csv(path, float_precision="round_trip")
    rates = np.zeros((k, k))
    rates[table["from"].to_numpy() - 1, table["to"].to_numpy() - 1] = table["rate_per_frame"].to_numpy()
    np.fill_diagonal(rates, -rates.sum(axis=1))
    return rates
