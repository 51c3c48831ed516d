"""Images and containers: what is asked for, and how they stand."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from hookline.errors import InvalidValue

KILLED = 9
"""The number of the signal that no process can refuse."""


@frozen
class Image:
    """An image that the engine has. `path`: where its programs are looked for."""

    image_id: str
    path: str
    labels: Mapping[str, str]

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> "Image":
        """Read what the engine says of it."""
        config = found.get("Config") or {}
        variables = dict(each.partition("=")[::2] for each in config.get("Env") or ())
        return cls(found["Id"], variables.get("PATH", ""), config.get("Labels") or {})


@frozen
class Mount:
    """A file or a folder of this machine, or a volume of the engine's, as a container sees it."""

    source: str
    target: str
    read_only: bool = False
    is_volume: bool = False

    def body(self) -> dict[str, Any]:
        """Return it as the engine's API spells it."""
        kind = "volume" if self.is_volume else "bind"
        return {"Type": kind, "Source": self.source, "Target": self.target, "ReadOnly": self.read_only}


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([bkmgt]?)b?", re.IGNORECASE)


def size_in_bytes(text: str) -> int:
    """Read a size such as `512m` or `2g`.

    Raises:
        InvalidValue: it is none.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise InvalidValue(f"{text!r} is no size such as '512m' or '2g'.")
    return int(float(match[1]) * 1024 ** "bkmgt".index(match[2].lower() or "b"))


def mounts_of(paths: tuple[Path, ...]) -> tuple[Mount, ...]:
    """Return mounts that show files and folders of this machine where they are; what lies in another is shown by it."""
    wanted = sorted({path.absolute() for path in paths}, key=lambda path: (len(path.parts), path))
    kept: list[Path] = []
    for path in wanted:
        if not any(path.is_relative_to(each) for each in kept):
            kept.append(path)
    return tuple(Mount(str(each), str(each)) for each in kept)


@frozen
class ContainerSpec:
    """A container to make.

    Attributes:
        argv: its command, which the image's own entry program gets as arguments where there is one.
        entry: a program to run in place of the image's own entry program.
        memory, shared_memory: such as `2g`; None: no limit, and the engine's default.
        user: such as `1000:1000`; "" for the image's.
    """

    image: str
    argv: tuple[str, ...] = ()
    entry: tuple[str, ...] = ()
    name: str = ""
    labels: Mapping[str, str] = field(factory=dict)
    variables: Mapping[str, str] = field(factory=dict)
    folder: str = ""
    mounts: tuple[Mount, ...] = ()
    network: str = "none"
    memory: str | None = None
    shared_memory: str | None = None
    cpus: float | None = None
    user: str = ""

    def body(self) -> dict[str, Any]:
        """Return it as the engine's API spells it."""
        host: dict[str, Any] = {"NetworkMode": self.network, "Mounts": [each.body() for each in self.mounts]}
        if self.memory:  # swap would let it pass its limit
            host |= {"Memory": size_in_bytes(self.memory), "MemorySwap": size_in_bytes(self.memory)}
        if self.shared_memory:
            host["ShmSize"] = size_in_bytes(self.shared_memory)
        if self.cpus:
            host["NanoCpus"] = int(self.cpus * 1e9)
        body: dict[str, Any] = {
            "Image": self.image,
            "Labels": dict(self.labels),
            "Env": [f"{name}={value}" for name, value in self.variables.items()],
            "HostConfig": host,
        }
        given = {"Cmd": list(self.argv), "Entrypoint": list(self.entry), "WorkingDir": self.folder, "User": self.user}
        return body | {name: value for name, value in given.items() if value}


@frozen
class ContainerState:
    """A container as it stands.

    Attributes:
        status: `created`, `running`, `exited`, ... as the engine calls it.
        memory: its limit in bytes; 0: none.
    """

    container_id: str
    name: str
    status: str
    exit_code: int
    out_of_memory: bool
    memory: int
    labels: Mapping[str, str]
    created: str
    image_id: str

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> "ContainerState":
        """Read what the engine says of it."""
        state, config = found["State"], found.get("Config") or {}
        return cls(
            found["Id"],
            str(found.get("Name", "")).lstrip("/"),
            str(state.get("Status", "")),
            int(state.get("ExitCode") or 0),
            bool(state.get("OOMKilled")),
            int((found.get("HostConfig") or {}).get("Memory") or 0),
            config.get("Labels") or {},
            str(found.get("Created", "")),
            str(found.get("Image", "")),
        )

    @property
    def is_running(self) -> bool:
        """Whether its command runs, or is held."""
        return self.status in ("running", "paused", "restarting", "stopping")

    @property
    def was_killed(self) -> bool:
        """Whether it was killed from outside, as far as its exit code tells."""
        return self.out_of_memory or self.exit_code == 128 + KILLED

    @property
    def reason(self) -> str:
        """Why it ended so, in a sentence; "" where the exit code says all."""
        limit = f"its memory limit of {self.memory / 2**20:g} MiB"
        if self.out_of_memory:
            return f"It needed more than {limit if self.memory else 'the memory there is'}, and was killed for it."
        if not self.was_killed:
            return ""
        if self.memory:
            return f"It was killed (signal {KILLED}), as the system does with one that needs more than {limit}."
        return f"It was killed (signal {KILLED}), by somebody or for want of memory."
