"""Files of an FTP server: connections of the standard library, each used by one thread at a time.

fsspec's FTP file system has one connection for all threads, breaks transfers off to read a part, and checks no
certificate; of it only the reading of `LIST` is used, for servers that have no `MLSD`.
"""

import ftplib
import socket
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing, suppress

from hookline_artifact_fsspec.failures import Changed, Problem
from hookline_artifact_fsspec.filesystem import Entry, Filesystem, parent_of
from hookline_artifact_fsspec.ftp_commands import (
    RACES,
    Facts,
    delete,
    entry_of,
    facts_of,
    is_folder,
    listed,
    make_folders,
    refusal,
    sent,
)
from hookline_artifact_fsspec.ftp_connections import FtpConnections
from hookline_artifact_fsspec.options import FtpOptions
from hookline_artifact_fsspec.places import Place
from hookline_artifact_fsspec.reading import Opened, Sequential, Whole

SMALL = 1 << 20
"""Bytes up to which a file is read at once when it is opened, so that its connection is free again."""


class FtpFilesystem(Filesystem):
    """Files of an FTP server, with TLS for `ftps`."""

    keeps_empty_folders = False

    def __init__(self, place: Place, options: FtpOptions) -> None:
        self._connections = FtpConnections(place, options)

    def write(self, path: str, parts: Iterable[bytes]) -> None:
        """See `Filesystem.write`."""
        with self._connections.connection() as ftp:
            try:
                ftp.storbinary(f"STOR {path}", _Parts(parts))  # type: ignore[arg-type]
            except ftplib.error_perm as error:
                raise refusal(ftp, error, parent_of(path)) from None

    def read(self, path: str) -> Opened:
        """See `Filesystem.read`."""
        for _ in range(RACES):
            found = self._file(path)
            with suppress(Changed), ExitStack() as stack:
                remote = stack.enter_context(closing(_Remote(self._connections, path, found)))
                if remote.size <= SMALL:
                    return Whole(b"".join(remote.parts()))
                remote.start(0)
                if self._file(path) == found:
                    stack.pop_all()
                    return remote
        raise Problem("it is replaced again and again.")

    def _file(self, path: str) -> Facts:
        with self._connections.connection() as ftp:
            found = facts_of(ftp, path)
        if found is None or found.is_dir:
            raise FileNotFoundError(path)
        return found

    def stat(self, path: str) -> Entry | None:
        """See `Filesystem.stat`."""
        with self._connections.connection() as ftp:
            found = facts_of(ftp, path)
        return Entry(path.rpartition("/")[2], found.is_dir, found.size) if found else None

    def entries(self, path: str) -> Sequence[Entry] | None:
        """See `Filesystem.entries`."""
        with self._connections.connection() as ftp:
            if not is_folder(ftp, path):
                return None
            found = [entry_of(name, facts) for name, facts in listed(ftp, path) if name not in (".", "..")]
            return [each for each in found if each is not None]

    def make_folders(self, path: str) -> None:
        """See `Filesystem.make_folders`."""
        with self._connections.connection() as ftp:
            make_folders(ftp, path)

    def move(self, source: str, target: str) -> None:
        """See `Filesystem.move`. A server that replaces no file has the old one removed first."""
        with self._connections.connection() as ftp:
            for _ in range(RACES):
                try:
                    ftp.rename(source, target)
                    return
                except ftplib.error_perm as error:
                    refused = error
                if facts_of(ftp, source) is None or not is_folder(ftp, parent_of(target)):
                    raise FileNotFoundError(source)
                there = facts_of(ftp, target)
                if there is not None and not there.is_dir:
                    with suppress(ftplib.error_perm):
                        ftp.delete(target)
            raise refused

    def remove(self, path: str) -> None:
        """See `Filesystem.remove`."""
        with self._connections.connection() as ftp:
            if not is_folder(ftp, path):
                return delete(ftp, path)
        for each in self.entries(path) or ():
            self.remove(f"{path}/{each.name}")
        self.remove_if_empty(path)
        return None

    def remove_if_empty(self, path: str) -> bool:
        """See `Filesystem.remove_if_empty`."""
        with self._connections.connection() as ftp:
            try:
                ftp.rmd(path)
            except ftplib.error_perm:
                return False
            return True

    def close(self) -> None:
        """See `Filesystem.close`."""
        self._connections.close()


class _Remote(Sequential):
    """A file that the server sends from some position on, by a connection of its own as long as it is read."""

    def __init__(self, connections: FtpConnections, path: str, facts: Facts) -> None:
        self._connections, self._path, self._facts, self.size = connections, path, facts, facts.size or 0
        self._ftp: ftplib.FTP | None = None
        self._data: socket.socket | None = None

    def start(self, position: int) -> None:
        """See `Sequential.start`."""
        self._ftp = self._connections.take()
        try:
            with self._connections.asking():
                if position and facts_of(self._ftp, self._path) != self._facts:
                    raise Changed(f"The file {self._path!r} was replaced or removed while it was read. Read it again.")
                self._data = sent(self._ftp, self._path, position)
                self._position = position
        except BaseException:
            self.stop()
            raise

    def next(self, count: int) -> bytes:
        """See `Sequential.next`."""
        assert self._data is not None
        with self._connections.asking():
            part = self._data.recv(min(count, 1 << 20))
            if not part or self._position + len(part) == self.size:
                self._end()
            return part

    def _end(self) -> None:
        """Let the server say that this was all, which it is not where another file has taken the place meanwhile."""
        ftp, data, self._ftp, self._data = self._ftp, self._data, None, None
        assert ftp is not None
        assert data is not None
        try:
            with data:
                if data.recv(1):
                    raise Changed(f"The file {self._path!r} was replaced while it was read. Read it again.")
            ftp.voidresp()
        except BaseException:
            ftp.close()
            raise
        self._connections.give_back(ftp)

    def stop(self) -> None:
        """See `Sequential.stop`. A transfer that is not at its end takes its connection with it."""
        ftp, data, self._ftp, self._data = self._ftp, self._data, None, None
        for each in (data, ftp):
            if each is not None:
                each.close()


class _Parts:
    """An iterable of bytes as a file that is read to its end."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)

    def read(self, _count: int) -> bytes:
        return next(self._parts, b"")
