"""Several workers over stores in memory, one store call at a time, in an order that a seed decides."""

from __future__ import annotations

import functools
import random
import threading
from collections.abc import Callable
from typing import Any

from chalicelib.errors import StoreUnavailableError


class _Crash(BaseException):
    """The process ends here: nothing catches it, as nothing catches a loss of power."""


class _Worker:
    def __init__(self, task: Callable[[], object]) -> None:
        self._task = task
        self._go, self._rests = threading.Semaphore(0), threading.Semaphore(0)
        self._is_doomed = False
        self.is_done = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def step(self, *, crash: bool = False) -> None:
        """Let it go on to its next store call."""
        self._is_doomed = crash
        self._go.release()
        self._rests.acquire()

    def wait_for_turn(self) -> None:
        self._rests.release()
        self._go.acquire()
        if self._is_doomed:
            raise _Crash

    def _run(self) -> None:
        self._go.acquire()
        try:
            if not self._is_doomed:
                self._task()
        except (_Crash, StoreUnavailableError):
            pass  # A queue delivers again what was not taken; the tests do so themselves.
        finally:
            self.is_done = True
            self._rests.release()


class Interleaving:
    """Workers added while others run; each store that they share is passed through `paced` first."""

    def __init__(self, seed: int, crash_share: float) -> None:
        self._chance = random.Random(seed)
        self._crash_share = crash_share
        self._workers: list[_Worker] = []
        self._by_thread: dict[int, _Worker] = {}

    def paced(self, store: Any) -> Any:
        return _Paced(store, self._pause)

    def add(self, task: Callable[[], object]) -> None:
        worker = _Worker(task)
        assert worker.thread.ident is not None
        self._by_thread[worker.thread.ident] = worker
        self._workers.append(worker)

    def run_some(self, steps: int) -> None:
        for _ in range(steps):
            if not self._workers:
                return
            worker = self._chance.choice(self._workers)
            worker.step(crash=self._chance.random() < self._crash_share)
            if worker.is_done:
                self._workers.remove(worker)

    def run_all(self) -> None:
        while self._workers:
            self.run_some(1)

    def _pause(self) -> None:
        worker = self._by_thread.get(threading.get_ident())
        if worker is not None:
            worker.wait_for_turn()


class _Paced:
    def __init__(self, store: Any, pause: Callable[[], None]) -> None:
        self._store = store
        self._pause = pause

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        @functools.wraps(method)
        def paced(*arguments: Any, **named: Any) -> Any:
            self._pause()
            return method(*arguments, **named)

        return paced
