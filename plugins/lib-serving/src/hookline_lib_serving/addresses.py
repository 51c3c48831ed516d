"""Where a server listens: hosts, ports, and who may reach them."""

import errno
import ipaddress
import socket
import time

from hookline.errors import InvalidValue, Refused, Unavailable


def check_host(host: str, *, allow_unauthenticated: bool, flag: str, what: str) -> str:
    """Return `host` if a server without authentication may listen there: this machine's own addresses.

    Args:
        flag: how the user allows others, and `what` they could then use, for the message.

    Raises:
        Refused: other machines could reach it, and that was not allowed.
    """
    if not is_loopback(host) and not allow_unauthenticated:
        raise Refused(
            f"Anyone who reaches {host!r} could use {what}, since this server knows no users. "
            f"Listen on 127.0.0.1, or allow it with {flag}."
        )
    return host


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def url(host: str, port: int) -> str:
    """Return the URL at which this machine reaches a server that listens on a host and a port."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a socket bound to an address, not yet listening.

    Args:
        port: 0 takes a free one.
        shared: whether further processes of this user may bind the same port (SO_REUSEPORT): the kernel then spreads
            connections over those that listen.

    Raises:
        Unavailable: another program listens there. InvalidValue: there is no such address.
    """
    try:
        family, kind, _protocol, _name, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError, OverflowError) as error:
        raise InvalidValue(f"The host {host!r} with the port {port} is no address of this machine: {error}.") from error
    # asyncio sets TCP_NODELAY only on sockets that name their protocol; without it each answer waits ~40 ms.
    bound = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared and hasattr(socket, "SO_REUSEPORT"):
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise _cannot_listen(host, port, error) from error
    return bound


def free_port(host: str, port: int = 0, *, patience: float = 0.0) -> int:
    """Return the port where nobody listens yet, a free one for 0. Raises `Unavailable` after `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            with bind(host, port) as probe:
                found: int = probe.getsockname()[1]
                return found
        except Unavailable:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.05)


def listen(bound: socket.socket) -> None:
    """Let a bound socket accept connections. Raises `Unavailable` where another program was faster."""
    try:
        bound.listen(1024)
    except OSError as error:
        host, port, *_ = bound.getsockname()
        raise _cannot_listen(host, port, error) from error


def _cannot_listen(host: str, port: int, error: OSError) -> Unavailable | InvalidValue:
    if error.errno == errno.EADDRINUSE:
        return Unavailable(
            f"Port {port} of {host} is taken by another program; choose another one, or 0 for a free one."
        )
    if error.errno == errno.EACCES:
        return Unavailable(f"This user may not listen on port {port} of {host}; choose a port above 1023.")
    return InvalidValue(f"Cannot listen on port {port} of {host}: {error.strerror or error}.")
