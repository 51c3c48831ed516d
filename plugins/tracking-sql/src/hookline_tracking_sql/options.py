"""The settings of a store, by its database system."""

from enum import StrEnum

from attrs import field, frozen
from attrs.validators import and_, ge, le

MAX_TIMEOUT = 24 * 3600.0


class Synchronous(StrEnum):
    """When SQLite waits for the disk. With either value a killed process loses nothing that was stored."""

    NORMAL = "NORMAL"
    FULL = "FULL"


@frozen
class SqlOptions:
    """Settings of a SQLite store.

    Attributes:
        busy_timeout: seconds to wait for another process that is writing; default 30.
        synchronous: `NORMAL` waits for the disk now and then, so that a power failure may take the last moments;
            `FULL` waits at every commit. A file on a network file system always has `FULL`.
    """

    busy_timeout: float = field(default=30.0, validator=and_(ge(0.0), le(MAX_TIMEOUT)))
    synchronous: Synchronous = Synchronous.NORMAL


@frozen
class ServerOptions:
    """Settings of a store on a database server.

    Attributes:
        busy_timeout: seconds to wait for other processes that are writing; default 30.
        connect_timeout: seconds to wait for a connection; default 10.
        connections: how many connections a process has open at most, beside one that writes; default 16.
    """

    busy_timeout: float = field(default=30.0, validator=and_(ge(0.0), le(MAX_TIMEOUT)))
    connect_timeout: float = field(default=10.0, validator=and_(ge(1.0), le(MAX_TIMEOUT)))
    connections: int = field(default=16, validator=and_(ge(1), le(1000)))
