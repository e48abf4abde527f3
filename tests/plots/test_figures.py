"""What all figures have in common."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.plots.dwell import dwell
from napari_cellstate.plots.embedding import embedding
from napari_cellstate.plots.ethogram import ethogram
from napari_cellstate.plots.matrices import transition_matrices
from napari_cellstate.plots.occupancy import occupancy
from napari_cellstate.plots.paths import paths
from napari_cellstate.plots.profiles import profiles
from napari_cellstate.plots.style import save

FEATURES = ["speed", "area"]


def scatter(world):
    points = np.random.default_rng(0).normal(size=(len(world.rows), 3))
    return embedding(world.rows, points)


def heat(world):
    scaled = np.outer(world.rows["state"], [1.0, -2.0])
    return profiles(scaled, world.rows["state"], FEATURES, units=["um/min", "um^2"])


FIGURES = {
    "dwell": lambda world: dwell(world.curves),
    "embedding": scatter,
    "ethogram": lambda world: ethogram(world.rows),
    "matrices": lambda world: transition_matrices(world.transitions, truth=world.transitions),
    "occupancy": lambda world: occupancy(world.occupancy),
    "paths": lambda world: paths(world.rows),
    "profiles": heat,
}


def colours(figure):
    """Every face and line colour in the panels and the legend, as RGB in 0..255."""
    from matplotlib.collections import Collection
    from matplotlib.colors import to_rgb
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    found = []
    for artist in figure.findobj(Collection):
        found += [tuple(colour[:3]) for colour in [*artist.get_facecolor(), *artist.get_edgecolor()]]
    found += [to_rgb(artist.get_facecolor()) for artist in figure.findobj(Patch)]
    found += [to_rgb(artist.get_markerfacecolor()) for artist in figure.findobj(Line2D)]
    return {tuple(round(255 * part) for part in colour) for colour in found}


@pytest.mark.parametrize("name", FIGURES)
def test_a_state_has_its_colour_in_every_figure(name, world):
    found = colours(FIGURES[name](world))
    assert {(0xE6, 0x9F, 0x00), (0x56, 0xB4, 0xE9), (0x00, 0x9E, 0x73)} <= found  # orange, sky blue, bluish green
    assert (0xF0, 0xE4, 0x42) not in found  # there is no fourth state


@pytest.mark.parametrize("name", FIGURES)
def test_drawn_twice_written_alike_with_editable_text(name, world, tmp_path):
    png, pdf = save(FIGURES[name](world), tmp_path, name)
    first = png.read_bytes(), pdf.read_bytes()
    save(FIGURES[name](world), tmp_path, name)
    assert (png.read_bytes(), pdf.read_bytes()) == first
    assert b"/Type0" in first[1]
    assert b"/Type3" not in first[1]


@pytest.mark.parametrize("name", FIGURES)
def test_one_state_one_nameless_condition_no_interval(name, lone):
    figure = FIGURES[name](lone)
    figure.draw_without_rendering()
    texts = " ".join(text.get_text() for text in figure.findobj(match=lambda artist: hasattr(artist, "get_text")))
    assert "(h)" not in texts
    if name != "profiles":
        assert "all" in texts


@pytest.mark.parametrize("name", FIGURES)
def test_twelve_states_six_conditions_long_names(name, crowd):
    figure = FIGURES[name](crowd)
    figure.draw_without_rendering()
    assert len(colours(figure)) > 12


@pytest.mark.parametrize(
    ("draw", "columns"),
    [
        (dwell, "condition state frames share low high n censored unseen unit"),
        (lambda table: embedding(table, np.empty((0, 2))), "movie condition state"),
        (ethogram, "movie condition track frame time_s state"),
        (transition_matrices, "condition from to count probability rate_per_hour"),
        (occupancy, "movie condition replicate state share"),
        (paths, "movie condition track frame y x state"),
    ],
)
def test_a_table_without_rows(draw, columns):
    table = pd.DataFrame({name: [] for name in columns.split()})
    assert [text.get_text() for text in draw(table).texts][-1] == "no rows"
    with pytest.raises(InputError, match="is missing"):
        draw(table.drop(columns="condition"))


def test_profiles_without_rows():
    assert profiles(np.empty((0, 2)), [], FEATURES).texts[-1].get_text() == "no rows"
    assert profiles(np.ones((3, 2)), [0, 0, 0], FEATURES).texts[-1].get_text() == "no rows"


ORDERED = {
    "dwell": lambda world, order: dwell(world.curves, conditions=order),
    "embedding": lambda world, order: embedding(world.rows, np.zeros((len(world.rows), 2)), conditions=order),
    "ethogram": lambda world, order: ethogram(world.rows, conditions=order),
    "matrices": lambda world, order: transition_matrices(world.transitions, conditions=order),
    "occupancy": lambda world, order: occupancy(world.occupancy, conditions=order),
    "paths": lambda world, order: paths(world.rows, conditions=order),
}


@pytest.mark.parametrize("name", ORDERED)
def test_conditions_in_the_order_wanted(name, world):
    from matplotlib.text import Text

    figure = ORDERED[name](world, ["aged", "young"])
    texts = [text.get_text().split("\n")[0] for text in figure.findobj(Text)]
    assert list(dict.fromkeys(text for text in texts if text in ("aged", "young"))) == ["aged", "young"]
