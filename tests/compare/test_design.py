from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.compare.design import find_samples, make_design
from napari_cellstate.core.errors import InputError


def test_movies_of_a_replicate_are_one_sample():
    samples = find_samples(["young", "young", "aged", "aged"], ["m1", "m1", "m2", "m3"])
    assert samples.of.tolist() == [0, 0, 1, 2]
    assert samples.total(np.array([1, 2, 3, 4])).tolist() == [3, 3, 4]
    means = samples.mean(np.array([[1.0, np.nan], [2.0, 5.0], [3.0, np.nan], [4.0, 1.0]]))
    np.testing.assert_allclose(means, [[1.5, 5.0], [3.0, np.nan], [4.0, 1.0]])


def test_replicates_in_both_conditions_are_paired():
    samples = find_samples(["pbs", "pbs", "fmlp", "fmlp", "fmlp"], ["p2", "p3", "p3", "p2", "p4"])
    design = make_design(samples, "pbs", "fmlp")
    assert design.paired
    assert samples.replicate[design.a].tolist() == samples.replicate[design.b].tolist() == ["p2", "p3"]
    assert design.left_out == ("p4",)
    assert not make_design(samples, "pbs", "fmlp", pairing="unpaired").paired


def test_nested_replicates_are_not_paired():
    samples = find_samples(["young", "young", "aged", "aged"], ["1", "2", "3", "4"])
    design = make_design(samples, "young", "aged")
    assert not design.paired and design.n == (2, 2) and not design.enough


def test_a_few_shared_replicates_do_not_make_pairs():
    samples = find_samples(["a"] * 4 + ["b"] * 4, [*"1234", *"4567"])
    design = make_design(samples, "a", "b")
    assert not design.paired and design.shared == ("4",) and design.n == (4, 4)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: find_samples(["a", ""], ["1", "2"]), "entry 1: the condition is blank"),
        (lambda: find_samples(["a"], ["1", "2"]), "1 conditions for 2 replicates"),
        (lambda: make_design(find_samples(["a"], ["1"]), "a", "b"), "no condition 'b'"),
        (lambda: make_design(find_samples(["a", "b"], ["1", "2"]), "a", "b", pairing="paired"), "no replicate occurs"),
    ],
)
def test_what_cannot_be_is_said(call, says):
    with pytest.raises(InputError, match=says):
        call()
