"""The files that the build made, as a browser gets them: compressed where it may be, kept as long as it may be."""

import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from hookline.errors import NotFound, Unavailable

STATIC = Path(__file__).with_name("static")
REPORT = "report"
"""The folder below it with what a report is made of, which is never served."""
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""Encodings that the build makes beside each file, the best one first."""
FOREVER = "public, max-age=31536000, immutable"
"""For files whose names hold a digest of their content."""
ASK = "no-cache"
"""Kept, and asked for again by its ETag."""
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}


@frozen
class Asset:
    """A file in each of its encodings; "" is the plain one."""

    media_type: str
    bodies: Mapping[str, bytes]
    etag: str

    def best(self, accepted: str) -> tuple[str, bytes]:
        """Return the encoding, and the body in it, that an `Accept-Encoding` allows."""
        for encoding, _suffix in ENCODINGS:
            if encoding in self.bodies and accepts(accepted, encoding):
                return encoding, self.bodies[encoding]
        return "", self.bodies[""]


def accepts(header: str, encoding: str) -> bool:
    """Return whether an `Accept-Encoding` names an encoding without refusing it."""
    for part in header.lower().split(","):
        name, _, quality = part.strip().partition(";")
        if name.strip() == encoding:
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class Assets:
    """All files of the page, in memory: there are few, and they are small.

    Args:
        folder: where the build wrote them.

    Raises:
        Unavailable: the page was not built.
    """

    def __init__(self, folder: Path = STATIC) -> None:
        if not (folder / "index.html").is_file():
            raise Unavailable(
                "The web page was not built with this installation of hookline-ui. Install it again: "
                "pip install --force-reinstall --no-deps hookline-ui (from a clone: ./plugins/ui)."
            )
        suffixes = {suffix for _, suffix in ENCODINGS}
        self._files = {
            path.relative_to(folder).as_posix(): asset_of(path)
            for path in folder.rglob("*")
            if path.is_file() and path.suffix not in suffixes and not path.is_relative_to(folder / REPORT)
        }

    def __getitem__(self, name: str) -> Asset:
        """Return a file by its path below the folder. Raises `NotFound`."""
        found = self._files.get(name)
        if found is None:
            raise NotFound("There is no such file of the web page. Load the page again: the server may be a newer one.")
        return found


def asset_of(path: Path) -> Asset:
    """Return a file with its encodings that lie beside it. Raises `OSError`."""
    bodies = {"": path.read_bytes()}
    for encoding, suffix in ENCODINGS:
        packed = path.with_name(path.name + suffix)
        if packed.is_file():
            bodies[encoding] = packed.read_bytes()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind == "image/svg+xml"
    return Asset(
        media_type=f"{kind}; charset=utf-8" if text else kind,
        bodies=bodies,
        etag=hashlib.sha256(bodies[""]).hexdigest()[:32],
    )
