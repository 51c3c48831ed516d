"""Files: of runs, of logged models, of versions, and the proxy of the artifact store.

A file is named by what it belongs to and a key below that; the server opens no place that a client named.
"""

import asyncio
import mimetypes
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from hookline.entities import FileInfo
from hookline.errors import NotFound
from hookline.interfaces import ArtifactStore
from hookline.paths import check_key_path
from hookline_lib_wire import answers
from hookline_lib_wire.messages import artifacts as messages
from hookline_lib_wire.messages.base import UNSET, Empty
from hookline_server.exchanges import Exchange, Reply
from hookline_server.handlers.ranges import Span, SpanStream, span_of, wanted_range
from hookline_server.near_disk import SMALL
from hookline_server.services import Services

CHUNK = 2**20
_BELOW = "/artifacts/"
_UNQUOTED = re.compile(r"[A-Za-z0-9_.~-]+")
_OF_FILES = {
    "content-security-policy": "sandbox; default-src 'none'",
    "cache-control": "private, no-cache",
    "accept-ranges": "bytes",
}


def list_artifacts(services: Services, request: messages.ListArtifacts) -> messages.ArtifactsFound:
    """List the files of a run, with paths relative to its folder."""
    return _listed(services, services.tracking.get_run(request.run_id).info.artifact_uri, request.path)


def list_model_artifacts(services: Services, request: messages.ListModelArtifacts) -> messages.ArtifactsFound:
    """List the files of a logged model, with paths relative to its folder."""
    uri = services.logged_models.get_logged_model(request.model_id).artifact_uri
    return _listed(services, uri, request.artifact_directory_path)


def _listed(services: Services, uri: str, path: str) -> messages.ArtifactsFound:
    key = path.rstrip("/")
    below = services.artifact_key(uri, key)
    cut = len(below) - len(key) if key or not below else len(below) + 1
    found = services.artifacts.list(below)
    if key and len(found) == 1 and found[0].path == below:  # a file has nothing below it
        found = []
    return messages.ArtifactsFound(root_uri=answers.location(uri), files=_files(found, cut))


def list_proxied(services: Services, request: messages.ListProxied) -> messages.ArtifactsFound:
    """List files of the artifact store, with their names alone."""
    key = check_key_path(request.path.rstrip("/"), allow_root=True)
    found = services.artifacts.list(key)
    if key and len(found) == 1 and found[0].path == key:
        found = []
    return messages.ArtifactsFound(files=_files(found, len(key) + 1 if key else 0))


def _files(found: Iterable[FileInfo], cut: int) -> list[messages.FileInfo]:
    return [messages.FileInfo(each.path[cut:], each.is_dir, UNSET if each.is_dir else each.file_size) for each in found]


def delete_artifact(services: Services, request: messages.ArtifactPath) -> Empty:
    """Remove a file or a folder; a missing one is an error."""
    key = check_key_path(request.artifact_path.rstrip("/"))
    store = services.artifacts
    if not store.list(key):
        raise NotFound(f"There is no artifact {key!r}.")
    store.delete(key)
    return Empty()


async def download(services: Services, exchange: Exchange, request: messages.ArtifactPath) -> None:
    """Send a file of the artifact store."""
    await _send(services, exchange, check_key_path(request.artifact_path))


async def get_artifact(services: Services, exchange: Exchange, request: messages.GetArtifact) -> None:
    """Send a file of a run."""
    run = await services.threads(services.tracking.get_run, request.run_id)
    await _send(services, exchange, services.artifact_key(run.info.artifact_uri, check_key_path(request.path)))


async def get_model_artifact(services: Services, exchange: Exchange, request: messages.GetModelArtifact) -> None:
    """Send a file of a logged model."""
    model = await services.threads(services.logged_models.get_logged_model, request.model_id)
    key = check_key_path(request.artifact_file_path)
    await _send(services, exchange, services.artifact_key(model.artifact_uri, key))


async def get_version_artifact(services: Services, exchange: Exchange, request: messages.GetVersionArtifact) -> None:
    """Send a file of a model version."""
    uri = await services.threads(services.version_location, request.name, request.version)
    await _send(services, exchange, services.artifact_key(uri, check_key_path(request.path)))


async def _send(services: Services, exchange: Exchange, key: str) -> None:
    """Send a file, or a part of it, as an attachment, so that no browser takes it for a page of ours."""
    begun = await _begun(services, key, wanted_range(exchange), exchange.method == "HEAD")
    stream, part = begun.stream, begun.first
    try:
        name = key.rpartition("/")[2]
        quoted = name if _UNQUOTED.fullmatch(name) else quote(name, safe="")
        headers = {**_OF_FILES, "content-disposition": f"attachment; filename*=UTF-8''{quoted}"}
        if begun.span is not None:
            headers["content-range"] = begun.span.header
        exchange.is_read = True
        media_type = _media_type(name.lstrip(".").partition(".")[2])
        await exchange.begin(200 if begun.span is None else 206, media_type, begun.size, headers)
        if exchange.method == "HEAD":
            await exchange.go_on(b"", more=False)
            return
        if stream is None:
            await exchange.go_on(part, more=False)
            return
        while part:
            following = services.long_threads(stream.read, CHUNK)
            try:
                await exchange.go_on(part, more=True)
            finally:
                part = await following
        await exchange.go_on(b"", more=False)
    finally:
        if stream is not None:
            await services.long_threads(stream.close)


class _Begun(NamedTuple):
    """A file that is being sent: what is left of it, its size where that can be told, its first bytes, and which part.

    `stream` is None where the first bytes are all.
    """

    stream: Any
    size: int | None
    first: bytes
    span: Span | None


async def _begun(services: Services, key: str, wanted: bytes | None, is_head: bool) -> _Begun:
    """Open a file as `_opened` does: here where its disk is quick, else on a thread."""
    if not services.near_disk.is_quick():
        count = 0 if is_head else CHUNK
        found: _Begun = await services.long_threads(_opened, services.artifacts, key, wanted, count)
        return found
    return services.near_disk.use(_opened, services.artifacts, key, wanted, 0 if is_head else SMALL)


@lru_cache(maxsize=1024)
def _media_type(endings: str) -> str:
    """Return the media type of files with such a name after its first dot, for example `tar.gz`."""
    return mimetypes.guess_type(f"file.{endings}")[0] or "application/octet-stream"


def _opened(store: ArtifactStore, key: str, wanted: bytes | None, count: int) -> _Begun:
    """Open a file, or the part of it that is wanted, and read so many bytes."""
    stream: Any = store.open(key)
    try:
        size = _size(stream)
        span = span_of(wanted, size)
        if span is not None:
            stream.seek(span.start)
            size = span.end - span.start
            stream = SpanStream(stream, size)
        first = stream.read(count if size is None else min(count, size)) if count else b""
    except BaseException:
        stream.close()
        raise
    if count and len(first) != size:
        return _Begun(stream, size, first, span)
    stream.close()
    return _Begun(None, size, first, span)


def _size(stream: Any) -> int | None:
    if not stream.seekable():
        return None
    size = int(stream.seek(0, 2))
    stream.seek(0)
    return size


async def upload(services: Services, exchange: Exchange, request: messages.ArtifactPath) -> Reply:
    """Store a file as it comes."""
    return await _receive(services, exchange, new_key(request.artifact_path))


def new_key(path: str) -> str:
    """Return the key of a file to store, which can also be named from the folder of the run or model that it is of.

    Raises:
        InvalidValue: the path is not allowed, or what of it lies below `artifacts/`.
    """
    key = check_key_path(path)
    check_key_path(key.partition(_BELOW)[2], allow_root=True)
    return key


async def upload_run_artifact(services: Services, exchange: Exchange, request: messages.GetArtifact) -> Reply:
    """Store a file of a run."""
    run = await services.threads(services.tracking.get_run, request.run_id)
    return await _receive(
        services, exchange, services.artifact_key(run.info.artifact_uri, check_key_path(request.path))
    )


async def _receive(services: Services, exchange: Exchange, key: str) -> Reply:
    """Write a body to a file of ours, which becomes the artifact once it is whole.

    What came is written by a thread while more comes: a slow disk keeps nobody else from being answered. A small file
    is written here where its disk is quick.
    """
    upload = services.uploads.begin()
    waiting: list[bytes] = []
    size, written = 0, None
    try:
        async for part in exchange.parts():
            waiting.append(part)
            size += len(part)
            if size >= CHUNK:
                if written is not None:
                    await written
                written = services.long_threads(upload.write, waiting)
                waiting, size = [], 0
        if written is not None:
            await written
        if written is None and size <= SMALL and services.near_disk.is_quick():
            services.near_disk.use(upload.become, services.artifacts, key, waiting)
        else:
            await services.long_threads(upload.become, services.artifacts, key, waiting)
    except BaseException:
        if written is not None:
            await asyncio.wait([written])
        await services.long_threads(upload.give_up)
        raise
    return Reply(b"{}")


HANDLERS = {
    "list_artifacts": list_artifacts,
    "list_model_artifacts": list_model_artifacts,
    "list_proxied": list_proxied,
    "delete_artifact": delete_artifact,
    "download": download,
    "get_artifact": get_artifact,
    "get_model_artifact": get_model_artifact,
    "get_version_artifact": get_version_artifact,
    "upload": upload,
    "upload_run_artifact": upload_run_artifact,
}
