"""What is asked of an FTP server: the commands, and how their answers are read."""

import ftplib
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from attrs import frozen
from fsspec.implementations.ftp import _mlsd2

from hookline_artifact_fsspec.filesystem import Entry, parent_of

RACES = 5
"""How often what others change meanwhile is tried again."""
_UNKNOWN = ("500", "502", "504")


@frozen
class Facts:
    """What a server says of a path."""

    is_dir: bool
    size: int | None = None
    modified: str | None = None


def facts_of(ftp: ftplib.FTP, path: str) -> Facts | None:
    """Return what lies at a path; None where nothing is there that is a file or a folder."""
    try:
        answer = ftp.voidcmd(f"MLST {path or '/'}").splitlines()
    except ftplib.error_perm as error:
        return _facts_without_mlst(ftp, path) if str(error).startswith(_UNKNOWN) else None
    pairs = (each.partition("=") for each in answer[1].strip().partition(" ")[0].split(";"))
    found = {name.lower(): value for name, _, value in pairs}
    kind = found.get("type", "").lower()
    if kind in ("dir", "cdir", "pdir"):
        return Facts(True)
    return Facts(False, int(found["size"]), found.get("modify")) if kind == "file" and "size" in found else None


def _facts_without_mlst(ftp: ftplib.FTP, path: str) -> Facts | None:
    with suppress(ftplib.error_perm):
        return Facts(False, ftp.size(path), ftp.voidcmd(f"MDTM {path}"))
    with suppress(ftplib.error_perm):
        ftp.voidcmd(f"CWD {path or '/'}")
        ftp.voidcmd("CWD /")  # it would keep the folder from being removed, or be without one
        return Facts(True)
    return None


def entry_of(name: str, facts: Any) -> Entry | None:
    """Return what `MLSD` says of a name in a folder; None where it is neither a file nor a folder."""
    kind = facts.get("type", "").lower()
    if kind == "file":
        return Entry(name, False, int(facts["size"]) if "size" in facts else None)
    return Entry(name, True) if kind == "dir" else None


def is_folder(ftp: ftplib.FTP, path: str) -> bool:
    """Return whether a folder lies at a path."""
    found = facts_of(ftp, path)
    return found is not None and found.is_dir


def listed(ftp: ftplib.FTP, path: str) -> Sequence[tuple[str, Any]]:
    """Return the names and facts of what lies in a folder, also where the server has no `MLSD`."""
    try:
        found: Sequence[tuple[str, Any]] = list(ftp.mlsd(path or "/"))
    except ftplib.error_perm as error:
        if not str(error).startswith(_UNKNOWN):
            raise FileNotFoundError(path) from None
        ftp.voidcmd(f"CWD {path or '/'}")
        try:
            found = _mlsd2(ftp, "-a")
        finally:
            ftp.voidcmd("CWD /")
    ftp.voidcmd("TYPE I")  # listings are texts, and sizes are told of bytes only
    return found


def make_folders(ftp: ftplib.FTP, path: str) -> None:
    """Make a folder and those above it, which others may be making or removing."""
    for _ in range(RACES):
        try:
            ftp.mkd(path)
            return
        except ftplib.error_perm as error:
            refused = error
        if is_folder(ftp, path):
            return
        above = parent_of(path)
        if above and not is_folder(ftp, above):
            make_folders(ftp, above)
    raise refused


def sent(ftp: ftplib.FTP, path: str, position: int) -> socket.socket:
    """Return the connection by which a file comes from a position on."""
    try:
        return ftp.transfercmd(f"RETR {path}", position or None)
    except ftplib.error_perm:
        if facts_of(ftp, path) is None:
            raise FileNotFoundError(path) from None
        raise


def delete(ftp: ftplib.FTP, path: str) -> None:
    """Remove a file; raises `FileNotFoundError` where nothing lies at the path."""
    try:
        ftp.delete(path)
    except ftplib.error_perm:
        if facts_of(ftp, path) is None:
            raise FileNotFoundError(path) from None
        raise


def refusal(ftp: ftplib.FTP, error: ftplib.error_perm, folder: str) -> Exception:
    """Return why a path was refused: its folder is missing, or it is not allowed."""
    return error if is_folder(ftp, folder) else FileNotFoundError(folder)
