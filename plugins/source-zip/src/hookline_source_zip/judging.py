"""What an archive may hold: plain files below its top, of a bounded number and size.

The numbers come from the archive's directory. It may lie, and gains nothing by that: unpacking reads no more of an
entry than its declared size.
"""

import stat
import struct
from pathlib import Path, PurePosixPath
from zipfile import ZipFile, ZipInfo

from hookline.errors import InvalidValue, NotSupported, Refused
from hookline.paths import check_key_path

MAX_ENTRIES = 50_000
MAX_DIRECTORY_BYTES = 16 * 1024**2
MAX_BYTES = 2 * 1024**3
MAX_RATIO = 200
"""How many times its own size an archive may unpack to, where that is more than `SMALL` bytes."""
SMALL = 64 * 1024**2

_END = struct.Struct("<4s4H2LH")
"""The end record (section 4.3.16 of the zip format's APPNOTE)."""
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")


def check_directory_size(path: Path) -> None:
    """Refuse an archive whose directory would take much memory to read, by its end records alone."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - _END.size - 0xFFFF - _LOCATOR.size))
        tail = stream.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < _END.size:
            raise InvalidValue(f"{str(path)!r} is no zip archive.")
        directory = _END.unpack_from(tail, at)[5]
        if at >= _LOCATOR.size and tail[at - _LOCATOR.size : at].startswith(b"PK\x06\x07"):
            stream.seek(min(_LOCATOR.unpack_from(tail, at - _LOCATOR.size)[2], size))
            record = stream.read(_END64.size)
            directory = _END64.unpack(record)[8] if len(record) == _END64.size else MAX_DIRECTORY_BYTES + 1
    if directory > MAX_DIRECTORY_BYTES:
        raise Refused(f"{path.name!r} has a directory of {directory} bytes; at most {MAX_DIRECTORY_BYTES} are read.")


def files_to_unpack(archive: ZipFile, name: str) -> dict[str, ZipInfo]:
    """Return an archive's files by their checked keys, folders left out.

    Raises:
        Refused: a path that is absolute, leads out or is given twice, a link, a device, a setuid file, or too much.
        NotSupported: an entry is encrypted.
    """
    entries = archive.infolist()
    _check_amount(entries, name, archive)
    files: dict[str, ZipInfo] = {}
    folders: set[str] = set()
    for entry in entries:
        key = _checked_key(entry, name)
        _check_kind(entry, name)
        if entry.is_dir():
            folders.add(key.casefold())
            continue
        if key.casefold() in files:  # names that differ in case alone are one name on some file systems
            raise Refused(f"{name!r} holds {entry.filename!r} twice.")
        files[key.casefold()] = entry
        folders.update(str(parent).casefold() for parent in PurePosixPath(key).parents)
    if both := folders.intersection(files):
        raise Refused(f"{name!r} holds {min(both)!r} as a file and as a folder.")
    return {entry.filename: entry for entry in files.values()}


def _check_amount(entries: list[ZipInfo], name: str, archive: ZipFile) -> None:
    if len(entries) > MAX_ENTRIES:
        raise Refused(f"{name!r} holds {len(entries)} entries; at most {MAX_ENTRIES} are unpacked.")
    size = sum(entry.file_size for entry in entries)
    if size > MAX_BYTES:
        raise Refused(f"{name!r} unpacks to {size} bytes; at most {MAX_BYTES} are unpacked.")
    packed = Path(str(archive.filename)).stat().st_size
    if size > SMALL and size > MAX_RATIO * packed:
        raise Refused(f"{name!r} unpacks to {size // packed} times its size; at most {MAX_RATIO} times is allowed.")


def _checked_key(entry: ZipInfo, name: str) -> str:
    stored = entry.orig_filename  # `filename` is cut at a NUL
    try:
        return check_key_path(stored.removesuffix("/") if entry.is_dir() else stored)
    except InvalidValue as error:
        raise Refused(f"{name!r} holds an entry that is never unpacked. {error}") from error


def _check_kind(entry: ZipInfo, name: str) -> None:
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFDIR if entry.is_dir() else stat.S_IFREG):
        raise Refused(f"{name!r} holds {entry.filename!r}, which is a link or a device; only files are unpacked.")
    if mode & (stat.S_ISUID | stat.S_ISGID) and not entry.is_dir():
        raise Refused(f"{name!r} holds {entry.filename!r}, which would run with another user's rights (setuid).")
    if entry.flag_bits & 0x1:
        raise NotSupported(f"{name!r} is encrypted; unpack it yourself and name the folder.")
