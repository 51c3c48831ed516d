"""The only code that joins a path with text that came from somewhere else."""

import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from hookline.errors import InvalidValue, Refused

_MAX_DEPTH = 100
_RESERVED = frozenset('<>:"|?*\\')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ENCODED = re.compile(r"%(?:2e|2f|5c|00|25|c0|c1|e0%[89]|f0%8)", re.IGNORECASE)
"""Percent-encoded dots, separators, NUL and percent signs, and the overlong forms that lax decoders take for them."""


def local_path(path: str | Path) -> Path:
    """Return the path of a local file or folder. Raises `InvalidValue` for what names none."""
    if not isinstance(path, str | os.PathLike) or path == "":
        raise InvalidValue(
            f"A local file or folder is named by a text or a Path such as 'plots/loss.png', not by {path!r}."
        )
    return Path(path)


def check_key_path(key: str, *, allow_root: bool = False) -> str:
    """Return `key` if it is a relative, normalised path below a root, with `/` between its parts.

    Refused are: absolute paths, `.` and `..` parts, empty parts, backslashes, drive letters and NTFS streams (any `:`),
    `~` at the start, control characters and NUL, parts that end with a dot or a space, `..;` as some servers read it,
    percent-encoded separators or dots, more than 100 parts, and characters that Unicode normalisation (NFKC) turns into
    a separator or a dot.

    Args:
        allow_root: whether "" is allowed, which names the root itself.

    Raises:
        InvalidValue: with the key and what is allowed.
    """
    if key == "" and allow_root:
        return key
    problem = _problem(key) if isinstance(key, str) else "it is no text"
    if problem:
        shown = repr(key[:200] if isinstance(key, str) else key)
        raise InvalidValue(f"Invalid path {shown}: {problem}. Use a relative path such as 'plots/loss.png'.")
    return key


@lru_cache(maxsize=4096)  # the same few keys come again with every run
def _problem(key: str) -> str | None:
    if not key:
        return "it is empty"
    if len(key) > 4096 or any(len(part.encode("utf-8", "surrogatepass")) > 255 for part in key.split("/")):
        return "it is too long"
    if key.count("/") >= _MAX_DEPTH:
        return f"it is nested more than {_MAX_DEPTH} folders deep"
    plain = key.isascii()  # which nearly all are; each character of the others is looked up, and takes its time
    if _CONTROL.search(key) if plain else any(map(_separates_lines, key)):
        return "it holds a control character, a line separator or a lone surrogate"
    if not plain and any(map(_stands_for_a_separator, key)):
        return "it holds a character that stands for a separator or a dot"
    if _RESERVED.intersection(key):
        return 'it holds one of < > : " | ? * \\'
    return _problem_of(key) or (None if plain else _problem_of(unicodedata.normalize("NFKC", key)))


def _separates_lines(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _stands_for_a_separator(character: str) -> bool:
    return not character.isascii() and not {"/", "\\", "."}.isdisjoint(unicodedata.normalize("NFKC", character))


def _problem_of(form: str) -> str | None:
    if _ENCODED.search(form):
        return "it holds percent-encoded separators"
    if form.startswith(("/", "~")):
        return "it is not relative"
    for part in form.split("/"):
        if part.partition(";")[0] in ("", ".", ".."):
            return "it holds an empty, '.' or '..' part"
        if part.endswith((".", " ")) or part.startswith(" "):
            return "a part starts with a space, or ends with a dot or a space"
    return None


def join_key(prefix: str, key: str) -> str:
    """Return the key below a prefix; either may be ""."""
    return f"{prefix}/{key}" if prefix and key else prefix or key


def inside(root: Path, key: str) -> Path:
    """Return the path of a checked key below `root`, none of whose parts is a link that leaves it.

    Raises:
        InvalidValue: the key is not allowed.
        Refused: a part of the path is a symbolic link that leads out of `root`.
    """
    parts = PurePosixPath(check_key_path(key, allow_root=True)).parts
    path = root.joinpath(*parts)
    if not _has_links(root, parts):
        return path
    try:
        real_root, real = root.resolve(), path.resolve()
    except (RuntimeError, OSError) as error:
        raise Refused(f"{key!r} leads in a circle through symbolic links.") from error
    if any(each.is_symlink() for each in (real, *real.parents) if real_root in each.parents):
        raise Refused(f"{key!r} leads in a circle through symbolic links.")  # which Python 3.13 leaves as it is
    if real != real_root and real_root not in real.parents:
        raise Refused(f"{key!r} leads out of its folder through a symbolic link.")
    return path


def _has_links(root: Path, parts: Iterable[str]) -> bool:
    """Return whether one of the parts of a path below a folder is a symbolic link. To follow them takes much longer."""
    path = os.fspath(root)
    for part in parts:
        path = f"{path}{os.sep}{part}"
        try:
            if stat.S_ISLNK(os.lstat(path).st_mode):
                return True
        except OSError:  # there is nothing yet, and nothing below it
            return False
    return False


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the key and the path of every file below a folder, in order. Links to folders are passed over.

    Raises:
        InvalidValue: a name is not allowed in a key. Refused: a link to a file leads out of the folder.
    """
    yield from _files_below(folder, "")


def _files_below(root: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    with os.scandir(inside(root, prefix)) as entries:
        listed = sorted(entries, key=lambda each: each.name)
    for entry in listed:
        key = join_key(prefix, entry.name)
        if entry.is_dir(follow_symlinks=False):
            yield from _files_below(root, key)
        elif entry.is_file():
            yield check_key_path(key), inside(root, key) if entry.is_symlink() else Path(entry.path)
