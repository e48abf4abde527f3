"""Make the pictures of the window in docs/pictures, in dark and light; needs a display.

Usage: python scripts/make_window_pictures.py EXP [OUT], EXP an experiment that has been run.
"""

from __future__ import annotations

import sys
from pathlib import Path

WIDTH, HEIGHT = 1280, 800


def main(experiment: Path, out: Path) -> None:
    """Open the experiment and shoot the dock and every panel."""
    import napari
    from napari.settings import get_settings
    from qtpy.QtTest import QTest

    from napari_cellstate.gui.opening import add_dock

    settings = get_settings()
    before = settings.appearance.theme
    try:
        for theme in ("dark", "light"):
            settings.appearance.theme = theme
            viewer = napari.Viewer(show=False)
            dock = add_dock(viewer)
            viewer.show()
            viewer.window.resize(WIDTH, HEIGHT)
            QTest.qWait(500)
            _shoot(viewer, out / f"window_start_{theme}.png")
            dock.open(experiment)
            dock.stages.setCurrentItem(dock.stages.row("states"))
            QTest.qWait(500)
            viewer.dims.set_current_step(0, viewer.dims.nsteps[0] // 2)
            _shoot(viewer, out / f"window_{theme}.png")
            for panel in ("scatter", "timeline", "matrix"):
                dock.panels.show(panel)
                if dock.panels.made["matrix"] is not None:
                    dock.panels.made["matrix"].choose_cell(0, 1)
                    dock.panels.made["matrix"].next_button.click()
                QTest.qWait(500)
                _shoot(viewer, out / f"window_{panel}_{theme}.png")
            dock.close()
            viewer.close()
    finally:
        settings.appearance.theme = before


def _shoot(viewer: object, path: Path) -> None:
    """Save what is on the screen, with a palette: a third of the bytes."""
    from PIL import Image
    from qtpy.QtTest import QTest

    QTest.qWait(400)
    pixels = viewer.window.screenshot(canvas_only=False, flash=False)  # type: ignore[attr-defined]
    Image.fromarray(pixels[..., :3]).quantize(256).save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "docs/pictures"))
