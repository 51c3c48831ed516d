"""From a URI and options to a file system. Its library is imported here, when it is first wanted."""

from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from hookline.errors import ConfigError, InvalidValue
from hookline.providers import resolve
from hookline.uris import scheme_of, without_secrets
from hookline_artifact_fsspec.filesystem import Filesystem
from hookline_artifact_fsspec.options import FtpOptions, GeneralOptions, RemoteOptions, SftpOptions, WebdavOptions
from hookline_artifact_fsspec.places import GENERAL, Place, place_of


@frozen
class _Kind:
    target: str
    options: type[RemoteOptions]


_SFTP = _Kind("hookline_artifact_fsspec.sftp:SftpFilesystem", SftpOptions)
_FTP = _Kind("hookline_artifact_fsspec.ftp:FtpFilesystem", FtpOptions)
_WEBDAV = _Kind("hookline_artifact_fsspec.webdav:WebdavFilesystem", WebdavOptions)
_GENERAL = _Kind("hookline_artifact_fsspec.general:open_general", GeneralOptions)
_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {"sftp": _SFTP, "ftp": _FTP, "ftps": _FTP, "webdav": _WEBDAV, "webdavs": _WEBDAV} | dict.fromkeys(GENERAL, _GENERAL)
)


def filesystem_of(uri: str, options: RemoteOptions | None) -> tuple[Place, Filesystem]:
    """Return what a URI names and the file system that it lies in. Nothing is connected yet.

    Raises:
        InvalidValue: the URI, or the kind of the options, is wrong. ConfigError: an option is, or a library is missing.
    """
    scheme = scheme_of(uri)
    kind = _KINDS.get(scheme)
    if kind is None:
        raise InvalidValue(f"{without_secrets(uri)!r} names no remote file system: {', '.join(_KINDS)} do.")
    if options is not None and not isinstance(options, kind.options):
        raise InvalidValue(f"The options of {scheme}: are {kind.options.__name__}, not {type(options).__name__}.")
    settings = options or kind.options()
    if kind is _GENERAL:
        opened: tuple[Place, Filesystem] = _imported(kind, scheme)(uri, settings)
        return opened
    place = place_of(uri)
    return place, _imported(kind, scheme)(place, settings)


def _imported(kind: _Kind, scheme: str) -> type[Filesystem]:
    try:
        found: type[Filesystem] = resolve(kind.target)
    except ModuleNotFoundError as error:
        extra = scheme.removesuffix("s")
        raise ConfigError(
            f"{scheme}: needs the library {error.name!r}, which is not installed: "
            f"pip install 'hookline-artifact-fsspec[{extra}]'"
        ) from None
    return found
