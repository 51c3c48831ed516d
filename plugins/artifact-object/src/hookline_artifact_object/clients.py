"""obstore's client for a place, made from options and the environment."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

from attrs import frozen
from obstore.store import AzureStore, GCSStore, S3Store

from hookline.errors import ConfigError, InvalidValue
from hookline.uris import without_secrets
from hookline_artifact_object.options import AzureOptions, GoogleOptions, ObjectOptions, S3Options
from hookline_artifact_object.places import Place
from hookline_artifact_object.profile import settings_of_profile

Bucket: TypeAlias = S3Store | GCSStore | AzureStore

_S3_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "MLFLOW_S3_ENDPOINT_URL")
_S3_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_REQUESTS_OF_A_PART = 10
"""How many times the timeout a whole request may take, so that one that trickles ends at some time."""


@frozen
class Client:
    """A bucket, and where it is for messages."""

    bucket: Bucket
    asked: str


def options_for(place: Place, options: ObjectOptions | None) -> ObjectOptions:
    """Return the options, or those that a scheme has where none are given."""
    kinds: dict[str, type[ObjectOptions]] = {"s3": S3Options, "gs": GoogleOptions}
    kind = kinds.get(place.scheme, AzureOptions)
    if options is not None and not isinstance(options, kind):
        raise InvalidValue(f"The options of {place.scheme}: are {kind.__name__}, not {type(options).__name__}.")
    return options or kind()


def client_of(place: Place, options: ObjectOptions, environ: Mapping[str, str] | None = None) -> Client:
    """Return the client for a place. Nothing is asked of the store yet.

    Args:
        environ: the environment, as far as this plugin reads it; default the process's. obstore reads the process's.

    Raises:
        ConfigError: an option or a variable of the environment is wrong.
    """
    environ = os.environ if environ is None else environ
    if isinstance(options, S3Options):
        endpoint, config = _s3(options, environ)
    elif isinstance(options, AzureOptions):
        endpoint, config = _azure(place, options, environ)
    else:
        assert isinstance(options, GoogleOptions)
        endpoint, config = _google(options)
    if options.anonymous:
        config["skip_signature"] = True
    kinds: dict[type[ObjectOptions], type[Any]] = {S3Options: S3Store, AzureOptions: AzureStore}
    asked = without_secrets(_checked(endpoint)) if endpoint else _PUBLIC[type(options)]
    client_options = _client_options(options, endpoint)
    try:
        bucket = kinds.get(type(options), GCSStore)(
            place.bucket,
            prefix=place.prefix or None,
            config=config,
            client_options=client_options,
            retry_config=_retries(options),
        )
    except Exception as error:  # noqa: BLE001 - its text may hold the values that it is about
        kind = type(error).__name__
        raise ConfigError(
            f"The object store of the {place.shown} cannot be used as it is configured ({kind}): check the endpoint, "
            "the credentials and the certificates, among the options and in the environment."
        ) from None
    return Client(bucket, asked)


_PUBLIC: Mapping[type[ObjectOptions], str] = {
    S3Options: "Amazon S3",
    GoogleOptions: "Google Cloud Storage",
    AzureOptions: "Azure Blob Storage",
}


def _s3(options: S3Options, environ: Mapping[str, str]) -> tuple[str | None, dict[str, Any]]:
    given = {
        "access_key_id": options.access_key_id,
        "secret_access_key": options.secret_access_key,
        "session_token": options.session_token,
    }
    config: dict[str, Any] = {name: value for name, value in given.items() if value}
    region = options.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    known = bool(config) or options.anonymous or any(environ.get(each) for each in _S3_CREDENTIALS)
    if options.profile or not known:
        profile = settings_of_profile(options.profile, environ)
        region = region or profile.pop("region", None)
        config = {**profile, **config}
    config["region"] = region or "us-east-1"
    endpoint = options.endpoint or next(filter(None, (environ.get(each) for each in _S3_ENDPOINTS)), None)
    if endpoint:
        config["aws_endpoint_url_s3"] = endpoint.rstrip("/")
    if options.virtual_hosted:
        config["virtual_hosted_style_request"] = True
    if options.checksum:
        config["checksum_algorithm"] = options.checksum
    return endpoint, config


def _google(options: GoogleOptions) -> tuple[str | None, dict[str, Any]]:
    config: dict[str, Any] = {}
    if options.service_account:
        config["service_account"] = options.service_account
    if options.endpoint:
        config["base_url"] = options.endpoint.rstrip("/")
    return options.endpoint, config


def _azure(place: Place, options: AzureOptions, environ: Mapping[str, str]) -> tuple[str | None, dict[str, Any]]:
    text = options.connection_string or environ.get("AZURE_STORAGE_CONNECTION_STRING") or ""
    connected = _connection(text)
    account = options.account or connected.get("AccountName") or environ.get("AZURE_STORAGE_ACCOUNT_NAME")
    if place.account and account and account != place.account:
        raise ConfigError(
            f"The URI names the storage account {place.account!r}, and the credentials are those of {account!r}."
        )
    account = account or place.account
    if not account:
        raise ConfigError(
            f"No storage account is named for the {place.shown}: set AZURE_STORAGE_ACCOUNT_NAME, the option account, "
            "or write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX."
        )
    given = {
        "account_key": options.account_key or connected.get("AccountKey"),
        "sas_key": options.sas_token or connected.get("SharedAccessSignature"),
    }
    config: dict[str, Any] = {"account_name": account, **{name: value for name, value in given.items() if value}}
    endpoint = options.endpoint or connected.get("BlobEndpoint") or environ.get("AZURE_STORAGE_ENDPOINT")
    if not endpoint and place.cloud:
        endpoint = f"https://{account}.blob.{place.cloud}"
    if endpoint:
        config["endpoint"] = endpoint.rstrip("/")
    if options.use_azure_cli:
        config["use_azure_cli"] = True
    return endpoint, config


def _connection(text: str) -> dict[str, str]:
    """Return the fields of a connection string: `Name=value;Name=value`."""
    pairs = (part.partition("=") for part in text.split(";") if part.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _checked(endpoint: str) -> str:
    if not endpoint.startswith(("http://", "https://")):
        raise ConfigError(
            f"The endpoint {without_secrets(endpoint)!r} is no URL: write https://HOST, or http://HOST:PORT for a "
            "server that has no certificate."
        )
    return endpoint


def _client_options(options: ObjectOptions, endpoint: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "allow_http": bool(endpoint and endpoint.startswith("http://")),
        "connect_timeout": timedelta(seconds=min(options.timeout, 30)),
        "read_timeout": timedelta(seconds=options.timeout),
        "timeout": timedelta(seconds=options.timeout * _REQUESTS_OF_A_PART),
        "user_agent": "hookline",
    }
    if options.ca_bundle:
        try:
            found["root_certificate"] = Path(options.ca_bundle).expanduser().read_bytes()
        except OSError as error:
            raise ConfigError(
                f"The file of certificates {options.ca_bundle!r} cannot be read: {error.strerror}."
            ) from None
    return found


def _retries(options: ObjectOptions) -> Any:
    first, most = timedelta(milliseconds=200), timedelta(seconds=10)
    return {
        "max_retries": options.retries,
        "retry_timeout": timedelta(minutes=3),
        "backoff": {"init_backoff": first, "max_backoff": most, "base": 2},
    }
