"""How well movement alone tells muscle stem cells, myoblasts and fibroblasts apart, by set of features.

CELLSTATE_DATA=... python benchmarks/bench_cell_types.py

Real tracks (Kimmel et al. 2018), all cut to their first 63 frames, since length alone tells the types apart; random
forest, five folds that keep wells together, balanced accuracy for three seeds. Stem cells and myoblasts come from one
experiment each: a new experiment may look different, and this says nothing about it.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from napari_cellstate.methods.features.heteromotility import describe_tracks
from napari_cellstate.methods.features.motility import FEATURES, describe_paths

FRAMES = 63


def main() -> None:
    folder = Path(os.environ["CELLSTATE_DATA"]) / "tracks_heteromotility_musc_mef_myoblast"
    table = pd.read_csv(folder / "tracks.csv.gz", low_memory=False).sort_values(["track_id", "t"])
    tracks = table.groupby("track_id")
    of = tracks[["cell_type", "experiment", "well"]].first().astype(str)
    paths = np.stack([track[["y", "x"]].to_numpy()[:FRAMES] for _, track in tracks])
    motility = describe_paths(paths)
    repeated = [feature.name for feature in FEATURES].index("repeated_steps")
    sets = {
        "heteromotility, lag 5": describe_tracks(paths, 5)[0],
        "heteromotility, lag 10": describe_tracks(paths, 10)[0],
        "motility": motility,
        "motility without repeated_steps (how often gaps were filled)": np.delete(motility, repeated, axis=1),
    }
    print("| features | columns | balanced accuracy | seeds |\n|---|---|---|---|")
    for name, values in sets.items():
        found = [accuracy(np.nan_to_num(values, nan=-999.0), of, seed) for seed in range(3)]
        print(f"| {name} | {values.shape[1]} | {np.mean(found):.3f} | {', '.join(f'{one:.3f}' for one in found)} |")


def accuracy(values: np.ndarray, of: pd.DataFrame, seed: int) -> float:
    forest = RandomForestClassifier(300, class_weight="balanced", min_samples_leaf=2, random_state=seed, n_jobs=2)
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
    wells = of.agg("/".join, axis=1)
    guess = cross_val_predict(forest, values, of["cell_type"], groups=wells, cv=folds)
    return float(balanced_accuracy_score(of["cell_type"], guess))


if __name__ == "__main__":
    main()
