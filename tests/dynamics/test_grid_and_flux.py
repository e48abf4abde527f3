from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.flux import derivative, divergence, flux_on, grid_flux, grid_pairs
from napari_cellstate.dynamics.grid import make_grid
from napari_cellstate.experiment.flux_table import flux_of_table
from tests.dynamics.chains import cyclic, paths

SETTINGS = [(2, 3), (2, 5), (2, 7), (2, 10), (2, 15), (3, 2), (3, 3), (3, 5), (4, 3), (4, 5), (5, 3)]


def test_equally_wide_and_quantile_bins():
    points = np.array([[0.0], [1], [2], [3], [100]])
    assert make_grid(points, 2).bins(points).ravel().tolist() == [0, 0, 0, 0, 1]
    assert make_grid(points, 2, quantiles=True).bins(points).ravel().tolist() == [0, 0, 1, 1, 1]
    assert make_grid(points, 2).bins(np.array([[-5.0], [500]])).ravel().tolist() == [0, 1]


def test_cells_and_places():
    points = np.random.default_rng(0).normal(size=(50, 3))
    grid = make_grid(points, 4)
    np.testing.assert_array_equal(grid.place(grid.cells(points)), grid.bins(points))
    with pytest.raises(InputError, match="axis 2"):
        make_grid(np.column_stack([np.arange(5.0), np.ones(5)]), 3)
    with pytest.raises(InputError, match="at most"):
        make_grid(points, 1000)


def test_flux_of_one_jump_passes_through_what_lies_between():
    points = np.array([[0.5, 0.5], [3.5, 1.5], [0.0, 0.0], [4.0, 4.0]])
    grid = make_grid(points, 4)
    found = grid_flux(points, np.array([0, 0, 1, 2]), np.array([0, 1, 0, 0]), 1, grid, track=np.array([0, 0, 1, 2]))
    assert found.pairs == 1
    assert found.flux.sum(axis=(0, 1)).tolist() == [3, 1]  # three bins to the right, one up
    # there it leaves to the right, on the way back it comes in from above: half of each half step
    assert found.flux[0, 0].tolist() == [0.25, 0.25]
    assert found.n.sum() == 1


def test_ring_has_flux_around_and_none_in_sum():
    state = paths(cyclic(0.4, 0.05), 100, 60, np.random.default_rng(1))
    corner = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]])
    points = corner[state.ravel()]
    run, frame = np.repeat(np.arange(100), 60), np.tile(np.arange(60), 100)
    found = grid_flux(points, run, frame, 1, make_grid(points, 2), track=run)
    assert np.abs(found.flux).max() > 0.02
    back = grid_flux(points, run, 59 - frame, 1, make_grid(points, 2), track=run)
    assert np.abs(found.flux.sum(axis=(0, 1))).max() < 0.02  # where paths end less where they begin
    np.testing.assert_allclose(back.flux, -found.flux)


@pytest.mark.parametrize("shown", [(0, 1), (0, 2), (1, 2)])
def test_flux_summed_over_the_other_axes_is_that_on_the_axes_shown(shown):
    rng = np.random.default_rng(3)
    points = np.cumsum(rng.normal(0, 0.6, (400, 3)), axis=0) % 4.0
    run, frame = np.repeat(np.arange(8), 50), np.tile(np.arange(50), 8)
    whole = make_grid(points, 5)
    axes = list(shown)
    three = grid_flux(points, run, frame, 1, whole, track=run)
    two = flux_on((shown[0] + 1, shown[1] + 1), points, run, frame, 1, whole, track=run)
    (other,) = {0, 1, 2} - set(shown)
    np.testing.assert_allclose(three.flux[..., axes].sum(axis=other), two.flux, atol=1e-15)
    np.testing.assert_array_equal(three.n.sum(axis=other), two.n)


def test_divergence_on_any_spacing():
    x, y = np.array([0.0, 1, 3, 4]), np.array([0.0, 2, 3])
    at = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
    np.testing.assert_allclose(divergence(-at, (x, y)), -2)
    field = at.copy()
    field[1, 1] = np.nan
    assert np.isnan(derivative(field[..., 0], x, 0)[1, 1]) or derivative(field[..., 0], x, 0)[0, 1] != 0
    np.testing.assert_allclose(derivative(at[..., 0] ** 2, x, 0)[1:3, 0], 2 * x[1:3])


def test_pairs_of_cells_by_hand():
    cells = np.array([0, 5, 0, 5, 5, 0, 5, 0, 5])
    found = grid_pairs(cells, np.zeros(9, int), np.arange(9), 1, more_than=1)
    assert (found.first.tolist(), found.second.tolist()) == ([0], [5])
    assert (found.forth.tolist(), found.back.tolist()) == ([4], [3])


def original(data_dir, name, components, bins):
    path = (
        data_dir / "heteromotility_reference" / "pfa" / f"sim_{name}_D{components}_bins{bins:02d}_sig_transitions.csv"
    )
    table = pd.read_csv(path).to_numpy(float)
    ends = table[:, 2:-2].astype(int)
    return ends[:, :components], ends[:, components:], table[:, -2].astype(int), table[:, 1]


@pytest.mark.real
@pytest.mark.parametrize(("ours", "theirs"), [("rw2rw", "rw2rw"), ("pwr2urw", "pwr2rw")])
def test_published_counts_of_every_setting(data_dir, tmp_path, ours, theirs):
    from napari_cellstate.dynamics.counts import count_transitions
    from napari_cellstate.experiment.feature_rows import read_feature_rows

    path = data_dir / "heteromotility_split_20" / f"sims__{ours}_split_20.csv.gz"
    found = read_feature_rows(path, as_published=True)
    for components, bins in SETTINGS:
        points = found.components(components, as_published=True)
        grid = make_grid(points, bins)
        counts = count_transitions(found.run, found.frame, grid.cells(points) + 1, grid.size, found.spacing).counts
        start, end, count, _ = original(data_dir, theirs, components, bins)
        at = (np.ravel_multi_index(tuple(one.T), grid.shape) for one in (start, end))
        away = np.abs(counts[tuple(at)] - count)
        assert away[count >= 20].max(initial=0) <= 5
        assert away.max() <= 5


@pytest.mark.real
def test_verdicts_of_simulated_sets(data_dir, tmp_path):
    verdicts = {}
    for name in ("rw2rw", "pwr2urw"):
        path = data_dir / "heteromotility_split_20" / f"sims__{name}_split_20.csv.gz"
        found = flux_of_table(path, tmp_path / name, as_published=True, permutations=300, figures=False)
        verdicts[name] = found.balance
    assert verdicts["rw2rw"]["p_reversal"] > 0.05
    assert verdicts["pwr2urw"]["p_reversal"] < 0.05
    assert verdicts["pwr2urw"]["verdict"].startswith("drifting")


def test_command(tmp_path, capsys):
    from napari_cellstate.cli import main

    rng = np.random.default_rng(2)
    values = np.cumsum(rng.normal(size=(30, 20, 3)), axis=1).reshape(-1, 3)
    table = pd.DataFrame(values, columns=["a", "b", "c"])
    table["track_id"], table["frame"] = np.repeat(np.arange(30), 20), np.tile(np.arange(20), 30)
    table.to_csv(tmp_path / "t.csv", index=False)
    assert main(["flux", str(tmp_path / "t.csv"), str(tmp_path / "out"), "--bins", "3", "4"]) == 0
    assert "after Holm" in capsys.readouterr().out
    assert len(pd.read_csv(tmp_path / "out" / "flux_04.csv")) == 16
    assert {"from_1", "to_2", "forth", "q"} <= set(pd.read_csv(tmp_path / "out" / "pairs.csv"))
    assert (tmp_path / "out" / "figures" / "flux_03.pdf").exists()
    three = ["flux", str(tmp_path / "t.csv"), str(tmp_path / "three"), "--components", "3", "--bins", "3"]
    assert main([*three, "--shown", "1", "3"]) == 0
    assert len(pd.read_csv(tmp_path / "three" / "flux_03.csv")) == 27
    assert (tmp_path / "three" / "figures" / "flux_03.pdf").exists()
    assert main([*three, "--shown", "1", "4", "--force"]) == 2
    assert "two of the 3" in capsys.readouterr().err
