"""Adapters of other trackers: against small stand-ins, so that the packages need not be there."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass, replace
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core import method as methods
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import CONFIDENCE, check_links, empty_cells
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.kits.inputs import cells_of, movie
from napari_cellstate.methods.link.btrack import BtrackLinker
from napari_cellstate.methods.link.trackastra import TrackastraLinker

PACKAGES = ("btrack", "trackastra", "laptrack")


@pytest.mark.parametrize("name", PACKAGES)
@pytest.mark.parametrize("there", [True, False])
def test_a_method_is_known_only_where_its_package_is(name: str, there: bool, monkeypatch) -> None:
    monkeypatch.setitem(methods._registry, "link", {})
    found = importlib.util.find_spec

    def spec(package: str, *rest: Any) -> Any:
        return (object() if there else None) if package == name else found(package, *rest)

    path = f"napari_cellstate.methods.link.{name}"
    monkeypatch.delitem(sys.modules, path, raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", spec)
    importlib.import_module(path)
    assert list(methods.registered("link")) == ([name] if there else [])


@dataclass
class Engine:
    """A stand-in for btrack's: remembers what it is given, and returns the tracks that a test set."""

    verbose: bool
    made: ClassVar[list[Engine]] = []
    tracks: ClassVar[list[SimpleNamespace]] = []

    def __enter__(self) -> Engine:
        self.made.append(self)
        return self

    def __exit__(self, *_: object) -> None: ...

    def configure(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration

    def append(self, objects: pd.DataFrame) -> None:
        self.objects = objects

    def track(self) -> None: ...

    def optimise(self) -> None: ...


@pytest.fixture
def engine(monkeypatch) -> type[Engine]:
    package = ModuleType("btrack")
    package.BayesianTracker = Engine  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "btrack", package)
    monkeypatch.setattr(Engine, "made", [])
    monkeypatch.setattr(Engine, "tracks", [])
    return Engine


def track(number: int, refs: list[int], parent: int | None = None) -> SimpleNamespace:
    return SimpleNamespace(ID=number, refs=refs, parent=number if parent is None else parent)


def line(frames: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"frame": frames, "label": 1, "y": 3.0 * np.arange(len(frames)), "x": 0.0}).astype(
        {"label": int}
    )


def test_tracks_of_btrack_become_links(engine) -> None:
    """A mother of rows 0 and 1, with a frame filled in, and her two daughters."""
    cells = line([5, 7, 8, 8, 9])
    cells["label"] = [1, 1, 1, 2, 1]
    engine.tracks = [track(1, [0, -1, 1]), track(2, [2, 4], parent=1), track(3, [3], parent=1)]
    links = BtrackLinker(search_range=9.0).link(cells, movie(2), Runtime())
    check_links(cells, links)
    assert list(zip(links["source"], links["target"], strict=True)) == [(0, 1), (1, 2), (1, 3), (2, 4)]
    np.testing.assert_allclose(links["cost"], [3, 3, 6, 6])
    assert Tracks(cells, links, 3).table()["parent"].tolist() == [0, 1, 1]
    assert engine.made[0].objects["t"].tolist() == [0, 2, 3, 3, 4]  # from 0, wherever the cells begin


@pytest.mark.parametrize(("max_gap", "lost"), [(0, 1), (4, 4), (10, 10), (100, 10)])
def test_btrack_is_given_what_it_can_bear(engine, max_gap: int, lost: int) -> None:
    engine.tracks = [track(1, [0, 1, -1, 2])]
    cells = line([0, 1, 3])
    links = BtrackLinker(search_range=12.0, max_gap=max_gap, divisions=False).link(cells, movie(2), Runtime())
    given = engine.made[0].configuration
    assert given["motion_model"]["max_lost"] == lost
    assert given["max_search_radius"] == 12
    assert "P_branch" not in given["hypothesis_model"]["hypotheses"]
    np.testing.assert_array_equal(given["motion_model"]["A"] @ [1, 2, 3, 4, 5, 6], [5, 7, 9, 4, 5, 6])
    assert len(links) == (1 if max_gap == 0 else 2)  # no link over more frames than asked for


def test_btrack_that_does_not_start_is_said(engine, monkeypatch) -> None:
    def broken(verbose: bool) -> None:
        raise Exception("no such library")

    monkeypatch.setattr(sys.modules["btrack"], "BayesianTracker", broken)
    with pytest.raises(InputError, match=r"does not start \(no such library\).*pip install btrack"):
        BtrackLinker().link(line([0, 1]), movie(2), Runtime())


def test_btrack_estimates_its_range_and_copes_without_cells(engine) -> None:
    assert BtrackLinker().estimated(line([0, 1, 2]), movie(2)).search_range > 0
    assert BtrackLinker(search_range=4.0).estimated(line([0, 1]), movie(2)).search_range == 4
    assert len(BtrackLinker().link(empty_cells(), movie(2), Runtime())) == 0
    assert not engine.made


class Net:
    """A stand-in for trackastra's model: the same label is the same cell, with a weight of 0.9."""

    tuple_: ClassVar[bool] = True
    seen: ClassVar[list[tuple[str, str, str]]] = []
    masks: ClassVar[np.ndarray]

    @classmethod
    def from_pretrained(cls, name: str, device: str) -> Net:
        if name == "ctc":
            raise ConnectionError("no route")
        net = cls()
        net.asked = (name, device)
        return net

    def track(self, imgs: np.ndarray, masks: np.ndarray, mode: str) -> Any:
        import networkx as nx

        assert imgs.shape == masks.shape
        self.seen.append((*self.asked, mode))
        type(self).masks = masks
        graph, last = nx.DiGraph(), {}
        for t, plane in enumerate(masks):
            for label in np.unique(plane[plane > 0]).tolist():
                node = len(graph)
                graph.add_node(node, time=t, label=label)
                if label in last and graph.nodes[last[label]]["time"] == t - 1:
                    graph.add_edge(last[label], node, weight=np.float32(0.9))
                last[label] = node
        return (graph, masks) if self.tuple_ else graph


@pytest.fixture
def net(monkeypatch) -> type[Net]:
    package = ModuleType("trackastra.model")
    package.Trackastra = Net  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "trackastra", ModuleType("trackastra"))
    monkeypatch.setitem(sys.modules, "trackastra.model", package)
    monkeypatch.setattr(Net, "seen", [])
    return Net


@pytest.mark.parametrize("tuple_", [True, False])  # releases differ in whether the masks come with the graph
def test_a_graph_of_trackastra_becomes_links(net, tuple_: bool, monkeypatch) -> None:
    monkeypatch.setattr(net, "tuple_", tuple_)
    of = movie(6, empty=(0,))
    cells = cells_of(np.stack([of.labels.read(t, 0) for t in of.frames]))  # type: ignore[union-attr]
    links = TrackastraLinker(divisions=False).link(cells, of, Runtime())
    check_links(cells, links)
    tracks = Tracks(cells, links, 3)
    assert (tracks.track == cells["label"]).all()
    assert len(links) == 8
    np.testing.assert_allclose(links["cost"], 2)
    np.testing.assert_allclose(links[CONFIDENCE], 0.9, rtol=1e-6)
    assert net.seen == [("general_2d", "automatic", "greedy_nodiv")]
    assert len(net.masks) == 5  # from the first frame with cells


def test_cells_that_are_left_out_are_not_shown_to_trackastra(net) -> None:
    of = movie(3)
    cells = cells_of(np.stack([of.labels.read(t, 0) for t in of.frames]))  # type: ignore[union-attr]
    some = cells[cells["label"] == 2].reset_index(drop=True)
    assert len(TrackastraLinker().link(some, of, Runtime(device="cpu"))) == 2
    assert set(np.unique(net.masks)) == {0, 2}
    assert net.seen == [("general_2d", "cpu", "greedy")]


@pytest.mark.parametrize("lacking", ["source", "labels"])
def test_trackastra_without_images_or_outlines_is_refused(net, lacking: str) -> None:
    of = movie(3)
    cells = cells_of(np.stack([of.labels.read(t, 0) for t in of.frames]))  # type: ignore[union-attr]
    with pytest.raises(InputError, match="needs images and outlines"):
        TrackastraLinker().link(cells, replace(of, **{lacking: None}), Runtime())


def test_a_net_that_cannot_be_fetched_is_said(net) -> None:
    of = movie(3)
    cells = cells_of(np.stack([of.labels.read(t, 0) for t in of.frames]))  # type: ignore[union-attr]
    with pytest.raises(InputError, match=r"'ctc' could not be had \(no route\)"):
        TrackastraLinker(model="ctc").link(cells, of, Runtime())
    assert len(TrackastraLinker(model="ctc").link(cells[cells["frame"] == 0], of, Runtime())) == 0
