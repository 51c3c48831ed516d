"""The artifact store of a bucket."""

import io
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import BinaryIO, cast

from hookline.entities import FileInfo
from hookline.errors import InvalidState, InvalidValue, NotFound, of_local_file
from hookline.interfaces import ArtifactStore
from hookline.interfaces.artifacts import Moved
from hookline.paths import check_key_path
from hookline_artifact_object.clients import Bucket, Client, client_of, options_for
from hookline_artifact_object.downloads import Download
from hookline_artifact_object.failures import Changed, told
from hookline_artifact_object.options import ObjectOptions
from hookline_artifact_object.places import place_of
from hookline_artifact_object.reading import Parts, Source, Stream

THREADS = 16
"""Threads that fetch parts, for all files together."""
_MOST_PARTS = 10_000
_ATTEMPTS = 5
_AT_ONCE = 1000
_BUFFER = 256 * 1024


class ObjectArtifactStore(ArtifactStore):
    """Keeps each artifact as the object of the same name below a prefix of a bucket.

    Objects whose names are no keys are not listed. Requests that fail on the way are repeated. A process that was
    forked from one that used such a store cannot use one: start it anew ("spawn").

    Args:
        uri: the bucket and the prefix, such as `s3://bucket/prefix`. options: how it is reached.

    Raises:
        InvalidValue: the URI names no place in an object store. ConfigError: an option is wrong.
    """

    _first_process: int | None = None

    def __init__(self, uri: str, options: ObjectOptions | None = None) -> None:
        self._place = place_of(uri)
        self._options = options_for(self._place, options)
        self._client = client_of(self._place, self._options)
        self._lock = Lock()
        self._threads: ThreadPoolExecutor | None = None

    def __repr__(self) -> str:
        """Name the place."""
        return f"ObjectArtifactStore({self._place.scheme}, {self._place.shown}, prefix={self._place.prefix!r})"

    def put(self, key: str, source: Path) -> None:
        """Store a local file under a key. A large one goes in parts, and is there once all of them are."""
        self._put(key, source, None)

    def put_with_progress(self, key: str, source: Path, moved: Moved) -> None:
        """Store a local file as `put` does; a part counts as moved when it is read, which is up to `parallel` ahead."""
        self._put(key, source, moved)

    def _put(self, key: str, source: Path, moved: Moved | None) -> None:
        check_key_path(key)
        size = _size_of(source)
        chunk = max(self._options.part_size, -(-size // _MOST_PARTS))
        with ExitStack() as held, self._told("store", key):
            content = source if moved is None else held.enter_context(_Watched(source, moved))
            self._here().bucket.put(
                key,
                content,
                chunk_size=chunk,
                max_concurrency=self._options.parallel,
                use_multipart=size > chunk,
            )

    def get(self, key: str, destination: Path) -> None:
        """Write a file's content to a local path, which appears once it is whole.

        A large one that broke off is continued by the next call for the same path, if it is still the same file.
        """
        self.get_with_progress(key, destination, _nobody)

    def get_with_progress(self, key: str, destination: Path, moved: Moved) -> None:
        """Write a file's content as `get` does; what an earlier call has left counts as moved at once."""
        for attempt in range(_ATTEMPTS):
            try:
                return self._get(key, destination, moved)
            except Changed:
                if attempt == _ATTEMPTS - 1:
                    raise
        return None

    def _get(self, key: str, destination: Path, moved: Moved) -> None:
        source = self._source(key)
        try:
            with Download(source, destination, self._options.part_size) as download:
                moved(download.size)
                for part in self._parts(key, source).since(download.size):
                    download.write(part)
                    moved(len(part))
        except OSError as error:
            raise of_local_file(error, f"local folder {str(destination.parent)!r}", "write into") from error

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading: from any position, and ahead of the reader. It is the content of this moment."""
        source = self._source(key)
        stream = Stream(self._parts(key, source), source.size)
        return cast(BinaryIO, io.BufferedReader(stream, _BUFFER))

    def list(self, prefix: str = "") -> Sequence[FileInfo]:
        """Return the files and folders directly below a prefix."""
        check_key_path(prefix, allow_root=True)
        bucket = self._here().bucket
        with self._told("list", prefix):
            found = bucket.list_with_delimiter(prefix or None)
        shown = [FileInfo(each, True) for each in _keys(found["common_prefixes"], prefix)]
        sizes = {each["path"]: each["size"] for each in found["objects"]}
        shown += [FileInfo(each, False, sizes[each]) for each in _keys(sizes, prefix)]
        if shown or not prefix:
            return sorted(shown, key=lambda each: each.path)
        try:
            with self._told("list", prefix):
                meta = bucket.head(prefix)
        except NotFound:
            return []
        return [FileInfo(prefix, False, meta["size"])]

    def delete(self, key: str) -> None:
        """Remove a file, or a folder with all below it."""
        check_key_path(key)
        bucket = self._here().bucket
        for attempt in range(_ATTEMPTS):
            try:
                with self._told("delete", key):
                    for some in bucket.list(key, chunk_size=_AT_ONCE):
                        bucket.delete([each["path"] for each in some])
                break
            except NotFound:  # somebody else removes the same files
                if attempt == _ATTEMPTS - 1:
                    raise
        with self._told("delete", key):
            for each in (*_hollow_below(bucket, key), key):
                _remove(bucket, each)
            self._remove_hollow_above(key)

    def _remove_hollow_above(self, key: str) -> None:
        """Remove the folders above a key that hold nothing: some stores keep folders, which elsewhere are but names."""
        bucket, above = self._here().bucket, key.rpartition("/")[0]
        while above and not any(bucket.list(above, chunk_size=1)):
            outer = above.rpartition("/")[0]
            found = bucket.list_with_delimiter(outer or None)
            if above not in found["common_prefixes"] or any(each["path"] == above for each in found["objects"]):
                return
            _remove(bucket, above)
            above = outer

    def close(self) -> None:
        """End the threads."""
        with self._lock:
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(cancel_futures=True)

    def _source(self, key: str) -> Source:
        check_key_path(key)
        with self._told("read", key):
            return Source.opened(self._here().bucket, key, self._options.part_size)

    def _parts(self, key: str, source: Source) -> Parts:
        telling = partial(self._told, "read", key)
        return Parts(source, self._pool(), self._options.part_size, self._options.parallel, telling)

    def _told(self, verb: str, key: str) -> AbstractContextManager[None]:
        return told(verb, key, self._place, self._client.asked)

    def _pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="hookline-objects")
            return self._threads

    def _here(self) -> Client:
        """Return the client, whose threads a forked process does not have: it would wait for them for ever."""
        process = os.getpid()
        if ObjectArtifactStore._first_process is None:
            ObjectArtifactStore._first_process = process
        if ObjectArtifactStore._first_process != process:
            raise InvalidState(
                "This process was forked from one that used an object store, and cannot use one itself. Start "
                'processes with multiprocessing.get_context("spawn").'
            )
        return self._client


class _Watched(io.FileIO):
    """A local file that says how much of it is read."""

    def __init__(self, path: Path, moved: Moved) -> None:
        super().__init__(path)
        self._moved = moved

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(-1 if size is None else size)
        self._moved(len(part))
        return part


def _nobody(_count: int) -> None:
    """Do not listen."""


def _hollow_below(bucket: Bucket, folder: str) -> Sequence[str]:
    """Return the folders that a store keeps below one that holds no files any more, each after those below it."""
    found: list[str] = []
    waiting = [folder]
    while waiting:
        inner = bucket.list_with_delimiter(waiting.pop())["common_prefixes"]
        found += inner
        waiting += inner
    return found[::-1]


def _remove(bucket: Bucket, path: str) -> None:
    with suppress(FileNotFoundError):
        bucket.delete(path)


def _keys(found: Iterable[str], prefix: str) -> Iterable[str]:
    """Yield the names that are keys below a prefix: an object that stands for the folder itself is none."""
    for each in found:
        with suppress(InvalidValue):
            if check_key_path(each) != prefix:
                yield each


def _size_of(source: Path) -> int:
    """Return the size of a local file that can be read."""
    try:
        with source.open("rb") as file:
            return os.fstat(file.fileno()).st_size
    except IsADirectoryError as error:
        raise InvalidValue(f"Cannot read the local file {str(source)!r}: it is a folder.") from error
    except OSError as error:
        raise of_local_file(error, f"local file {str(source)!r}", "read") from error
