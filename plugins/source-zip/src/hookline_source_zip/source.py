"""The project source: an archive is judged as a whole before the first byte is written."""

import lzma
import shutil
import zipfile
import zlib
from pathlib import Path
from zipfile import ZipFile

from hookline.entities import Fetched
from hookline.errors import InvalidValue, NotFound, NotSupported
from hookline.interfaces import ProjectSource
from hookline.paths import inside
from hookline.uris import file_path, is_path, scheme_of, without_secrets
from hookline_source_zip.judging import check_directory_size, files_to_unpack

_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, UnicodeError)


class ZipSource(ProjectSource):
    """Unpacks archives that lie on this machine."""

    def fetch(self, uri: str, version: str | None, destination: Path) -> Fetched:
        """Unpack the archive at a path or `file:` URI into `destination`.

        Raises:
            NotFound: it is not there. NotSupported: it lies on another machine, or is encrypted. InvalidValue: it is no
            zip archive, or a version is asked for. Refused: it holds what is never unpacked.
        """
        if not is_path(uri) and scheme_of(uri) != "file":
            raise NotSupported(f"Archives are not downloaded; download {without_secrets(uri)!r} and name the file.")
        if version is not None:
            raise InvalidValue(f"The version {version!r} was asked for, and a zip archive has none.")
        path = file_path(uri)
        if not path.is_file():
            raise NotFound(f"There is no archive {str(path)!r}.")
        try:
            _unpack(path, destination)
        except _BROKEN as error:
            for each in destination.iterdir():
                shutil.rmtree(each) if each.is_dir() else each.unlink()
            raise InvalidValue(f"{str(path)!r} cannot be read as a zip archive: {error}.") from error
        return Fetched(destination)


def _unpack(path: Path, destination: Path) -> None:
    check_directory_size(path)
    with ZipFile(path) as archive:
        for key, entry in files_to_unpack(archive, path.name).items():
            target = inside(destination, key)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as packed, target.open("xb") as unpacked:
                shutil.copyfileobj(packed, unpacked)  # never more than the size that the entry declares
            if (entry.external_attr >> 16) & 0o100:
                target.chmod(0o755)
