"""Make the pictures of the window in docs/pictures, in dark and light and two sizes; needs a display.

Usage: python scripts/make_window_pictures.py EXP [OUT], EXP an experiment that has been run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

SIZES = ((1280, 800), (1920, 1080))
THEMES = ("dark", "light")
README = {("start", 1280), ("states", 1280), ("matrix", 1280), ("scatter", 1280), ("timeline", 1280)}
"""Kept as PNG, too, under the names that README and documentation use."""


def main(experiment: Path, out: Path) -> None:
    """Open the experiment and shoot every page, every panel and every dialog."""
    from napari.settings import get_settings

    settings = get_settings()
    before = settings.appearance.theme
    try:
        for theme in THEMES:
            settings.appearance.theme = theme
            for size in SIZES:
                _shoot_all(experiment, out, theme, size)
    finally:
        settings.appearance.theme = before


def _shoot_all(experiment: Path, out: Path, theme: str, size: tuple[int, int]) -> None:
    import napari
    from qtpy.QtTest import QTest

    from napari_cellstate.experiment.stages import NAMES
    from napari_cellstate.gui.opening import add_dock
    from napari_cellstate.gui.panel import PANELS

    viewer = napari.Viewer(show=False)
    dock = add_dock(viewer)
    viewer.show()
    viewer.window.resize(*size)
    QTest.qWait(500)
    _shoot(viewer, out, "start", theme, size)
    dock.open(experiment)
    viewer.dims.set_current_step(0, viewer.dims.nsteps[0] // 2)
    for stage in NAMES:
        dock.stages.setCurrentItem(dock.stages.row(stage))
        if stage in ("segment", "link"):
            dock.layers.find("states").visible = False
            dock.page.preview_button.click()
            _wait(lambda: not dock.preview.task.running)
        _shoot(viewer, out, stage, theme, size)
        dock.preview.stop()
        dock.layers.find("states").visible = True
    for key in PANELS:
        dock.panels.show(key)
        _settle(dock, key)
        _shoot(viewer, out, key, theme, size)
    _dialogs(viewer, dock, out, theme, size)
    dock.close()
    viewer.close()


def _settle(dock: Any, key: str) -> None:
    """Bring a panel into a state that shows what it can do."""
    panel = dock.panels.made[key]
    if key == "matrix":
        panel.choose_cell(0, 1)
        panel.box.next_button.click()
    if key == "scatter":
        panel.colour.setCurrentIndex(4)
    _wait(lambda: not dock.task.running)


def _dialogs(viewer: Any, dock: Any, out: Path, theme: str, size: tuple[int, int]) -> None:
    from napari_cellstate.gui.export_dialog import ExportDialog
    from napari_cellstate.gui.keys import KeyHelp
    from napari_cellstate.gui.many import AddMany
    from napari_cellstate.gui.new_movie import NewMovie

    if size != SIZES[0]:
        return
    experiment = dock.session.experiment
    files = tuple(entry.images.resolve(experiment.root) for entry in experiment.movies)
    for name, dialog in (
        ("export", ExportDialog(experiment, dock.session.movie, dock)),
        ("keys", KeyHelp(dock)),
        ("add_many", AddMany(experiment, files, parent=dock)),
        ("new_movie", NewMovie(files[0], experiment.root, dock, viewer=viewer)),
    ):
        if name in ("export", "new_movie"):
            dialog.folder.setText("~/demo_csv" if name == "export" else "~/demo.cellstate")
        dialog.show()
        _save(dialog.grab(), out / "window" / f"{name}_{theme}.webp")
        dialog.close()
        dialog.deleteLater()


def _wait(done: Any, most: int = 300) -> None:
    """Until something has ended, and half a second more."""
    from qtpy.QtTest import QTest

    for _ in range(most):
        QTest.qWait(100)
        if done():
            break
    QTest.qWait(500)


def _shoot(viewer: Any, out: Path, name: str, theme: str, size: tuple[int, int]) -> None:
    """Save what is on the screen: WebP for the documentation, a few as PNG with a palette."""
    from PIL import Image
    from qtpy.QtTest import QTest
    from qtpy.QtWidgets import QApplication

    for _ in range(20):  # on a busy machine the layout of a page takes its time
        QTest.qWait(20)
        QApplication.processEvents()
    QTest.qWait(300)
    pixels = viewer.window.screenshot(canvas_only=False, flash=False)
    picture = Image.fromarray(pixels[..., :3])
    path = out / "window" / f"{name}_{theme}_{size[0]}.webp"
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=55, method=6)
    if (name, size[0]) in README:
        end = "" if name == "states" else f"{name}_"
        picture.quantize(256).save(out / f"window_{end}{theme}.png", optimize=True)


def _save(pixmap: Any, path: Path) -> None:
    """Save a widget's picture, by way of a PNG, which every Qt can write."""
    from io import BytesIO

    from PIL import Image
    from qtpy.QtCore import QBuffer, QIODevice

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    pixmap.save(buffer, "PNG")
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(BytesIO(buffer.data().data())).convert("RGB").save(path, quality=60, method=6)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "docs/pictures"))
