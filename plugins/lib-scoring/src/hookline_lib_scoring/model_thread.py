"""The thread on which a model answers: one call at a time, with the requests that came meanwhile together."""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from hookline_lib_scoring.forms import Question
from hookline_lib_scoring.replies import Reply, failure

log = logging.getLogger("hookline.serving")
MOST_WAITING = 64
"""How many requests are taken from the queue at once."""
Answers: TypeAlias = Sequence[tuple[int, Reply]]
"""Replies with the positions of their questions."""
_Waiting: TypeAlias = "tuple[Question, asyncio.AbstractEventLoop, asyncio.Future[Reply]]"


class ModelThread:
    """Asks one after another on a daemon thread: a call that never returns does not keep the process alive.

    Args:
        answer: returns the replies to questions in pieces, each as soon as it is there. Raises nothing.
    """

    def __init__(self, answer: Callable[[Sequence[Question]], Iterable[Answers]]) -> None:
        self._answer = answer
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="predictions", daemon=True)
        self._thread.start()

    async def ask(self, question: Question, timeout: float) -> Reply:
        """Return the reply. A question whose asker gave up before its turn is never asked.

        Args:
            timeout: seconds; 0: no limit.

        Raises:
            TimeoutError: it took longer.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Reply] = loop.create_future()
        self._waiting.put((question, loop, future))
        expiry = loop.call_later(timeout, _expire, future) if timeout else None  # a tenth of the time of `wait_for`
        try:
            return await future
        finally:
            if expiry is not None:
                expiry.cancel()

    @property
    def waiting(self) -> int:
        """About how many questions wait for their turn."""
        return self._waiting.qsize()

    def stop(self) -> None:
        """Let the thread end after the questions that are queued."""
        self._waiting.put(None)

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            taken = [self._waiting.get(), *self._at_hand()]
            goes_on = None not in taken
            turn = [each for each in taken if each is not None and not each[2].done()]
            if turn:
                self._take(turn)

    def _take(self, turn: "Sequence[_Waiting]") -> None:
        _, loop, _ = turn[0]
        try:
            for answers in self._answer([question for question, _, _ in turn]):
                loop.call_soon_threadsafe(_deliver, [(turn[position][2], reply) for position, reply in answers])
        except Exception:
            log.exception("A request could not be answered.")
            failed = failure(500, "INTERNAL_ERROR", "The server failed; its log says more.")
            loop.call_soon_threadsafe(_deliver, [(future, failed) for _, _, future in turn])

    def _at_hand(self) -> Iterable["_Waiting | None"]:
        for _ in range(MOST_WAITING - 1):
            try:
                yield self._waiting.get_nowait()
            except queue.Empty:
                return


def _expire(future: "asyncio.Future[Reply]") -> None:
    if not future.done():
        future.set_exception(TimeoutError())


def _deliver(answers: "Sequence[tuple[asyncio.Future[Reply], Reply]]") -> None:
    for future, reply in answers:
        if not future.done():  # whoever asked may have gone
            future.set_result(reply)
