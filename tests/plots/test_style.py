from __future__ import annotations

import subprocess
import sys

import matplotlib
import pytest

from napari_cellstate.plots.style import empty, figure, save

DRAW = """
import sys; from pathlib import Path
from napari_cellstate.plots.style import figure, save
with figure(3, 2) as drawn:
    drawn.add_subplot(title="µm² found").scatter([1, 2], [3, 4])
save(drawn, Path(sys.argv[1]), "f")
"""


def small():
    with figure(3, 2) as drawn:
        drawn.add_subplot(title="µm² found").scatter([1, 2], [3, 4])
    return drawn


def test_same_bytes_again_and_in_another_process(tmp_path, monkeypatch):
    first = [path.read_bytes() for path in save(small(), tmp_path / "a", "f")]
    again = [path.read_bytes() for path in save(small(), tmp_path / "b", "f")]
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    subprocess.run([sys.executable, "-c", DRAW, str(tmp_path / "c")], check=True)
    other = [(tmp_path / "c" / name).read_bytes() for name in ("f.png", "f.pdf")]
    assert first == again == other


def test_saving_twice_gives_the_same_bytes_and_leaves_no_other_files(tmp_path):
    drawn = small()
    first = [path.read_bytes() for path in save(drawn, tmp_path, "f")]
    second = [path.read_bytes() for path in save(drawn, tmp_path, "f")]
    assert first == second
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.pdf", "f.png"]


def test_pdf_text_can_be_edited(tmp_path):
    _, pdf = save(small(), tmp_path, "f")
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/Type0" in content
    assert b"/Type3" not in content
    assert b"CreationDate" not in content


def test_nothing_of_matplotlib_changes_outside(tmp_path):
    before = dict(matplotlib.rcParams)
    save(small(), tmp_path, "f")
    assert dict(matplotlib.rcParams) == before


def test_settings_of_the_user_do_not_change_a_figure(tmp_path):
    plain = save(small(), tmp_path / "a", "f")[0].read_bytes()
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "savefig.transparent": True}):
        other = save(small(), tmp_path / "b", "f")[0].read_bytes()
    assert plain == other


def test_pyplot_is_not_loaded():
    code = (
        "import sys; from napari_cellstate.plots import dwell, embedding, ethogram, matrices, movie_file, occupancy,"
        " overlay, paths, profiles, style; assert 'matplotlib' not in sys.modules and 'pandas' not in sys.modules;"
        " style.empty('x'); assert 'matplotlib.pyplot' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("why", ["no rows", "nothing was found"])
def test_empty_figure_says_why(why):
    assert [text.get_text() for text in empty("Title", why).texts] == ["Title", why]
