"""HTTP with a container engine, over a socket of this machine or over TCP."""

import json
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from hookline.errors import ConfigError, ExecutionFailed, NotFound, Unavailable
from hookline.uris import without_secrets
from hookline_lib_container.addresses import START, Address

TIMEOUT = 60.0
"""Seconds for a part of an answer; building, pulling and waiting have limits of their own."""
CONNECT = 10.0


class Connection:
    """A client of one engine. Thread safe.

    Every method raises `Unavailable` where the engine does not answer, `NotFound` where it has not what is asked for,
    and `ExecutionFailed` with its own words where it refuses.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        kind, _, place = address.url.partition("://")
        self._socket = place if kind == "unix" else None
        secure = kind == "https" or (kind == "tcp" and bool(os.environ.get("DOCKER_TLS_VERIFY")))
        self._transport: dict[str, Any] = {"uds": place} if kind == "unix" else {"verify": _trust(secure)}
        self._base = "http://engine" if kind == "unix" else f"{'https' if secure else 'http'}://{place}"

    def _client(self) -> httpx.Client:
        """Return a client for one request: threads that share one may close each other's sockets, and none is kept."""
        over = httpx.HTTPTransport(**self._transport)
        # No proxy of the environment leads to an engine.
        return httpx.Client(transport=over, base_url=self._base, trust_env=False)

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        timeout: float = TIMEOUT,
    ) -> Any:
        """Return the JSON value of an answer; None for an empty one."""
        with self.stream(method, path, params=params, body=body, timeout=timeout) as response:
            content = response.read()
        return json.loads(content) if content.strip() else None

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        content: Iterator[bytes] | None = None,
        timeout: float | None = TIMEOUT,
    ) -> Iterator[httpx.Response]:
        """Give an answer that has begun, to be read while it comes.

        Args:
            body: a JSON value; content: bytes, where it is none. timeout: seconds between two parts; None: no limit.
        """
        headers = {"Content-Type": "application/x-tar"} if content is not None else {}
        sent: dict[str, Any] = {"content": content} if content is not None else {}
        sent |= {"json": body} if body is not None else {}
        with (
            self._reached(),
            self._client() as client,
            client.stream(method, path, params=params, headers=headers, timeout=_limits(timeout), **sent) as response,
        ):
            if response.status_code >= 400:
                _refuse(response.status_code, response.read())
            yield response

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            if self._socket is not None:  # the client leaves its socket open where nobody listens
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                    probe.connect(self._socket)
            yield
        except httpx.ReadTimeout as error:
            raise SilentEngine(f"The container engine at {self._shown} said nothing for too long.") from error
        except (httpx.TransportError, OSError) as error:
            reason = without_secrets(str(error)) or type(error).__name__
            raise Unavailable(
                f"No container engine answers at {self._shown}, which {self._address.said_by} names: {reason}. {START}"
            ) from error

    @property
    def _shown(self) -> str:
        return without_secrets(self._address.url)


class SilentEngine(Unavailable):
    """The engine took longer for a part of its answer than was allowed."""


def _limits(timeout: float | None) -> httpx.Timeout:
    return httpx.Timeout(timeout, connect=CONNECT)


def _refuse(status: int, content: bytes) -> None:
    text = content.decode(errors="replace").strip()
    with suppress(ValueError, TypeError, AttributeError):
        text = json.loads(content).get("message") or text
    text = without_secrets(text).strip() or f"HTTP status {status}"
    if status == 404 or "no such container" in text.lower():  # which podman may say of one that goes at this moment
        raise NotFound(text)
    raise EngineRefused(text, status)


class EngineRefused(ExecutionFailed):
    """The engine refused; `status` is that of HTTP."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def _trust(secure: bool) -> Any:
    """Return whom to trust, and who this is: Docker's own variables name the folder of the certificates."""
    if not secure:
        return False
    folder = os.environ.get("DOCKER_CERT_PATH")
    if not folder:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cafile=str(Path(folder, "ca.pem")))
        context.load_cert_chain(Path(folder, "cert.pem"), Path(folder, "key.pem"))
    except OSError as error:  # an SSLError is one
        raise ConfigError(f"DOCKER_CERT_PATH names {folder!r}, whose certificates cannot be read: {error}") from error
    return context
