from __future__ import annotations

from pathlib import Path

from npe2 import PluginManifest

from napari_cellstate.cli import main
from napari_cellstate.cli.verb import has_display
from napari_cellstate.gui.opening import dock_of
from napari_cellstate.gui.reader import get_reader
from napari_cellstate.gui.sample import image_layer, make_sample

ROOT = Path(__file__).parents[2]


def test_the_manifest_names_what_is_there():
    manifest = PluginManifest.from_file(ROOT / "napari_cellstate" / "napari.yaml")
    manifest.validate_imports()
    assert (ROOT / "napari.yaml").read_bytes() == (ROOT / "napari_cellstate" / "napari.yaml").read_bytes()
    assert [one.display_name for one in manifest.contributions.widgets] == ["Cell State"]


def test_an_experiment_is_read_by_opening_its_folder(viewer, dock, finished):
    assert dock_of(viewer) is dock
    assert get_reader(str(finished.root.parent)) is None
    assert get_reader([str(finished.root)]) is None
    get_reader(str(finished.root))(str(finished.root))
    assert dock.session.experiment.root == finished.root


def test_a_folder_that_is_no_experiment_opens_no_window(tmp_path, capsys):
    assert main(["open", str(tmp_path)]) == 2
    assert "is not an experiment" in capsys.readouterr().err


def test_open_without_napari_says_what_to_install(monkeypatch, capsys):
    def missing(*_):
        raise ModuleNotFoundError("No module named 'napari'")

    monkeypatch.setattr("napari_cellstate.gui.opening.open_window", missing)
    assert main(["open"]) == 2
    assert "pip install 'napari-cellstate[all]'" in capsys.readouterr().err


def test_the_sample_is_made_once(tmp_path):
    experiment = make_sample(tmp_path, frames=4, size=96, cells=3)
    again = make_sample(tmp_path, frames=4, size=96, cells=3)
    assert again.root == experiment.root
    data, kwargs, kind = image_layer(experiment, "young_1")
    assert (kind, data.shape, kwargs["name"]) == ("image", (4, 96, 96), "young_1")
    assert Path(kwargs["metadata"]["cellstate_file"]).exists()


def test_the_demo_opens_the_window_where_somebody_sits(monkeypatch, tmp_path, capsys):
    class Result:
        experiment = tmp_path / "demo.cellstate"

        def to_dict(self):
            return {}

        def text(self):
            return "done"

    opened = []
    monkeypatch.setattr("napari_cellstate.experiment.demo.demo", lambda *_, **__: Result())
    monkeypatch.setattr("napari_cellstate.gui.opening.open_window", opened.append)
    for there in (False, True):
        monkeypatch.setattr("napari_cellstate.cli.tools.has_display", lambda there=there: there)
        assert main(["demo", "--out", str(tmp_path)]) == 0
        assert main(["demo", "--out", str(tmp_path), "--no-gui"]) == 0
    assert opened == [Result.experiment]
    assert "--no-gui leaves it out" in capsys.readouterr().err


def test_no_window_for_a_script(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("sys.stdout.isatty", lambda: False, raising=False)
    assert not has_display()
