from __future__ import annotations

import threading
import time

import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.gui.task import Task


@pytest.fixture
def task(qapp):
    task = Task()
    yield task
    task.deleteLater()


def test_result_and_progress_arrive_in_the_windows_thread(qtbot, task):
    seen, results = [], []
    task.progressed.connect(lambda done, total, what: seen.append((done, total, what)))
    task.succeeded.connect(lambda result: results.append((result, threading.current_thread())))

    def work(progress):
        for at in range(4):
            progress(at, 3, "counting")
        return "made"

    with qtbot.waitSignal(task.ended):
        task.start(work)
        assert task.running
    assert results == [("made", threading.main_thread())]
    assert seen[-1] == (3, 3, "counting")
    assert not task.running


@pytest.mark.parametrize("error", [RuntimeError("CUDA out of memory"), MemoryError(), InputError("bad"), ValueError()])
def test_every_error_comes_back(qtbot, task, error):
    def work(progress):
        raise error

    failed, stopped = [], []
    task.failed.connect(failed.append)
    task.stopped.connect(lambda: stopped.append(1))
    with qtbot.waitSignal(task.ended):
        task.start(work)
    assert failed == [error]
    assert not stopped
    assert not task.running


def test_cancel(qtbot, task):
    def work(progress):
        for at in range(10_000):
            progress(at, 10_000, "waiting")
            time.sleep(0.005)

    failed = []
    task.failed.connect(failed.append)
    task.start(work)
    qtbot.waitSignal(task.progressed).wait()
    start = time.monotonic()
    with qtbot.waitSignal(task.stopped, timeout=1000):
        task.cancel()
    assert time.monotonic() - start < 1
    qtbot.waitUntil(lambda: not task.running)
    assert not failed


def test_one_at_a_time_and_again(qtbot, task):
    started = []
    with qtbot.waitSignal(task.ended):
        task.start(lambda progress: started.append("first") or time.sleep(0.1))
        task.start(lambda progress: started.append("second"))
    with qtbot.waitSignal(task.ended):
        task.start(lambda progress: started.append("third"))
    assert started == ["first", "third"]
