"""What a URI names: a server, and the folder in it below which the artifacts lie."""

import re
from netrc import NetrcParseError, netrc
from urllib.parse import unquote, urlsplit

from attrs import field, frozen

from hookline.errors import ConfigError, InvalidValue
from hookline.paths import check_key_path
from hookline.uris import scheme_of, without_secrets

GENERAL = ("hdfs", "fsspec")
"""Schemes whose URIs fsspec reads."""
_LOCAL = frozenset({"file", "local", "memory", "asyncfile", "dir", "cached", "blockcache", "filecache", "simplecache"})
_INNER = re.compile(r"(?P<protocol>[a-z][a-z0-9_+.\-]*)://\S[^\r\n]*")


@frozen
class Place:
    """Where artifacts lie.

    Attributes:
        scheme: such as `sftp`.
        shown: the URI for messages, without credentials.
        root: the folder, such as `/srv/artifacts`; "" for the topmost one.
        host, port, user, password: of the server, as far as the URI names them.
    """

    scheme: str
    shown: str
    root: str
    host: str = ""
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def place_of(uri: str) -> Place:
    """Return what a URI such as `sftp://user@host:22/folder` names. Its folder is taken as it is written.

    Raises:
        InvalidValue: the URI does not have this form.
    """
    scheme = scheme_of(uri)
    shown = without_secrets(uri).rstrip("/")
    form = InvalidValue(f"{shown!r} names no folder of a server; write {scheme}://[USER@]HOST[:PORT]/FOLDER.")
    if not uri[len(scheme) :].startswith("://"):
        raise form
    authority, _, rest = uri[len(scheme) + 3 :].partition("/")
    try:
        parts = urlsplit(f"//{authority}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise form from None
    if not host or parts.query or parts.fragment:
        raise form
    folder = check_key_path(rest.rstrip("/"), allow_root=True)
    user, password = (unquote(each) if each else None for each in (parts.username, parts.password))
    return Place(scheme, shown, f"/{folder}" if folder else "", host, port, user, password)


def inner_uri(uri: str) -> tuple[str, str]:
    """Return the protocol and the URI that fsspec shall read: `smb` and `smb://host/share` of `fsspec:smb://...`.

    Raises:
        InvalidValue: it names no protocol, one of this machine's own files, or several that lie over one another.
    """
    inner = uri.partition(":")[2] if scheme_of(uri) == "fsspec" else uri
    match = _INNER.fullmatch(inner)
    shown = without_secrets(uri)
    if match is None or "::" in inner:
        raise InvalidValue(f"{shown!r} names no file system; write fsspec:PROTOCOL://..., such as fsspec:smb://HOST/x.")
    if match["protocol"] in _LOCAL:
        raise InvalidValue(f"{shown!r} lies on this machine: name the folder by its path, or as file:///FOLDER.")
    if ".." in inner.split("/"):
        raise InvalidValue(f"{shown!r} holds the part '..'; write the folder without it.")
    return match["protocol"], inner


def signing_in(place: Place, username: str | None, password: str | None) -> tuple[str | None, str | None]:
    """Return the user and the password for a server: as given, of the URI, or of `~/.netrc` for that very host.

    Raises:
        ConfigError: `~/.netrc` cannot be read.
    """
    user, secret = username or place.user, password or place.password
    if secret is not None:
        return user, secret
    try:
        found = netrc().hosts.get(place.host)
    except FileNotFoundError:
        return user, None
    except (NetrcParseError, OSError) as error:
        line = f" (line {error.lineno})" if isinstance(error, NetrcParseError) else ""
        raise ConfigError(f"The file ~/.netrc cannot be read{line}: check it, and who may read it.") from None
    if found is None or (user is not None and found[0] != user):
        return user, None
    return found[0], found[2]
