"""What a deployment may be called, and what a model is called by those who ask it."""

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


def served_name(uri: str) -> str:
    """Return what the Open Inference Protocol calls a model: its registered name, else the last part of its URI."""
    scheme, _, rest = uri.partition(":")
    parts = [part for part in (rest if rest and scheme in ("models", "runs") else uri).split("/") if part]
    name = (parts[0] if scheme == "models" else parts[-1]) if parts else ""
    return name.partition("@")[0] or "model"
