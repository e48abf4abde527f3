"""Small movies and experiments for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import tifffile

import napari_cellstate as cs

SIZE, FRAMES = 96, 12


def blobs(frames: int = FRAMES, seed: int = 0, *, empty: tuple[int, ...] = ()) -> np.ndarray:
    """Six discs at different speeds, (T, Y, X) uint16; frames in `empty` have none."""
    rng = np.random.default_rng(seed)
    yx = np.stack(np.meshgrid([20.0, 48, 76], [30.0, 66], indexing="ij"), -1).reshape(-1, 2)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    stack = rng.normal(200, 8, (frames, SIZE, SIZE))
    for t in range(frames):
        for nth, (y, x) in enumerate(yx):
            if t not in empty:
                stack[t] += 800 * np.exp(-((((rows - y) ** 2 + (columns - x) ** 2) / 30.0) ** 2))
            yx[nth] += rng.normal(0, 0.3 + 0.25 * nth, 2)
        yx = np.clip(yx, 10, SIZE - 10)
    return stack.astype(np.uint16)


def write_movie(path: Path, stack: np.ndarray) -> Path:
    """OME-TIFF with 390 s and 0.65 um."""
    metadata = {
        "axes": "TYX",
        "TimeIncrement": 390.0,
        "TimeIncrementUnit": "s",
        "PhysicalSizeX": 0.65,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": 0.65,
        "PhysicalSizeYUnit": "µm",
    }
    tifffile.imwrite(path, stack, ome=True, metadata=metadata)
    return path


def results(root: Path) -> dict[str, bytes]:
    """Every result file of an experiment; records, logs and the lock may differ in times and are left out."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and "records/" not in name and name not in ("log.txt", "lock"):
            found[name] = path.read_bytes()
    return found


def exchanged_tracks(folder: Path) -> cs.Experiment:
    """Six given tracks over twelve frames; two of them exchange their places for good between frames 5 and 6."""
    rng, rows = np.random.default_rng(0), []
    for track in range(6):
        for frame in range(12):
            lane = {4: 5, 5: 4}.get(track, track) if frame >= 6 else track
            rows.append((track + 1, frame, 80.0 * lane + rng.normal(0, 1), 5.0 * frame + rng.normal(0, 1)))
    pd.DataFrame(rows, columns=["track", "frame", "y", "x"]).to_csv(folder / "t.csv", index=False)
    experiment = cs.new(folder / "a.cellstate")
    cs.add(experiment, tracks=folder / "t.csv", name="m", dt=60, pixel_size=1)
    cs.run(experiment, until="link")
    return experiment
