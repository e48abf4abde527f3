from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from napari_cellstate.compare.design import find_samples
from napari_cellstate.compare.factors import Factors, effect_contrast, find_effects
from napari_cellstate.core.errors import InputError

CELLS = [(age, drug) for age in ("young", "aged") for drug in ("none", "fgf") for _ in range(4)]
FACTORS = Factors(("age", "drug"), np.array(CELLS, object))
NAMES = ["+".join(cell) for cell in CELLS]
ALONE = find_samples(NAMES, range(16))


def planted(age=0.0, drug=0.0, both=0.0, noise=0.1):
    rng = np.random.default_rng(0)
    cells = [age * (a == "aged") + drug * (d == "fgf") + both * (a == "aged" and d == "fgf") for a, d in CELLS]
    return np.array(cells) + rng.normal(0, noise, 16)


def test_main_effects_and_interaction_are_recovered():
    age, drug, both = find_effects(FACTORS)
    assert (age.name, drug.name, both.name) == ("age: aged", "drug: fgf", "age: aged x drug: fgf")
    values = planted(1.0, -0.5, 0.8)
    found = [effect_contrast(values, ALONE, FACTORS, effect) for effect in (age, drug, both)]
    # a main effect averages over the levels of the other factor: half of the interaction is in it
    assert [float(one.estimate) for one in found] == pytest.approx([1.4, -0.1, 0.8], abs=0.15)
    assert found[0].p < 1e-4 and found[2].p < 0.001


def test_replicates_under_both_drugs_are_compared_with_themselves():
    samples = find_samples(NAMES, [f"{cell[0]} {nth % 4}" for nth, cell in enumerate(CELLS)])
    values = planted(drug=0.3) + np.repeat([[0.0, 2, -1, 5], [1, -3, 0, 2]], 2, axis=0).ravel()
    drug, age = (effect_contrast(values, samples, FACTORS, find_effects(FACTORS)[at]) for at in (1, 0))
    assert drug.p < 0.01 and age.p > 0.1 and float(drug.estimate) == pytest.approx(0.3, abs=0.1)
    own = (values[4:8] - values[:4]), (values[12:] - values[8:12])
    assert float(drug.estimate) == pytest.approx((own[0].mean() + own[1].mean()) / 2)
    interaction = effect_contrast(values, samples, FACTORS, find_effects(FACTORS)[2])
    assert float(interaction.p) == pytest.approx(stats.ttest_ind(own[1], own[0], equal_var=False).pvalue)


def test_replicates_in_all_cells_are_a_one_sample_t():
    samples = find_samples(NAMES, [nth % 4 for nth in range(16)])
    found = effect_contrast(planted(0.5), samples, FACTORS, find_effects(FACTORS)[0])
    by_animal = planted(0.5).reshape(2, 2, 4).mean(axis=1)
    assert found.paired and float(found.p) == pytest.approx(stats.ttest_rel(by_animal[1], by_animal[0]).pvalue)


def test_two_of_a_cell_end_without_a_p_and_a_missing_cell_is_said():
    few = [nth for nth in range(16) if nth not in (2, 3)]
    factors = Factors(FACTORS.names, FACTORS.levels[few])
    samples = find_samples([NAMES[nth] for nth in few], few)
    assert np.isnan(effect_contrast(planted(3.0)[few], samples, factors, find_effects(factors)[0]).p)
    with pytest.raises(InputError, match="no replicate of age aged, drug fgf"):
        find_effects(Factors(FACTORS.names, FACTORS.levels[:12]))
