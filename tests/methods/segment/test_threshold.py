from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.method import parse
from napari_cellstate.core.movie import Array, Movie
from napari_cellstate.methods import available
from napari_cellstate.methods.segment.threshold import Threshold
from napari_cellstate.metrics.segmentation import match, segmentation_score


@dataclass
class Frames:
    """Frames in memory."""

    images: list[Array]

    def __post_init__(self) -> None:
        self.shape = (len(self.images), 1, *self.images[0].shape)
        self.dtype = self.images[0].dtype
        self.axes_named, self.dt_s, self.pixel_size_um, self.channels = True, None, None, ("",)

    def read(self, t: int, c: int) -> Array:
        return self.images[t]

    def close(self) -> None: ...


def movie_of(images: list[Array]) -> Movie:
    return Movie("made", (len(images), *images[0].shape), range(len(images)), source=Frames(images))


def disc(size: int, y: float, x: float, radius: float) -> Array:
    rows, columns = np.mgrid[:size, :size]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def cells(seed: int, snr: float, n: int = 40, size: int = 384) -> tuple[Array, Array]:
    """Blurred ellipses of radius 8 to 12 px under uneven light, a quarter of them touching another; and the truth."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size].astype(np.float32)
    truth, made = np.zeros((size, size), np.uint32), []
    while len(made) < n:
        radius, ratio, angle = rng.uniform(8, 12), rng.uniform(0.75, 1.33), rng.uniform(0, np.pi)
        y, x = rng.uniform(0, size, 2)
        if made and rng.random() < 0.25:
            other, direction = made[rng.integers(len(made))], rng.uniform(0, 2 * np.pi)
            away = 0.95 * (other[2] + radius)
            y, x = other[0] + away * np.sin(direction), other[1] + away * np.cos(direction)
        along = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
        across = (rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)
        inside = along**2 / ratio + across**2 * ratio <= radius**2
        if not (0 <= y < size and 0 <= x < size) or (truth[inside] > 0).mean() > 0.08:
            continue
        made.append((y, x, radius))
        truth[inside & (truth == 0)] = len(made)
    brightness = np.append(0, rng.gamma(10, 0.1, n).clip(0.5, 2))
    light = 1 - 0.6 * ((rows / size - 0.4) ** 2 + (columns / size - 0.6) ** 2)
    image = (gaussian_filter(brightness[truth], 1.3) * snr * 10 + 100) * light + rng.normal(0, 10, truth.shape)
    return (image + 50).clip(0, 65535).astype(np.uint16), truth


def test_finds_simulated_cells() -> None:
    frames = [cells(seed, snr) for seed, snr in ((0, 5), (1, 7), (2, 10))]
    method = Threshold().estimated(movie_of([image for image, _ in frames]))
    found = [method.segment(image) for image, _ in frames]
    assert segmentation_score(found, [truth for _, truth in frames]).f1 >= 0.95


@pytest.mark.parametrize("threshold", ["otsu", "li", "local"])
@pytest.mark.parametrize("change", ["none", "invert", "offset", "float", "signed", "scale"])
def test_unchanged_by_what_does_not_matter(threshold: str, change: str) -> None:
    image, _ = cells(3, 10, n=20, size=256)
    changed = {
        "none": image,
        "invert": 60000 - image,
        "offset": image.astype(np.int64) + 10**9,
        "float": image / np.float64(image.max()),
        "signed": image.astype(np.int32) - 500,
        "scale": image.astype(np.float64) * 1e300,
    }[change]
    method = Threshold(threshold=threshold)
    assert match(method.segment(changed), method.segment(image), 0.99).f1 == 1.0


def test_numbers_are_consecutive_in_raster_order_and_repeat() -> None:
    image, _ = cells(4, 7)
    labels = Threshold().segment(image)
    numbers, first = np.unique(labels, return_index=True)
    assert labels.dtype == np.uint32
    assert numbers.tolist() == list(range(int(labels.max()) + 1))
    assert np.all(np.diff(first[1:]) > 0)
    assert labels.tobytes() == Threshold().segment(image.copy()).tobytes()


EMPTY = {
    "zero": np.zeros((96, 96), np.uint8),
    "constant": np.full((96, 96), 1e9),
    "one bright pixel": np.where(disc(96, 40, 50, 0), 1000.0, 0.0),
    "one dark pixel": np.where(disc(96, 40, 50, 0), 0, 1000).astype(np.int32),
    "ramp": np.mgrid[:200, :200].sum(0) + np.random.default_rng(0).normal(0, 2, (200, 200)),
    "normal noise": np.random.default_rng(1).normal(100, 10, (384, 384)),
    "integer noise": np.random.default_rng(2).poisson(4, (384, 384)).astype(np.uint8),
    "heavy tails": np.random.default_rng(3).standard_t(3, (384, 384)),
    "smooth noise": gaussian_filter(np.random.default_rng(4).normal(size=(384, 384)), 3),
    "hot pixels": np.random.default_rng(5).normal(100, 10, (256, 256))
    + 500 * (np.random.default_rng(6).random((256, 256)) < 0.001),
    "1 x 1": np.ones((1, 1), np.uint16),
    "1 x 9": np.arange(9.0)[None],
    "9 x 1": np.arange(9)[:, None].astype(np.uint16),
    "5 x 5": np.random.default_rng(7).normal(size=(5, 5)).astype(np.float32),
    "0 x 5": np.zeros((0, 5)),
}


@pytest.mark.parametrize("threshold", ["otsu", "li", "local"])
@pytest.mark.parametrize("what", EMPTY)
def test_nothing_where_nothing_is(what: str, threshold: str) -> None:
    labels = Threshold(threshold=threshold).segment(EMPTY[what])
    assert labels.shape == EMPTY[what].shape
    assert labels.dtype == np.uint32
    assert not labels.any()


@pytest.mark.parametrize("snr", [2, 4])
def test_few_faint_cells_are_not_taken_for_noise(snr: float) -> None:
    image = np.random.default_rng(8).normal(100, 10, (512, 512))
    truth = np.zeros((512, 512), np.uint32)
    for nth, (y, x) in enumerate(((60, 400), (250, 250), (420, 80)), 1):
        truth[disc(512, y, x, 10)] = nth
    labels = Threshold().segment(image + 10 * snr * (truth > 0))
    assert match(labels, truth).f1 == 1.0


@pytest.mark.parametrize("apart, n", [(12, 1), (17, 2), (24, 2)])
def test_parts_two_discs_at_a_neck(apart: float, n: int) -> None:
    image = np.zeros((128, 128)) + disc(128, 60, 50, 10) + disc(128, 60, 50 + apart, 10)
    image = image.clip(0, 1) * 100 + np.random.default_rng(9).normal(0, 3, image.shape)
    image += 100 * disc(128, 20, 100, 10) + 100 * disc(128, 100, 20, 10)
    assert Threshold().segment(image).max() == n + 2
    assert Threshold(neck=0.0).segment(image).max() == 3 + (apart > 20)


def test_one_long_cell_stays_one() -> None:
    rows, columns = np.mgrid[:128, :128]
    long = ((rows - 64) / 8) ** 2 + ((columns - 64) / 40) ** 2 <= 1
    labels = Threshold().segment(100.0 * long + np.random.default_rng(10).normal(0, 5, long.shape))
    assert match(labels, long.astype(np.uint32), 0.8).f1 == 1.0


def test_estimates_the_diameter_though_cells_touch() -> None:
    image = sum(disc(256, 40 + 19 * row, 40 + 19 * column, 10) for row in range(4) for column in range(4))
    image = 100.0 * np.clip(image, 0, 1) + np.random.default_rng(11).normal(0, 5, (256, 256))
    method = Threshold().estimated(movie_of([image] * 3))
    assert method.diameter == pytest.approx(20, abs=4)
    assert method.segment(image).max() == 16


def test_estimated_fills_every_estimate_and_keeps_what_is_given() -> None:
    images = [cells(seed, 7, n=12, size=192)[0] for seed in range(7)]
    empty = Threshold(min_area=50, threshold="li").estimated(movie_of([np.zeros((9, 9))]))
    method = Threshold(min_area=50, threshold="li").estimated(movie_of(images))
    assert (method.min_area, method.threshold, method.polarity) == (50, "li", "bright")
    assert 10 < method.diameter < 26
    for made in (method, empty):
        assert made.polarity != "auto"
        assert 0 not in (made.diameter, made.smoothing, made.min_area, made.max_area)
    assert method.estimated(movie_of([images[0]])) == method
    assert Threshold().estimated(Movie("none", (0, 9, 9), range(0))) == Threshold()


def test_polarity_is_found() -> None:
    image, truth = cells(5, 8, n=12, size=192)
    dark = Threshold().estimated(movie_of([1000 - image.astype(np.int16)]))
    assert dark.polarity == "dark"
    assert match(dark.segment(1000 - image.astype(np.int16)), truth).f1 > 0.9


def test_size_limits_holes_and_border() -> None:
    image = np.random.default_rng(12).normal(0, 1, (160, 160))
    ring = disc(160, 40, 40, 12) & ~disc(160, 40, 40, 3)
    image += 50 * (ring | disc(160, 100, 100, 10) | disc(160, 40, 120, 5) | disc(160, 100, 0, 10))
    method = Threshold(diameter=20.0, threshold="li")
    labels = method.segment(image)
    assert labels.max() == 4
    assert labels[40, 40] == labels[40, 49]
    assert Threshold(diameter=20.0, threshold="li", fill_holes=False).segment(image)[40, 40] == 0
    assert Threshold(diameter=20.0, threshold="li", min_area=150).segment(image).max() == 3
    assert Threshold(diameter=20.0, threshold="li", max_area=250).segment(image).max() == 2
    assert Threshold(diameter=20.0, threshold="li", clear_border=True).segment(image).max() == 3


def test_record_round_trip() -> None:
    method = Threshold(threshold="li", diameter=17.5, neck=0.7)
    assert parse(available("segment"), method.record(), "test") == method
    with pytest.raises(InputError, match=r"diamter.*diameter"):
        parse(available("segment"), {"method": "threshold", "diamter": 3.0}, "test")


@pytest.mark.real
def test_real_quantitative_phase_counts(data_dir: Path) -> None:
    import tifffile

    folder = data_dir / "mdamb231_qpi_cellphe"
    images, given = tifffile.imread(folder / "movie.tif"), tifffile.imread(folder / "gt_masks.tif")
    method = Threshold().estimated(movie_of(list(images)))
    ratio = np.array([method.segment(images[t]).max() / (len(np.unique(given[t])) - 1) for t in range(0, 30, 2)])
    assert (np.abs(ratio - 1) <= 0.25).mean() >= 0.9


@pytest.mark.real
def test_real_nuclei(data_dir: Path) -> None:
    import tifffile

    folder = data_dir / "bbbc039_u2os"
    files = sorted(file.name for file in (folder / "images").glob("*.tif"))[::6]
    images = [tifffile.imread(folder / "images" / name) for name in files]
    truth = [tifffile.imread(folder / "masks" / name) for name in files]
    assert segmentation_score([Threshold().segment(image) for image in images], truth).f1 >= 0.85
