"""Text on frames of a movie file: time, scale bar, legend."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.behavior import NO_STATE
from napari_cellstate.core.errors import InputError
from napari_cellstate.plots.colours import state_colour

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Image = NDArray[np.uint8]
_SIZE = 17
_MARGIN = 10
_DARK = (24, 24, 24)


def time_text(frame: int, dt_s: float | None) -> str:
    """The time of a frame as hours and minutes (and seconds where frames are less than a minute apart)."""
    if not dt_s:
        return f"frame {frame}"
    seconds = round(frame * dt_s)
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02d} h" if dt_s >= 60 else f"{hours}:{minutes:02d}:{seconds % 60:02d} h"


def draw_time(frame: Image, text: str) -> Image:
    """Write at the top left, white on a dark rim."""
    drawing, image = _open(frame)
    drawing.text((_MARGIN, _MARGIN - 3), text, font=_font(_SIZE + 3), fill="white", stroke_width=2, stroke_fill="black")
    return np.array(image)


def draw_scale_bar(frame: Image, pixel_um: float, length_um: float | None = None) -> Image:
    """Draw a bar and its length at the bottom right.

    Parameters
    ----------
    frame : (H, W, 3).
    pixel_um : size of one of its pixels.
    length_um : of the bar; None chooses one.
    """
    height, width = frame.shape[:2]
    length = length_um or round_length(width * pixel_um / 4)
    pixels = round(length / pixel_um)
    if not 1 <= pixels <= width - 2 * _MARGIN:
        if length_um:
            raise InputError(
                f"overlay: a scale bar of {length_um:g} um is {pixels} px long in a frame {width} px wide; "
                f"expected 1 to {width - 2 * _MARGIN} px; choose another length, or none for a round one"
            )
        return frame
    drawing, image = _open(frame)
    right, bottom = width - _MARGIN, height - _MARGIN
    drawing.rectangle((right - pixels, bottom - 4, right - 1, bottom - 1), fill="white", outline=None)
    anchor = (right - pixels / 2, bottom - 7)
    drawing.text(
        anchor, f"{length:g} µm", font=_font(_SIZE - 1), fill="white", anchor="mb", stroke_width=2, stroke_fill="black"
    )
    return np.array(image)


def round_length(longest: float) -> float:
    """The largest of 1, 2, 5, 10, 20, 50, ... (or 0.5, 0.2, ...) that is not above `longest`."""
    power = 10.0 ** np.floor(np.log10(longest))
    return float(max(step * power for step in (1, 2, 5) if step * power <= longest * (1 + 1e-9)))


def legend_strip(legend: Mapping[int, str], width: int) -> Image:
    """A dark strip with a square and a name for each state and for "no state"; as many lines as it needs."""
    from PIL import Image as Pictures
    from PIL import ImageDraw

    font = _font(_SIZE - 2)
    entries = [*((state, name) for state, name in legend.items() if state != NO_STATE), (NO_STATE, "no state")]
    square, line = 13, _SIZE + 8
    placed, x, row = [], _MARGIN, 0
    for state, name in entries:
        text = _cut(name, font, width - 2 * _MARGIN - square - 6)
        wide = square + 6 + int(font.getlength(text)) + 18
        if x > _MARGIN and x + wide - 18 > width - _MARGIN:
            x, row = _MARGIN, row + 1
        placed.append((x, row, state, text))
        x += wide
    image = Pictures.new("RGB", (width, (row + 1) * line + 8), _DARK)
    drawing = ImageDraw.Draw(image)
    for x, row, state, text in placed:
        middle = 4 + row * line + line // 2
        drawing.rectangle((x, middle - square // 2, x + square - 1, middle + square // 2), fill=state_colour(state))
        drawing.text((x + square + 6, middle), text, font=font, fill="white", anchor="lm")
    return np.array(image)


def _cut(name: str, font: FreeTypeFont, width: int) -> str:
    """A name that fits into so many pixels."""
    if font.getlength(name) <= width:
        return name
    while name and font.getlength(name + "…") > width:
        name = name[:-1]
    return name + "…"


@cache
def _font(size: int) -> FreeTypeFont:
    """DejaVu Sans as matplotlib ships it; Pillow's own font lacks µ and accents."""
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)


def _open(frame: Image) -> tuple[Any, Any]:
    from PIL import Image as Pictures
    from PIL import ImageDraw

    image = Pictures.fromarray(frame)
    return ImageDraw.Draw(image), image
