"""What is checked of every request before anything else: its path, its host, its origin, its media type.

A page in a browser on this machine can send requests here: `Host` tells those of a name that was made to point here
(DNS rebinding), `Origin` and `Sec-Fetch-Site` those of other pages.
"""

import ipaddress
from urllib.parse import unquote_to_bytes, urlsplit

from hookline_lib_wire.errors import WireError
from hookline_server.exchanges import Exchange
from hookline_server.settings import LOCAL_NAMES, ServerSettings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_ONCE = frozenset({b"host", b"origin", b"authorization", b"content-type", b"content-encoding"})
"""Headers of which a request has one: a proxy might have looked at another one than the server."""


class Guard:
    """Checks requests against what a server allows."""

    def __init__(self, settings: ServerSettings) -> None:
        self._names = frozenset(each.lower().rstrip(".") for each in (*LOCAL_NAMES, *settings.hosts))
        self._origins = frozenset(each.lower().rstrip("/") for each in settings.origins)
        self._known: dict[bytes, bool] = {}

    def check(self, exchange: Exchange) -> None:
        """Raise `WireError` for a host or an origin that is not allowed, a compressed body, and what is unclear."""
        _check_is_clear(exchange)
        host = exchange.header(b"host")
        if not self._is_allowed(host):
            raise WireError(
                "PERMISSION_DENIED",
                "Invalid Host header - possible DNS rebinding attack detected. The owner of this server allows further "
                "names with --allowed-host.",
            )
        if exchange.method not in SAFE_METHODS:
            self._check_origin(exchange, host or b"")
            encoding = exchange.header(b"content-encoding")
            if encoding is not None and encoding.strip().lower() not in (b"", b"identity"):
                raise WireError("UNSUPPORTED_MEDIA_TYPE", "Send the body without a Content-Encoding.")

    def _is_allowed(self, host: bytes | None) -> bool:
        if host is None:
            return False
        known = self._known.get(host)
        if known is None:
            known = self._is_known(host.decode("latin-1"))
            if len(self._known) < 1000:
                self._known[host] = known
        return known

    def _is_known(self, host: str) -> bool:
        name = host_name(host)
        return name is not None and (name in self._names or _is_address(name))

    def _check_origin(self, exchange: Exchange, host: bytes) -> None:
        origin, site = exchange.header(b"origin"), exchange.header(b"sec-fetch-site")
        if origin is None:
            if site is not None and site not in (b"same-origin", b"none"):
                raise WireError("PERMISSION_DENIED", "Cross-origin request blocked")
            return
        text = origin.decode("latin-1").lower().rstrip("/")
        if text in self._origins:
            return
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or parts.netloc != host.decode("latin-1").lower():
            raise WireError("PERMISSION_DENIED", "Cross-origin request blocked")


def _check_is_clear(exchange: Exchange) -> None:
    """Raise `WireError` for a request that another program might read in another way."""
    repeated = exchange.repeated_headers & _ONCE
    if repeated:
        named = b", ".join(sorted(repeated)).decode("latin-1")
        raise WireError("BAD_REQUEST", f"Send each of these headers once: {named}.")
    if "\ufffd" in exchange.scope["path"]:  # which stands for every byte that is none of UTF-8, too
        try:
            unquote_to_bytes(exchange.scope["raw_path"]).decode()
        except UnicodeDecodeError as error:
            raise WireError("BAD_REQUEST", "The path cannot be read: percent-encode it as UTF-8.") from error


def host_name(host: str) -> str | None:
    """Return the name in a `Host` header, in lower case and without its port; None where there is none."""
    text = host.strip().lower()
    if text.startswith("["):
        name, closed, rest = text[1:].partition("]")
        return name if closed and (not rest or (rest[0] == ":" and rest[1:].isdigit())) else None
    name, colon, port = text.partition(":")
    if colon and not port.isdigit():
        return None
    return name.rstrip(".") or None


def _is_address(name: str) -> bool:
    """An address cannot be made to point elsewhere."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def check_json(exchange: Exchange) -> None:
    """Raise `WireError` for a body that does not say that it is JSON: a page can send any other without asking."""
    given = exchange.header(b"content-type")
    if given is None:
        raise WireError("UNSUPPORTED_MEDIA_TYPE", "Bad Request. Content-Type header is missing.")
    if given.partition(b";")[0].strip().lower() != b"application/json":
        raise WireError("UNSUPPORTED_MEDIA_TYPE", "Bad Request. Content-Type must be one of ['application/json'].")
