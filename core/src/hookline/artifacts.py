"""Artifacts: from URIs to stores, and whole folders up and down.

`artifacts:/KEY` means KEY in the workspace's own artifact store, so that a workspace can be moved as a whole; any other
URI is opened by the plugin that offers its scheme.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

from attrs import frozen

from hookline import progress as transfers
from hookline.entities import FileInfo
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import ArtifactStore
from hookline.paths import check_key_path, files_below, inside, join_key
from hookline.plugins import Plugins
from hookline.progress import Progress
from hookline.uris import is_path, join_uri, scheme_of, without_secrets

OWN_SCHEME = "artifacts"
PARALLEL_TRANSFERS = 8


@frozen
class Location:
    """A file or folder in an artifact store.

    Attributes:
        key: relative to the store's root; "" for the root itself.
        uri: how it was named, for messages.
    """

    store: ArtifactStore
    key: str
    uri: str

    def below(self, key: str) -> "Location":
        """Return the location of a checked key below this one."""
        return Location(self.store, join_key(self.key, check_key_path(key, allow_root=True)), join_uri(self.uri, key))


class Artifacts:
    """Opens artifact stores and moves files. Thread safe.

    Args:
        root: returns the URI of the workspace's own artifact store; asked when `artifacts:/` is first named.
        options: the options of the plugin that opens `root`.
    """

    def __init__(self, plugins: Plugins, root: Callable[[], str], options: Mapping[str, Any] | None = None) -> None:
        self._plugins = plugins
        self._root = root
        self._options = options or {}
        self._stores: dict[str, ArtifactStore] = {}
        self._lock = Lock()

    def locate(self, uri: str, key: str = "") -> Location:
        """Return where `key` below a folder's URI is.

        Raises:
            UnknownProvider: no plugin offers the URI's scheme. InvalidValue: the key is not allowed.
        """
        if not is_path(uri) and scheme_of(uri) == OWN_SCHEME:
            prefix = uri.partition(":")[2].strip("/")
            base = Location(self._store(OWN_SCHEME), check_key_path(prefix, allow_root=True), uri)
        else:
            base = Location(self._store(uri), "", without_secrets(uri))
        return base.below(key)

    def _store(self, uri: str) -> ArtifactStore:
        with self._lock:
            if uri not in self._stores:
                place, options = (self._root(), self._options) if uri == OWN_SCHEME else (uri, {})
                self._stores[uri] = self._plugins.make_store("artifact_stores", place, options)
            return self._stores[uri]

    def list(self, location: Location) -> Sequence[FileInfo]:
        """Return the files and folders directly below a location, with paths relative to it."""
        found = location.store.list(location.key)
        cut = len(location.key) + 1 if location.key else 0
        return [
            FileInfo(each.path[cut:] or each.path.rpartition("/")[2], each.is_dir, each.file_size) for each in found
        ]

    def walk(self, location: Location) -> Iterator[FileInfo]:
        """Yield every file below a location, with paths relative to it; a file yields itself under its name."""
        yield from self._below(location, location.store.list(location.key))

    def _below(self, location: Location, found: Iterable[FileInfo]) -> Iterator[FileInfo]:
        for each in found:
            if each.is_dir:
                inner = Location(location.store, each.path, location.uri)
                name = each.path.rpartition("/")[2]
                for file in self.walk(inner):
                    yield FileInfo(f"{name}/{file.path}", False, file.file_size)
            else:
                yield FileInfo(each.path.rpartition("/")[2], False, each.file_size)

    def upload(self, source: Path, location: Location, progress: Progress | None = None) -> Sequence[str]:
        """Store a file under its name, or the files of a folder with their relative paths, below a location.

        Args:
            progress: is told how far it is.

        Returns:
            The keys, relative to the location. Links are followed only where they stay inside the folder.

        Raises:
            NotFound: there is no such local file. InvalidValue: a file's name may not be a key.
        """
        if source.is_dir():
            files = dict(files_below(source))
        elif source.is_file():
            files = {source.name: source}
        else:
            raise NotFound(f"There is no local file or folder {str(source)!r}.")
        targets = {key: join_key(location.key, check_key_path(key)) for key in files}
        if progress is not None:
            progress.expect(sum(path.stat().st_size for path in files.values()))
        self._in_parallel(lambda key: transfers.put(location.store, targets[key], files[key], progress), list(files))
        return list(files)

    def download(self, location: Location, destination: Path, progress: Progress | None = None) -> Path:
        """Write a file or folder below the local folder `destination`, which is made; return where it lies.

        Args:
            progress: is told how far it is.

        Raises:
            NotFound: there is nothing at the location.
        """
        destination.mkdir(parents=True, exist_ok=True)
        found = list(location.store.list(location.key))
        if not found:
            raise NotFound(f"There is no artifact at {location.uri!r}.")
        if len(found) == 1 and found[0].path == location.key and not found[0].is_dir:
            target = inside(destination, location.key.rpartition("/")[2])
            if progress is not None:
                progress.expect(found[0].file_size or 0)
            transfers.get(location.store, location.key, target, progress)
            return target
        walked = list(self._below(location, found))
        files = {each.path: inside(destination, each.path) for each in walked}
        if progress is not None:
            progress.expect(sum(each.file_size or 0 for each in walked))
        for folder in {path.parent for path in files.values()}:
            folder.mkdir(parents=True, exist_ok=True)
        self._in_parallel(
            lambda key: transfers.get(location.store, join_key(location.key, key), files[key], progress), list(files)
        )
        return destination

    @contextlib.contextmanager
    def as_local(self, location: Location) -> Iterator[Path]:
        """Give a local path of a file or folder to read: in place where the store allows it, else a private copy."""
        path = location.store.local_path(location.key)
        if path is not None and path.exists():
            yield path
            return
        with tempfile.TemporaryDirectory(prefix="hookline-") as folder:
            yield self.download(location, Path(folder))

    def _in_parallel(self, transfer: Callable[[str], None], keys: Sequence[str]) -> None:
        if len(keys) < 2:
            for key in keys:
                transfer(key)
            return
        with ThreadPoolExecutor(min(PARALLEL_TRANSFERS, len(keys))) as pool:
            for _ in pool.map(transfer, keys):
                pass


def check_artifact_path(path: str | None) -> str:
    """Return an artifact path as given by a user: None is the root, trailing slashes are dropped."""
    if path is None or path in ("", ".", "/"):
        return ""
    if not isinstance(path, str):
        raise InvalidValue(f"An artifact path must be a text, not {path!r}.")
    return check_key_path(path.rstrip("/"))
