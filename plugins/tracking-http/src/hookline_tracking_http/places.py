"""Where the artifacts of a server's runs are."""

from collections.abc import Mapping
from typing import Any


def artifacts_beside(uri: str, options: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the artifact store that belongs to a tracking store: the same server, asked in the same way."""
    return uri.removeprefix("mlflow+"), {"use_environment": True, **options}
