"""What a user may set under `backends.container`, or with `-o key=value`."""

import re
from typing import Any

from attrs import field, frozen, validators

from hookline.errors import InvalidValue
from hookline_lib_container.containers import size_in_bytes

_USER = re.compile(r"[\w.\-]+(?::[\w.\-]+)?", re.ASCII)


def _is_size(_options: object, attribute: Any, value: str) -> None:
    try:
        size_in_bytes(value)
    except InvalidValue as error:
        raise ValueError(f"{attribute.name}: {error}") from error


def _is_user(_options: object, attribute: Any, value: str) -> None:
    if not _USER.fullmatch(value):
        raise ValueError(f"{attribute.name} must be a user such as '1000:1000', not {value!r}")


@frozen
class ContainerOptions:
    """How containers are run.

    Attributes:
        engine: the address of Docker or podman; default what DOCKER_HOST or CONTAINER_HOST say, or a usual socket.
        network: `host` reaches what this machine reaches, servers on 127.0.0.1 included; else a network of the engine's
            such as `bridge`, or `none`.
        memory: the most that it may use, such as `2g`; more kills it.
        shared_memory: the size of /dev/shm, which data loaders of PyTorch need.
        cpus: how much of the processors it may use, such as 1.5.
        user: whom the command runs as; default this user, where the engine would make it root on this machine.
        pass_variables: further variables of this process's environment that the command gets.
        patience: seconds that a cancelled command has to end by itself.
        engine_patience: seconds for which an engine that went away is waited for while a command runs.
    """

    engine: str | None = None
    network: str = field(default="host", validator=validators.min_len(1))
    memory: str | None = field(default=None, validator=validators.optional(_is_size))
    shared_memory: str | None = field(default=None, validator=validators.optional(_is_size))
    cpus: float | None = field(default=None, validator=validators.optional(validators.gt(0)))
    user: str | None = field(default=None, validator=validators.optional(_is_user))
    pass_variables: tuple[str, ...] = ()
    patience: float = field(default=5.0, validator=[validators.ge(0), validators.le(600)])
    engine_patience: float = field(default=60.0, validator=validators.ge(0))
