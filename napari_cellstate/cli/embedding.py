"""Verbs that judge embeddings."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from napari_cellstate.cli.verb import Arguments, Verb, experiment_argument, json_argument, show

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellstate.experiment.evidence import Disentangled
    from napari_cellstate.metrics.evidence import Evidence


def _evidence_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument(
        "--space", action="append", default=[], metavar="NAME", help="an embedding, may be given again (default: all)"
    )
    parser.add_argument(
        "--known", default="", metavar="TABLE", help="known states: a table with movie, track or label, frame and state"
    )
    parser.add_argument("--factors", action="store_true", help="also how condition, replicate and movie show in each")
    parser.add_argument(
        "--stability",
        choices=("none", "quick", "all"),
        default="quick",
        help="which spaces to make anew from other tracks, to see whose neighbours stay: those that train no net "
        "(quick, the default), or nets too (all: each trains once more)",
    )
    parser.add_argument(
        "--out", default="", metavar="FILE", help="also write the table (.csv), or else the figure, as .png and .pdf"
    )
    json_argument(parser)


def _evidence(given: Arguments) -> int:
    from dataclasses import asdict
    from pathlib import Path

    from napari_cellstate.experiment.evidence import embedding_evidence, known_factors
    from napari_cellstate.terminal import progress_bar

    with progress_bar() as progress:
        found = embedding_evidence(
            given.experiment, spaces=given.space, known=given.known, stability=given.stability, progress=progress
        )
    factors = known_factors(given.experiment, spaces=given.space) if given.factors else []
    if given.out:
        _write(found, Path(given.out))
    content = {**found.to_dict(), "factors": [asdict(one) for one in factors]}
    return show(given, content, "\n".join([evidence_text(found), *factors_text(factors)]))


def _write(found: Evidence, path: Path) -> None:
    from napari_cellstate.formats.tables import write_csv

    if path.suffix.lower() == ".csv":
        write_csv(found.table(), path)
        return
    from napari_cellstate.plots.evidence import evidence_figure
    from napari_cellstate.plots.style import save

    save(evidence_figure(found.table()), path.parent, path.stem)


def evidence_text(found: Evidence) -> str:
    """The table as a person reads it."""
    head = f"{'space':<16}{'dims':>5}{'next R2':>9}{'condition':>11}{'state':>8}{'stable':>8}  verdict"
    lines = [head]
    for one in found.spaces:
        told = [f"{one.told[what].alone:.2f}" if what in one.told else "-" for what in ("next", "condition", "state")]
        stable = "-" if one.stability != one.stability else f"{one.stability:.2f}"
        lines.append(
            f"{one.name:<16}{one.dimensions:>5}{told[0]:>9}{told[1]:>11}{told[2]:>8}{stable:>8}  {one.verdict()}"
        )
    return "\n".join([*lines, *found.notes])


def factors_text(factors: list[Disentangled]) -> list[str]:
    """How known factors show, a line each."""
    return [
        f"{one.space}: {one.factor} ({one.levels} levels): MIG {one.mig:.2f}, told right {one.informativeness:.0%}, "
        f"most by dimension {one.best}"
        for one in factors
    ]


def _novelty_arguments(parser: argparse.ArgumentParser) -> None:
    experiment_argument(parser)
    parser.add_argument(
        "--controls", nargs="+", required=True, metavar="NAME", help="movies or conditions whose cells are ordinary"
    )
    parser.add_argument("--space", default="", help="an embedding, or features (default: the first embedding)")
    parser.add_argument("--alpha", type=float, default=0.05, help="rate of false positives (default: %(default)s)")
    parser.add_argument("--out", default="", metavar="FILE", help="write score and p-value of every window (.csv)")
    json_argument(parser)


def _novelty(given: Arguments) -> int:
    from napari_cellstate.experiment.novelty import novelty

    found = novelty(given.experiment, given.controls, space=given.space, alpha=given.alpha, out=given.out)
    rows = [
        f"{row.movie:<20}{row.condition:<14}{'control' if row.control else '':<9}{row.windows:>7}{row.novel:>9.1%}"
        for row in found.by_movie().itertuples()
    ]
    head = f"{'movie':<20}{'condition':<14}{'':<9}{'windows':>7}{'novel':>9}"
    return show(given, found.to_dict(), "\n".join([head, *rows, *found.notes]))


VERBS = {
    "evidence": Verb("say whether embeddings add anything to the features",
                     "napari-cellstate evidence screen.cellstate --factors", _evidence_arguments, _evidence),
    "novelty": Verb("find the cells that controls do not explain",
                    "napari-cellstate novelty screen.cellstate --controls untreated --out novelty.csv",
                    _novelty_arguments, _novelty),
}  # fmt: skip
