from __future__ import annotations

import pytest

from napari_cellstate.simulate.movie import Simulation, run_movie
from napari_cellstate.simulate.scene import Body, Scene


def small_scene(**values: object) -> Scene:
    return Scene(**{"frames": 12, "size": 128, "cells": 8, "body": Body(cycle=30.0), **values})


@pytest.fixture(scope="session")
def small() -> Simulation:
    """Eight cells, short cycles: a few divisions in twelve frames."""
    return run_movie(small_scene(), seed=(3,), condition="young", replicate="1")


@pytest.fixture(scope="session")
def default() -> Simulation:
    """One movie of the default sample."""
    return run_movie(Scene(), seed=(0,))
