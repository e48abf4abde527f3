"""Comparisons of real tracks: what must come out, and that the rest is reported as it is."""

from __future__ import annotations

import pandas as pd
import pytest

import napari_cellstate as cs

pytestmark = pytest.mark.real


def part_of(data_dir, tmp_path, **wanted):
    """Rows of the Heteromotility tracks, as a table of their own; every replicate is an experiment."""
    table = pd.read_csv(data_dir / "tracks_heteromotility_musc_mef_myoblast" / "tracks.csv.gz")
    for name, values in wanted.items():
        table = table[table[name].isin(values)]
    path = tmp_path / "part.csv"
    table[["track_id", "t", "y", "x", "condition", "experiment"]].to_csv(path, index=False)
    return path


def speed(found, other):
    return next(one for one in found.findings if one.question == "means" and one.other == other)


def test_leukocytes_run_faster_in_fmlp_paired_by_donor(data_dir, tmp_path):
    table = data_dir / "tracks_leukocytes_chemokines_ghent" / "tracks.csv.gz"
    found = cs.compare(table, tmp_path / "out", replicate="donor", reference="pbs", report=False)
    fmlp = speed(found, "fmlp")
    assert fmlp.paired and fmlp.n == (3, 3) and fmlp.verdict == "differs" and fmlp.estimate > 1
    assert fmlp.mixed_p < 0.05 and fmlp.smallest_p == 0.25
    assert speed(found, "cxcl1").verdict == "undecided"
    assert 0 < speed(found, "cxcl8").estimate < 0.5  # small; its verdict is reported as it is


def test_one_experiment_of_mycras_fibroblasts_ends_undecided_with_the_effect_shown(data_dir, tmp_path):
    table = part_of(data_dir, tmp_path, cell_type=["MEF"])
    found = cs.compare(table, tmp_path / "out", replicate="experiment", report=False)
    assert {one.verdict for one in found.findings} == {"undecided"}
    assert all(one.p != one.p and one.estimate == one.estimate for one in found.findings)
    assert any("fewer than three" in note for note in found.notes)


def test_muscle_stem_cells_with_and_without_fgf2_are_reported_as_they_are(data_dir, tmp_path):
    table = part_of(data_dir, tmp_path, cell_type=["MuSC"])
    found = cs.compare(table, tmp_path / "out", replicate="experiment", report=False)
    effect = speed(found, found.designs[0].other)
    assert effect.paired and effect.n == (1, 1) and abs(effect.estimate) < 1
    assert {one.verdict for one in found.findings} == {"undecided"}  # one experiment has both: no conclusion
