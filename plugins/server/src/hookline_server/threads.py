"""Threads on which the server waits for disks and stores, while its event loop answers others."""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

Call: TypeAlias = "tuple[asyncio.Future[Any], Callable[..., Any], tuple[Any, ...]]"
Outcome: TypeAlias = "tuple[asyncio.Future[Any], Any, BaseException | None]"


class Threads:
    """A number of threads, which are started when they are needed.

    `ThreadPoolExecutor` wakes the event loop once for each call, by two futures and a lock for each. Here what threads
    have done is handed back together, when the loop comes by: with eight calls under way that takes a quarter of the
    time. One loop uses them.

    Args:
        count: how many. name: of each.
    """

    def __init__(self, count: int, name: str) -> None:
        self._most, self._name = count, name
        self._threads: list[threading.Thread] = []
        self._waiting: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._under_way = 0
        self._done: deque[Outcome] = deque()
        self._is_told = False

    def __call__(self, call: Callable[..., Any], *arguments: Any) -> "asyncio.Future[Any]":
        """Call something on a thread; the future is done in the loop from which this is called."""
        future = asyncio.get_running_loop().create_future()
        self._under_way += 1
        if self._under_way > len(self._threads) < self._most:
            self._start()
        self._waiting.put((future, call, arguments))
        return future

    def close(self) -> None:
        """Return when all that was asked for is done, and the threads have ended."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _start(self) -> None:
        name = f"{self._name}-{len(self._threads)}"
        self._threads.append(threading.Thread(target=self._run, name=name, daemon=True))
        self._threads[-1].start()

    def _run(self) -> None:
        while (work := self._waiting.get()) is not None:
            future, call, arguments = work
            try:
                outcome: Outcome = future, call(*arguments), None
            except StopIteration as error:  # which no future takes
                outcome = future, None, RuntimeError(f"{call} ended its generator: {error}")
            except BaseException as error:  # noqa: BLE001 - it is handed to who waits
                outcome = future, None, error
            self._done.append(outcome)
            if not self._is_told:  # whoever reads this before the loop does finds what was just added
                self._is_told = True
                with suppress(RuntimeError):  # the loop is closed, and nobody waits
                    future.get_loop().call_soon_threadsafe(self._hand_back)
            del work, future, call, arguments, outcome  # nothing is kept while this waits

    def _hand_back(self) -> None:
        self._is_told = False  # from here on another call is needed for what is added
        while self._done:
            future, result, error = self._done.popleft()
            self._under_way -= 1
            if future.done():  # the client is gone
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
