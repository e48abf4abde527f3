from __future__ import annotations

import json
import subprocess
import sys

import pytest

from napari_cellstate.cli import VERBS, main
from tests.experiment_kit import blobs, results, write_movie


def _imported_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('\\n'.join(sys.modules))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {name.split(".")[0] for name in done.stdout.splitlines()}


HEAVY = {"qtpy", "PyQt5", "PyQt6", "PySide6", "napari", "torch", "pandas", "sklearn", "scipy", "skimage", "zarr"}


def test_command_line_imports_nothing_heavy():
    assert not _imported_by("import napari_cellstate.cli") & (HEAVY | {"numpy", "pydantic"})


def test_help_imports_nothing_heavy():
    code = "from napari_cellstate.cli import main\ntry:\n    main(['run', '--help'])\nexcept SystemExit: pass"
    assert not _imported_by(code) & (HEAVY | {"numpy", "pydantic"})


def test_package_imports_nothing_heavy():
    assert not _imported_by("import napari_cellstate") & (HEAVY | {"numpy", "pydantic"})


def test_status_needs_no_heavy_import(two_movies):
    code = f"import napari_cellstate as cs; cs.status({str(two_movies.root)!r})"
    assert not _imported_by(code) & HEAVY


@pytest.mark.parametrize("verb", list(VERBS))
def test_help_has_an_example(verb, capsys):
    with pytest.raises(SystemExit) as stop:
        main([verb, "--help"])
    assert stop.value.code == 0
    assert f"napari-cellstate {verb}" in capsys.readouterr().out


def test_whole_way(tmp_path, capsys):
    movie = write_movie(tmp_path / "m.ome.tif", blobs())
    exp, out = str(tmp_path / "e.cellstate"), str(tmp_path / "out")
    assert main(["new", exp]) == 0
    assert main(["add", exp, str(movie), "--condition", "young"]) == 0
    assert "12 frames, 1 channels, 96 x 96 px, dt 390 s, pixel 0.65 um" in capsys.readouterr().out
    assert main(["run", exp, "--until", "link"]) == 0
    assert main(["run", exp]) == 0
    assert "results made" in capsys.readouterr().out
    assert main(["status", exp]) == 0
    assert "dynamics: fresh" in capsys.readouterr().out
    assert main(["status", exp, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stages"]["states"] == "fresh"
    assert main(["export", exp, out]) == 0
    assert (tmp_path / "out" / "states.csv").exists()
    assert main(["export", exp, out]) == 2
    assert "not empty" in capsys.readouterr().err


def test_same_bytes_as_in_python(two_movies, tmp_path, capsys):
    import napari_cellstate as cs

    cs.run(two_movies)
    exp = str(tmp_path / "terminal.cellstate")
    assert main(["new", exp]) == 0
    for entry in two_movies.movies:
        path = str(entry.images.resolve(two_movies.root))
        assert main(["add", exp, path, "--condition", entry.condition, "--replicate", entry.replicate]) == 0
    assert main(["run", exp]) == 0
    assert results(tmp_path / "terminal.cellstate") == results(two_movies.root)


def test_methods(capsys):
    assert main(["methods"]) == 0
    listed = capsys.readouterr().out
    for kind in ("threshold", "labels", "trackpy", "label-ids", "motility", "shape", "pca", "hmm", "ward"):
        assert kind in listed
    assert main(["methods", "features", "--json"]) == 0
    assert {one["stage"] for one in json.loads(capsys.readouterr().out)} == {"features"}
    assert main(["methods", "segment"]) == 0
    assert "diameter = 0.0 px, estimated" in capsys.readouterr().out
    assert main(["methods", "nothing"]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status", "nowhere"], "is not an experiment"),
        (["run", "nowhere"], "is not an experiment"),
        (["simulate", "x", "--condition", "young"], "--condition young: expected NAME=DWELL"),
    ],
)
def test_bad_input_is_one_line(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [[], ["fly"], ["add"], ["run", "e", "--device", "abacus"], ["run", "e", "--x"]])
def test_bad_arguments_are_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_stopped_by_the_keyboard(two_movies, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("napari_cellstate.experiment.pipeline.run", interrupt)
    assert main(["run", str(two_movies.root)]) == 130
    assert "goes on from there" in capsys.readouterr().err


def test_unwritable_place(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert main(["new", str(tmp_path / "file" / "e.cellstate")]) == 2
    assert "napari-cellstate: " in capsys.readouterr().err
