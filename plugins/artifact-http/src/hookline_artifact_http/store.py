"""The artifact store behind a server's URL."""

import io
import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from hookline.entities import FileInfo
from hookline.entities.rules import new_id
from hookline.errors import NotFound
from hookline.interfaces import ArtifactStore
from hookline.paths import check_key_path
from hookline_artifact_http.options import ArtifactOptions
from hookline_lib_client.server import Answer, Server
from hookline_lib_wire.entities import given
from hookline_lib_wire.messages import artifacts as messages
from hookline_lib_wire.table import ROUTES

CHUNK = 2**20
_BINARY = "application/octet-stream"
_OPERATIONS = ("download", "upload", "list_proxied", "delete_artifact")
_DOWNLOAD, _UPLOAD, _LIST, _DELETE = (
    next(route for route in ROUTES if route.operation == operation) for operation in _OPERATIONS
)


class HttpArtifactStore(ArtifactStore):
    """Files on a server that speaks MLflow's artifact proxy, Hookline's or MLflow's own.

    Args:
        uri: the server's URL, such as `https://host/prefix`. options: who asks, and how.

    Raises:
        InvalidValue: the URI names no server.
    """

    def __init__(self, uri: str, options: ArtifactOptions | None = None) -> None:
        self._server = Server(uri, options or ArtifactOptions())

    def put(self, key: str, source: Path) -> None:
        """Store a local file under a key; the server lets it appear once it is whole."""
        named = _file(key)
        try:
            stream = source.open("rb")
        except (FileNotFoundError, IsADirectoryError) as error:
            raise NotFound(f"There is no local file {str(source)!r}.") from error
        with stream:
            self._server.send(_UPLOAD, named, stream, _BINARY, length=os.fstat(stream.fileno()).st_size)

    def get(self, key: str, destination: Path) -> None:
        """Write a file's content to a local path, which appears once it is whole."""
        partial = destination.with_name(f".{new_id()}.partial")
        try:
            with self._server.reading(_DOWNLOAD, _file(key)) as answer, partial.open("wb") as file:
                while part := answer.read(CHUNK):
                    file.write(part)
            partial.replace(destination)
        finally:
            partial.unlink(missing_ok=True)

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading, as it comes."""
        with ExitStack() as stack:
            answer = stack.enter_context(self._server.reading(_DOWNLOAD, _file(key)))
            return cast(BinaryIO, io.BufferedReader(_Stream(answer, stack.pop_all()), CHUNK))

    def list(self, prefix: str = "") -> Sequence[FileInfo]:
        """Return the files and folders directly below a prefix."""
        key = check_key_path(prefix, allow_root=True)
        found = self._below(key)
        if found or not key:
            return found
        return [each for each in self._below(key.rpartition("/")[0]) if each.path == key and not each.is_dir]

    def _below(self, key: str) -> Sequence[FileInfo]:
        try:
            answer = self._server.ask(_LIST, messages.ListProxied(path=key), messages.ArtifactsFound)
        except NotFound:
            return []
        start = f"{key}/" if key else ""
        found = []
        for each in answer.files:
            is_dir = given(each.is_dir, False)
            path = check_key_path(start + each.path)  # what a server says is checked as what a person says
            found.append(FileInfo(path, is_dir, None if is_dir else given(each.file_size, 0)))
        return sorted(found, key=lambda each: each.path)

    def delete(self, key: str) -> None:
        """Remove a file, or a folder with all below it."""
        with suppress(NotFound):
            self._server.ask(_DELETE, _file(key), dict)

    def close(self) -> None:
        """Close the connections."""
        self._server.close()


class _Stream(io.RawIOBase):
    """An answer that is read as it comes."""

    def __init__(self, answer: Answer, held: ExitStack) -> None:
        self._answer, self._held = answer, held

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        part = self._answer.read(len(view))
        view[: len(part)] = part
        return len(part)

    def close(self) -> None:
        if not self.closed:
            self._held.close()
        super().close()


def _file(key: str) -> messages.ArtifactPath:
    return messages.ArtifactPath(artifact_path=check_key_path(key))
