"""What a deployment may be called."""

import re

from hookline.errors import InvalidValue

_NAME = re.compile(r"[A-Za-z0-9][\w.\-]{0,99}", re.ASCII)


def check_name(name: str) -> str:
    """Return `name` if it may name a deployment: it is the name of a folder as well."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name.endswith("."):
        raise InvalidValue(
            f"Invalid deployment name {name!r}: 1 to 100 letters, digits, '_', '-' and '.' are allowed, "
            "a letter or a digit first, no '.' last."
        )
    return name
