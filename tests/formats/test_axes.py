from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.axes import lay_out


def found(letters, *shapes, axes="", time_given=False):
    return lay_out(letters, shapes, axes=axes, time_given=time_given, where="m.tif")


@pytest.mark.parametrize("letters", ["TCYX", "CTYX", "TYX", "CYX", "YX", "TZCYX", "CZTYX", "QTYX"])
def test_planes_are_where_numpy_has_them(letters):
    sizes = {"T": 5, "C": 2, "Z": 1, "Q": 1, "Y": 3, "X": 4}
    shape = tuple(sizes[letter] for letter in letters)
    layout = found(letters, shape)
    stored = np.arange(np.prod(shape)).reshape(shape)
    ordered = stored
    kept = "".join(letter for letter in letters if letter not in "ZQ")
    ordered = ordered.reshape([sizes[letter] for letter in kept])
    for missing in [letter for letter in "CT" if letter not in kept]:
        ordered, kept = ordered[None], missing + kept
    ordered = ordered.transpose([kept.index(letter) for letter in "TCYX"])
    planes = stored.reshape(-1, 3, 4)
    assert layout.shape == ordered.shape
    assert layout.named
    for t in range(ordered.shape[0]):
        for c in range(ordered.shape[1]):
            np.testing.assert_array_equal(planes[layout.plane(t, c)], ordered[t, c])


def test_one_axis_without_a_name_is_time_if_the_interval_is_given():
    layout = found("QYX", (5, 3, 4), time_given=True)
    assert layout.shape == (5, 1, 3, 4)
    assert not layout.named


def test_one_axis_without_a_name_is_asked_for_otherwise():
    with pytest.raises(InputError, match=r"m\.tif: shape \(5, 3, 4\).*--axes TYX.*--dt"):
        found("IYX", (5, 3, 4))


def test_two_axes_without_names_are_always_asked_for():
    with pytest.raises(InputError, match=r"\(5, 2, 3, 4\).*--axes TCYX"):
        found("QQYX", (5, 2, 3, 4), time_given=True)


def test_what_the_user_says_wins():
    assert found("ZYX", (5, 3, 4), axes="tyx").shape == (5, 1, 3, 4)
    assert found("TCYX", (5, 2, 3, 4), axes="CTYX").shape == (2, 5, 3, 4)
    assert found("TCYX", (5, 2, 3, 4), (5, 1, 2, 3, 4), axes="TZCYX").shape == (5, 2, 3, 4)
    assert found("QYX", (5, 3, 4), axes="TYX").named


@pytest.mark.parametrize(
    ("axes", "message"),
    [("TCYX", "names 4 axes, but the file has 3"), ("TTYX", "at most once"), ("TYQ", "each of Y and X"), ("TCY", "X")],
)
def test_axes_that_do_not_fit_are_refused(axes, message):
    with pytest.raises(InputError, match=message):
        found("QYX", (5, 3, 4), axes=axes)


def test_a_z_stack_is_refused_by_name():
    with pytest.raises(InputError, match=r"z-stack \(5 planes.*project.*--axes TYX"):
        found("ZYX", (5, 3, 4), time_given=True)
    with pytest.raises(InputError, match=r"z-stack") as caught:
        found("TZYX", (5, 2, 3, 4))
    assert "--axes" not in str(caught.value)
    with pytest.raises(InputError, match="z-stack"):
        found("QYX", (5, 3, 4), axes="ZYX")


def test_colour_is_refused_whatever_the_user_says():
    with pytest.raises(InputError, match=r"colour image \(3 samples"):
        found("TYXS", (5, 8, 9, 3), axes="TYXC")


def test_planes_stored_as_colours_are_frames_on_an_explicit_word():
    assert found("SYX", (3, 8, 9), axes="TYX").shape == (3, 1, 8, 9)
    with pytest.raises(InputError, match=r"colour image \(3 samples.*--axes TYX"):
        found("SYX", (3, 8, 9), time_given=True)


@pytest.mark.parametrize(("t", "c"), [(5, 0), (-1, 0), (0, 2)])
def test_planes_that_are_not_there(t, c):
    with pytest.raises(InputError, match=f"no frame {t}, channel {c}; found 5 frames and 2 channels"):
        found("TCYX", (5, 2, 3, 4)).plane(t, c)


def test_y_and_x_come_last():
    with pytest.raises(InputError, match="last two"):
        found("QQQ", (5, 3, 4), axes="YXT")
