from __future__ import annotations

import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.calibration import Calibration, from_imagej, from_ome, micrometres, seconds


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        *[(unit, 2.0) for unit in ("um", "µm", "μm", "micron", "microns", "\\u00B5m", " um ")],
        *[("nm", 0.002), ("mm", 2e3), ("cm", 2e4), ("inch", 50800.0), ("m", 2e6)],
        *[("pixel", None), ("", None), ("reference frame", None)],
    ],
)
def test_lengths(unit, size):
    assert micrometres(2.0, unit) == (None if size is None else pytest.approx(size))


@pytest.mark.parametrize(("unit", "dt"), [("s", 2), ("sec", 2), ("ms", 0.002), ("min", 120), ("h", 7200), ("x", None)])
def test_times(unit, dt):
    assert seconds(2.0, unit) == (None if dt is None else pytest.approx(dt))


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_values_that_say_nothing(value):
    assert seconds(value, "s") is None


def ome(attributes, channels=""):
    schema = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
    return f'<OME xmlns="{schema}"><Image ID="Image:0"><Pixels {attributes}>{channels}</Pixels></Image></OME>'


def test_ome_units_have_defaults():
    found = from_ome(ome('PhysicalSizeX="0.5" TimeIncrement="30"'), "m")
    assert found == Calibration(0.5, 30.0, ())


def test_ome_units_are_converted():
    text = 'PhysicalSizeX="325" PhysicalSizeXUnit="nm" PhysicalSizeY="0.325" TimeIncrement="2" TimeIncrementUnit="min"'
    found = from_ome(ome(text, '<Channel Name="DAPI"/><Channel Name="GFP"/>'), "m")
    assert found == Calibration(pytest.approx(0.325), 120.0, ("DAPI", "GFP"))


@pytest.mark.parametrize("xml", ["<OME", "<OME/>", ome('PhysicalSizeX="none"')])
def test_ome_without_a_scale(xml):
    assert from_ome(xml, "m") == Calibration()


def test_pixels_must_be_square():
    with pytest.raises(InputError, match=r"m\.tif: pixels of 0\.5 x 0\.6 um.*square"):
        from_ome(ome('PhysicalSizeX="0.5" PhysicalSizeY="0.6"'), "m.tif")
    assert from_ome(ome('PhysicalSizeX="0.5" PhysicalSizeY="0.504"'), "m").pixel_size_um == 0.5


def test_imagej():
    metadata = {"unit": "\\u00B5m", "finterval": 6.5, "tunit": "min"}
    assert from_imagej(metadata, (20, 13), (20, 13), "m") == Calibration(pytest.approx(0.65), 390.0)
    assert from_imagej({"unit": "pixel", "finterval": 0.0}, (1, 1), (1, 1), "m") == Calibration()
    assert from_imagej({"unit": "um"}, (0, 1), (0, 1), "m") == Calibration()
