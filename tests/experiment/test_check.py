from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
import zarr

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.formats.tables import write_parquet
from tests.experiment_kit import blobs, write_movie


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A folder with an experiment, every stage done, beside its movies."""
    folder = tmp_path_factory.mktemp("whole")
    exp = cs.new(folder / "e.cellstate")
    for nth, name in enumerate(("young", "aged")):
        cs.add(exp, write_movie(folder / f"{name}.ome.tif", blobs(seed=nth)), condition=name)
    cs.run(exp)
    return folder


@pytest.fixture
def root(whole, tmp_path) -> Path:
    shutil.copytree(whole, tmp_path / "copy")
    return tmp_path / "copy" / "e.cellstate"


def edit_json(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def entries(change):
    return lambda root: edit_json(root / "experiment.json", lambda content: change(content["movies"][0]))


def table(name, change):
    """Change a table; the result of `change` takes its place."""

    def plant(root):
        rows = pd.read_parquet(root / name)
        changed = change(rows)
        write_parquet(rows if changed is None else changed, root / name)

    return plant


def put(column, row, value):
    def change(rows):
        rows.loc[row, column] = value

    return change


def labels(change):
    return lambda root: change(zarr.open_array(root / "movies" / "young" / "labels.zarr", mode="r+"))


def behavior(change):
    def plant(root):
        import anndata

        path = root / "behavior.h5ad"
        rows = anndata.read_h5ad(path)
        changed = change(rows)
        (rows if changed is None else changed).write_h5ad(path)

    return plant


def more_states(rows):
    rows.obs["state"] = 9


def more_rows(rows):
    return rows[np.append(np.arange(rows.n_obs), 0)].copy()


def chunk(root):
    return next(p for p in sorted((root / "movies" / "young" / "labels.zarr" / "c").rglob("*")) if p.is_file())


YOUNG = "movies/young"
FAULTS = {
    "damaged list": (lambda root: (root / "experiment.json").write_text("{"), "experiment.json", "not a readable"),
    "newer version": (
        lambda root: edit_json(root / "experiment.json", lambda c: c.update(format_version=99)),
        "experiment.json",
        "newer version",
    ),
    "damaged recipe": (lambda root: (root / "recipe.toml").write_text("states = ["), "recipe.toml", "not TOML"),
    "unknown method": (
        lambda root: (root / "recipe.toml").write_text('[states]\nmethod = "magic"\n'),
        "recipe.toml",
        "magic",
    ),
    "movie gone": (lambda root: (root.parent / "young.ome.tif").unlink(), "movie young", "is not there"),
    "movie changed": (
        lambda root: write_movie(root.parent / "young.ome.tif", blobs(seed=5)),
        "movie young",
        "does not hold what it held",
    ),
    "frames": (entries(lambda movie: movie.update(frames=[0, 99])), "movie young", "frames 0:99 of 12"),
    "channel": (entries(lambda movie: movie.update(channel=4)), "movie young", "channel 4 of 1"),
    "interval": (entries(lambda movie: movie.update(dt_s=-1.0)), "movie young", "dt_s is -1"),
    "no file": (entries(lambda movie: movie.update(images=None)), "movie young", "refers to no file"),
    "same names": (entries(lambda movie: movie.update(name="AGED")), "experiment.json", "two movies are called"),
    "left over": (lambda root: (root / ".behavior.h5ad.12.tmp.h5ad").write_text(""), ".behavior", "killed"),
    "record not JSON": (
        lambda root: (root / YOUNG / "records" / "link.json").write_text("{"),
        f"{YOUNG}/records/link.json",
        "not readable as JSON",
    ),
    "record without key": (
        lambda root: edit_json(root / YOUNG / "records" / "link.json", lambda c: c.pop("key")),
        f"{YOUNG}/records/link.json",
        "field 'key'",
    ),
    "record of another stage": (
        lambda root: shutil.copy(root / YOUNG / "records" / "link.json", root / YOUNG / "records" / "measure.json"),
        f"{YOUNG}/records/measure.json",
        "is of stage 'link'",
    ),
    "record gone": (
        lambda root: (root / YOUNG / "records" / "features.json").unlink(),
        f"{YOUNG}/records/features.json",
        "missing, though the result is there",
    ),
    "result gone": (lambda root: (root / YOUNG / "links.parquet").unlink(), f"{YOUNG}/records/link.json", "is not"),
    "pooled result gone": (lambda root: (root / "behavior.h5ad").unlink(), "records/embed.json", "is not"),
    "labels cut": (lambda root: chunk(root).write_bytes(b"xx"), f"{YOUNG}/labels.zarr, frame 0", "cannot be read"),
    "labels chunk gone": (lambda root: chunk(root).unlink(), f"{YOUNG}/labels.zarr, frame 0", "not in the image"),
    "labels resized": (
        labels(lambda array: array.resize((11, *array.shape[1:]))),
        f"{YOUNG}/labels.zarr",
        r"expected \(12, 96, 96\)",
    ),
    "a cell too many": (
        labels(lambda array: array.set_basic_selection((3, 0, 0), np.uint32(77))),
        f"{YOUNG}/labels.zarr, frame 3",
        "cell 77 is in the image, but not in",
    ),
    "cells damaged": (
        lambda root: (root / YOUNG / "cells.parquet").write_bytes(b"PAR1"),
        f"{YOUNG}/cells.parquet",
        "cannot be read",
    ),
    "cells not sorted": (
        table(f"{YOUNG}/cells.parquet", lambda rows: rows.iloc[::-1].reset_index(drop=True)),
        f"{YOUNG}/cells.parquet",
        "does not come after",
    ),
    "cells without y": (
        table(f"{YOUNG}/cells.parquet", lambda rows: rows.drop(columns="y")),
        f"{YOUNG}/cells.parquet",
        "column 'y' is missing",
    ),
    "cell outside": (table(f"{YOUNG}/cells.parquet", put("y", 4, 500.0)), f"{YOUNG}/cells.parquet, row 4", "outside"),
    "cell lost": (
        table(f"{YOUNG}/cells.parquet", lambda rows: rows.drop(index=5).reset_index(drop=True)),
        f"{YOUNG}/labels.zarr",
        "is in the image, but not in cells",
    ),
    "link backward": (table(f"{YOUNG}/links.parquet", put("target", 8, 0)), f"{YOUNG}/links.parquet", "forward"),
    "link to nothing": (
        table(f"{YOUNG}/links.parquet", put("target", 8, 10_000)),
        f"{YOUNG}/links.parquet",
        "there are only",
    ),
    "features twice": (
        table(f"{YOUNG}/features.parquet", lambda rows: pd.concat([rows, rows.iloc[:1]])),
        f"{YOUNG}/features.parquet, row 60",
        "same track and frame",
    ),
    "features of no track": (
        table(f"{YOUNG}/features.parquet", put("track", 3, 88)),
        f"{YOUNG}/features.parquet",
        "track 88",
    ),
    "features infinite": (
        table(f"{YOUNG}/features.parquet", put("speed", 3, np.inf)),
        f"{YOUNG}/features.parquet",
        "infinite values in 'speed'",
    ),
    "behavior cut": (
        lambda root: (root / "behavior.h5ad").write_bytes((root / "behavior.h5ad").read_bytes()[:3000]),
        "behavior.h5ad",
        "cannot be read",
    ),
    "state out of range": (behavior(more_states), "behavior.h5ad", "a state outside 0 to 3"),
    "rows twice": (behavior(more_rows), "behavior.h5ad, row 120", "same movie, track and frame"),
    "rows lost": (behavior(lambda rows: rows[:50].copy()), "behavior.h5ad", "rows of movie aged"),
    "posterior": (
        behavior(lambda rows: rows.obsm.update({"state_posterior": rows.obsm["state_posterior"] * 2})),
        "behavior.h5ad",
        "do not sum to 1",
    ),
    "probability": (
        table("dynamics/transitions.parquet", put("probability", 0, 1.5)),
        "dynamics/transitions.parquet",
        "probability outside 0 to 1",
    ),
    "shares": (table("dynamics/occupancy.parquet", put("share", 0, 0.9)), "dynamics/occupancy.parquet", "sum to 1"),
    "dynamics damaged": (
        lambda root: (root / "dynamics" / "bouts.parquet").write_bytes(b""),
        "dynamics/bouts.parquet",
        "cannot be read",
    ),
}


def test_a_whole_experiment(whole, capsys):
    assert cs.check(whole / "e.cellstate") == ()
    assert main(["check", str(whole / "e.cellstate")]) == 0
    assert "whole" in capsys.readouterr().out


def test_an_unfinished_one_is_not_broken(tmp_path):
    exp = cs.new(tmp_path / "e.cellstate")
    assert cs.check(exp) == ()
    cs.add(exp, write_movie(tmp_path / "m.ome.tif", blobs(6)))
    cs.run(exp, until="link")
    assert cs.check(exp) == ()
    cs.run(exp, cs.recipe_from({"link": {"method": "trackpy", "search_range": 3.0}}), until="link")
    assert cs.check(exp) == ()


@pytest.mark.parametrize("name", list(FAULTS))
def test_planted_faults_are_found(root, name):
    import re

    plant, where, problem = FAULTS[name]
    plant(root)
    found = cs.check(root)
    hits = [one for one in found if where in one.where and re.search(problem, one.problem)]
    assert hits, [str(one) for one in found]
    assert all(one.mend for one in found)


def test_what_is_no_experiment(tmp_path, root):
    with pytest.raises(cs.InputError, match="is not an experiment"):
        cs.check(tmp_path)
    (root / "experiment.json").unlink()
    assert "is not an experiment" in cs.check(root)[0].problem


def test_mending_as_it_says(root):
    (root / YOUNG / "cells.parquet").write_bytes(b"PAR1")
    (finding,) = [one for one in cs.check(root) if "cells.parquet" in one.where]
    (root / finding.mend.split()[1]).unlink()
    cs.run(root)
    assert cs.check(root) == ()


def test_the_command_prints_and_exits_with_one(root, capsys):
    (root / YOUNG / "cells.parquet").write_bytes(b"PAR1")
    assert main(["check", str(root), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found[0].keys() == {"where", "problem", "mend"}


def test_pack_with_movies_works_elsewhere(root, tmp_path, capsys):
    expected = (root / "behavior.h5ad").read_bytes()
    assert main(["pack", str(root), str(tmp_path / "out"), "--movies"]) == 0
    shutil.rmtree(root.parent)
    shutil.move(tmp_path / "out", tmp_path / "elsewhere ü")
    moved = tmp_path / "elsewhere ü" / "e.cellstate"
    assert cs.check(moved) == ()
    assert cs.run(moved).done == ()
    assert (moved / "behavior.h5ad").read_bytes() == expected
    assert tifffile.imread(tmp_path / "elsewhere ü" / "raw" / "young" / "images" / "young.ome.tif").shape[0] == 12


def test_pack_without_movies_then_relink(root, tmp_path):
    copy = cs.pack(root, tmp_path / "out")
    assert not (tmp_path / "out" / "raw").exists()
    assert [one.where for one in cs.check(copy)] == ["experiment.json, movie young", "experiment.json, movie aged"]
    cs.export(copy, tmp_path / "tables")
    cs.relink(copy, tmp_path / "out", root.parent)
    assert cs.check(copy) == ()


def test_pack_refuses(root, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    with pytest.raises(cs.InputError, match="not empty"):
        cs.pack(root, tmp_path / "full")
    with pytest.raises(cs.InputError, match="inside the experiment"):
        cs.pack(root, root / "out")
    (root.parent / "aged.ome.tif").unlink()
    with pytest.raises(cs.InputError, match=r"aged\.ome\.tif is not there"):
        cs.pack(root, tmp_path / "out", movies=True)
    assert not (tmp_path / "out").exists()


def test_pack_copies_what_is_shared_once(tmp_path):
    stack = np.zeros((4, 20, 20), np.uint16)
    stack[:, 3:9, 3:9] = 1
    path = write_movie(tmp_path / "l.ome.tif", stack)
    exp = cs.new(tmp_path / "e.cellstate")
    cs.add(exp, labels=path, name="a")
    cs.add(exp, labels=path, name="b")
    copy = cs.pack(exp, tmp_path / "out", movies=True)
    assert len(list((tmp_path / "out" / "raw").rglob("*.tif"))) == 1
    assert cs.check(copy) == ()


def test_a_relative_path(whole, monkeypatch, capsys):
    monkeypatch.chdir(whole)
    assert main(["check", "e.cellstate"]) == 0
    assert "nothing wrong" in capsys.readouterr().out
