"""The manifest of a model's folder: a digest of every file, and one digest of them all.

`manifest.json` holds `{"files": {PATH: {"sha256": HEX, "size": BYTES}}, "version": 1}` for every file below the folder
but itself, with `/` in paths. The manifest's own digest is `sha256:` and the SHA-256 of exactly these values as JSON
with sorted keys, no spaces and ASCII only. A digest that lies beside the file which it describes proves nothing: the
store keeps the manifest's digest, so that a file which was changed later is noticed.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from hookline.errors import DigestMismatch, InvalidValue, Refused

FILE_NAME = "manifest.json"
VERSION = 1
ADDED_LATER = frozenset({FILE_NAME, "registered_model_meta"})
"""Files that no manifest lists: itself, and what MLflow's client writes into its copy of a registered model."""
_MAX_BYTES = 64 * 1024 * 1024
_SHOWN = 5


@frozen
class FileDigest:
    """The digest of one file. `sha256`: 64 hexadecimal digits; `size`: bytes."""

    sha256: str
    size: int


@frozen
class Manifest:
    """The digests of a folder's files, by path."""

    files: Mapping[str, FileDigest] = field(factory=dict)

    @classmethod
    def of(cls, folder: Path) -> "Manifest":
        """Read every file of a folder and return its manifest.

        Raises:
            Refused: the folder holds a link, or something that is neither a file nor a folder.
        """
        return cls({key: _digest(path) for key, path in _files(folder)})

    @classmethod
    def read(cls, folder: Path) -> "Manifest | None":
        """Return the manifest that a folder holds, None where it holds none.

        Raises:
            InvalidValue: `manifest.json` is no manifest.
        """
        path = folder / FILE_NAME
        if not path.exists():
            return None
        try:
            if path.stat().st_size > _MAX_BYTES:
                raise ValueError(f"it has more than {_MAX_BYTES} bytes")
            return cls(_files_from_plain(json.loads(path.read_bytes())))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InvalidValue(f"{path} is no manifest of a model: {error}.") from error

    @property
    def digest(self) -> str:
        """The digest of the manifest itself: `sha256:` and 64 hexadecimal digits."""
        return "sha256:" + hashlib.sha256(self._canonical()).hexdigest()

    @property
    def size(self) -> int:
        """How many bytes all files have together."""
        return sum(each.size for each in self.files.values())

    def write(self, folder: Path) -> None:
        """Write `manifest.json` into a folder."""
        (folder / FILE_NAME).write_bytes(self._canonical())

    def differences(self, other: "Manifest") -> list[str]:
        """Return in words how another folder's files differ from these; nothing where they do not."""
        found = []
        for key in sorted({*self.files, *other.files}):
            wanted, present = self.files.get(key), other.files.get(key)
            if present is None:
                found.append(f"{key!r} is missing")
            elif wanted is None:
                found.append(f"{key!r} is not part of it")
            elif wanted != present:
                found.append(f"{key!r} was changed")
        return found

    def verify(self, folder: Path, name: str) -> None:
        """Read every file of a folder and compare.

        Args:
            name: what the model is called in messages.

        Raises:
            DigestMismatch: a file was changed, is missing, or was added; the text names it. Refused: as for `of`.
        """
        found = self.differences(Manifest.of(folder))
        if found:
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise DigestMismatch(
                f"The files of the model {name!r} are not those of its manifest: {', '.join(found[:_SHOWN])}{more}. "
                "Fetch the model again, or save it anew."
            )

    def _canonical(self) -> bytes:
        files = {key: {"sha256": each.sha256, "size": each.size} for key, each in self.files.items()}
        plain = {"files": files, "version": VERSION}
        return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _files_from_plain(plain: Any) -> dict[str, FileDigest]:
    if not isinstance(plain, dict) or plain.get("version") != VERSION or not isinstance(plain.get("files"), dict):
        raise ValueError(f"expected an object with 'files' and the version {VERSION}")
    found = {}
    for key, each in plain["files"].items():
        if not isinstance(each["sha256"], str) or not isinstance(each["size"], int):
            raise ValueError(f"the entry of {key!r} needs 'sha256' and 'size'")
        found[key] = FileDigest(each["sha256"], each["size"])
    return found


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for parent, folders, files in os.walk(folder):
        for name in folders:
            if Path(parent, name).is_symlink():
                raise _not_a_file(folder, Path(parent, name))
        for name in files:
            path = Path(parent, name)
            key = path.relative_to(folder).as_posix()
            if key not in ADDED_LATER:
                yield key, path


def _digest(path: Path) -> FileDigest:
    # Not following a link at the open itself leaves no moment between a check and the reading.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb", buffering=0) as stream:  # noqa: PTH123 - opens a descriptor
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _not_a_file(path.parent, path)
            return FileDigest(hashlib.file_digest(stream, "sha256").hexdigest(), status.st_size)
    except OSError as error:
        if path.is_symlink():
            raise _not_a_file(path.parent, path) from error
        raise


def _not_a_file(folder: Path, path: Path) -> Refused:
    return Refused(
        f"{path.relative_to(folder).as_posix()!r} in the model's folder is a link or no regular file; "
        "a model holds plain files only. Copy what it points at."
    )
