from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.experiment.as_text import as_command, as_python
from napari_cellstate.experiment.pipeline import use_recipe
from napari_cellstate.experiment.recipe_changes import as_settings, changed
from napari_cellstate.methods import available
from tests.experiment_kit import results

OTHER = replace(
    cs.Recipe(),
    segment=available("segment")["threshold"](contrast=5.5, min_area=20),
    states=available("states")["kmeans"](k=2, seed=3),
    windows=type(cs.Recipe().windows)(window=4),
)


@pytest.mark.parametrize("recipe", [cs.Recipe(), OTHER], ids=["default", "other"])
def test_both_texts_give_the_bytes_of_the_button(two_movies, tmp_path, recipe, capsys):
    copies = [cs.new(tmp_path / f"{name}.cellstate") for name in ("command", "python")]
    for copy in copies:
        for entry in two_movies.movies:
            path = entry.images.resolve(two_movies.root)
            cs.add(copy, path, condition=entry.condition, replicate=entry.replicate)
    use_recipe(two_movies, recipe)
    cs.run(two_movies)
    texts = [as_command(two_movies), as_python(two_movies)]
    command, python = (
        text.replace(str(two_movies.root), str(copy.root)) for text, copy in zip(texts, copies, strict=True)
    )
    assert main(shlex.split(command)[1:]) == 0
    exec(compile(python, "copied", "exec"), {})
    for copy in copies:
        assert results(copy.root) == results(two_movies.root)


def test_one_stage_and_a_device(two_movies):
    assert as_command(two_movies, "link", "cpu").endswith("--until link --device cpu")
    assert "until='link', device='cpu'" in as_python(two_movies, "link", "cpu")
    assert "--until" not in as_command(two_movies, "dynamics")


def test_settings_and_back():
    assert changed(cs.Recipe(), as_settings(OTHER)) == OTHER
    assert changed(OTHER, ["states.k=5"]).states == OTHER.states.model_copy(update={"k": 5})
    assert changed(cs.Recipe(), ["segment.contrast=9.0"]).segment.contrast == 9.0
    assert changed(OTHER, ['segment={method="auto"}']).segment is None
    assert changed(OTHER, ["features.window=7"]).windows.window == 7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("states.k", "not TOML"),
        ("states.kk=3", "no setting 'kk' (did you mean 'k'?)"),
        ("nothing.a=1", "no section 'nothing'"),
        ("states.k=0", "greater than or equal to 1"),
    ],
)
def test_settings_that_cannot_be(text, said):
    with pytest.raises(cs.InputError) as error:
        changed(cs.Recipe(), [text])
    assert said in str(error.value)


def test_a_setting_from_the_terminal(two_movies, capsys):
    assert main(["run", str(two_movies.root), "--until", "segment", "--set", "states.k=4"]) == 0
    assert cs.read_recipe(two_movies.paths.recipe).states.k == 4
    assert main(["run", str(two_movies.root), "--recipe", "default", "--until", "segment"]) == 0
    assert cs.read_recipe(two_movies.paths.recipe) == cs.Recipe()
