"""Where the container engine is: what the user says, what the environment says, or a socket that is there."""

import os
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from hookline.errors import ConfigError, Unavailable

VARIABLES = ("DOCKER_HOST", "CONTAINER_HOST")
SCHEMES = ("unix://", "tcp://", "http://", "https://")
START = (
    "Start Docker, or podman's service: `podman system service --time=0 unix:///tmp/podman.sock &` and "
    "DOCKER_HOST=unix:///tmp/podman.sock."
)


@frozen
class Address:
    """Where an engine is, and who says so, for messages."""

    url: str
    said_by: str


def find_address(given: str | None = None) -> Address:
    """Return where the engine is.

    Args:
        given: what an option says; it wins over the environment.

    Raises:
        ConfigError: what is said is no address. Unavailable: nothing is said, and no known socket is there.
    """
    if given:
        return _checked(given, "the option 'engine'")
    for name in VARIABLES:
        if value := os.environ.get(name):
            return _checked(value, name)
    looked_at = list(dict.fromkeys(map(str, _sockets())))
    for path in looked_at:
        if Path(path).is_socket():
            return Address(f"unix://{path}", "its usual socket")
    raise Unavailable(
        f"There is no container engine: {' and '.join(VARIABLES)} are not set, and none of these sockets is there: "
        f"{', '.join(looked_at)}. {START}"
    )


def _checked(url: str, said_by: str) -> Address:
    if not url.startswith(SCHEMES):
        raise ConfigError(
            f"{said_by} names the container engine {url!r}, which cannot be reached from here; allowed are addresses "
            f"that start with {', '.join(SCHEMES)}. The socket of an engine behind ssh is forwarded by "
            "ssh -L FILE:SOCKET HOST."
        )
    return Address(url, said_by)


def _sockets() -> Iterator[Path]:
    yield Path("/var/run/docker.sock")
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime, "docker.sock")
        yield Path(runtime, "podman", "podman.sock")
    yield Path("/run/podman/podman.sock")
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is no home
    yield home / ".docker" / "run" / "docker.sock"
    yield home / ".colima" / "default" / "docker.sock"
