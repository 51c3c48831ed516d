"""What a URI of an object store names: a bucket, and a prefix in it."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from hookline.errors import InvalidValue
from hookline.paths import check_key_path
from hookline.uris import scheme_of, without_secrets

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{1,221}")
_CONTAINER = re.compile(r"\$root|\$web|[a-z0-9][a-z0-9\-]{1,62}")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CLOUDS = ("core.windows.net", "core.usgovcloudapi.net", "core.chinacloudapi.cn")
"""Where Azure keeps storage. A URI may come from the record of a run: what it names gets no credentials elsewhere."""
_FORMS: Mapping[str, str] = MappingProxyType(
    {
        "s3": "s3://BUCKET/PREFIX",
        "gs": "gs://BUCKET/PREFIX",
        "az": "az://CONTAINER/PREFIX",
        "abfss": "abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX",
        "wasbs": "wasbs://CONTAINER@ACCOUNT.blob.core.windows.net/PREFIX",
    }
)


@frozen
class Place:
    """Where artifacts lie.

    Attributes:
        scheme: `s3`, `gs`, `az`, `abfss` or `wasbs`.
        bucket: the bucket, which Azure calls a container.
        prefix: below which the artifacts lie, without slashes around it; "" for the bucket itself.
        account: Azure's account, where the URI names it. cloud: the domain of its host, then.
    """

    scheme: str
    bucket: str
    prefix: str
    account: str | None = None
    cloud: str | None = None

    @property
    def shown(self) -> str:
        """The bucket, for messages."""
        kind = "container" if self.scheme in ("az", "abfss", "wasbs") else "bucket"
        return f"{kind} {self.bucket!r}"


def place_of(uri: str) -> Place:
    """Return what a URI names. Prefixes are taken as they are: nothing in them is percent-decoded.

    Raises:
        InvalidValue: the URI does not have the form of its scheme.
    """
    scheme = scheme_of(uri)
    if scheme not in _FORMS or not uri[len(scheme) :].startswith("://"):
        raise _malformed(uri, scheme)
    authority, _, rest = uri[len(scheme) + 3 :].partition("/")
    prefix = check_key_path(rest.rstrip("/"), allow_root=True)
    if scheme in ("abfss", "wasbs"):
        return _azure_place(uri, scheme, authority, prefix)
    pattern = _CONTAINER if scheme == "az" else _BUCKET
    if not pattern.fullmatch(authority):
        raise _malformed(uri, scheme)
    return Place(scheme, authority, prefix)


def _azure_place(uri: str, scheme: str, authority: str, prefix: str) -> Place:
    container, _, host = authority.partition("@")
    account, _, domain = host.lower().partition(".")
    service, _, cloud = domain.partition(".")
    known = service in ("dfs", "blob") and cloud in _CLOUDS
    if not (known and _CONTAINER.fullmatch(container) and _ACCOUNT.fullmatch(account)):
        raise _malformed(uri, scheme)
    return Place(scheme, container, prefix, account, cloud)


def _malformed(uri: str, scheme: str) -> InvalidValue:
    form = _FORMS.get(scheme, ", ".join(_FORMS.values()))
    return InvalidValue(f"{without_secrets(uri)!r} names no place in an object store; write {form}.")
