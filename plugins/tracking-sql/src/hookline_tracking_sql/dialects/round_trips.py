"""Statements for PostgreSQL that travel together: those that nobody waits for go with the next one that is read.

psycopg's own pipeline sends each statement by itself as soon as it comes, and asks the system each time whether it may.
Here what waits is one buffer of libpq, sent at once and answered at once
(https://www.postgresql.org/docs/current/libpq-pipeline-mode.html). Statements are prepared at their first use.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import psycopg
from psycopg import pq
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.waiting import Ready, Wait

Value: TypeAlias = int | float | str | bytes | None
_AT_ONCE = 1000
"""Rows that become Python's at one time."""
_RESTED = 1.0
"""Seconds without use after which a connection may have been lost in a way that nobody was told of."""


class Found:
    """The rows that a statement found, as tuples; see `Rows`."""

    def __init__(self, transformer: Transformer, result: "pq.abc.PGresult") -> None:
        self._transformer, self._result, self._next = transformer, result, 0

    def __iter__(self) -> Iterator[Any]:
        while rows := self._take(_AT_ONCE):
            yield from rows

    def fetchone(self) -> Any:
        """See `Rows.fetchone`."""
        rows = self._take(1)
        return rows[0] if rows else None

    def fetchall(self) -> Sequence[Any]:
        """See `Rows.fetchall`."""
        return self._take(self._result.ntuples)

    def _take(self, count: int) -> Sequence[Any]:
        begin, self._next = self._next, min(self._next + count, self._result.ntuples)
        if begin == self._next:
            return ()
        self._transformer.set_pgresult(self._result)
        return self._transformer.load_rows(begin, self._next, tuple)


class RoundTrips:
    """What waits to be sent over a connection of psycopg. Not thread safe, as the connection's transaction is not."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection, self._pgconn = connection, connection.pgconn
        self._transformer = Transformer(connection)
        self._names: dict[str, bytes] = {}
        self._numbers = itertools.count()
        self._waiting: list[tuple[str, list[bytes | None], list[int]]] = []
        self._used_at = time.monotonic()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, text: str, values: Sequence[Value] = ()) -> None:
        """Let a statement wait; its placeholders are `$1` and so on. Raises `psycopg.DataError` for a NUL in a text."""
        self._waiting.append((text, list(map(_encoded, values)), [int(type(each) is bytes) for each in values]))

    def roll_back(self) -> None:
        """Let nothing wait any more, and end the transaction.

        psycopg would give up all prepared statements of the connection with it. Where the connection is lost, it is
        closed.
        """
        self._waiting.clear()
        if self._pgconn.transaction_status in (pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR):
            self.add("ROLLBACK")
            with suppress(psycopg.OperationalError):
                self.run()

    def prepare_anew(self) -> None:
        """Use no prepared statement any more that there is: somebody gave them up."""
        self._names.clear()

    @property
    def may_be_lost(self) -> bool:
        """Whether the server is gone, as far as this machine knows, or was not asked for long."""
        if time.monotonic() - self._used_at > _RESTED:
            return True
        try:
            for _ in ("the last words", "the end"):
                self._pgconn.consume_input()  # what is there now; it does not wait
        except psycopg.OperationalError:
            return True
        return bool(self._pgconn.status == pq.ConnStatus.BAD)

    def run(self) -> list[Found]:
        """Send what waits, and return what each statement found.

        Raises:
            psycopg.Error: of the first statement that failed; those after it were not executed.
        """
        waiting, self._waiting = self._waiting, []
        prepared: dict[str, int] = {}
        names, sent, is_over = dict(self._names), 0, False
        self._pgconn.enter_pipeline_mode()
        try:
            for text, values, formats in waiting:
                if text not in names:
                    names[text] = b"hookline_%d" % next(self._numbers)
                    self._pgconn.send_prepare(names[text], text.encode())
                    prepared[text] = sent
                    sent += 1
                self._pgconn.send_query_prepared(names[text], values, formats, result_format=pq.Format.BINARY)
                sent += 1
            self._pgconn.pipeline_sync()
            results = self._connection.wait(self._answers())
            is_over = True
        finally:
            if is_over:
                self._pgconn.exit_pipeline_mode()
            else:  # nobody will read the answers
                self._connection.close()
        self._used_at = time.monotonic()
        for text, number in prepared.items():
            if results[number].status == pq.ExecStatus.COMMAND_OK:  # it stays, whatever becomes of the transaction
                self._names[text] = names[text]
        failed = next((each for each in results if each.status == pq.ExecStatus.FATAL_ERROR), None)
        if failed is not None:
            raise error_from_result(failed, encoding="utf-8")
        told = set(prepared.values())
        return [Found(self._transformer, each) for number, each in enumerate(results) if number not in told]

    def _answers(self) -> "PQGen[list[pq.abc.PGresult]]":
        """Send, and return every answer but that of the end; psycopg waits, as it does for its own."""
        while self._pgconn.flush():
            if (yield Wait.RW) & Ready.R:
                self._pgconn.consume_input()  # a server that cannot say what it found reads nothing more
        found: list[pq.abc.PGresult] = []
        while True:
            while self._pgconn.is_busy():
                yield Wait.R
                self._pgconn.consume_input()
            result = self._pgconn.get_result()
            if result is None:  # the end of one statement, or of the connection
                if self._pgconn.status == pq.ConnStatus.BAD:
                    raise psycopg.OperationalError("the connection is lost")
            elif result.status == pq.ExecStatus.PIPELINE_SYNC:
                return found
            else:
                found.append(result)


def _encoded(value: Value) -> bytes | None:
    """Return a value as PostgreSQL reads it: bytes as they are, others as text."""
    if value is None or type(value) is bytes:
        return value
    if isinstance(value, str):
        if "\0" in value:
            raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return value.encode()
    if isinstance(value, bool):
        return b"t" if value else b"f"
    return (float if isinstance(value, float) else int).__repr__(value).encode()
