"""Writing what runs log: what comes while a commit is under way is committed together with the next one.

One thread commits. A request is answered once its write survives the end of this process: after the commit that holds
it, or once it is in the intake (see `accepting`), from where this thread stores it some milliseconds later.
"""

import asyncio
import hashlib
import logging
import queue
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress

from attrs import define, field, frozen

from hookline.entities import Batch, NewRun, RunRecord, Write
from hookline.errors import HooklineError, Unavailable
from hookline_server.accepting import Accepting
from hookline_server.durability import DiskKeeper
from hookline_server.services import Services

MOST_TOGETHER = 256
"""Batches in one commit."""
REMEMBERED = 10_000
"""Requests whose repetition is recognised."""
NUL = b"\\u0000"
"""How JSON writes the character that no text should hold."""
GATHER_SECONDS, GATHER_TIMES, MOST_GATHER_SECONDS = 0.01, 4, 0.1
"""How long what is in the intake waits for more, while nobody waits for it: so many times as long as the last commit of
such took, so that committing leaves most of the time to answering."""
AGAIN_SECONDS = 0.5
"""The same while the store is away."""
COMPACT_SECONDS = 1.0
COMPACT_AFTER = 500
"""Batches of a run since it was last asked to rearrange what it has."""
log = logging.getLogger("hookline.server")


@frozen(eq=False)
class _Direct:
    """A batch of a run that waits for its commit, and who waits for it.

    Attributes:
        digest: of the request, so that one that is sent again, since its answer was lost, is stored once.
    """

    run_id: str
    batch: Batch
    digest: bytes
    done: "asyncio.Future[None]" = field(factory=lambda: asyncio.get_running_loop().create_future())


@frozen
class Kept:
    """What is safe in the intake: where a run was made, it."""

    made: RunRecord | None = None


_KEPT = Kept()


@define(eq=False)
class _Next:
    """What the thread does next: `settled` are told once all is stored that was taken before."""

    direct: list[_Direct] = field(factory=list)
    settled: "list[asyncio.Future[None]]" = field(factory=list)
    is_last: bool = False


class _Wake:
    """Put into the queue, it says that there is something in the intake."""


_WAKE = _Wake()


class Writes:
    """What is written: at once into the intake where it may be, else in the next commit; and the thread that commits.

    Args:
        accepting: what may be answered for before its commit.
    """

    def __init__(self, services: Services, accepting: Accepting, keeper: DiskKeeper) -> None:
        self._services, self._accepting, self._keeper = services, accepting, keeper
        self._queue: queue.SimpleQueue[_Direct | asyncio.Future[None] | _Wake | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_asleep = False
        self._problem: HooklineError | None = None
        self._gather_seconds = GATHER_SECONDS
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self._stored: OrderedDict[object, None] = OrderedDict()
        self._grown: dict[str, int] = {}
        self._compacted_at = time.monotonic()

    def keep(self, write: Write, body: bytes) -> Kept | None:
        """Keep a write in the intake, where it may be answered for now: it is safe from the end of this process.

        Args:
            body: of the request.

        Raises:
            InvalidValue: as `TrackingStore.create_run`.
        """
        if NUL in body:  # which some stores do not hold in a text
            return None
        if isinstance(write, NewRun):
            made = self._accepting.take_run(write)
            if made is None:
                return None
            self._wake()
            return Kept(made)
        run_id, batch = write
        digest = _digest(batch, body)
        if digest and (run_id, digest) in self._stored:
            return _KEPT
        if run_id in self._under_way or not self._accepting.take(run_id, batch):
            return None
        self._remember(run_id, digest)
        self._wake()
        return _KEPT

    async def add(self, write: Write, body: bytes) -> RunRecord | None:
        """Return when a write is safe from the end of this process; what is returned is the run that it made.

        Args:
            body: of the request.
        """
        kept = self.keep(write, body)
        if kept is not None:
            return kept.made
        if isinstance(write, NewRun):
            return await self._services.threads(self._create, write)  # type: ignore[no-any-return]
        run_id, batch = write
        direct = _Direct(run_id, batch, _digest(batch, body))
        self._under_way[run_id] += 1
        self._put(direct)
        await direct.done
        return None

    def settled(self) -> "asyncio.Future[None]":
        """Return what is done once all that was answered for is stored."""
        settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put(settled)
        return settled

    def close(self) -> None:
        """Return when all that was added is stored."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _wake(self) -> None:
        if self._thread is None or self._is_asleep:
            self._is_asleep = False
            self._put(_WAKE)

    def _put(self, what: "_Direct | asyncio.Future[None] | _Wake") -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hookline-writes", daemon=True)
            self._thread.start()
        self._queue.put(what)

    # On the thread ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            found = self._next()
            problem = self._store_taken()
            if found.direct:
                try:
                    if problem is not None:  # they may be of runs that are not stored yet
                        raise problem
                    self._store(found.direct)
                except BaseException as error:  # noqa: BLE001 - it is handed to who waits
                    self._tell([(write, error) for write in found.direct])
            if found.settled:
                _in_loop(found.settled[0], _settle_all, found.settled, problem)
            self._compact(found.is_last)
            if found.is_last:
                return

    def _next(self) -> _Next:
        """Return what waits to be stored, after some milliseconds where nobody waits for it."""
        found = _Next()
        try:
            first = self._queue.get(timeout=self._patience())
            self._is_asleep = False
            while True:
                if first is None:
                    found.is_last = True
                elif isinstance(first, _Direct):
                    found.direct.append(first)
                elif not isinstance(first, _Wake):
                    found.settled.append(first)
                elif not (found.direct or found.settled):
                    first = self._queue.get(timeout=self._gather_seconds)
                    continue
                if found.is_last or len(found.direct) == MOST_TOGETHER:
                    return found
                first = self._queue.get_nowait()
        except queue.Empty:
            return found

    def _patience(self) -> float | None:
        """Return how long to wait for what somebody waits for."""
        self._is_asleep = True  # before looking: whoever takes something from here on wakes this thread
        if self._accepting.is_behind:
            self._is_asleep = False
            return self._gather_seconds if self._problem is None else AGAIN_SECONDS
        return COMPACT_SECONDS if self._grown else None

    def _store_taken(self) -> HooklineError | None:
        """Store what was taken; return why that cannot be done now."""
        self._problem, began = None, time.perf_counter()
        try:
            run_ids = self._accepting.store()
        except HooklineError as error:
            self._problem = error
            log.error("What was answered for waits in the intake: %s", error)
            return error
        except Exception:  # a mistake of ours must not end the thread that everybody waits for
            log.exception("What was answered for waits in the intake")
            self._problem = Unavailable("The server failed to store what it answered for; its log says more.")
            return self._problem
        if run_ids:
            took = GATHER_TIMES * (time.perf_counter() - began)
            self._gather_seconds = min(MOST_GATHER_SECONDS, max(GATHER_SECONDS, took))
            self._keeper.wrote()
            for run_id in run_ids:
                self._grown[run_id] = self._grown.get(run_id, 0) + 1
        return None

    def _create(self, run: NewRun) -> RunRecord:
        """Create a run, on any thread."""
        generation = self._accepting.generation
        made = self._services.tracking.create_run(run)
        self._keeper.wrote()
        self._accepting.confirm(generation, [made.info.run_id])
        self._accepting.confirm_experiment(generation, run.experiment_id)
        return made

    def _store(self, together: Sequence[_Direct]) -> None:
        new: dict[object, _Direct] = {}
        repeated: list[tuple[_Direct, object]] = []
        generation = self._accepting.generation
        for write in together:
            key = (write.run_id, write.digest) if write.digest else write.done
            if key in new:
                repeated.append((write, key))
            elif key in self._stored:
                repeated.append((write, None))
            else:
                new[key] = write
        problems = self._services.tracking.write_together([(write.run_id, write.batch) for write in new.values()])
        self._keeper.wrote()
        outcomes = dict(zip(new, problems, strict=True))
        stored = [write for key, write in new.items() if outcomes[key] is None]
        for write in stored:
            self._grown[write.run_id] = self._grown.get(write.run_id, 0) + 1
            self._remember(write.run_id, write.digest)
        self._accepting.confirm(generation, [write.run_id for write in stored])
        told = [(write, outcomes[key]) for key, write in new.items()]
        self._tell(told + [(write, outcomes.get(key)) for write, key in repeated])

    def _remember(self, run_id: str, digest: bytes) -> None:
        if digest:
            with self._lock:
                self._stored[run_id, digest] = None
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

    def _tell(self, outcomes: Sequence[tuple[_Direct, BaseException | None]]) -> None:
        """Let those who wait go on, in their loop."""
        _in_loop(outcomes[0][0].done, self._settle, outcomes)

    def _settle(self, outcomes: Sequence[tuple[_Direct, BaseException | None]]) -> None:
        for write, problem in outcomes:
            self._under_way[write.run_id] -= 1
            if not self._under_way[write.run_id]:
                del self._under_way[write.run_id]
            _settle_all([write.done], problem)


def _digest(batch: Batch, body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest() if batch.size else b""


def _in_loop(future: "asyncio.Future[None]", call: Callable[..., None], *arguments: object) -> None:
    with suppress(RuntimeError):  # the loop is closed, and nobody waits
        future.get_loop().call_soon_threadsafe(call, *arguments)


def _settle_all(futures: "Sequence[asyncio.Future[None]]", problem: BaseException | None) -> None:
    for future in futures:
        if future.done():  # the client is gone
            continue
        if problem is None:
            future.set_result(None)
        else:
            future.set_exception(problem)
