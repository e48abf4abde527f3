from __future__ import annotations

import numpy as np
import pandas as pd

from napari_cellstate.plots.matrices import transition_matrices


def chain(condition="", **more):
    return pd.DataFrame(
        {
            "condition": condition,
            "from": [1, 1, 2, 2],
            "to": [1, 2, 1, 2],
            "count": [97, 3, 12, 48],
            "probability": [0.97, 0.03, 0.2, 0.8],
            **more,
        }
    )


def numbers(panel):
    return [text.get_text() for text in panel.texts]


def test_probabilities_and_counts_are_written_row_by_row():
    panel = transition_matrices(chain()).axes[0]
    assert numbers(panel) == ["0.97", "97", "0.030", "3", "0.20", "12", "0.80", "48"]
    assert panel.get_title() == "all"
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("to", "from")


def test_colours_are_scaled_to_changes_of_state_alone():
    panel = transition_matrices(chain()).axes[0]
    mesh = panel.collections[0]
    assert mesh.get_clim() == (0, 0.2)
    assert np.ma.getmaskarray(mesh.get_array()).ravel().tolist() == [True, False, False, True]


def test_staying_is_hatched():
    panel = transition_matrices(chain()).axes[0]
    assert [patch.get_xy() for patch in panel.patches if patch.get_hatch()] == [(0, 0), (1, 1)]


def test_truth_lies_beneath_and_shares_the_scale():
    true = chain("young").assign(probability=[0.6, 0.4, 0.1, 0.9]).drop(columns="count")
    found = transition_matrices(chain("young"), truth=true)
    assert [panel.get_title() for panel in found.axes[:2]] == ["young: found", "young: true"]
    assert [panel.collections[0].get_clim() for panel in found.axes[:2]] == [(0, 0.4), (0, 0.4)]
    assert numbers(found.axes[1]) == ["0.60", "0.40", "0.10", "0.90"]


def test_a_state_that_was_never_left_has_no_probability():
    table = chain().assign(probability=[0.97, 0.03, np.nan, np.nan], count=[97, 3, 0, 0])
    assert numbers(transition_matrices(table).axes[0])[4:] == ["–", "0", "–", "0"]


def test_a_rare_change_is_not_written_as_zero():
    table = chain().assign(probability=[0.9998, 0.0002, 0.0, 1.0])
    assert numbers(transition_matrices(table).axes[0])[::2] == ["1.00", "<0.001", "0", "1.00"]


def test_nothing_ever_changes():
    table = chain().assign(probability=[1.0, 0.0, 0.0, 1.0])
    assert transition_matrices(table).axes[0].collections[0].get_clim() == (0, 1)


def test_soft_counts_and_step():
    drawn = transition_matrices(chain().assign(count=[97.25, 3, 12, 48]), step="6.5 min", names={1: "slow", 2: "fast"})
    assert numbers(drawn.axes[0])[1] == "97.2"
    assert drawn.get_suptitle().endswith("6.5 min later")
    assert [text.get_text() for text in drawn.axes[0].get_yticklabels()] == ["slow", "fast"]


def test_four_conditions_with_truth_keep_each_truth_beneath_its_own():
    table = pd.concat([chain(name) for name in "abcd"])
    titles = [panel.get_title() for panel in transition_matrices(table, truth=table).axes if panel.get_title()]
    bands = [f"{name}: {kind}" for names in ("abc", "d") for kind in ("found", "true") for name in names]
    assert titles == bands
