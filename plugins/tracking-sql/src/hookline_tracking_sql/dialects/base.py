"""What a store needs to know about its database system, and nothing else."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import sqlalchemy as sa

from hookline.errors import HooklineError, InvalidValue

if TYPE_CHECKING:
    from hookline_tracking_sql.statements import Statement

VERSION_TABLE = "hookline_schema"


class Rows(Protocol):
    """What a statement found: tuples."""

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the rows that were not yet taken."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        ...

    def fetchall(self) -> Any:
        """Return the rows that were not yet taken, as a sequence."""
        ...


class Driver(ABC):
    """A connection of the driver, for statements that are executed too often to pass through SQLAlchemy.

    Attributes:
        system: SQLAlchemy's name for the database system. compiler: makes the text of statements.
        returns_ids: whether an insertion itself returns the id of the new row.
    """

    system: ClassVar[str]
    compiler: ClassVar[Any]
    returns_ids: ClassVar[bool] = False

    @abstractmethod
    def execute(self, statement: "Statement", values: Sequence[Any] = ()) -> Rows:
        """Execute a statement with the values of its parameters, in their order."""

    def ask(self, *asked: "tuple[Statement, Sequence[Any]]") -> "list[Rows]":
        """Execute several statements, each with its values, at the price of one where the system is far away."""
        return [self.execute(statement, values) for statement, values in asked]

    @abstractmethod
    def executemany(self, statement: "Statement", rows: Sequence[Sequence[Any]]) -> None:
        """Execute a statement that changes something for each row of values, in a write transaction.

        It may wait until the transaction reads something or ends, and fail then.
        """

    @abstractmethod
    def insert(self, statement: "Statement", values: Sequence[Any]) -> int:
        """Insert a row and return its id."""

    def stored(self, number: float | None) -> Any:
        """Return a number, which is None for NaN, as a column of numbers holds it."""
        return number

    def totals(self, totals: Sequence[Any]) -> Sequence[Any]:
        """Return `segments.Totals` as the columns of a series hold them."""
        return totals

    def read(self, stored: Any) -> float | None:
        """Return the number that a column of numbers holds."""
        number: float | None = stored
        return number


class Dialect(ABC):
    """One database system, as the database at one place needs it.

    Attributes:
        place: what messages call the database; it holds no password.
        failures: the errors, of the driver and of SQLAlchemy, that `meaning` explains.
        is_transactional: whether a change of tables that fails leaves nothing of it.
        readers_block_writers: whether writers wait for those who read.
    """

    failures: ClassVar[tuple[type[Exception], ...]] = (
        *(sa.exc.DBAPIError, sa.exc.TimeoutError, UnicodeEncodeError, OverflowError),
    )
    is_transactional: ClassVar[bool] = True
    readers_block_writers = False
    place: str

    @abstractmethod
    def url(self) -> sa.URL:
        """Return where the database is, for SQLAlchemy."""

    @abstractmethod
    def connect_args(self) -> dict[str, Any]:
        """Return what the driver is given besides, for every connection."""

    def engine_options(self) -> Mapping[str, Any]:
        """Return the options of the engine, those of its pool of connections among them."""
        return {"pool_size": 4, "max_overflow": -1}

    @abstractmethod
    def driver(self, connection: Any) -> Driver:
        """Prepare a new connection of the driver, which begins no transaction by itself."""

    def is_stale(self, driver: Any) -> bool:
        """Return whether a connection of the pool was lost since it was used."""
        return False

    @abstractmethod
    def begin(self, driver: Any, *, writes: bool) -> None:
        """Begin a transaction: a reader sees one moment, a writer waits until no other one writes."""

    def finish(self, driver: Any, *, commit: bool) -> None:  # noqa: B027 - nothing to do in most systems
        """Execute what still waits before the end of a transaction, or forget it."""

    def catch_up(self, driver: Any, text: str) -> None:  # noqa: B027 - nothing to do in most systems
        """Execute what still waits before SQLAlchemy executes a statement."""

    def release(self, driver: Any) -> None:  # noqa: B027 - nothing to do in most systems
        """Let the next writer write, after the end of a transaction. May fail where the connection is lost."""

    def is_lost(self, driver: Any) -> bool:
        """Return whether a connection cannot be used any more."""
        return False

    @abstractmethod
    def failure(self, error: BaseException) -> HooklineError:
        """Return what an error of the driver means. Its text holds neither a password nor SQL."""

    def meaning(self, error: BaseException) -> HooklineError:
        """Return the error to raise for one of `failures`."""
        cause = getattr(error, "orig", None) or error
        if isinstance(cause, UnicodeEncodeError):
            return InvalidValue(
                f"A text holds {cause.object[cause.start]!r}, which is no character (a lone surrogate)."
            )
        if isinstance(cause, OverflowError):
            return InvalidValue(f"A value is too large to be stored: {cause}.")
        return self.failure(cause)

    # The life of a database

    def open(self) -> None:  # noqa: B027 - nothing to do in most systems
        """Prepare for the first connection, and for `close` afterwards."""

    def close(self) -> None:  # noqa: B027 - nothing to do in most systems
        """Give back what `open` took, after the last connection was closed. Closing twice is no error."""

    def holds_our_tables(self) -> bool | None:
        """Return whether our tables are there, before anything is opened; None where only a connection can tell."""
        return None

    def refuse_foreign(self, tables: Iterable[str]) -> None:
        """Raise `Refused` where tables are those of MLflow and none of them is ours."""
        if is_mlflow(tables):
            raise self.is_mlflows()

    @abstractmethod
    def is_mlflows(self) -> HooklineError:
        """Return the error for a database of MLflow."""

    def mark(self, driver: Any) -> None:  # noqa: B027 - nothing to do in most systems
        """Mark a database that holds nothing but our tables."""

    def set_up(self, driver: Any) -> None:  # noqa: B027 - nothing to do in most systems
        """Set what the whole database remembers, outside of a transaction."""

    def sync(self) -> None:  # noqa: B027 - nothing to do where a commit waits for the disk
        """Return when all that was committed survives a power failure. Raises `Unavailable`."""

    @contextmanager
    def migrating(self, driver: Any) -> Iterator[None]:
        """Let tables be replaced in the transaction of this block, which is not yet begun."""
        yield

    @abstractmethod
    def damage(self, connection: sa.Connection) -> list[str]:
        """Return what is wrong with the database itself, a line each."""

    def lost_references(self, connection: sa.Connection) -> list[str]:
        """Return the tables with rows that refer to rows that are gone; systems that cannot get there have none."""
        return []


_MLFLOW_TABLES = (
    frozenset({"experiments", "runs", "metrics"}),
    frozenset({"experiment_permissions", "registered_model_permissions"}),
)


def is_mlflow(tables: Iterable[str]) -> bool:
    """Return whether tables are those of MLflow and none of them is ours."""
    found = frozenset(tables)
    return VERSION_TABLE not in found and any(theirs <= found for theirs in _MLFLOW_TABLES)
