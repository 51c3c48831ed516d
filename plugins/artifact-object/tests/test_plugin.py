"""What needs no object store: what URIs and options mean, where credentials come from, and that no secret is told."""

import multiprocessing
import os
import socket
from pathlib import Path

import pytest

from hookline import Config, Workspace
from hookline.errors import ConfigError, HooklineError, InvalidState, InvalidValue, NotFound, Refused, Unavailable
from hookline.testing import PluginSuite
from hookline_artifact_object.clients import client_of, options_for
from hookline_artifact_object.options import AzureOptions, GoogleOptions, S3Options
from hookline_artifact_object.places import Place, place_of
from hookline_artifact_object.profile import settings_of_profile
from hookline_artifact_object.store import ObjectArtifactStore

SECRET = "s3cr3t-that-nobody-may-see"
PEOPLES = ("AWS_", "AZURE_", "GOOGLE_", "MLFLOW_")


class TestPlugin(PluginSuite):
    plugin = "artifact-object"


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith(PEOPLES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def nobody():
    """The URL of a port on which nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{probe.getsockname()[1]}"


# URIs ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("s3://bucket", Place("s3", "bucket", "")),
        ("s3://bucket/", Place("s3", "bucket", "")),
        ("S3://bucket/a/b/", Place("s3", "bucket", "a/b")),
        ("s3://my.bucket-1/100% größe", Place("s3", "my.bucket-1", "100% größe")),
        ("gs://bucket/a%20b", Place("gs", "bucket", "a%20b")),
        ("az://container/x", Place("az", "container", "x")),
        (
            "abfss://files@account1.dfs.core.windows.net/x/y",
            Place("abfss", "files", "x/y", "account1", "core.windows.net"),
        ),
        (
            "wasbs://files@account1.blob.core.chinacloudapi.cn",
            Place("wasbs", "files", "", "account1", "core.chinacloudapi.cn"),
        ),
    ],
)
def test_a_uri_names_a_bucket_and_a_prefix(uri, place):
    assert place_of(uri) == place


@pytest.mark.parametrize(
    "uri",
    [
        "s3:bucket",
        "s3://",
        "s3:///x",
        "s3://user:pass@bucket/x",
        "s3://bucket:9000/x",
        "s3://bucket?x/y",
        "s3://b",
        "s3://bucket/../x",
        "s3://bucket//x",
        "s3://bucket/%2e%2e/x",
        "gs://buck et/x",
        "az://Container/x",
        "abfss://files/x",
        "abfss://files@account1/x",
        "abfss://files@account1.dfs.evil.example/x",
        "abfss://files@account1.dfs.core.windows.net.evil.example/x",
        "abfss://files@evil.example/.dfs.core.windows.net",
        "abfss://files@a:b@account1.dfs.core.windows.net/x",
        "ftp://bucket/x",
    ],
)
def test_a_uri_that_names_no_place_is_refused(uri):
    """Above all one that names another host: credentials of the environment go to no place that a record names."""
    with pytest.raises(InvalidValue, match=r"names no place in an object store; write|Invalid path"):
        place_of(uri)


def test_secrets_in_a_malformed_uri_are_not_told():
    with pytest.raises(InvalidValue) as caught:
        place_of(f"s3://key:{SECRET}@bucket/x")
    assert SECRET not in str(caught.value)


# Options and the environment -----------------------------------------------------------------------------------------


def config_of(uri, options=None):
    place = place_of(uri)
    made = client_of(place, options_for(place, options))
    return made.asked, made.bucket.config, str(made.bucket.client_options["allow_http"]).lower() == "true"


@pytest.mark.parametrize(
    ("variables", "options", "endpoint"),
    [
        ({}, S3Options(), "Amazon S3"),
        ({"MLFLOW_S3_ENDPOINT_URL": "http://a:1"}, S3Options(), "http://a:1"),
        ({"MLFLOW_S3_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL": "http://b:1"}, S3Options(), "http://b:1"),
        ({"AWS_ENDPOINT_URL": "http://b:1", "AWS_ENDPOINT_URL_S3": "https://c"}, S3Options(), "https://c"),
        ({"AWS_ENDPOINT_URL_S3": "https://c"}, S3Options(endpoint="https://d/"), "https://d/"),
        ({}, S3Options(endpoint="https://u:p@d"), "https://d"),
    ],
)
def test_the_endpoint_is_the_option_or_that_of_the_environment(monkeypatch, variables, options, endpoint):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    asked, _, is_plain = config_of("s3://bucket", options)
    assert asked == endpoint
    assert is_plain is endpoint.startswith("http://")


def test_credentials_are_the_options_the_environments_or_the_profiles(monkeypatch, tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text(
        "[default]\naws_access_key_id = filed\naws_secret_access_key = x%y\n"
        "[other]\naws_access_key_id = other\naws_secret_access_key = y\n"
    )
    (tmp_path / ".aws/config").write_text("[default]\nregion = eu-north-1\n[profile other]\nregion = us-west-2\n")

    def found(**options):
        _, config, _ = config_of("s3://bucket", S3Options(**options))
        return config.get("access_key_id"), config.get("region")

    assert found() == ("filed", "eu-north-1")
    assert found(profile="other") == ("other", "us-west-2")
    assert found(access_key_id="given", secret_access_key="x") == ("given", "us-east-1")
    monkeypatch.setenv("AWS_PROFILE", "other")
    assert found() == ("other", "us-west-2")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "environments")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "z")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert found() == (None, "eu-west-1")  # obstore reads them


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "missing", "There is no AWS profile 'missing'"),
        ("[profile x]\nsso_session = y\n", "x", "aws configure export-credentials --profile x"),
        ("[profile x\n", "x", "cannot be read as AWS profiles"),
    ],
)
def test_a_profile_that_cannot_be_used_is_said(tmp_path, text, name, message):
    (tmp_path / "config").write_text(text)
    with pytest.raises(ConfigError, match=message):
        settings_of_profile(name, {"HOME": str(tmp_path), "AWS_CONFIG_FILE": str(tmp_path / "config")})


@pytest.mark.parametrize(
    ("uri", "variables", "options", "account", "endpoint"),
    [
        ("az://files", {"AZURE_STORAGE_ACCOUNT_NAME": "one"}, AzureOptions(), "one", "Azure Blob Storage"),
        ("az://files", {}, AzureOptions(account="two"), "two", "Azure Blob Storage"),
        (
            "az://files",
            {"AZURE_STORAGE_CONNECTION_STRING": "AccountName=three;AccountKey=eA==;BlobEndpoint=http://h:1/three;"},
            AzureOptions(),
            "three",
            "http://h:1/three",
        ),
        (
            "abfss://files@four.dfs.core.windows.net/x",
            {},
            AzureOptions(),
            "four",
            "https://four.blob.core.windows.net",
        ),
    ],
)
def test_the_account_is_that_of_the_uri_the_options_or_the_environment(
    monkeypatch, uri, variables, options, account, endpoint
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    asked, config, _ = config_of(uri, options)
    assert (asked, config["account_name"]) == (endpoint, account)


def test_no_account_and_another_account_are_said():
    with pytest.raises(ConfigError, match="set AZURE_STORAGE_ACCOUNT_NAME"):
        config_of("az://files")
    with pytest.raises(ConfigError, match="names the storage account 'four', and the credentials are those of 'five'"):
        config_of("abfss://files@four.dfs.core.windows.net/x", AzureOptions(account="five"))


def test_google_takes_a_service_account_and_an_endpoint(tmp_path):
    asked, _, is_plain = config_of("gs://bucket/x", GoogleOptions(endpoint="http://127.0.0.1:1", anonymous=True))
    assert (asked, is_plain) == ("http://127.0.0.1:1", True)
    assert config_of("gs://bucket", GoogleOptions(anonymous=True))[0] == "Google Cloud Storage"
    with pytest.raises(ConfigError, match="cannot be used as it is configured"):
        config_of("gs://bucket", GoogleOptions(service_account=str(tmp_path / "missing.json")))


@pytest.mark.parametrize(
    ("uri", "options", "message"),
    [
        ("s3://bucket", S3Options(endpoint="minio:9000"), "is no URL: write https://HOST"),
        ("s3://bucket", S3Options(ca_bundle="/missing.pem"), "certificates '/missing.pem' cannot be read"),
        ("az://files", AzureOptions(account="one", account_key="***"), "cannot be used as it is configured"),
        ("s3://bucket", S3Options(checksum=SECRET), "cannot be used as it is configured"),
    ],
)
def test_a_wrong_option_is_said_without_its_secrets(uri, options, message):
    with pytest.raises(ConfigError, match=message) as caught:
        config_of(uri, options)
    assert SECRET not in f"{caught.value} {caught.value.__cause__}"


def test_options_of_another_kind_of_store_are_refused():
    with pytest.raises(InvalidValue, match="S3Options, not GoogleOptions"):
        ObjectArtifactStore("s3://bucket", GoogleOptions())


@pytest.mark.parametrize("options", [{"part_size": 1}, {"parallel": 0}, {"retries": -1}, {"timeout": 0}])
def test_numbers_have_bounds(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        S3Options(**options)


# In a workspace ------------------------------------------------------------------------------------------------------


def test_it_is_opened_by_a_workspace_with_options_of_its_file(tmp_path, nobody):
    (tmp_path / "hookline.yaml").write_text(
        f"artifacts:\n  uri: s3://bucket/x\n  options:\n    endpoint: {nobody}\n    access_key_id: a\n"
        f"    secret_access_key: {SECRET}\n    retries: 0\n"
    )
    with Workspace(Config.load(tmp_path, environ={})) as workspace:
        store = workspace.artifacts.locate("artifacts:/").store
        with pytest.raises(Unavailable, match="cannot be reached, or the connection broke") as caught:
            store.list()
        assert SECRET not in f"{store!r} {caught.value!r} {S3Options(secret_access_key=SECRET)!r}"


def test_an_endpoint_that_is_away_is_said_by_every_verb(nobody, tmp_path):
    options = S3Options(endpoint=nobody, access_key_id="a", secret_access_key=SECRET, retries=0)
    store = ObjectArtifactStore("s3://bucket/x", options)
    source = tmp_path / "source"
    source.write_bytes(b"x" * 100)
    verbs = [
        lambda: store.put("a", source),
        lambda: store.get("a", tmp_path / "target"),
        lambda: store.open("a"),
        lambda: store.list("a"),
        lambda: store.delete("a"),
    ]
    for verb in verbs:
        with pytest.raises(Unavailable, match="cannot be reached, or the connection broke") as caught:
            verb()
        assert SECRET not in str(caught.value)
    assert [each.name for each in tmp_path.iterdir()] == ["source"]


def test_where_there_are_no_credentials_that_is_said(nobody, monkeypatch):
    """The machine is asked for its role at last, as one in a cloud has it."""
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", nobody)
    store = ObjectArtifactStore("s3://bucket/x", S3Options(endpoint=nobody, retries=0))
    with pytest.raises(Refused, match=r"no credentials were found that work.* Check AWS_ACCESS_KEY_ID"):
        store.list()


@pytest.mark.parametrize("key", ["oauth2/login.microsoftonline.com", "169.254.169.254/latest/meta-data", "metadata"])
def test_what_a_key_is_called_says_nothing_about_what_is_wrong(nobody, key):
    options = S3Options(endpoint=nobody, access_key_id="a", secret_access_key="b", retries=0)
    with pytest.raises(Unavailable, match="cannot be reached"):
        ObjectArtifactStore("s3://bucket", options).open(key)


def test_a_local_file_that_is_missing_or_a_folder_is_said_before_anything_is_asked(nobody, tmp_path):
    store = ObjectArtifactStore("s3://bucket/x", S3Options(endpoint=nobody, access_key_id="a", secret_access_key="b"))
    with pytest.raises(NotFound, match="There is no local file"):
        store.put("a", Path(tmp_path, "missing"))
    with pytest.raises(InvalidValue, match="it is a folder"):
        store.put("a", tmp_path)


def _use(nobody, answers):
    try:
        ObjectArtifactStore("s3://bucket", S3Options(endpoint=nobody, anonymous=True, retries=0)).list()
    except HooklineError as error:
        answers.send((type(error).__name__, str(error)))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_is_told_instead_of_waiting_for_ever(nobody):
    with pytest.raises(Unavailable):
        ObjectArtifactStore("s3://bucket", S3Options(endpoint=nobody, anonymous=True, retries=0)).list()
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_use, args=(nobody, theirs))
    child.start()
    try:
        assert ours.poll(30), "the process waits"
        kind, text = ours.recv()
        assert kind == InvalidState.__name__
        assert "spawn" in text
    finally:
        child.kill()
        child.join()
