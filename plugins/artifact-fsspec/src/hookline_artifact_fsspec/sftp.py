"""Files of a server that is reached by SSH: fsspec's file system of asyncssh, which pipelines and checks host keys."""

import asyncio
import os
import stat
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any, TypeVar

import asyncssh
from asyncssh.sftp import SFTPNoSuchPath, SFTPNotADirectory
from fsspec.asyn import sync
from sshfs import SSHFileSystem

from hookline.errors import ConfigError, InvalidState
from hookline_artifact_fsspec.failures import Denied, Problem, unreachable
from hookline_artifact_fsspec.filesystem import Entry, Filesystem, parent_of
from hookline_artifact_fsspec.options import SftpOptions
from hookline_artifact_fsspec.places import Place
from hookline_artifact_fsspec.reading import Opened

T = TypeVar("T")

_CLOSING = 5.0
_RACES = 5
_MISSING = (asyncssh.SFTPNoSuchFile, SFTPNoSuchPath, SFTPNotADirectory)
_BROKEN = (
    asyncssh.ConnectionLost,
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    asyncssh.DisconnectError,
    asyncssh.ChannelOpenError,
    OSError,
)


class Connection(SSHFileSystem):  # type: ignore[misc]
    """One SSH connection with its channels."""

    def ask(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """Run a coroutine that is given a channel of the pool, and return its result."""

        async def asked() -> T:
            async with self._pool.get() as channel:
                return await work(channel)

        answer: T = sync(self.loop, asked)
        return answer


class SftpFilesystem(Filesystem):
    """Files of an SFTP server. Symbolic links are neither listed nor followed."""

    keeps_empty_folders = False

    def __init__(self, place: Place, options: SftpOptions) -> None:
        self._place, self._options = place, options
        self._lock = Lock()
        self._connection: Connection | None = None
        self._process = 0

    def write(self, path: str, parts: Iterable[bytes]) -> None:
        """See `Filesystem.write`. What is sent goes in several requests at once."""
        with self._asking() as connection:
            file = connection.ask(lambda channel: channel.open(path, "xb"))
            try:
                for part in parts:
                    sync(connection.loop, file.write, part)
            finally:
                sync(connection.loop, file.close)

    def read(self, path: str) -> Opened:
        """See `Filesystem.read`."""

        async def opened(channel: Any) -> tuple[Any, int]:
            attributes, real = await asyncio.gather(channel.lstat(path), channel.realpath(path))
            if not stat.S_ISREG(attributes.permissions or 0) or real != await self._real(channel, path):
                raise FileNotFoundError(path)
            file = await channel.open(path, "rb")
            return file, (await file.stat()).size

        with self._asking() as connection:
            return _Remote(self, connection, *connection.ask(opened))

    def stat(self, path: str) -> Entry | None:
        """See `Filesystem.stat`."""

        async def found(channel: Any) -> Entry | None:
            attributes = await channel.lstat(path)
            await self._check_inside(channel, parent_of(path))
            return _entry(path.rpartition("/")[2], attributes)

        with suppress(FileNotFoundError), self._asking() as connection:
            return connection.ask(found)
        return None

    def entries(self, path: str) -> Sequence[Entry] | None:
        """See `Filesystem.entries`."""

        async def listed(channel: Any) -> Sequence[Entry] | None:
            attributes = await channel.lstat(path or "/") if path != self._place.root else await channel.stat(path)
            if not stat.S_ISDIR(attributes.permissions or 0):
                return None
            await self._check_inside(channel, path)
            found = [_entry(str(each.filename), each.attrs) for each in await channel.readdir(path or "/")]
            return [each for each in found if each is not None and each.name not in (".", "..")]

        with suppress(FileNotFoundError), self._asking() as connection:
            return connection.ask(listed)
        return None

    def make_folders(self, path: str) -> None:
        """See `Filesystem.make_folders`. None is made where a link below the root leads to."""
        with self._asking() as connection:
            connection.ask(lambda channel: self._make_folders(channel, path))

    async def _make_folders(self, channel: Any, path: str) -> None:
        for _ in range(_RACES):
            if path == self._place.root:
                return await _make_root(channel, path)
            with suppress(*_MISSING):
                attributes = await channel.lstat(path)
                if not stat.S_ISDIR(attributes.permissions or 0):
                    raise Denied(f"{path!r} is a file or a link there, and no folder.")
                await self._check_inside(channel, path)
                return None
            await self._make_folders(channel, parent_of(path))
            with suppress(asyncssh.SFTPFailure, *_MISSING):  # others make and remove it, too
                await channel.mkdir(path)
        raise FileNotFoundError(path)

    def move(self, source: str, target: str) -> None:
        """See `Filesystem.move`. A file is replaced at once where the server has `posix-rename`, as OpenSSH has."""

        async def moved(channel: Any) -> None:
            for path in (source, target):
                await self._check_inside(channel, parent_of(path))
            try:
                return await channel.posix_rename(source, target)
            except asyncssh.SFTPOpUnsupported:
                with suppress(*_MISSING):
                    await channel.unlink(target)
            return await channel.rename(source, target)

        with self._asking() as connection:
            connection.ask(moved)

    def remove(self, path: str) -> None:
        """See `Filesystem.remove`."""

        async def removed(channel: Any) -> None:
            attributes = await channel.lstat(path)
            await (channel.rmtree if stat.S_ISDIR(attributes.permissions or 0) else channel.unlink)(path)

        with self._asking() as connection:
            connection.ask(removed)

    def remove_if_empty(self, path: str) -> bool:
        """See `Filesystem.remove_if_empty`."""

        async def removed(channel: Any) -> bool:
            try:
                await channel.rmdir(path)
            except asyncssh.SFTPError:
                return False
            return True

        with self._asking() as connection:
            return connection.ask(removed)

    def close(self) -> None:
        """See `Filesystem.close`."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None and self._process == os.getpid():
            _close(connection)

    # Links -----------------------------------------------------------------------------------------------------------

    async def _real(self, channel: Any, path: str) -> str:
        """Return where a path leads if no link is on the way below the root."""
        root = await channel.realpath(self._place.root or "/")
        below = path.removeprefix(self._place.root)
        return f"{root.rstrip('/')}{below}" or "/"

    async def _check_inside(self, channel: Any, path: str) -> None:
        real = await channel.realpath(path or "/")
        if real != await self._real(channel, path):
            raise FileNotFoundError(path)

    # Connecting ------------------------------------------------------------------------------------------------------

    @contextmanager
    def asking(self, connection: Connection) -> Iterator[None]:
        """Turn what asyncssh raises into the errors of file systems. A broken connection is not used again."""
        try:
            yield
        except FileNotFoundError:
            raise
        except _MISSING as error:
            raise FileNotFoundError(str(type(error).__name__)) from None
        except asyncssh.SFTPPermissionDenied:
            raise Denied("the server does not allow it to this user.") from None
        except _BROKEN as error:
            self._forget(connection)
            raise self._away(error) from None
        except asyncssh.SFTPError as error:
            raise Problem(f"the server failed ({type(error).__name__.removeprefix('SFTP')}).") from None

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        connection = self._connected()
        with self.asking(connection):
            yield connection

    def _connected(self) -> Connection:
        with self._lock:
            if self._connection is None:
                self._connection, self._process = self._connect(), os.getpid()
            if self._process != os.getpid():
                raise InvalidState(
                    "This process was forked from one that used an SFTP server, and cannot use its connection. Start "
                    'processes with multiprocessing.get_context("spawn").'
                )
            return self._connection

    def _connect(self) -> Connection:
        options, place = self._options, self._place
        wanted = {
            "port": place.port,
            "username": options.username or place.user,
            "password": options.password or place.password,
            "client_keys": [options.key_file] if options.key_file else None,
            "passphrase": options.passphrase,
        }
        settings = {name: value for name, value in wanted.items() if value is not None}
        settings["known_hosts"] = options.known_hosts or ()  # (): the user's own file
        waiting = {"connect_timeout": options.timeout, "login_timeout": options.timeout}
        alive = {"keepalive_interval": options.timeout / 3, "keepalive_count_max": 3}
        try:
            return Connection(place.host, skip_instance_cache=True, **settings, **waiting, **alive)
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, asyncssh.ConfigParseError, FileNotFoundError):
            raise ConfigError(
                f"The key, the passphrase or a file in ~/.ssh cannot be used for {place.shown}: check key_file, "
                "known_hosts and passphrase among the options, and ~/.ssh/config."
            ) from None
        except asyncssh.HostKeyNotVerifiable:
            raise Denied(
                f"the host key of {place.host} is not the one in known_hosts, or none is there. Check it, and connect "
                "once with ssh, or name a file with the option known_hosts."
            ) from None
        except PermissionError:
            raise Denied(
                "the server refused the user, the key or the password. Check the options username, password and "
                "key_file, the URI, and ~/.ssh."
            ) from None
        except (asyncssh.Error, OSError) as error:
            raise self._away(error) from None

    def _away(self, error: BaseException) -> Problem:
        return unreachable(f"the SSH server {self._place.host}", error)

    def _forget(self, connection: Connection) -> None:
        with self._lock:
            if self._connection is connection:
                self._connection = None
        _close(connection)


class _Remote(Opened):
    """A file that is open on the server: what takes its name does not change it."""

    def __init__(self, filesystem: SftpFilesystem, connection: Connection, file: Any, size: int) -> None:
        self._filesystem, self._connection, self._file, self.size = filesystem, connection, file, size

    def read_at(self, position: int, count: int) -> bytes:
        """See `Opened.read_at`."""
        with self._filesystem.asking(self._connection):
            part: bytes = sync(self._connection.loop, self._file.read, count, position)
            return part

    def close(self) -> None:
        """See `Opened.close`."""
        with suppress(Problem, FileNotFoundError), self._filesystem.asking(self._connection):
            sync(self._connection.loop, self._file.close)


async def _make_root(channel: Any, path: str) -> None:
    try:
        await channel.makedirs(path or "/", exist_ok=True)
    except asyncssh.SFTPFailure:  # somebody else has just made it, or a file is in the way
        if not await channel.isdir(path):
            raise


def _entry(name: str, attributes: Any) -> Entry | None:
    mode = attributes.permissions or 0
    if stat.S_ISDIR(mode):
        return Entry(name, True)
    return Entry(name, False, attributes.size) if stat.S_ISREG(mode) else None


def _close(connection: Connection) -> None:
    async def close() -> None:
        connection.client.abort()
        await connection.client.wait_closed()

    with suppress(asyncssh.Error, OSError):
        sync(connection.loop, close, timeout=_CLOSING)
