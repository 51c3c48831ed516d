"""Connections to an FTP server, each used by one thread at a time and kept for the next."""

import ftplib
import os
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

from hookline_artifact_fsspec.certificates import trusting
from hookline_artifact_fsspec.failures import Denied, Problem, unreachable
from hookline_artifact_fsspec.options import FtpOptions
from hookline_artifact_fsspec.places import Place, signing_in

_IDLE = 20.0
_MOST_IDLE = 8
_BROKEN = (EOFError, OSError, ftplib.error_proto)


class _Encrypted(ftplib.FTP_TLS):
    """A connection whose data connections go on with its TLS session, as many servers want it."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        plain, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        return self.context.wrap_socket(plain, server_hostname=self.host, session=session), size


class FtpConnections:
    """The connections to one server, with TLS for `ftps`. Thread safe; a forked child makes its own."""

    def __init__(self, place: Place, options: FtpOptions) -> None:
        self._place, self._options = place, options
        self._user, self._password = signing_in(place, options.username, options.password)
        self._context = trusting(options.ca_bundle) if place.scheme == "ftps" else None
        self._lock = Lock()
        self._idle: deque[tuple[ftplib.FTP, float, int]] = deque()

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

    def close(self) -> None:
        """Close the connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, deque()
        for ftp, _, _ in idle:
            ftp.close()


def _code(error: BaseException) -> Any:
    """Return the code of a server's answer; its text may hold what it was asked."""
    return str(error)[:3]
