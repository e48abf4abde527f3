"""Make the pictures that README and docs show: `make pictures`.

Runs the demo into a folder (what is there of an earlier one is used) and shrinks its figures.

python scripts/make_pictures.py DEMO_FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

import napari_cellstate as cs
from napari_cellstate.experiment.overlay_movie import overlay_frames

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
WIDTH = 900


def main(folder: Path) -> None:
    """Run the demo and write each picture."""
    result = cs.demo(folder)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name in ("transitions", "embedding", "ethogram", "profiles", "dwell", "occupancy"):
        with Image.open(result.report / "figures" / f"{name}.png") as picture:
            save(picture.convert("RGB"), name)
    exp = cs.Experiment(result.experiment)
    frames = overlay_frames(exp, exp.movies[0], lambda done, total, what: None)
    save(Image.fromarray([frame for frame, _ in zip(frames, range(31), strict=False)][-1]), "overlay")


def save(picture: Image.Image, name: str) -> None:
    """Write a small PNG of at most `WIDTH` px."""
    if picture.width > WIDTH:
        picture = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS)
    picture.quantize(128).save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
