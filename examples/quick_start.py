"""From movies to states in Python: two small simulated movies, every stage, and a look at the tables."""

from __future__ import annotations

import tempfile
from pathlib import Path

import napari_cellstate as cs


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        movies = cs.simulate(Path(folder) / "movies", replicates=1, frames=24, size=160, cells=10, seed=1)
        exp = cs.new(Path(folder) / "small.cellstate")
        for movie in movies:
            cs.add(exp, movie.path, condition=movie.condition, replicate=movie.replicate)

        recipe = cs.recipe_from({"states": {"method": "gaussian-mixture", "k": 2}})
        report = cs.run(exp, recipe)
        print(f"{len(report.done)} results made")

        table = exp.behavior  # AnnData: one row a window of a track
        print(f"{table.n_obs} windows x {table.n_vars} features")
        print(exp.dynamics("transitions").to_string(index=False))

        for path in cs.export(exp, Path(folder) / "tables"):
            print(path.name)


if __name__ == "__main__":
    main()
