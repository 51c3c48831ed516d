"""The files in which the AWS command line keeps credentials: `~/.aws/credentials` and `~/.aws/config`.

Their format: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

import configparser
from collections.abc import Mapping
from pathlib import Path

from hookline.errors import ConfigError

_KEYS = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
}
_ELSEWHERE = ("sso_session", "sso_start_url", "role_arn", "credential_process", "web_identity_token_file")
"""Settings that say how to get credentials, which takes Amazon's own tools."""


def settings_of_profile(name: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that a profile holds: `region`, `access_key_id`, `secret_access_key`, `session_token`.

    Args:
        name: None: what `AWS_PROFILE` says, or `default`; where that names none, nothing is returned.

    Raises:
        ConfigError: a profile was named and is not there; a file cannot be read; or the profile's credentials have to
            be fetched by Amazon's tools.
    """
    wanted = name or environ.get("AWS_PROFILE") or "default"
    found = {
        **_section(_file(environ, "AWS_CONFIG_FILE", "config"), wanted, f"profile {wanted}"),
        **_section(_file(environ, "AWS_SHARED_CREDENTIALS_FILE", "credentials"), wanted, wanted),
    }
    if not found and (name or environ.get("AWS_PROFILE")):
        raise ConfigError(f"There is no AWS profile {wanted!r} in ~/.aws/credentials or ~/.aws/config.")
    settings = {ours: found[theirs] for theirs, ours in _KEYS.items() if theirs in found}
    if not settings and any(each in found for each in _ELSEWHERE):
        raise ConfigError(
            f"The credentials of the AWS profile {wanted!r} are not in its file. Put them into the environment with: "
            f'eval "$(aws configure export-credentials --profile {wanted} --format env)"'
        )
    return {**settings, **({"region": found["region"]} if "region" in found else {})}


def _file(environ: Mapping[str, str], variable: str, name: str) -> Path:
    given = environ.get(variable)
    return Path(given).expanduser() if given else Path(environ.get("HOME") or Path.home(), ".aws", name)


def _section(path: Path, name: str, section: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(default_section="", strict=False)
    try:
        parser.read(path, encoding="utf-8")
    except (OSError, ValueError, configparser.Error) as error:
        raise ConfigError(f"The file {str(path)!r} cannot be read as AWS profiles ({type(error).__name__}).") from None
    for each in (section, name) if name == "default" else (section,):
        if parser.has_section(each):
            return dict(parser.items(each))
    return {}
