from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.movies import open_movie


class FakeFile:
    """What the package nd2 gives for a file with 3 frames, 2 positions and 2 channels."""

    sizes: ClassVar[dict[str, int]] = {"T": 3, "P": 2, "C": 2, "Y": 4, "X": 5}
    dtype = np.dtype(np.uint16)
    times = (0.0, 1.0, 60_000.0, 60_001.0, 120_000.0, 120_001.0)

    def __init__(self, path):
        self.closed = False
        points = [SimpleNamespace(name="A1"), SimpleNamespace(name=None)]
        self.experiment = [SimpleNamespace(parameters=SimpleNamespace(points=points))]
        positions = self.sizes.get("P", 1)
        self.loop_indices = tuple({"T": t, "P": p} for t in range(self.sizes["T"]) for p in range(positions))
        named = [SimpleNamespace(channel=SimpleNamespace(name=name)) for name in ("phase", "gfp")]
        self.metadata = SimpleNamespace(channels=named[: self.sizes.get("C", 1)])

    def voxel_size(self):
        return SimpleNamespace(x=0.65, y=0.65, z=1.0)

    def frame_metadata(self, nth):
        return SimpleNamespace(channels=[SimpleNamespace(time=SimpleNamespace(relativeTimeMs=self.times[nth]))])

    def read_frame(self, nth):
        shape = (self.sizes.get("C", 1), 4, 5)
        return (100 * nth + np.arange(np.prod(shape)).reshape(shape)).astype(np.uint16).squeeze()

    def close(self):
        self.closed = True


@pytest.fixture
def fake(monkeypatch, tmp_path):
    package = ModuleType("nd2")
    package.ND2File = type("ND2File", (FakeFile,), {})
    monkeypatch.setitem(sys.modules, "nd2", package)
    (tmp_path / "m.nd2").write_bytes(b"nd2")
    return package.ND2File


def test_one_of_several_positions(fake, tmp_path):
    with pytest.raises(InputError, match=r"m\.nd2: 2 positions in one file: 0 \(A1\), 1; expected one.*--position"):
        open_movie(tmp_path / "m.nd2")
    movie = open_movie(tmp_path / "m.nd2", position=1)
    assert movie.shape == (3, 2, 4, 5)
    assert movie.channels == ("phase", "gfp")
    assert movie.dt_s == pytest.approx(60)
    assert movie.pixel_size_um == pytest.approx(0.65)
    assert movie.read(2, 1)[0, 0] == 100 * 5 + 20
    with pytest.raises(InputError, match="no frame 3"):
        movie.read(3, 0)


def test_true_times_of_frames(fake, tmp_path):
    fake.sizes = {"T": 4, "Y": 4, "X": 5}
    fake.times = (0.0, 60_000.0, 120_000.0, 400_000.0)
    movie = open_movie(tmp_path / "m.nd2")
    assert movie.dt_s == pytest.approx(60)
    assert movie.times_s == (0.0, 60.0, 120.0, 400.0)


def test_a_projected_stack(fake, tmp_path):
    fake.sizes = {"T": 3, "Z": 2, "C": 2, "Y": 4, "X": 5}
    fake.times = tuple(1000.0 * nth for nth in range(6))
    monkey = tuple({"T": t, "Z": z} for t in range(3) for z in range(2))
    init = fake.__init__

    def with_depth(self, path):
        init(self, path)
        self.loop_indices = monkey

    fake.__init__ = with_depth
    movie = open_movie(tmp_path / "m.nd2", project="max")
    assert movie.shape == (3, 2, 4, 5)
    assert movie.times_s == (0.0, 2.0, 4.0)
    assert movie.read(1, 1)[0, 0] == 100 * 3 + 20  # the second plane of frame 1, second channel


@pytest.mark.parametrize(("sizes", "what"), [({"T": 3, "Z": 4, "Y": 4, "X": 5}, "z-stack"),
                                             ({"T": 3, "Y": 4, "X": 5, "S": 3}, "colour")])  # fmt: skip
def test_stacks_and_colour_are_refused(fake, tmp_path, sizes, what):
    fake.sizes = sizes
    with pytest.raises(InputError, match=what):
        open_movie(tmp_path / "m.nd2")


def test_without_the_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nd2", None)
    (tmp_path / "m.nd2").write_bytes(b"nd2")
    with pytest.raises(
        InputError, match=r"m\.nd2: ND2 files need the package nd2.*pip install napari-cellstate\[nd2\]"
    ):
        open_movie(tmp_path / "m.nd2")


def test_what_is_no_nd2(tmp_path):
    pytest.importorskip("nd2")
    (tmp_path / "m.nd2").write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(InputError, match=r"m\.nd2: cannot be read"):
        open_movie(tmp_path / "m.nd2")
