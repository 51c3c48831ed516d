"""Which requirement lines are allowed: versions of named packages, with markers and hashes, and nothing else.

A requirement file can do more than name packages: `--index-url` and `--find-links` choose where they come from, `-e`,
paths and direct references run code from a place of their own. A project that was fetched must not choose these.
"""

import re
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement

from hookline.errors import InvalidValue, Refused

_ARCHIVE = re.compile(r".+\.(?:whl|egg|zip|tar|t[gbx]z|tlz|tar\.\w+)", re.IGNORECASE)
"""File names that an installer takes for a local file, although they may read as the name of a package."""
_PLACE = re.compile(r"\.{0,2}/|\.{1,2}$|[\w+.\-]+:")
_HASHES = re.compile(r"(?:\s+--hash[= ][a-z0-9]+:[0-9a-fA-F]+)+$")
ALLOWED = "Allowed are lines such as 'scikit-learn>=1.5', with extras, markers and --hash, and -r and -c files."


def check_lines(lines: Iterable[str], where: str, *, allow_direct_references: bool = False) -> tuple[str, ...]:
    """Return requirement lines in one spelling.

    Args:
        where: the file that they come from, for messages.

    Raises:
        Refused: a line chooses a place to install from, and that is not allowed. InvalidValue: it cannot be read.
    """
    return tuple(_checked(line.strip(), where, allow_direct_references) for line in lines)


def _checked(line: str, where: str, allow_direct_references: bool) -> str:
    hashes = _HASHES.search(line)
    text = line[: hashes.start()] if hashes else line
    if text.startswith("-"):
        raise Refused(
            f"{where}: the line {line!r} is an option of the installer, and no project chooses these. {ALLOWED}"
        )
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        if _PLACE.match(text):
            raise Refused(f"{where}: the line {line!r} names a place instead of a package. {ALLOWED}") from error
        raise InvalidValue(f"{where}: cannot read the requirement {line!r}: {_first(error)}. {ALLOWED}") from error
    if _ARCHIVE.fullmatch(requirement.name):
        raise Refused(f"{where}: the line {line!r} names a file instead of a package. {ALLOWED}")
    if requirement.url and not allow_direct_references:
        raise Refused(
            f"{where}: the line {line!r} names a place of its own. {ALLOWED} Whoever runs the project can allow it: "
            "environments.NAME.allow_direct_references in hookline.yaml."
        )
    return str(requirement) + (" " + " ".join(hashes[0].split()) if hashes else "")


def _first(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")
