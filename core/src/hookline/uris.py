"""Reading URIs: schemes, folders and secrets."""

import os
import re
from pathlib import Path
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from hookline.errors import InvalidValue

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]+):")
_DRIVE = re.compile(r"/[a-zA-Z]:/")
_AUTHORITY = re.compile(
    r"(?:(?<=://)|(?<=^//))(?:[^/?#\s]*@"
    r"|(?!\[[0-9a-fA-F]*+:[^\]/?#\s@]*+\])[^/?#\s:@]*+:(?!\d+(?:[/?#]|$))(?:[^@\s]{0,256}+@)++)"
)
"""User and password before a host; the second form is a password that holds a `/`, `?` or `#`, which it should not."""
_SCP_USER = re.compile(r"^(?!git@)(?:[^/\s]+|[^/\s:@]+:(?!//)\S{0,1000})@(?=[^/\s@:]+:(?!//))")
_SECRET_NAME = re.compile(
    r"token|secret|passw|passphrase|pwd|key|signature|\bsig\b|\bsas\b|credential|auth(?!or(?!i[sz]))|jwt|session|private"
    r"|bearer",
    re.IGNORECASE,
)
_QUERY = re.compile(r"([?&;#])([^?=&;#\s]+)=[^&;#\s]+")
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}"  # GitHub
    r"|gl(?:pat|ptt|rt|dt|soat|cbt|ft|imt|agent)-[\w.\-]{16,}"  # GitLab
    r"|AT(?:BB|CTT|ATT)[\w\-=]{20,}"  # Atlassian and Bitbucket
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}"  # Amazon
    r"|AIza[\w\-]{30,}|ya29\.[\w\-.]{20,}|GOCSPX-[\w\-]{20,}"  # Google
    r"|xox[abeoprs]-[\w\-]{10,}|xapp-[\w\-]{10,}"  # Slack
    r"|[srp]k_(?:live|test)_\w{10,}|sq0[a-z]{3}-[\w\-]{20,}"  # makers of payment services
    r"|sk-(?:[A-Za-z0-9]{32,}|(?:proj|ant|or|svcacct)-[\w\-]{20,})|hf_[A-Za-z0-9]{30,}|gsk_\w{20,}"  # of models
    r"|npm_[A-Za-z0-9]{36}|pypi-AgE[\w\-]{20,}|dckr_pat_[\w\-]{20,}"  # registries of packages
    r"|dapi[a-f0-9]{32}|do[oprt]_v1_[a-f0-9]{32,}|hv[bs]\.[\w\-]{20,}|lin_api_\w{20,}"
    r"|SG\.[\w\-]{16,64}\.[\w\-]{16,}|(?<![\w\-])eyJ[\w\-]{8,}\.[\w\-]{8,}\.[\w\-]*"  # SendGrid; JSON Web Tokens
    r")"
)
"""Shapes of access tokens that their issuers made recognisable."""


def scheme_of(uri: str) -> str:
    """Return the scheme of a URI in lower case; `file` for a plain path (a drive letter is no scheme)."""
    match = _SCHEME.match(uri)
    return match[1].lower() if match else "file"


def is_path(text: str) -> bool:
    """Return whether a text is a plain path rather than a URI with a scheme."""
    return _SCHEME.match(text) is None


def file_path(uri: str) -> Path:
    """Return the local path that a `file:` URI or a plain path names.

    Raises:
        InvalidValue: the URI names another host, or has a query or a fragment, or cannot be read.
    """
    try:
        path = Path(uri).expanduser() if is_path(uri) else _path_of_file_uri(uri)
    except (ValueError, RuntimeError) as error:  # a broken IPv6 host; no home folder for `~`
        raise InvalidValue(f"{without_secrets(uri)!r} cannot be read as a path: {error}") from error
    if any(ord(character) < 32 for character in f"{uri}{path}"):  # `urlsplit` drops some of them without a word
        raise InvalidValue(f"{without_secrets(uri)!r} holds a control character.")
    return path


def _path_of_file_uri(uri: str) -> Path:
    parts = urlsplit(uri)
    if parts.scheme.lower() != "file":
        raise InvalidValue(f"{without_secrets(uri)!r} is not a file: URI or a path.")
    if parts.netloc not in ("", "localhost"):
        shown, host = without_secrets(uri), parts.netloc.rpartition("@")[2]
        raise InvalidValue(f"{shown!r} names the host {host!r}; write file:///PATH for a path on this machine.")
    if "?" in uri or "#" in uri:
        shown = without_secrets(uri)
        raise InvalidValue(
            f"{shown!r}: a file: URI has no query ('?') and no fragment ('#'); write them as %3F and %23."
        )
    path = os.fsdecode(unquote_to_bytes(parts.path))
    return Path(path[1:] if _DRIVE.match(path) else path)


def file_uri(path: Path) -> str:
    """Return the `file:` URI of a path, made absolute."""
    return path.absolute().as_uri()


def join_uri(root: str, key: str) -> str:
    """Return the URI of a key below a root URI; below a `file:` URI the key is percent-encoded, as such a URI is."""
    if not key:
        return root
    encoded = quote(key, errors="surrogateescape") if not is_path(root) and scheme_of(root) == "file" else key
    return f"{root.rstrip('/')}/{encoded}"


def split_fragment(uri: str) -> tuple[str, str]:
    """Split `URI#fragment` into its two parts; the second is "" where there is none."""
    base, _, fragment = uri.partition("#")
    return base, unquote(fragment)


def without_secrets(uri: str) -> str:
    """Return a URI for logs, tags and messages: user, password, secret-looking query values and tokens are taken out.

    The user `git` of `git@host:path` stays, since it is the same for everybody and no secret.
    """
    return without_tokens(_QUERY.sub(_kept_value, _SCP_USER.sub("", _AUTHORITY.sub(_kept_user, uri))))


def without_tokens(text: str) -> str:
    """Return a text in which `***` stands for whatever has the shape of an access token."""
    return _TOKEN.sub("***", text)


def looks_secret(name: str) -> bool:
    """Return whether a value of this name, such as `api_key` or `password`, is to be kept out of sight."""
    return _SECRET_NAME.search(name) is not None


def _kept_user(match: re.Match[str]) -> str:
    return "git@" if match[0] == "git@" else ""


def _kept_value(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}=***" if looks_secret(match[2]) else match[0]
