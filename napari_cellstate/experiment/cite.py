"""What a paper that uses an experiment should name: versions of the programs, and the papers behind its methods."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from napari_cellstate.core.method import Method
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages import MOVIE_STAGES, POOLED_STAGES
from napari_cellstate.experiment.store import Experiment, as_experiment

_ALWAYS = ("numpy", "scipy", "pandas", "anndata", "zarr")

PAPERS: dict[tuple[str, str], tuple[str, ...]] = {
    ("segment", "threshold"): (
        "Otsu 1979, IEEE Trans. Syst. Man Cybern. 9:62 (level of the threshold)",
        "Li and Tam 1998, Pattern Recognit. Lett. 19:771 (where the Li level is chosen)",
    ),
    ("segment", "tiramisu"): ("Jegou et al. 2017, arXiv 1611.09326 (the net)",),
    ("link", "trackpy"): (
        "Crocker and Grier 1996, J. Colloid Interface Sci. 179:298",
        "trackpy, doi:10.5281/zenodo.3492186",
    ),
    ("link", "lap"): ("Jaqaman et al. 2008, Nat. Methods 5:695 (linking as linear assignment)",),
    ("link", "laptrack"): (
        "Fukai and Kawaguchi 2023, Bioinformatics 39:btac799 (LapTrack)",
        "Jaqaman et al. 2008, Nat. Methods 5:695",
    ),
    ("link", "btrack"): ("Ulicna et al. 2021, Front. Comput. Sci. 3:734559 (btrack)",),
    ("link", "trackastra"): ("Gallusser and Weigert 2024, ECCV (Trackastra)",),
    ("embed", "umap"): ("McInnes et al. 2018, arXiv 1802.03426",),
    ("embed", "tsne"): (
        "van der Maaten and Hinton 2008, J. Mach. Learn. Res. 9:2579",
        "Policar et al. 2024, J. Stat. Softw. 109:3 (openTSNE)",
    ),
    ("embed", "nmf"): ("Lee and Seung 1999, Nature 401:788",),
    ("embed", "diffusion-map"): ("Coifman and Lafon 2006, Appl. Comput. Harmon. Anal. 21:5",),
    ("embed", "vae"): ("Kingma and Welling 2014, arXiv 1312.6114",),
    ("embed", "beta-vae"): ("Higgins et al. 2017, ICLR", "Burgess et al. 2018, arXiv 1804.03599"),
    ("embed", "convgru-vae"): ("Ballas et al. 2016, arXiv 1511.06432", "Higgins et al. 2017, ICLR"),
    ("states", "hmm"): (
        "Baum et al. 1970, Ann. Math. Stat. 41:164",
        "Rabiner 1989, Proc. IEEE 77:257",
    ),
    ("states", "ward"): ("Ward 1963, J. Am. Stat. Assoc. 58:236",),
    ("dynamics", "counts"): (
        "Aalen, Borgan and Gjessing 2008, Survival and Event History Analysis (dwell times with unseen ends)",
        "Israel, Rosenthal and Wei 2001, Math. Finance 11:245 (rates behind transitions)",
    ),
}
"""Papers behind our methods; a method of another package names its own in `papers`."""

PACKAGES: dict[tuple[str, str], tuple[str, ...]] = {
    ("segment", "threshold"): ("scikit-image",),
    ("segment", "tiramisu"): ("torch",),
    ("link", "trackpy"): ("trackpy",),
    ("link", "laptrack"): ("laptrack",),
    ("link", "btrack"): ("btrack",),
    ("link", "trackastra"): ("trackastra",),
    ("embed", "pca"): ("scikit-learn",),
    ("embed", "nmf"): ("scikit-learn",),
    ("embed", "umap"): ("umap-learn",),
    ("embed", "tsne"): ("openTSNE",),
    ("embed", "vae"): ("torch",),
    ("embed", "beta-vae"): ("torch",),
    ("embed", "convgru-vae"): ("torch",),
    ("states", "kmeans"): ("scikit-learn",),
    ("states", "gaussian-mixture"): ("scikit-learn",),
    ("states", "ward"): ("scikit-learn",),
}


@dataclass(frozen=True)
class Citations:
    """What was used.

    Attributes
    ----------
    made_with : versions of napari-cellstate that made the results that are there, each once.
    versions : of the programs as they are installed now.
    methods : stage, method, its version, and papers behind it, in the order of the stages.
    """

    made_with: tuple[str, ...]
    versions: dict[str, str]
    methods: tuple[tuple[str, str, int, tuple[str, ...]], ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    def text(self) -> str:
        """As a person reads it."""
        lines = ["versions: " + ", ".join(f"{name} {version}" for name, version in self.versions.items())]
        if self.made_with:
            lines.append(f"results made with napari-cellstate {', '.join(self.made_with)}")
        for stage, kind, version, papers in self.methods:
            lines.append(f"{stage}: {kind} (version {version})")
            lines += [f"    {paper}" for paper in papers]
        return "\n".join(lines)


def cite(experiment: Experiment | str | Path) -> Citations:
    """Name versions and papers of everything that an experiment's recipe uses."""
    experiment = as_experiment(experiment)
    recipe = current_recipe(experiment)
    used = _methods(experiment, recipe)
    packages = dict.fromkeys((*_ALWAYS, *(name for one in used for name in PACKAGES.get((one.family, one.kind), ()))))
    versions = {"napari-cellstate": _version("napari-cellstate"), "python": platform.python_version()}
    versions |= {name: _version(name) for name in packages}
    listed = tuple((one.family, one.kind, one.version, _papers(one)) for one in used)
    return Citations(_made_with(experiment), versions, listed)


def _methods(experiment: Experiment, recipe: Recipe) -> list[Method]:
    """Every method that the recipe uses for the movies there are, each once."""
    chosen: list[Method | None] = []
    for entry in experiment.movies:
        chosen += [recipe.segmenter(entry), recipe.linker(entry)]
    chosen += [recipe.measure, *recipe.features, *recipe.embed, recipe.states, recipe.dynamics]
    order = {"segment": 0, "measure": 1, "link": 2, "features": 3, "embed": 4, "states": 5, "dynamics": 6}
    found = {(one.family, one.kind): one for one in chosen if one is not None}
    return sorted(found.values(), key=lambda one: order.get(one.family, 9))


def _papers(method: Method) -> tuple[str, ...]:
    """Papers that a method names itself, that we name for it, and that its features come from."""
    features = getattr(method, "features", None)
    sources = [one.source for one in features()] if callable(features) else []
    said = (*method.papers, *PAPERS.get((method.family, method.kind), ()), *sources)
    return tuple(
        dict.fromkeys(one.strip() for text in said for one in text.split(";") if any(c.isdigit() for c in one))
    )


def _made_with(experiment: Experiment) -> tuple[str, ...]:
    records = [experiment.record(stage.name) for stage in POOLED_STAGES]
    for entry in experiment.movies:
        records += [experiment.record(stage.name, entry.name) for stage in MOVIE_STAGES]
    return tuple(sorted({str(one["version"]) for one in records if one and "version" in one}))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
