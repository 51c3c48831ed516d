"""What an image is built from: a Dockerfile and the files that it copies, as an archive."""

import io
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from attrs import field, frozen

from hookline_lib_container.dockerfile import Dockerfile

DOCKERFILE = "Dockerfile"
_IN_MEMORY = 16 * 2**20


@frozen
class Context:
    """A Dockerfile with the files (by name, their content) and the folders (by name, where they are) that it copies."""

    dockerfile: Dockerfile
    files: Mapping[str, bytes] = field(factory=dict)
    folders: Mapping[str, Path] = field(factory=dict)

    @contextmanager
    def archive(self) -> Iterator[IO[bytes]]:
        """Give it as a tar archive. Owners and times are left out: equal files make equal layers."""
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            with tarfile.open(fileobj=file, mode="w") as archive:
                for name, content in {DOCKERFILE: str(self.dockerfile).encode(), **self.files}.items():
                    _add(archive, name, content)
                for name, folder in self.folders.items():
                    _add_folder(archive, name, folder)
            file.seek(0)
            yield file


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    archive.addfile(entry, io.BytesIO(content))


def _add_folder(archive: tarfile.TarFile, name: str, folder: Path) -> None:
    root = tarfile.TarInfo(name)
    root.type, root.mode = tarfile.DIRTYPE, 0o755
    archive.addfile(root)
    for path in sorted(folder.rglob("*")):
        entry = tarfile.TarInfo(f"{name}/{path.relative_to(folder).as_posix()}")
        if path.is_dir():
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        elif path.is_file():  # no socket, no pipe
            entry.size, entry.mode = path.stat().st_size, 0o755 if path.stat().st_mode & 0o100 else 0o644
            with path.open("rb") as content:
                archive.addfile(entry, content)
