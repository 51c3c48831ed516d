"""Files of an FTP server: connections of the standard library, each used by one thread at a time.

fsspec's FTP file system has one connection for all threads, breaks transfers off to read a part, and checks no
certificate; of it only the reading of `LIST` is used, for servers that have no `MLSD`.
"""

import ftplib
import os
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from threading import Lock
from typing import Any

from attrs import frozen
from fsspec.implementations.ftp import _mlsd2

from hookline.errors import ConfigError
from hookline_artifact_fsspec.failures import Changed, Denied, Problem, unreachable
from hookline_artifact_fsspec.filesystem import Entry, Filesystem, parent_of
from hookline_artifact_fsspec.options import FtpOptions
from hookline_artifact_fsspec.places import Place, signing_in
from hookline_artifact_fsspec.reading import Opened, Sequential, Whole

_IDLE = 20.0
_MOST_IDLE = 8
_RACES = 5
SMALL = 1 << 20
"""Bytes up to which a file is read at once when it is opened, so that its connection is free again."""
_UNKNOWN = ("500", "502", "504")
_BROKEN = (EOFError, OSError, ftplib.error_proto)


class _Encrypted(ftplib.FTP_TLS):
    """A connection whose data connections go on with its TLS session, as many servers want it."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        plain, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        return self.context.wrap_socket(plain, server_hostname=self.host, session=session), size


@frozen
class _Facts:
    """What a server says of a path."""

    is_dir: bool
    size: int | None = None
    modified: str | None = None


class FtpFilesystem(Filesystem):
    """Files of an FTP server, with TLS for `ftps`."""

    keeps_empty_folders = False

    def __init__(self, place: Place, options: FtpOptions) -> None:
        self._place, self._options = place, options
        self._user, self._password = signing_in(place, options.username, options.password)
        self._context = _context(options) if place.scheme == "ftps" else None
        self._lock = Lock()
        self._idle: deque[tuple[ftplib.FTP, float, int]] = deque()

    def write(self, path: str, parts: Iterable[bytes]) -> None:
        """See `Filesystem.write`."""
        with self.connection() as ftp:
            try:
                ftp.storbinary(f"STOR {path}", _Parts(parts))  # type: ignore[arg-type]
            except ftplib.error_perm as error:
                raise _refusal(ftp, error, parent_of(path)) from None

    def read(self, path: str) -> Opened:
        """See `Filesystem.read`."""
        for _ in range(_RACES):
            found = self._file(path)
            with suppress(Changed), ExitStack() as stack:
                remote = stack.enter_context(closing(_Remote(self, path, found)))
                if remote.size <= SMALL:
                    return Whole(b"".join(remote.parts()))
                remote.start(0)
                if self._file(path) == found:
                    stack.pop_all()
                    return remote
        raise Problem("it is replaced again and again.")

    def _file(self, path: str) -> _Facts:
        with self.connection() as ftp:
            found = _facts(ftp, path)
        if found is None or found.is_dir:
            raise FileNotFoundError(path)
        return found

    def stat(self, path: str) -> Entry | None:
        """See `Filesystem.stat`."""
        with self.connection() as ftp:
            found = _facts(ftp, path)
        return Entry(path.rpartition("/")[2], found.is_dir, found.size) if found else None

    def entries(self, path: str) -> Sequence[Entry] | None:
        """See `Filesystem.entries`."""
        with self.connection() as ftp:
            if not _is_folder(ftp, path):
                return None
            found = [_entry(name, facts) for name, facts in _listed(ftp, path) if name not in (".", "..")]
            return [each for each in found if each is not None]

    def make_folders(self, path: str) -> None:
        """See `Filesystem.make_folders`."""
        with self.connection() as ftp:
            _make_folders(ftp, path)

    def move(self, source: str, target: str) -> None:
        """See `Filesystem.move`. A server that replaces no file has the old one removed first."""
        with self.connection() as ftp:
            for _ in range(_RACES):
                try:
                    ftp.rename(source, target)
                    return
                except ftplib.error_perm as error:
                    refused = error
                if _facts(ftp, source) is None or not _is_folder(ftp, parent_of(target)):
                    raise FileNotFoundError(source)
                there = _facts(ftp, target)
                if there is not None and not there.is_dir:
                    with suppress(ftplib.error_perm):
                        ftp.delete(target)
            raise refused

    def remove(self, path: str) -> None:
        """See `Filesystem.remove`."""
        with self.connection() as ftp:
            if not _is_folder(ftp, path):
                return _delete(ftp, path)
        for each in self.entries(path) or ():
            self.remove(f"{path}/{each.name}")
        self.remove_if_empty(path)
        return None

    def remove_if_empty(self, path: str) -> bool:
        """See `Filesystem.remove_if_empty`."""
        with self.connection() as ftp:
            try:
                ftp.rmd(path)
            except ftplib.error_perm:
                return False
            return True

    def close(self) -> None:
        """See `Filesystem.close`."""
        with self._lock:
            idle, self._idle = self._idle, deque()
        for ftp, _, _ in idle:
            ftp.close()

    # Connections -----------------------------------------------------------------------------------------------------

    @contextmanager
    def connection(self) -> Iterator[ftplib.FTP]:
        """Give a connection to one user; it is closed if anything goes wrong with it."""
        ftp = self.take()
        try:
            with self.asking():
                yield ftp
        except (FileNotFoundError, Denied):
            self.give_back(ftp)
            raise
        except BaseException:
            ftp.close()
            raise
        self.give_back(ftp)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Turn what ftplib raises into the errors of file systems."""
        try:
            yield
        except FileNotFoundError:
            raise
        except ftplib.error_perm as error:
            raise Denied(f"the server does not allow it ({_code(error)}).") from None
        except (ftplib.error_temp, ftplib.error_reply) as error:
            raise Problem(f"the server failed ({_code(error)}). Try again later.") from None
        except _BROKEN as error:
            raise self._away(error) from None

    def take(self) -> ftplib.FTP:
        """Return a connection that nobody uses."""
        while True:
            with self._lock:
                ftp, since, process = self._idle.pop() if self._idle else (None, 0.0, 0)
            if ftp is None:
                return self._connect()
            if process != os.getpid():  # it is the parent's
                continue
            if time.monotonic() - since < _IDLE:
                return ftp
            with suppress(ftplib.Error, *_BROKEN):
                ftp.voidcmd("NOOP")
                return ftp
            ftp.close()

    def give_back(self, ftp: ftplib.FTP) -> None:
        """Keep a connection for the next one who asks."""
        with self._lock:
            if len(self._idle) < _MOST_IDLE:
                self._idle.append((ftp, time.monotonic(), os.getpid()))
                return
        ftp.close()

    def _connect(self) -> ftplib.FTP:
        timeout = self._options.timeout
        ftp = _Encrypted(context=self._context, timeout=timeout) if self._context else ftplib.FTP(timeout=timeout)
        try:
            ftp.connect(self._place.host, self._place.port or 21)
            ftp.login(self._user or "", self._password or "")
            if isinstance(ftp, ftplib.FTP_TLS):
                ftp.prot_p()
            ftp.voidcmd("TYPE I")
            return ftp
        except ssl.SSLCertVerificationError:
            problem: Problem = Denied(
                f"the certificate of {self._place.host} is not trusted, or is another host's. The option ca_bundle "
                "names certificates to trust."
            )
        except ftplib.error_perm as error:
            problem = Denied(
                f"the server refused to let the user in ({_code(error)}). Check the options username and password, "
                "the URI, and ~/.netrc."
            )
        except (ftplib.error_temp, ftplib.error_reply) as error:
            problem = Problem(f"the server lets nobody in now ({_code(error)}). Try again later.")
        except _BROKEN as error:
            problem = self._away(error)
        ftp.close()
        raise problem

    def _away(self, error: BaseException) -> Problem:
        return unreachable(f"the FTP server {self._place.host}", error)


class _Remote(Sequential):
    """A file that the server sends from some position on, by a connection of its own as long as it is read."""

    def __init__(self, filesystem: FtpFilesystem, path: str, facts: _Facts) -> None:
        self._filesystem, self._path, self._facts, self.size = filesystem, path, facts, facts.size or 0
        self._ftp: ftplib.FTP | None = None
        self._data: socket.socket | None = None

    def start(self, position: int) -> None:
        """See `Sequential.start`."""
        self._ftp = self._filesystem.take()
        try:
            with self._filesystem.asking():
                if position and _facts(self._ftp, self._path) != self._facts:
                    raise Changed(f"The file {self._path!r} was replaced or removed while it was read. Read it again.")
                self._data = _sent(self._ftp, self._path, position)
                self._position = position
        except BaseException:
            self.stop()
            raise

    def next(self, count: int) -> bytes:
        """See `Sequential.next`."""
        assert self._data is not None
        with self._filesystem.asking():
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
        self._filesystem.give_back(ftp)

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


def _context(options: FtpOptions) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if options.ca_bundle:
        try:
            context.load_verify_locations(options.ca_bundle)
        except OSError as error:
            reason = error.strerror or "it holds no certificates"
            raise ConfigError(f"The file of certificates {options.ca_bundle!r} cannot be read: {reason}.") from None
    return context


def _facts(ftp: ftplib.FTP, path: str) -> _Facts | None:
    """Return what lies at a path; None where nothing is there that is a file or a folder."""
    try:
        answer = ftp.voidcmd(f"MLST {path or '/'}").splitlines()
    except ftplib.error_perm as error:
        return _facts_without_mlst(ftp, path) if str(error).startswith(_UNKNOWN) else None
    pairs = (each.partition("=") for each in answer[1].strip().partition(" ")[0].split(";"))
    found = {name.lower(): value for name, _, value in pairs}
    kind = found.get("type", "").lower()
    if kind in ("dir", "cdir", "pdir"):
        return _Facts(True)
    return _Facts(False, int(found["size"]), found.get("modify")) if kind == "file" and "size" in found else None


def _facts_without_mlst(ftp: ftplib.FTP, path: str) -> _Facts | None:
    with suppress(ftplib.error_perm):
        return _Facts(False, ftp.size(path), ftp.voidcmd(f"MDTM {path}"))
    with suppress(ftplib.error_perm):
        ftp.voidcmd(f"CWD {path or '/'}")
        ftp.voidcmd("CWD /")  # it would keep the folder from being removed, or be without one
        return _Facts(True)
    return None


def _entry(name: str, facts: Any) -> Entry | None:
    kind = facts.get("type", "").lower()
    if kind == "file":
        return Entry(name, False, int(facts["size"]) if "size" in facts else None)
    return Entry(name, True) if kind == "dir" else None


def _is_folder(ftp: ftplib.FTP, path: str) -> bool:
    found = _facts(ftp, path)
    return found is not None and found.is_dir


def _listed(ftp: ftplib.FTP, path: str) -> Sequence[tuple[str, Any]]:
    """Return the names and facts of what lies in a folder, also where the server has no `MLSD`."""
    try:
        found: Sequence[tuple[str, Any]] = list(ftp.mlsd(path or "/"))
    except ftplib.error_perm as error:
        if not str(error).startswith(_UNKNOWN):
            raise FileNotFoundError(path) from None
        ftp.voidcmd(f"CWD {path or '/'}")
        try:
            found = _mlsd2(ftp, "-a")
        finally:
            ftp.voidcmd("CWD /")
    ftp.voidcmd("TYPE I")  # listings are texts, and sizes are told of bytes only
    return found


def _make_folders(ftp: ftplib.FTP, path: str) -> None:
    """Make a folder and those above it, which others may be making or removing."""
    for _ in range(_RACES):
        try:
            ftp.mkd(path)
            return
        except ftplib.error_perm as error:
            refused = error
        if _is_folder(ftp, path):
            return
        above = parent_of(path)
        if above and not _is_folder(ftp, above):
            _make_folders(ftp, above)
    raise refused


def _sent(ftp: ftplib.FTP, path: str, position: int) -> socket.socket:
    """Return the connection by which a file comes from a position on."""
    try:
        return ftp.transfercmd(f"RETR {path}", position or None)
    except ftplib.error_perm:
        if _facts(ftp, path) is None:
            raise FileNotFoundError(path) from None
        raise


def _delete(ftp: ftplib.FTP, path: str) -> None:
    try:
        ftp.delete(path)
    except ftplib.error_perm:
        if _facts(ftp, path) is None:
            raise FileNotFoundError(path) from None
        raise


def _refusal(ftp: ftplib.FTP, error: ftplib.error_perm, folder: str) -> Exception:
    """Return why a path was refused: its folder is missing, or it is not allowed."""
    return error if _is_folder(ftp, folder) else FileNotFoundError(folder)


def _code(error: BaseException) -> Any:
    """Return the code of a server's answer; its text may hold what it was asked."""
    return str(error)[:3]
