"""The bases of all methods: what each family gets and gives.

To add a method: one file in the family's folder, one subclass, its settings, its verb, `@register`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.method import Method, setting
from napari_cellstate.core.movie import Array, Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.units import Feature

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_cellstate.core.crops import Crops, CropWish
    from napari_cellstate.core.pins import Pins
    from napari_cellstate.core.windows import Windows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Segmenter(Method):
    """Images to labels."""

    family: ClassVar[str] = "segment"
    learnt: ClassVar[bool] = False
    """True where the result comes from training data, and so may fail on images unlike those."""

    estimates_read: ClassVar[tuple[str, ...] | None] = None
    """Settings that decide what `estimated` finds; None for all. With them a preview estimates only when it must."""

    def estimated(self, movie: Movie) -> Self:
        """The same method with every setting that says "estimate" (0) replaced by a value read from the movie."""
        return self

    def segment(self, image: Array) -> NDArray[np.uint32]:
        """Label the cells of one frame.

        Parameters
        ----------
        image : (Y, X), any real dtype, finite.

        Returns
        -------
        (Y, X) uint32, 0 is background, each other number one cell.
        """
        raise NotImplementedError

    def frames(self, movie: Movie, frames: Sequence[int], runtime: Runtime) -> Iterator[NDArray[np.uint32]]:
        """Labels of the given frames, one by one; a method that works in batches has its own."""
        for t in frames:
            yield self.segment(movie.image(t))


@dataclass(frozen=True, eq=False)
class Linking:
    """What a linker did.

    Attributes
    ----------
    links : link table.
    method : the linker with its settings as they were used, estimates filled in.
    """

    links: pd.DataFrame
    method: Linker


class Linker(Method):
    """Cells to links."""

    family: ClassVar[str] = "link"
    reads_labels: ClassVar[bool] = False
    """True where outlines are read, from the movie's `labels`: those that the cells were measured on."""

    reads_images: ClassVar[bool] = False
    """True where the movie's images are read."""

    max_gap: int = setting(
        3,
        "Longest gap",
        unit="frames",
        ge=0,
        le=100,
        help="A cell missing for at most so many frames in a row stays one track; more closes more gaps "
        "and makes more wrong links.",
    )

    def estimated(self, cells: pd.DataFrame, movie: Movie) -> Self:
        """The same method with every setting that says "estimate" (0) replaced by a value read from the cells."""
        return self

    def link(self, cells: pd.DataFrame, movie: Movie, runtime: Runtime) -> pd.DataFrame:
        """Link the cells of one movie.

        Parameters
        ----------
        cells : a cell table (see `core.tables`).
        movie : its movie; most linkers don't need it.

        Returns
        -------
        A link table.
        """
        raise NotImplementedError

    def linked(self, cells: pd.DataFrame, movie: Movie, runtime: Runtime, pins: Pins | None = None) -> Linking:
        """Link with settings estimated and pins held; a linker that knows pins itself has its own.

        Here pins are made to hold after linking: what stood in their place is taken away, and is not linked anew.
        """
        from napari_cellstate.core.pins import Pins, hold

        pins = pins or Pins()
        kept = np.setdiff1d(np.arange(len(cells)), pins.dropped)
        some = cells.iloc[kept].reset_index(drop=True) if len(pins.dropped) else cells
        method = self.estimated(some, movie)
        links = method.link(some, movie, runtime)
        ends = {name: kept[links[name].to_numpy(np.int64)] for name in ("source", "target")}
        return Linking(hold(cells, links.assign(**ends), pins), method)


class FeatureSet(Method):
    """Windows of tracks to named numbers."""

    family: ClassVar[str] = "features"

    measures: ClassVar[tuple[str, ...]] = ()
    """Columns of the cell table that it reads beside frame, label, y and x; see `asks`."""

    needs: ClassVar[int] = 5
    """Frames a window must have for all of its columns to be defined; in shorter ones some are NaN."""

    looks_around: ClassVar[bool] = False
    """True where a row depends on other cells than its own, so that all tracks must be given at once."""

    measures_help: ClassVar[bool] = False
    """True where it has columns also if nothing that it asks for was measured."""

    derives: ClassVar[bool] = False
    """True where its columns are made from those of the sets before it, by `derive`."""

    def asks(self) -> tuple[str, ...]:
        """Columns of the cell table that `measure` must make for it; those of a channel end in its number."""
        return self.measures

    def ground(self) -> dict[str, str]:
        """What decides the result beside the settings, such as the content of a file; a part of the key."""
        return {}

    def features(self) -> tuple[Feature, ...]:
        """What each of its columns is, in order."""
        raise NotImplementedError

    def derive(self, columns: Mapping[str, Floats], runtime: Runtime) -> Floats:
        """Make columns from others, where `derives`.

        Parameters
        ----------
        columns : those of the sets before it, (N,) each, in um and hours where these are known.

        Returns
        -------
        (N, len(features())), NaN where a feature is not defined.
        """
        raise NotImplementedError

    def describe(self, windows: Windows, runtime: Runtime) -> Floats:
        """Describe every window.

        Returns
        -------
        (len(windows), len(features())) in px and frames, NaN where a feature is not defined.
        """
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Embedding:
    """Where an embedder puts the rows.

    Attributes
    ----------
    coordinates : (N, D) float64.
    info : plain JSON values worth keeping: variance explained, loadings, notes.
    columns : (N,) each: what else is known of every row, such as "sd"; they become columns of `obs`.
    spaces : (N, D) each: further coordinates, such as "code"; they become ``X_NAME_code`` in `obsm`.
    """

    coordinates: Floats
    info: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Floats] = field(default_factory=dict)
    spaces: dict[str, Floats] = field(default_factory=dict)


class Embedder(Method):
    """Rows of the behaviour table to a few coordinates."""

    family: ClassVar[str] = "embed"
    for_looking: ClassVar[bool] = False
    """True where distances mean little (t-SNE, UMAP): states read such a space only on an explicit word."""
    trains: ClassVar[bool] = False
    """True where it trains a net, which takes minutes."""
    least_rows: ClassVar[int] = 1
    """Fewer rows than this (but none at all) are refused, with a clear error: a net cannot learn from them."""

    def check_rows(self, rows: int) -> None:
        """InputError where there are rows, but too few."""
        if 0 < rows < self.least_rows:
            raise InputError(
                f"embed {self.kind}: {rows} windows are too few to train a net (at least {self.least_rows}); use "
                "shorter windows, add movies, or choose pca"
            )

    def wanted_crops(self) -> CropWish | None:
        """What crops it reads; None for an embedder of features."""
        return None

    def embed(self, behavior: AnnData, runtime: Runtime) -> Embedding:
        """Embed every row.

        Parameters
        ----------
        behavior : the behaviour table, with `layers["scaled"]` (N, F), finite.
        """
        raise NotImplementedError

    def embed_crops(self, behavior: AnnData, crops: Crops, runtime: Runtime) -> Embedding:
        """Embed every row from its crops; only for an embedder that wants some."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class NamedValues:
    """Features of the rows under their names.

    Attributes
    ----------
    names : (F,). values : (N, F) in physical units where known, NaN where not defined.
    """

    names: tuple[str, ...]
    values: Floats


@dataclass(frozen=True, eq=False)
class Rows:
    """What a state method sees: points, and how they follow each other.

    Attributes
    ----------
    points : (N, D) float64, finite.
    run : (N,) int64; rows of one run follow each other at the same spacing without a gap, sorted by time.
        Methods without time ignore it.
    overlap : rows of one run that share a frame: window over stride, at least 1.
    taught : (N,) int64, state that the user said a row is in, from 1; 0 for the others. None where nobody said.
    named : features behind the points, for methods that bring a space of their own; None where there are none.
    """

    points: Floats
    run: Ints
    overlap: float = 1.0
    taught: Ints | None = None
    named: NamedValues | None = None


@dataclass(frozen=True, eq=False)
class StateFit:
    """States of the rows, numbered from 0 in no particular order.

    Attributes
    ----------
    cluster : (N,) int64, best state of each row by itself.
    state : (N,) int64, best state given its neighbours in time; equal to `cluster` for methods without time.
    posterior : (N, K) float64 rows summing to 1, or None for methods that give no probability.
    notes : sentences that the user should read.
    """

    cluster: Ints
    state: Ints
    posterior: Floats | None = None
    notes: tuple[str, ...] = ()


class StateEstimator(Method):
    """Points to states."""

    family: ClassVar[str] = "states"

    k: int = setting(
        3,
        "Number of states",
        ge=1,
        le=30,
        estimated=True,
        help="How many behaviour states to look for. 3 is a first guess, not a finding.",
    )
    space: str = setting(
        "embed",
        "Space",
        rare=True,
        help='What the states are made from: "embed" (the first embedding), "features" (all scaled features), or the '
        "name of an embedding.",
    )
    seed: int = setting(
        0,
        "Seed",
        ge=0,
        rare=True,
        help="Start of the random numbers; the same seed gives the same states.",
    )

    def estimated(self, rows: Rows) -> Self:
        """The same method with every setting that says "estimate" (0) replaced by a value read from the rows."""
        return self

    def content(self) -> str:
        """Digest of what it reads beside the rows (a file), "" for nothing: it is part of the result's key."""
        return ""

    def fit(self, rows: Rows, runtime: Runtime) -> StateFit:
        """Find `k` states; fewer where the rows do not allow so many (said in the notes)."""
        raise NotImplementedError
