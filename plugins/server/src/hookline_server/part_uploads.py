"""Uploads in parts: each part is a file of its own until all are there, and then they become one artifact.

Every upload is a folder on this machine, so that all processes of a server share it: what it is of, and its parts,
whose names hold their numbers and digests. Its id may be seen in logs; a part is taken only with the secret that was
given to whoever began the upload, whose digest is kept. An upload in which nothing happened for a while is over.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import asdict, frozen

from hookline.errors import InvalidValue, NotFound, Unavailable
from hookline.interfaces import ArtifactStore
from hookline_lib_wire.errors import WireError

SECONDS = 15 * 60
"""How long an upload may rest before it is over."""
_SECONDS_OF_ENDING = 24 * 3600
"""How long storing a file may take, before it is clear that whoever did it is gone."""
MOST_PARTS = 10_000
MOST_OPEN = 1_000
_ID = re.compile(r"[0-9a-f]{32}")
_PART = re.compile(r"(\d{5})-([0-9a-f]{64})")
_COMING, _ENDING = ".coming", ".ending"
_CHUNK = 2**20
_ABOUT = "about.json"


@frozen
class _About:
    """What an upload is of: the key, how many parts, who began it, and the digest of its secret."""

    key: str
    parts: int
    owner: str
    secret: str


@frozen
class Begun:
    """An upload that began; each of its parts is sent with the secret."""

    upload_id: str
    secret: str


class PartUploads:
    """The uploads in parts of a server. Thread safe, and safe beside other processes on the same folder.

    Args:
        folder: where they lie; made when first needed. limit: bytes of a whole file; 0: no limit.
    """

    def __init__(self, folder: Path, limit: int = 0) -> None:
        self._folder, self._limit = folder, limit

    def begin(self, key: str, parts: int, owner: str) -> Begun:
        """Begin an upload. Raises `InvalidValue` for a number of parts that is not allowed, `WireError`."""
        if not 1 <= parts <= MOST_PARTS:
            raise InvalidValue(f"An upload has 1 to {MOST_PARTS:,} parts, not {parts}.")
        with _disk():
            for each in (self._folder.parent, self._folder):
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.sweep() >= MOST_OPEN:
            raise WireError(
                "REQUEST_LIMIT_EXCEEDED", "Too many uploads in parts are open. Send the file whole, or later."
            )
        begun = Begun(secrets.token_hex(16), secrets.token_urlsafe(32))
        about = _About(key, parts, owner, _digest(begun.secret))
        making = self._folder / f"{begun.upload_id}{_COMING}"
        with _disk():
            making.mkdir(mode=0o700)
            (making / _ABOUT).write_text(json.dumps(asdict(about)), encoding="utf-8")
            making.rename(self._folder / begun.upload_id)
        return begun

    async def receive(self, upload_id: str, number: int, secret: str, content: AsyncIterator[bytes]) -> str:
        """Take a part, which replaces one of the same number; return its SHA-256.

        Raises:
            NotFound: there is no such upload, or the secret is not its own. InvalidValue: it has no such part.
            WireError: the file would be too large.
        """
        about = self._about(upload_id)
        if about is None or not hmac.compare_digest(_digest(secret), about.secret):
            raise _unknown()
        if not 1 <= number <= about.parts:
            raise InvalidValue(f"This upload has the parts 1 to {about.parts}, and no part {number}.")
        folder = self._folder / upload_id
        coming = folder / f"{secrets.token_hex(8)}{_COMING}"
        allowed = self._limit - self._size(folder, but=number) if self._limit else None
        digest = hashlib.sha256()
        try:
            with coming.open("xb") as file:
                async for each in content:
                    digest.update(each)
                    file.write(each)
                    if allowed is not None and file.tell() > allowed:
                        raise WireError("REQUEST_TOO_LARGE", f"The file is larger than {self._limit:,} bytes.")
            for other in _parts_in(folder).get(number, ()):
                other.unlink(missing_ok=True)
            coming.rename(folder / f"{number:05}-{digest.hexdigest()}")
        except FileNotFoundError:  # it was given up, or ended, meanwhile
            raise _unknown() from None
        except OSError as error:
            raise _full(error) from error
        finally:
            coming.unlink(missing_ok=True)
        return digest.hexdigest()

    def complete(
        self, upload_id: str, key: str, owner: str, parts: Iterable[tuple[int, str]], store: ArtifactStore
    ) -> None:
        """Join the parts, and store them as one artifact. Afterwards the upload is over, also where that failed.

        Args:
            parts: the numbers, each with the digest that came back for it.

        Raises:
            NotFound: there is no such upload of this caller for this key.
            InvalidValue: a part is missing, or is not the one that came back.
        """
        about = self._owned(upload_id, key, owner)
        folder = self._folder / upload_id
        there = _parts_in(folder)
        listed = list(parts)
        if [number for number, _ in listed] != list(range(1, about.parts + 1)):
            raise InvalidValue(f"An upload ends with its parts 1 to {about.parts}, each once and in this order.")
        chosen = []
        for number, digest in listed:
            found = [each for each in there.get(number, ()) if each.name.endswith(f"-{digest}")]
            if not found:
                raise InvalidValue(
                    f"Part {number} of the upload was not received, or not with the ETag {digest[:100]!r}."
                )
            chosen.append(found[0].name)
        claimed = self._folder / f"{upload_id}{_ENDING}"
        try:
            folder.rename(claimed)
        except FileNotFoundError:
            raise _unknown() from None
        try:
            with _disk():
                whole = _joined([claimed / name for name in chosen])
            store.take(key, whole)
        finally:
            shutil.rmtree(claimed, ignore_errors=True)

    def abort(self, upload_id: str, key: str, owner: str) -> None:
        """Give up an upload, and remove its parts. Raises `NotFound` as `complete` does."""
        self._owned(upload_id, key, owner)
        self._remove(upload_id)

    def sweep(self) -> int:
        """Remove the uploads in which nothing happened for long; return how many are open."""
        count = 0
        with suppress(FileNotFoundError):
            for each in os.scandir(self._folder):
                seconds = _SECONDS_OF_ENDING if each.name.endswith(_ENDING) else SECONDS
                if _last_touched(Path(each.path)) < time.time() - seconds:
                    self._remove(each.name)
                else:
                    count += 1
        return count

    def _owned(self, upload_id: str, key: str, owner: str) -> _About:
        about = self._about(upload_id)
        if about is None or (about.key, about.owner) != (key, owner):
            raise _unknown()
        return about

    def _about(self, upload_id: str) -> _About | None:
        if not _ID.fullmatch(upload_id):
            return None
        folder = self._folder / upload_id
        try:
            about = _About(**json.loads((folder / _ABOUT).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        return about if _last_touched(folder) >= time.time() - SECONDS else None

    def _size(self, folder: Path, but: int) -> int:
        return sum(
            path.stat().st_size for number, paths in _parts_in(folder).items() if number != but for path in paths
        )

    def _remove(self, name: str) -> None:
        removed = self._folder / f"{secrets.token_hex(16)}.gone"
        with suppress(FileNotFoundError):
            (self._folder / name).rename(removed)
            shutil.rmtree(removed, ignore_errors=True)


def _joined(parts: list[Path]) -> Path:
    """Append the other parts to the first, and remove each once it is there, so that the disk holds little twice."""
    with parts[0].open("ab") as target:
        for part in parts[1:]:
            with part.open("rb") as source:
                shutil.copyfileobj(source, target, _CHUNK)
            part.unlink()
    return parts[0]


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _full(error) from error


def _full(error: OSError) -> Unavailable:
    return Unavailable(f"The server's disk does not take an upload in parts: {error.strerror or error}.")


def _parts_in(folder: Path) -> dict[int, list[Path]]:
    """Return the parts that are there whole; two of one number where two senders were as fast."""
    found: dict[int, list[Path]] = {}
    with suppress(FileNotFoundError):
        for each in folder.iterdir():
            named = _PART.fullmatch(each.name)
            if named is not None:
                found.setdefault(int(named[1]), []).append(each)
    return found


def _last_touched(folder: Path) -> float:
    """Return when anything last happened in a folder: a part that is coming changes its file all the time."""
    last = 0.0
    with suppress(FileNotFoundError):
        last = folder.stat().st_mtime
        for each in folder.iterdir():
            with suppress(FileNotFoundError):
                last = max(last, each.stat().st_mtime)
    return last


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _unknown() -> NotFound:
    return NotFound("There is no such upload in parts: it has ended, was given up, or rested for too long.")
