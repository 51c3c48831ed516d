"""Writing what runs log: what comes while a commit is under way is committed together with the next one.

One thread writes. A request is answered after the commit that holds its batch, never before.
"""

import asyncio
import hashlib
import logging
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence

from attrs import field, frozen

from hookline.entities import Batch
from hookline.errors import HooklineError
from hookline_server.durability import DiskKeeper
from hookline_server.services import Services

MOST_TOGETHER = 256
"""Batches in one commit."""
REMEMBERED = 10_000
"""Requests whose repetition is recognised."""
COMPACT_SECONDS = 1.0
COMPACT_AFTER = 500
"""Batches of a run since it was last asked to rearrange what it has."""
log = logging.getLogger("hookline.server")


@frozen(eq=False)
class Write:
    """A batch of a run on its way to the store, and who waits for it.

    Attributes:
        digest: of the request, so that one that is sent again, since its answer was lost, is stored once.
    """

    run_id: str
    batch: Batch
    digest: bytes
    done: "asyncio.Future[None]" = field(factory=lambda: asyncio.get_running_loop().create_future())


class Writes:
    """The queue of batches, and the thread that stores them."""

    def __init__(self, services: Services, keeper: DiskKeeper) -> None:
        self._services, self._keeper = services, keeper
        self._queue: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stored: OrderedDict[object, None] = OrderedDict()
        self._grown: dict[str, int] = {}
        self._compacted_at = time.monotonic()

    def add(self, run_id: str, batch: Batch, body: bytes) -> "asyncio.Future[None]":
        """Store a batch of a run; the future is done after its commit.

        Args:
            body: of the request.
        """
        write = Write(run_id, batch, hashlib.blake2b(body, digest_size=16).digest() if batch.metrics else b"")
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hookline-writes", daemon=True)
            self._thread.start()
        self._queue.put(write)
        return write.done

    def close(self) -> None:
        """Return when all that was added is stored."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        while True:
            together, last = self._next()
            if together:
                try:
                    self._store(together)
                except BaseException as error:  # noqa: BLE001 - it is handed to who waits
                    _tell([(write, error) for write in together])
            self._compact(last)
            if last:
                return

    def _next(self) -> tuple[list[Write], bool]:
        """Return what waits to be stored, at least one write where it is not the end."""
        try:
            first = self._queue.get(timeout=COMPACT_SECONDS if self._grown else None)
        except queue.Empty:
            return [], False
        together: list[Write] = []
        while first is not None:
            together.append(first)
            if len(together) == MOST_TOGETHER:
                return together, False
            try:
                first = self._queue.get_nowait()
            except queue.Empty:
                return together, False
        return together, True

    def _store(self, together: Sequence[Write]) -> None:
        new: dict[object, Write] = {}
        repeated: list[tuple[Write, object]] = []
        for write in together:
            key = (write.run_id, write.digest) if write.digest else write.done
            if key in new:
                repeated.append((write, key))
            elif key in self._stored:
                repeated.append((write, None))
            else:
                new[key] = write
        problems = self._services.tracking.log_batches([(write.run_id, write.batch) for write in new.values()])
        self._keeper.wrote()
        outcomes = dict(zip(new, problems, strict=True))
        for key, write in new.items():
            if outcomes[key] is None:
                self._remember(write)
        _tell([(write, outcomes[key]) for key, write in new.items()] + [(w, outcomes.get(key)) for w, key in repeated])

    def _remember(self, write: Write) -> None:
        self._grown[write.run_id] = self._grown.get(write.run_id, 0) + 1
        if write.digest:
            self._stored[write.run_id, write.digest] = None
            if len(self._stored) > REMEMBERED:
                self._stored.popitem(last=False)

    def _compact(self, now: bool) -> None:
        """Let the store rearrange runs that have grown, now and then."""
        if not now and time.monotonic() - self._compacted_at < COMPACT_SECONDS:
            return
        for run_id, count in list(self._grown.items()):
            if count >= COMPACT_AFTER or now:
                del self._grown[run_id]
                try:
                    self._services.tracking.compact(run_id)
                except HooklineError as error:
                    log.debug("%s", error)
        self._compacted_at = time.monotonic()


def _tell(outcomes: Sequence[tuple[Write, BaseException | None]]) -> None:
    """Let those who wait go on, in their loop."""
    outcomes[0][0].done.get_loop().call_soon_threadsafe(_settle, outcomes)


def _settle(outcomes: Sequence[tuple[Write, BaseException | None]]) -> None:
    for write, problem in outcomes:
        if write.done.done():  # the client is gone
            continue
        if problem is None:
            write.done.set_result(None)
        else:
            write.done.set_exception(problem)
