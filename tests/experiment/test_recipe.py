from __future__ import annotations

import tomllib

import pytest

import napari_cellstate as cs
from napari_cellstate.experiment.recipe_file import dumps, write_recipe


def test_default_survives_a_file(tmp_path):
    write_recipe(cs.Recipe(), tmp_path / "r.toml")
    assert cs.read_recipe(tmp_path / "r.toml") == cs.Recipe()


def test_file_explains_itself():
    text = dumps(cs.Recipe())
    assert "window = 3  # Window (frames)" in text
    assert 'method = "auto"  # labels or tracks where the movie was added with them' in text


def test_missing_sections_are_default():
    recipe = cs.recipe_from({"states": {"method": "kmeans", "k": 4}})
    assert recipe.states.kind == "kmeans"
    assert recipe.embed == cs.Recipe().embed


def test_two_embeddings_and_two_sets_survive():
    recipe = cs.recipe_from({"embed": [{"method": "pca", "components": 2}, {"method": "pca"}]})
    assert cs.recipe_from(tomllib.loads(dumps(recipe))) == recipe


def test_odd_text_survives():
    recipe = cs.recipe_from({"states": {"method": "kmeans", "space": 'a"b\\c\n\u00e9\u7d30'}})
    assert cs.recipe_from(tomllib.loads(dumps(recipe))) == recipe


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"sates": {}}, "no section 'sates'; known: threads, segment"),
        ({"segment": {"method": "treshold"}}, r"\[segment\]: no method 'treshold' \(did you mean 'threshold'\?\)"),
        ({"segment": {"method": "threshold", "diametre": 3.0}}, r"no setting 'diametre' \(did you mean 'diameter'\?\)"),
        ({"segment": {"method": "threshold", "diameter": "big"}}, "diameter = 'big'"),
        ({"states": {"method": "kmeans", "k": 2.5}}, "k = 2.5"),
        ({"states": {"method": "kmeans", "k": "3"}}, "k = '3'"),
        ({"states": {"method": "kmeans", "k": 0}}, "greater than or equal to 1"),
        ({"states": []}, r"states must be a section"),
        ({"states": {"k": 3}}, "no method None"),
        ({"embed": {"method": "pca"}}, r"expected one or more sections \[\[embed\]\]"),
        ({"embed": []}, "one or more"),
        ({"features": {"sets": "motility"}}, "one or more"),
        ({"features": {"window": 0}}, "window = 0"),
        ({"threads": True}, "threads = True"),
        ({"measure": {"x": 1}}, "no setting 'x'"),
    ],
)
def test_what_is_wrong_is_named(content, message):
    with pytest.raises(cs.InputError, match=message):
        cs.recipe_from(content)


def test_unreadable_files(tmp_path):
    with pytest.raises(cs.InputError, match="does not exist"):
        cs.read_recipe(tmp_path / "no.toml")
    (tmp_path / "bad.toml").write_text("[segment\n")
    with pytest.raises(cs.InputError, match="is not TOML"):
        cs.read_recipe(tmp_path / "bad.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(cs.InputError, match="is not TOML"):
        cs.read_recipe(tmp_path / "binary.toml")


def test_unknown_space(two_movies):
    recipe = cs.recipe_from({"states": {"method": "kmeans", "space": "umap"}})
    with pytest.raises(cs.InputError, match="no space 'umap'; known: embed, features, pca"):
        cs.run(two_movies, recipe)


def test_features_as_space(two_movies):
    cs.run(two_movies, cs.recipe_from({"states": {"method": "kmeans", "space": "features"}}))
    assert two_movies.behavior.obs["state"].max() <= 3


def test_a_map_is_read_only_on_an_explicit_word(two_movies, monkeypatch):
    from napari_cellstate.methods import available

    monkeypatch.setattr(available("embed")["pca"], "for_looking", True)
    with pytest.raises(cs.InputError, match="a map for looking"):
        cs.run(two_movies)
    report = cs.run(two_movies, cs.recipe_from({"states": {"method": "kmeans", "space": "pca"}}))
    assert any("trust them less" in sentence for sentence in report.warnings)
