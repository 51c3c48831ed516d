"""Files of any file system of fsspec, by what all of them have."""

import errno
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from threading import RLock
from typing import Any

import fsspec
from fsspec.core import url_to_fs

from hookline.errors import ConfigError, HooklineError
from hookline.uris import scheme_of, without_secrets
from hookline_artifact_fsspec.failures import Denied, Problem
from hookline_artifact_fsspec.filesystem import Entry, Filesystem, parent_of
from hookline_artifact_fsspec.options import GeneralOptions
from hookline_artifact_fsspec.places import Place, inner_uri
from hookline_artifact_fsspec.reading import Opened

_NEEDED = {"hdfs": ", and that Java and Hadoop's libhdfs are here (JAVA_HOME, HADOOP_HOME, CLASSPATH)"}


def open_general(uri: str, options: GeneralOptions) -> tuple[Place, Filesystem]:
    """Return what a URI names, and its file system.

    Raises:
        ConfigError: fsspec has no such file system, its library is missing, or the settings are not its own.
    """
    protocol, inner = inner_uri(uri)
    try:
        fsspec.get_filesystem_class(protocol)
    except ValueError:
        raise ConfigError(
            f"fsspec has no file system {protocol!r}; it has those of fsspec.available_protocols()."
        ) from None
    except ImportError as error:
        raise ConfigError(f"{protocol}: a library is missing. fsspec says: {_first_line(error)}") from None
    return Place(scheme_of(uri), without_secrets(uri), ""), GeneralFilesystem(protocol, inner, options)


class GeneralFilesystem(Filesystem):
    """Files of a file system of fsspec. One that is not asynchronous is used by one thread at a time.

    What fsspec calls `rmdir` removes full folders too, with some: empty ones are left, and not listed.
    """

    def __init__(self, protocol: str, uri: str, options: GeneralOptions) -> None:
        self._protocol, self._uri, self._options = protocol, uri, options
        self._lock = RLock()
        self._made: tuple[Any, str] | None = None

    def write(self, path: str, parts: Iterable[bytes]) -> None:
        """See `Filesystem.write`."""
        with self._asking() as (files, root):
            self._require_folder(files, root + parent_of(path))
            with files.open(root + path, "wb") as file:
                for part in parts:
                    file.write(part)

    def read(self, path: str) -> Opened:
        """See `Filesystem.read`."""
        with self._asking() as (files, root):
            found = files.info(root + path)
            if found["type"] != "file":
                raise FileNotFoundError(path)
            return _Remote(self, files.open(root + path, "rb"), found["size"])

    def stat(self, path: str) -> Entry | None:
        """See `Filesystem.stat`."""
        with suppress(FileNotFoundError), self._asking() as (files, root):
            files.invalidate_cache()
            return _entry(files.info(root + path))
        return None

    def entries(self, path: str) -> Sequence[Entry] | None:
        """See `Filesystem.entries`."""
        with suppress(FileNotFoundError), self._asking() as (files, root):
            files.invalidate_cache()
            if files.info(root + path)["type"] != "directory":
                return None
            found = [_entry(each) for each in files.ls(root + path, detail=True)]
            return [each for each in found if each is not None]
        return None

    def make_folders(self, path: str) -> None:
        """See `Filesystem.make_folders`."""
        with self._asking() as (files, root):
            files.makedirs(root + path, exist_ok=True)

    def move(self, source: str, target: str) -> None:
        """See `Filesystem.move`. Where a file system replaces none, the old file is removed first."""
        with self._asking() as (files, root):
            self._require_folder(files, root + parent_of(target))
            try:
                files.mv(root + source, root + target)
            except (FileExistsError, OSError):
                files.invalidate_cache()
                if not (files.isfile(root + source) and files.isfile(root + target)):
                    raise
                files.rm_file(root + target)
                files.mv(root + source, root + target)

    def discard(self, path: str, aside: str) -> None:
        """See `Filesystem.discard`. fsspec moves folders by copying them: nothing is gained by it."""
        self.remove(path)

    def remove(self, path: str) -> None:
        """See `Filesystem.remove`. File by file: what fsspec calls `rm` takes names for patterns."""
        entry = self.stat(path)
        if entry is None:
            raise FileNotFoundError(path)
        for each in (self.entries(path) or ()) if entry.is_dir else ():
            with suppress(FileNotFoundError):
                self.remove(f"{path}/{each.name}")
        with self._asking() as (files, root):
            if not entry.is_dir:
                return files.rm_file(root + path)
            with suppress(OSError):
                files.rmdir(root + path)
        return None

    @staticmethod
    def _require_folder(files: Any, folder: str) -> None:
        """Say that a folder is missing: file systems make it, or fail in ways of their own."""
        if not files.isdir(folder):
            raise FileNotFoundError(folder)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Turn what file systems raise into the errors that the store knows."""
        try:
            yield
        except (FileNotFoundError, Problem, HooklineError):
            raise
        except OSError as error:
            raise self._failure(error) from None
        except Exception as error:  # noqa: BLE001 - each library has errors of its own, whose texts may hold anything
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> Exception:
        """Return what an error means. Some libraries raise `OSError` where others raise one of its kinds."""
        number = getattr(error, "errno", None)
        if number in (errno.ENOENT, errno.ENOTDIR):
            return FileNotFoundError()
        if number in (errno.EACCES, errno.EPERM):
            return Denied("the file system does not allow it, or refuses the user. Check the option settings.")
        kind = type(error).__name__
        return Problem(
            f"the file system {self._protocol!r} failed, or cannot be reached ({kind}). Check the URI, the network and "
            f"the option settings{_NEEDED.get(self._protocol, '')}."
        )

    @contextmanager
    def _asking(self) -> Iterator[tuple[Any, str]]:
        with self.asking():
            files, root = self._connected()
            with nullcontext() if files.async_impl else self._lock:
                yield files, root

    def _connected(self) -> tuple[Any, str]:
        with self._lock:
            if self._made is None:
                try:
                    files, root = url_to_fs(self._uri, **self._options.settings)
                except TypeError:
                    raise ConfigError(
                        f"The option settings holds what fsspec's {self._protocol!r} does not take."
                    ) from None
                self._made = files, root.rstrip("/")
            return self._made


class _Remote(Opened):
    """A file as fsspec reads it."""

    def __init__(self, filesystem: GeneralFilesystem, file: Any, size: int) -> None:
        self._filesystem, self._file, self.size = filesystem, file, size

    def read_at(self, position: int, count: int) -> bytes:
        """See `Opened.read_at`."""
        with self._filesystem.asking():
            if self._file.tell() != position:
                self._file.seek(position)
            part: bytes = self._file.read(count)
            return part

    def close(self) -> None:
        """See `Opened.close`."""
        with self._filesystem.asking():
            self._file.close()


def _entry(found: Any) -> Entry | None:
    name = found["name"].rstrip("/").rpartition("/")[2]
    kinds = {"directory": True, "file": False}
    if found["type"] not in kinds:
        return None
    return Entry(name, kinds[found["type"]], None if kinds[found["type"]] else found["size"])


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
