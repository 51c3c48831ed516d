"""A server that is asked over HTTP: requests of the table of routes out, structs and errors back."""

import os
import re
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote, unquote, urlencode, urlsplit

import msgspec
import urllib3
from urllib3.util import Retry, Timeout

from hookline.errors import HooklineError, InvalidValue, Unavailable
from hookline.providers import resolve
from hookline_lib_client.options import HttpOptions
from hookline_lib_wire.codec import encode
from hookline_lib_wire.errors import error_of
from hookline_lib_wire.messages.base import Request
from hookline_lib_wire.routes import Route

A = TypeVar("A")
POOLED = 16
"""Connections that are kept open."""
_AGAIN = frozenset({429, 502, 503, 504})
_JSON = "application/json"
_SENDABLE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
Body = bytes | BinaryIO | None


class Server:
    """A tracking server. Thread safe; a forked child opens connections of its own.

    Args:
        url: such as `https://host/prefix`; a user and a password in it are sent as Basic authentication.
        options: who asks, and how; default `HttpOptions()`.

    Attributes:
        url: without what is secret, as messages show it.

    Raises:
        InvalidValue: the URL names no server.
    """

    def __init__(self, url: str, options: HttpOptions | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise InvalidValue(f"{_shown(url)!r} is no URL of a server: write http://HOST:PORT or https://HOST/PREFIX.")
        self._options = options or HttpOptions()
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password is not None else None
        self._headers_from = resolve(self._options.headers_from) if self._options.headers_from else None
        self._lock = Lock()
        self._pools: urllib3.PoolManager | None = None
        self._process = 0

    def ask(self, route: Route, request: Request, answer: type[A], *, repeat: bool = True) -> A:
        """Send a request and return its answer.

        Args:
            answer: the type of the answer.
            repeat: whether the request may be sent again where its answer did not come: it changes nothing, or the
                same once and twice.

        Raises:
            HooklineError: what the server answered. Unavailable: it did not, or cannot now.
        """
        fields = _given(request)
        try:
            whole = dict(fields)
            path = self._path(route, fields)
            # MLflow's own server looks in the body for what stands in the path, too.
            sent = b"" if route.method == "GET" else encode(whole)
            query = _query(fields) if route.method == "GET" else ""
        except UnicodeEncodeError as error:
            raise InvalidValue(f"A text holds {error.object[error.start]!r}, which is no character.") from error
        body = self.fetch(route.method, path + query, sent or None, _JSON if sent else "", repeat=repeat)
        return self._read(body, answer)

    def send(self, route: Route, request: Request, body: Body, media_type: str, *, length: int | None = None) -> bytes:
        """Send a body that is no JSON, with the request in the URL; return the body of the answer. Raises as `ask`.

        Sent again where its answer did not come: what such requests store, they store once.

        Args:
            length: of a body that is a file, in bytes.
        """
        fields = _given(request)
        path = self._path(route, fields)
        return self.fetch(route.method, f"{path}{_query(fields)}", body, media_type, length=length)

    @contextmanager
    def reading(self, route: Route, request: Request) -> Iterator["Answer"]:
        """Send a request and give its answer to be read in parts. Raises as `ask`, also while it is read."""
        fields = _given(request)
        with self._explained():
            response = self._send(route.method, f"{self._path(route, fields)}{_query(fields)}", whole=False)
            if response.status >= 400:
                raise self._meant(response)
        try:
            yield Answer(response, self._explained)
        except BaseException:
            response.close()
            raise
        finally:
            response.release_conn()

    def fetch(
        self,
        method: str,
        path: str,
        body: Body = None,
        media_type: str = "",
        *,
        repeat: bool = True,
        length: int | None = None,
    ) -> bytes:
        """Send a request to a path below the server's URL; return the body of the answer. Raises as `ask`."""
        with self._explained():
            response = self._send(method, path, body, media_type, repeat=repeat, length=length)
        if response.status >= 400:
            raise self._meant(response)
        return response.data

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._pools is not None and self._process == os.getpid():
                self._pools.clear()
            self._pools = None

    def _send(
        self,
        method: str,
        path: str,
        body: Body = None,
        media_type: str = "",
        *,
        repeat: bool = True,
        whole: bool = True,
        length: int | None = None,
    ) -> urllib3.BaseHTTPResponse:
        headers = self._headers(media_type)
        if length is not None:
            headers["content-length"] = str(length)
        return self._opened().request(
            method,
            self.url + path,
            body=body,
            headers=headers,
            retries=self._retries(repeat),
            preload_content=whole,
            redirect=False,
        )

    def _headers(self, media_type: str) -> dict[str, str]:
        options = self._options
        headers = {**options.headers, **({"content-type": media_type} if media_type else {})}
        token, user = self._credentials()
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        elif user is not None:
            password = self._password if self._password is not None else options.known_password()
            pair = f"{user}:{password or ''}".encode("utf-8", "surrogateescape")
            headers["authorization"] = f"Basic {b64encode(pair).decode()}"
        if self._headers_from is not None:
            headers.update(self._headers_from(self.url))
        for name, value in headers.items():
            if not _SENDABLE.fullmatch(value):
                raise InvalidValue(self._not_sendable(name))
        return headers

    def _credentials(self) -> tuple[str | None, str | None]:
        """Return the token, or else the user: the URL's, if it names one."""
        return (None, self._user) if self._user is not None else self._options.credentials()

    def _not_sendable(self, name: str) -> str:
        what = f"The header {name!r}"
        if name == "authorization":
            what = "The token (HOOKLINE_TRACKING_TOKEN, MLFLOW_TRACKING_TOKEN or the option `token`)"
        return f"{what} for the server {self.url} holds a line break, or another character that no header can have."

    def _retries(self, repeat: bool) -> Retry:
        """A connection that was not made is tried again in any case: nothing was sent."""
        often = self._options.retries
        return Retry(
            total=often,
            connect=often,
            read=often if repeat else 0,
            other=0,
            redirect=0,
            status=often if repeat else 0,
            status_forcelist=_AGAIN if repeat else (),
            allowed_methods=None,
            backoff_factor=0.1,
            backoff_max=1.0,
            backoff_jitter=0.3,
            raise_on_status=False,
            raise_on_redirect=False,
            respect_retry_after_header=False,
        )

    def _opened(self) -> urllib3.PoolManager:
        """Return the pool of this process; a forked child must not use its parent's connections."""
        with self._lock:
            if self._pools is None or self._process != os.getpid():
                trusted = self._trusted()
                self._pools = urllib3.PoolManager(
                    maxsize=POOLED,
                    timeout=Timeout(connect=self._options.timeout, read=self._options.timeout),
                    **({"ca_certs": trusted} if trusted else {}),
                )
                self._process = os.getpid()
            return self._pools

    def _trusted(self) -> str | None:
        """Return the file of certificates to trust. Raises `InvalidValue` where nothing can be trusted by it."""
        file = self._options.trusted()
        if file is not None and self.url.startswith("https:"):
            try:
                ssl.create_default_context(cafile=file)
            except OSError as error:
                raise InvalidValue(
                    f"The certificates to trust for {self.url} cannot be read from {file!r}: "
                    f"{error.strerror or error}. The option ca_bundle, or MLFLOW_TRACKING_SERVER_CERT_PATH, names a "
                    "file in the format PEM."
                ) from error
        return file

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except urllib3.exceptions.MaxRetryError as error:
            raise self._away(error.reason or error) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._away(error) from error

    def _away(self, cause: BaseException) -> HooklineError:
        """Say why there was no answer; the texts of urllib3 name objects and addresses in memory."""
        kinds = urllib3.exceptions
        if isinstance(cause, kinds.SSLError):
            why = f"its certificate is not trusted ({cause}); name the file of certificates to trust as ca_bundle"
        elif isinstance(cause, kinds.NameResolutionError):
            why = "its name is not known"
        elif isinstance(cause, kinds.NewConnectionError):  # which is a timeout to urllib3
            why = "nothing listens there"
        elif isinstance(cause, kinds.ConnectTimeoutError | kinds.ReadTimeoutError):
            why = f"it said nothing within {self._options.timeout:g} s"
        else:
            why = "the connection broke"
        return Unavailable(f"The server {self.url} does not answer: {why}.")

    def _meant(self, response: urllib3.BaseHTTPResponse) -> HooklineError:
        error = error_of(response.status, response.data)
        if response.status == 401:
            error.args = (f"{error} The server {self.url} {self._what_it_wants()}",)
        elif str(error) == "Permission denied":  # that is all that an MLflow server says, and ours
            error.args = (f"Permission denied: the server {self.url} does not let {self._who()} do that.",)
        return error

    def _what_it_wants(self) -> str:
        token, user = self._credentials()
        if token is not None:
            return "does not accept the token that was sent: look at HOOKLINE_TRACKING_TOKEN."
        if user is not None:
            return (
                f"does not accept {self._who()} with the password that was sent: look at HOOKLINE_TRACKING_USERNAME "
                "and HOOKLINE_TRACKING_PASSWORD."
            )
        return (
            "wants to know who asks: set HOOKLINE_TRACKING_TOKEN, or HOOKLINE_TRACKING_USERNAME and "
            "HOOKLINE_TRACKING_PASSWORD."
        )

    def _who(self) -> str:
        _, user = self._credentials()
        return "the owner of the token" if user is None else f"the user {user!r}"

    def _path(self, route: Route, fields: dict[str, Any]) -> str:
        """Return the path of a route, its slots filled with fields, which are taken out."""
        slots = {name: fields.pop(name) for name in route.slots}
        return Route.SLOT.sub(lambda found: quote(str(slots[found[1]]), safe="/" if found[2] else ""), route.paths[0])

    def _read(self, body: bytes, answer: type[A]) -> A:
        try:
            return msgspec.json.decode(body or b"{}", type=answer, strict=False)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Unavailable(f"What answers at {self.url} is no tracking server: {error}.") from error


def _given(request: Request) -> dict[str, Any]:
    """Return the fields of a request that differ from what a server takes for granted, and those it asks for."""
    found = {}
    for name, default in _defaults(type(request)):
        value = getattr(request, name)
        if value is not None and (name in request.required or value != default):
            found[name] = value
    return found


@lru_cache(maxsize=512)  # finding them out takes a sixth of a request
def _defaults(kind: type[Request]) -> Sequence[tuple[str, Any]]:
    return [
        (each.name, each.default if each.default_factory is msgspec.NODEFAULT else each.default_factory())
        for each in msgspec.structs.fields(kind)
    ]


def _query(fields: Mapping[str, Any]) -> str:
    pairs = [(name, each) for name, value in fields.items() for each in (value if isinstance(value, list) else [value])]
    return f"?{urlencode(pairs)}" if pairs else ""


def _shown(url: str) -> str:
    return url.rpartition("@")[2][:200]


class Answer:
    """An answer whose body is read in parts; raises `Unavailable` where it breaks off."""

    def __init__(
        self, response: urllib3.BaseHTTPResponse, explained: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._response, self._explained = response, explained

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes; fewer at the end only."""
        with self._explained():
            return self._response.read(size)
