"""The recipe: which method, with which settings, for each stage."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, cast

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Embedder, FeatureSet, Linker, Segmenter, StateEstimator
from napari_cellstate.core.method import Method, parse, parse_settings, setting
from napari_cellstate.dynamics.settings import DynamicsSettings
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.methods import available
from napari_cellstate.methods.measure.regions import Measure

AUTO = "auto"
"""What a recipe says to leave the choice of segmenter and linker to what each movie was added with."""

DEFAULTS = {"segment": "threshold", "link": "lap", "features": ("motility", "shape"), "embed": ("pca",)}
DEFAULT_STATES = "hmm"


class WindowSettings(Method):
    """Which windows of the tracks are described."""

    family: ClassVar[str] = "features"
    kind: ClassVar[str] = "windows"
    title: ClassVar[str] = "Windows"

    window: int = setting(
        3,
        "Window",
        unit="frames",
        ge=1,
        le=10_000,
        help="Frames that one row describes; longer ones are surer and blur fast switches.",
    )
    stride: int = setting(
        1,
        "Stride",
        unit="frames",
        ge=1,
        le=10_000,
        help="Every stride-th window is kept; below the window length, rows overlap and are not independent.",
    )
    min_track: int = setting(
        0,
        "Shortest track",
        unit="frames",
        ge=0,
        le=100_000,
        rare=True,
        help="Tracks with fewer cells are left out; 0 keeps all. Cells that leave or die young are then missing, and "
        "the states lean toward the others: how many are left out is shown.",
    )
    border: float = setting(
        0.0,
        "Distance from the border",
        unit="px",
        ge=0,
        step=1.0,
        rare=True,
        help="Tracks that come nearer to the border of the image are left out; 0 keeps all.",
    )
    keep: str = setting(
        "",
        "Only tracks with",
        rare=True,
        help='Conditions such as "quality >= 0.5 and area > 50": means of measured columns over a track, and n_cells, '
        "n_missing, n_doubtful, worst_doubt, starts_inside, ends_inside, quality. Others are left out, and counted.",
    )
    resample_dt_s: float = setting(
        0.0,
        "Common frame interval",
        unit="s",
        ge=0,
        step=1.0,
        rare=True,
        help="Off at 0. Else only every n-th frame is looked at, so that movies taken at different intervals can be "
        "pooled; window and stride then count these.",
    )
    resample_pixel_size: bool = setting(
        False,
        "Pool different pixel sizes",
        rare=True,
        help="Let movies with different pixel sizes be pooled in um; their outlines are not equally sharp.",
    )


@dataclass(frozen=True)
class Recipe:
    """Methods and settings of every stage; `Recipe()` is the default one.

    Attributes
    ----------
    segment, link : None leaves the choice to each movie ("auto"): what it was added with, else the default.
    measure, dynamics, windows : settings of stages without a choice of method.
    features : one or more feature sets.
    embed : one or more embeddings; `states` reads the first.
    states : finds the states.
    threads : for all computations; fixed, since it can change the last digits of sums.
    """

    segment: Segmenter | None = None
    measure: Measure = field(default_factory=Measure)
    link: Linker | None = None
    windows: WindowSettings = field(default_factory=WindowSettings)
    features: tuple[FeatureSet, ...] = field(default_factory=lambda: cast("Any", _default("features")))
    embed: tuple[Embedder, ...] = field(default_factory=lambda: cast("Any", _default("embed")))
    states: StateEstimator = field(
        default_factory=lambda: cast("StateEstimator", available("states")[DEFAULT_STATES]())
    )
    dynamics: DynamicsSettings = field(default_factory=DynamicsSettings)
    threads: int = 2

    def segmenter(self, entry: MovieEntry) -> Segmenter | None:
        """The method that segments this movie; None where there is nothing to segment (tracks were given)."""
        if entry.tracks is not None and entry.labels is None:
            return None
        if self.segment is not None:
            return self.segment
        kind = "labels" if entry.labels is not None else DEFAULTS["segment"]
        return cast("Segmenter", available("segment")[cast("str", kind)]())

    def linker(self, entry: MovieEntry) -> Linker:
        """The method that links this movie."""
        if self.link is not None:
            return self.link
        kind = "tracks" if entry.tracks is not None else DEFAULTS["link"]
        return cast("Linker", available("link")[cast("str", kind)]())

    def every(self, entry: MovieEntry) -> int:
        """Each how-many-th frame of this movie is looked at (1 without resampling)."""
        wanted = self.windows.resample_dt_s
        if not wanted:
            return 1
        if not entry.dt_s:
            raise InputError(f"movie {entry.name} has no frame interval, so it cannot be resampled; give it with --dt")
        every = max(1, round(wanted / entry.dt_s))
        if abs(every * entry.dt_s / wanted - 1) > 0.02:
            raise InputError(
                f"movie {entry.name}: resample_dt_s = {wanted:g} is not a multiple of its frame interval "
                f"{entry.dt_s:g} s within 2 %"
            )
        return every

    def to_dict(self) -> dict[str, Any]:
        """As it stands in TOML."""
        return {
            "threads": self.threads,
            "segment": _settings(self.segment) if self.segment else {"method": AUTO},
            "measure": _settings(self.measure, with_method=False),
            "link": _settings(self.link) if self.link else {"method": AUTO},
            "features": {
                **_settings(self.windows, with_method=False),
                "sets": [_settings(one) for one in self.features],
            },
            "embed": [_settings(one) for one in self.embed],
            "states": _settings(self.states),
            "dynamics": _settings(self.dynamics, with_method=False),
        }


def recipe_from(content: Mapping[str, Any], where: str = "recipe") -> Recipe:
    """Make a recipe from what stands in TOML; sections left out are the default ones.

    Raises
    ------
    InputError
        Unknown section, method or setting, wrong type, value out of bounds.
    """
    default = Recipe()
    unknown = set(content) - set(default.to_dict())
    if unknown:
        raise InputError(f"{where}: no section {sorted(unknown)[0]!r}; known: {', '.join(default.to_dict())}")
    features = dict(_table(content, "features", where))
    sets = features.pop("sets", None)
    changes: dict[str, Any] = {
        "threads": _threads(content.get("threads", default.threads), where),
        "measure": parse_settings(Measure, _table(content, "measure", where), f"{where} [measure]"),
        "windows": parse_settings(WindowSettings, features, f"{where} [features]"),
        "dynamics": parse_settings(DynamicsSettings, _table(content, "dynamics", where), f"{where} [dynamics]"),
    }
    for stage in ("segment", "link", "states"):
        record = _table(content, stage, where)
        if record and record != {"method": AUTO}:
            changes[stage] = _method(stage, record, f"{where} [{stage}]")
    for stage, records in (("features", sets), ("embed", content.get("embed"))):
        if records is not None:
            changes[stage] = _methods(stage, records, f"{where} [[{stage}{'.sets' if stage == 'features' else ''}]]")
    return replace(default, **changes)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe file."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"recipe {path} does not exist") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"recipe {path} is not TOML: {error}") from None
    except OSError as error:
        raise InputError(f"recipe {path} cannot be read: {error.strerror}") from None
    return recipe_from(content, path.name)


def _default(stage: str) -> tuple[Method, ...]:
    return tuple(available(stage)[kind]() for kind in DEFAULTS[stage])


def _settings(method: Method, *, with_method: bool = True) -> dict[str, Any]:
    record = method.record()
    del record["version"]
    if not with_method:
        del record["method"]
    return record


def _table(content: Mapping[str, Any], section: str, where: str) -> Mapping[str, Any]:
    value = content.get(section, {})
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: {section} must be a section, [{section}]; found {value!r}")
    return value


def _method(stage: str, record: Mapping[str, Any], where: str) -> Method:
    return parse(available(stage), record, where)


def _methods(stage: str, records: Any, where: str) -> tuple[Method, ...]:
    if not isinstance(records, list) or not records or not all(isinstance(record, Mapping) for record in records):
        raise InputError(f"{where}: expected one or more sections {where.split()[-1]}; found {records!r}")
    return tuple(_method(stage, record, where) for record in records)


def _threads(value: Any, where: str) -> int:
    if type(value) is not int or not 1 <= value <= 1024:
        raise InputError(f"{where}: threads = {value!r}; expected a whole number from 1 to 1024")
    return value
