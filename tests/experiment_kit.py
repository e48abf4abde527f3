"""Small movies and experiments for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

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
