"""A container engine, Docker or podman, through the API that both speak."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import cached_property
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from hookline.errors import AlreadyExists, ExecutionFailed, NotFound, Unavailable
from hookline.uris import without_secrets
from hookline_lib_container.addresses import find_address
from hookline_lib_container.connection import TIMEOUT, Connection, EngineRefused, SilentEngine
from hookline_lib_container.containers import ContainerSpec, ContainerState, Image
from hookline_lib_container.context import Context
from hookline_lib_container.dockerfile import check_reference

LAST_LINES = 15
_CHUNK = 2**20
_CONFLICT = 409
_HEAD = 8
"""Bytes before each piece of a container's output: the number of the stream, and in the last four its length."""


class Engine(AbstractContextManager["Engine"]):
    """An engine, asked on first use. Thread safe. Its errors are those of `Connection`.

    Args:
        address: such as `unix:///run/podman/podman.sock`; default what the environment says, or a usual socket.
    """

    def __init__(self, address: str | None = None) -> None:
        self._given = address

    @cached_property
    def _connection(self) -> Connection:
        return Connection(find_address(self._given))

    def close(self) -> None:
        """Let the next use look anew where the engine is."""
        self.__dict__.pop("_connection", None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def is_rootless(self) -> bool:
        """Whether the engine runs as its user, who is then root in its containers."""
        said = self._connection.ask("GET", "/info").get("SecurityOptions")
        return any("rootless" in each for each in said or ())

    # Images ----------------------------------------------------------------------------------------------------------

    def image(self, reference: str) -> Image:
        """Return an image that the engine has."""
        check_reference(reference)
        try:
            return Image.read(self._connection.ask("GET", f"/images/{quote(reference, safe=':/@')}/json"))
        except NotFound as error:
            raise NotFound(f"The container engine has no image {reference!r}.") from error

    def has_image(self, reference: str) -> bool:
        """Return whether the engine has an image."""
        with suppress(NotFound):
            return bool(self.image(reference))
        return False

    def history(self, reference: str) -> list[dict[str, Any]]:
        """Return how an image came to be, step by step, as whoever gets it can read."""
        found: list[dict[str, Any]] = self._connection.ask("GET", f"/images/{quote(reference, safe=':/@')}/history")
        return found

    def obtained(self, reference: str, timeout: float = 1800.0) -> Image:
        """Return an image, pulled where the engine does not have it.

        Raises:
            NotFound: nobody has it; the text holds what the registry said.
        """
        with suppress(NotFound):
            return self.image(reference)
        name, _, tag = reference.partition("@") if "@" in reference else _split_tag(reference)
        try:
            for event in self._events("/images/create", {"fromImage": name, "tag": tag or "latest"}, timeout=timeout):
                if "error" in event:
                    raise ExecutionFailed(str(event["error"]))
        except (ExecutionFailed, NotFound) as error:
            said = without_secrets(str(error)).strip()
            raise NotFound(
                f"The container engine has no image {reference!r}, and cannot pull it: {said} "
                "Look at the name, or build or pull the image with the engine's own program first."
            ) from error
        return self.image(reference)

    def build(self, context: Context, tag: str, *, network: str | None = None, timeout: float = 1800.0) -> Image:
        """Build an image. The containers of its steps are removed.

        Args:
            network: that of its steps; None: the engine's default. timeout: seconds without a word.

        Raises:
            ExecutionFailed: a step failed; the text holds the last that it wrote.
        """
        said: list[str] = []
        params = {"t": tag, "rm": "true", "forcerm": "true", **({"networkmode": network} if network else {})}
        with context.archive() as archive:
            for event in self._events("/build", params, iter(lambda: archive.read(_CHUNK), b""), timeout):
                said.extend(str(event.get("stream", "")).splitlines())
                del said[: -LAST_LINES * 4]
                if "error" in event:
                    raise _build_failure(said, str(event["error"]))
        return self.image(tag)

    def remove_image(self, reference: str) -> None:
        """Remove an image; one that is not there, or that a container still uses, is left."""
        with suppress(NotFound, EngineRefused):
            self._connection.ask("DELETE", f"/images/{quote(reference, safe=':/@')}")

    def _events(
        self, path: str, params: Mapping[str, str], content: Iterator[bytes] | None = None, timeout: float = TIMEOUT
    ) -> Iterator[dict[str, Any]]:
        """Yield the values of an answer that holds one a line."""
        with self._connection.stream("POST", path, params=params, content=content, timeout=timeout) as response:
            for line in response.iter_lines():
                if line.strip():
                    yield json.loads(line)

    # Containers ------------------------------------------------------------------------------------------------------

    def create(self, spec: ContainerSpec) -> str:
        """Make a container, not started yet, and return its id. Raises `AlreadyExists` where its name is taken."""
        params = {"name": spec.name} if spec.name else {}
        try:
            made: str = self._connection.ask("POST", "/containers/create", params=params, body=spec.body())["Id"]
        except EngineRefused as error:
            if spec.name and (error.status == _CONFLICT or "already in use" in str(error)):
                raise AlreadyExists(f"There is a container {spec.name!r} already.") from error
            raise
        return made

    def start(self, container: str) -> None:
        """Start a container that was made."""
        self._connection.ask("POST", f"/containers/{container}/start")

    def state(self, container: str) -> ContainerState:
        """Return a container as it stands."""
        return ContainerState.read(self._connection.ask("GET", f"/containers/{container}/json"))

    def find(self, labels: Mapping[str, str]) -> Sequence[ContainerState]:
        """Return the containers with these labels, ended ones too, the oldest first."""
        wanted = json.dumps({"label": [f"{name}={value}" for name, value in labels.items()]})
        listed = self._connection.ask("GET", "/containers/json", params={"all": "true", "filters": wanted})
        found = []
        for each in listed or ():
            with suppress(NotFound):  # it was removed meanwhile
                found.append(self.state(each["Id"]))
        return sorted(found, key=lambda state: state.created)

    def output(self, container: str, *, past: bool = False) -> "Listener":
        """Listen to a container that does not run yet: return what it writes until its end.

        Args:
            past: begin with all that it has written, as the engine's log has it; it may run, or have ended.
        """
        path = f"/containers/{container}/{'logs' if past else 'attach'}"
        params = {"stdout": "true", "stderr": "true", "follow" if past else "stream": "true"}
        with ExitStack() as stack:
            asked = self._connection.stream("GET" if past else "POST", path, params=params, timeout=None)
            response = stack.enter_context(asked)
            return Listener(response, stack.pop_all())

    def log(self, container: str) -> tuple[bytes, bytes]:
        """Return all that a container wrote to stdout and to stderr so far, as the engine's log has it."""
        written: tuple[list[bytes], list[bytes]] = ([], [])
        params = {"stdout": "true", "stderr": "true"}
        with self._connection.stream("GET", f"/containers/{container}/logs", params=params) as response:
            for number, data in Listener(response, ExitStack()):
                written[number].append(data)
        return b"".join(written[0]), b"".join(written[1])

    def wait(self, container: str, seconds: float = TIMEOUT) -> ContainerState | None:
        """Wait for a container's end, at most so many seconds; return its state, or None while it runs."""
        with suppress(SilentEngine):
            self._connection.ask("POST", f"/containers/{container}/wait", timeout=seconds)
        state = self.state(container)
        return None if state.is_running else state

    def stop(self, container: str, patience: float) -> None:
        """Ask a container to end (SIGTERM), and make it after `patience` seconds; one that has ended is left."""
        with suppress(NotFound):
            if patience > 0:
                seconds = math.ceil(patience)
                path = f"/containers/{container}/stop"
                self._connection.ask("POST", path, params={"t": seconds}, timeout=seconds + TIMEOUT)
            elif self.state(container).is_running:
                self._connection.ask("POST", f"/containers/{container}/kill")

    def rename(self, container: str, name: str) -> None:
        """Give a container another name."""
        self._connection.ask("POST", f"/containers/{container}/rename", params={"name": name})

    def remove(self, container: str) -> None:
        """End a container at once, and remove it; one that is gone is no error."""
        try:
            self._connection.ask("DELETE", f"/containers/{container}", params={"force": "true", "v": "true"})
        except NotFound:
            pass
        except EngineRefused as error:
            if error.status != _CONFLICT:  # somebody else removes it at this moment
                raise

    def run(self, spec: ContainerSpec, timeout: float = 600.0) -> bytes:
        """Run a container to its end, remove it, and return what it wrote to stdout.

        Raises:
            ExecutionFailed: it failed, or took longer than `timeout` seconds.
        """
        container = self.create(spec)
        try:
            self.start(container)
            state = self.wait(container, timeout)
            out, err = self.log(container)
        finally:
            self.remove(container)
        if state is None or state.exit_code:
            ended = f"took longer than {timeout:g} s" if state is None else f"ended with exit code {state.exit_code}"
            said = (err or out).decode(errors="replace").strip()[-2000:]
            raise ExecutionFailed(f"{[*spec.entry, *spec.argv][0]!r} in the image {spec.image!r} {ended}: {said}")
        return out


class Listener(Iterator[tuple[int, bytes]]):
    """The parts of a container's output as they come: 0 for stdout or 1 for stderr, and bytes as they were written.

    To be closed, whether or not it was read to its end.
    """

    def __init__(self, response: httpx.Response, held: ExitStack) -> None:
        self._chunks, self._held = response.iter_raw(), held
        self._kept = bytearray()

    def __next__(self) -> tuple[int, bytes]:
        head = self._read(_HEAD)
        if len(head) < _HEAD:
            raise StopIteration
        return int(head[0] == 2), self._read(int.from_bytes(head[4:], "big"))

    def _read(self, size: int) -> bytes:
        """Return so many bytes, or fewer at the end."""
        while len(self._kept) < size and (chunk := self._next()):
            self._kept.extend(chunk)
        data = bytes(self._kept[:size])
        del self._kept[:size]
        return data

    def _next(self) -> bytes:
        try:
            return next(self._chunks, b"")
        except httpx.TransportError as error:
            raise Unavailable(f"The container engine went away while it was listened to: {error}") from error

    def close(self) -> None:
        """Stop to listen."""
        self._held.close()


def _split_tag(reference: str) -> tuple[str, str, str]:
    """Split `host:5000/name:tag` into the name, a colon and the tag."""
    before, slash, last = reference.rpartition("/")
    name, colon, tag = last.partition(":")
    return f"{before}{slash}{name}", colon, tag


def _build_failure(said: Sequence[str], error: str) -> ExecutionFailed:
    lines = [each.rstrip()[:500] for each in [*said, *error.splitlines()] if each.strip()]
    text = without_secrets("\n".join(dict.fromkeys(lines[-LAST_LINES:])))
    return ExecutionFailed(f"The image could not be built. The last that its build wrote:\n{text}")
