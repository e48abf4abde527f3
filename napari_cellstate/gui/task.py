"""Long work beside the window: progress, cancel, and an end that always comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject, Signal
from superqt.utils import FunctionWorker

from napari_cellstate.core.errors import Cancelled
from napari_cellstate.core.progress import Progress

_EVERY = 0.05
"""Seconds between two reports: more would flood the window's queue of events."""


class Task(QObject):
    """Runs one function at a time in a thread.

    Signals (all arrive in the window's own thread)
    -------
    started : work has begun.
    progressed : done, total, what.
    succeeded : with the result.
    failed : with the exception.
    stopped : the user cancelled.
    ended : last of all, whatever happened.

    Notes
    -----
    The worker is a plain function: a generator's worker swallows every RuntimeError (such as CUDA out of memory).
    Cancelling raises `Cancelled` in the work's next call of progress.
    """

    started = Signal()
    progressed = Signal(int, int, str)
    succeeded = Signal(object)
    failed = Signal(object)
    stopped = Signal()
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: FunctionWorker[Any] | None = None
        self._cancel = threading.Event()
        self._answered = False

    @property
    def running(self) -> bool:
        """Whether something is running; True until `ended`."""
        return self._worker is not None

    def start(self, work: Callable[[Progress], Any]) -> None:
        """Call ``work(progress)`` in a thread; nothing happens where something is running already."""
        if self.running:
            return
        self._cancel.clear()
        self._answered = False
        worker: FunctionWorker[Any] = FunctionWorker(work, self._reporter())
        worker.returned.connect(self._on_returned)
        worker.errored.connect(self._on_errored)
        worker.finished.connect(self._on_finished)
        self._worker = worker
        self.started.emit()
        worker.start()

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self._cancel.set()

    def _reporter(self) -> Progress:
        last = 0.0

        def report(done: int, total: int, what: str) -> None:
            nonlocal last
            worker = self._worker
            if self._cancel.is_set() or (worker is not None and worker.abort_requested):  # napari is closing
                raise Cancelled
            now = time.monotonic()
            if now - last >= _EVERY or done >= total:
                last = now
                self.progressed.emit(done, total, what)

        return report

    def _on_returned(self, result: object) -> None:
        self._answered = True
        self.succeeded.emit(result)

    def _on_errored(self, error: BaseException) -> None:
        self._answered = True
        if isinstance(error, Cancelled):
            self.stopped.emit()
        else:
            self.failed.emit(error)

    def _on_finished(self) -> None:
        self._worker = None
        if not self._answered:
            self.stopped.emit()
        self.ended.emit()
