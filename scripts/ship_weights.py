"""Put trained weights into the package: half precision, with their card.

python scripts/ship_weights.py build/default/model --steps 4500 --minutes 83 --state final
"""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_cellstate.learn.models import SHIPPED
from napari_cellstate.learn.weights import load_model, save_model

DATA = [
    "dsb2018_fluo (BBBC038v1, CC0)",
    "bbbc039_u2os (BBBC039v1, CC0)",
    "t98g_phase_usiigaci_stills (MIT, Tsai et al. 2019)",
    "t98g_phase_usiigaci_movie (MIT, Tsai et al. 2019)",
    "simulated movies and painted pictures (this package)",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--state", default="final", choices=("preliminary", "final"))
    given = parser.parse_args()
    net, config = load_model(given.model)
    card = {
        "title": "nuclei in fluorescence, cells in phase contrast and others",
        "data": DATA,
        "licence": "BSD-3-Clause as the package; made from data under CC0 and MIT, see NOTICE",
        "trained": f"scripts/train_default.py, {given.steps} steps of 8 crops, {given.minutes:g} min on a shared core",
        "state": given.state,
        "scores": "benchmarks/results/segmentation.md",
        "limits": "docs/models.md",
    }
    made = save_model(SHIPPED / "default", net.half(), net=config.net, settings=config.settings, card=card)
    print(made.digest)


if __name__ == "__main__":
    main()
