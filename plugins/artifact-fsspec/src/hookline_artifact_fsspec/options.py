"""How a remote file system is reached. What is not given here comes from the URI and from the user's own files."""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen
from attrs.validators import gt


@frozen
class RemoteOptions:
    """What holds for every remote file system.

    Attributes:
        verify_uploads: read each file back and compare its digest before it appears. Without it its size is compared.
    """

    verify_uploads: bool = False


@frozen
class ServerOptions(RemoteOptions):
    """What holds for every server.

    Attributes:
        username, password: default those of the URI; for FTP and WebDAV those for the host in `~/.netrc`; for FTP
            an anonymous visitor's; for SSH what `ssh` would take.
        timeout: seconds to wait for a connection, and for an answer.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = field(default=60.0, validator=gt(0))


@frozen
class SftpOptions(ServerOptions):
    """How a server is reached by SSH. `~/.ssh/config`, the agent and the keys in `~/.ssh` count as for `ssh`.

    Attributes:
        key_file: a private key to use in place of those in `~/.ssh`; `passphrase` opens it.
        known_hosts: the file that says which host keys are right; default `~/.ssh/known_hosts`.
    """

    key_file: str | None = None
    passphrase: str | None = field(default=None, repr=False)
    known_hosts: str | None = None


@frozen
class FtpOptions(ServerOptions):
    """How an FTP server is reached.

    Attributes:
        ca_bundle: a file of certificates (PEM) to trust besides the system's, with TLS.
    """

    ca_bundle: str | None = None


@frozen
class WebdavOptions(ServerOptions):
    """How a WebDAV server is reached.

    Attributes:
        token: sent as `Authorization: Bearer TOKEN`, in place of a user and a password.
        ca_bundle: a file of certificates (PEM) to trust besides the system's.
    """

    token: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None


@frozen
class GeneralOptions(RemoteOptions):
    """How a file system of fsspec is reached.

    Attributes:
        settings: what fsspec's class takes, such as `{"username": ..., "password": ...}`.
    """

    settings: Mapping[str, Any] = field(factory=dict, repr=False)
