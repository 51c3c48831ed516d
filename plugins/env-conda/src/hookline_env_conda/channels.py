"""Where channels are: the user's configuration says it, and no project does."""

import re
from collections.abc import Iterable

from rattler import Channel

from hookline.errors import ConfigError, InvalidValue, Refused
from hookline.uris import without_secrets
from hookline_env_conda.options import CondaOptions

_NAME = re.compile(r"[A-Za-z0-9_][\w.\-]*(?:/[A-Za-z0-9_][\w.\-]*)*")
_TOKEN = re.compile(r"(?<=/t/)[^/\s]+")
_NOT_ONE = frozenset({"defaults"})
_NO_CHANNEL = frozenset({"nodefaults"})


def places_of(named: Iterable[str], options: CondaOptions, where: str) -> tuple[str, ...]:
    """Return the URLs of the channels that a project names, or those of the channels by default.

    Raises:
        Refused: a channel is a place that the user's configuration does not name. InvalidValue: it is no name.
    """
    wanted = [each for each in named if each not in _NO_CHANNEL] or list(options.default_channels)
    return tuple(dict.fromkeys(place_of(each, options, where) for each in wanted))


def place_of(name: str, options: CondaOptions, where: str) -> str:
    """Return the URL of one channel; raises as `places_of`."""
    known = {_trimmed(_checked(url, each)) for each, url in options.channels.items()}
    if name in options.channels:
        return _trimmed(options.channels[name])
    if _trimmed(name) in known:
        return _trimmed(name)
    if ":" in name or name.startswith(("/", ".", "~")):
        raise Refused(
            f"{where}: the channel {shown(name)!r} is a place, and no project chooses where packages come from. "
            f"Whoever runs the project can allow it: environments.conda.channels in hookline.yaml, such as "
            f"{{name: {shown(name)}}}."
        )
    if name in _NOT_ONE:
        raise InvalidValue(
            f"{where}: the channel {name!r} is another one for each installation of conda. Say which it is to be: "
            f"environments.conda.channels in hookline.yaml, such as {{{name}: https://HOST/CHANNEL}}."
        )
    if not _NAME.fullmatch(name):
        raise InvalidValue(f"{where}: {name!r} is no name of a channel such as 'conda-forge'.")
    if not options.channel_alias:
        return _trimmed(Channel(name).base_url)
    return f"{_trimmed(_checked(options.channel_alias, 'channel_alias'))}/{name}"


def shown(text: str) -> str:
    """Return a text with URLs of channels for messages: without credentials and tokens."""
    return _TOKEN.sub("***", without_secrets(text))


def _checked(url: str, name: str) -> str:
    if not url.startswith(("https://", "http://", "file://")):
        raise ConfigError(
            f"environments.conda: the place {shown(url)!r} of {name!r} is no URL such as https://HOST/CHANNEL or "
            "file:///FOLDER."
        )
    return url


def _trimmed(url: str) -> str:
    return url.rstrip("/")
