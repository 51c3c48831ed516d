"""What needs no server: what URIs and options mean, where credentials come from, and that no secret is told."""

import socket
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from hookline import Config, Workspace
from hookline.errors import ConfigError, HooklineError, InvalidValue, NotFound, Unavailable
from hookline.testing import PluginSuite
from hookline_artifact_fsspec.options import FtpOptions, GeneralOptions, SftpOptions, WebdavOptions
from hookline_artifact_fsspec.places import Place, inner_uri, place_of, signing_in
from hookline_artifact_fsspec.store import FilesystemArtifactStore

SECRET = "s3cr3t-that-nobody-may-see"


class TestPlugin(PluginSuite):
    plugin = "artifact-fsspec"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return folder


@pytest.fixture
def nobody():
    """A port on which nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{probe.getsockname()[1]}"


# URIs ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("sftp://host", Place("sftp", "sftp://host", "", "host")),
        ("SFTP://host/", Place("sftp", "SFTP://host", "", "host")),
        ("sftp://me@host:2222/srv/a b/", Place("sftp", "sftp://host:2222/srv/a b", "/srv/a b", "host", 2222, "me")),
        ("ftp://a%40b:p%2Fw@host/x", Place("ftp", "ftp://host/x", "/x", "host", None, "a@b", "p/w")),
        ("webdavs://[::1]:8443/dav", Place("webdavs", "webdavs://[::1]:8443/dav", "/dav", "::1", 8443)),
        ("ftps://host/100% größe/a%20b", Place("ftps", "ftps://host/100% größe/a%20b", "/100% größe/a%20b", "host")),
    ],
)
def test_a_uri_names_a_server_and_a_folder(uri, place):
    assert place_of(uri) == place


@pytest.mark.parametrize(
    "uri",
    [
        "sftp:host",
        "sftp://",
        "sftp:///x",
        "sftp://host:port/x",
        "sftp://host?x/y",
        "sftp://host/../x",
        "sftp://host//x",
        "ftp://host/a?b",
        f"webdav://me:{SECRET}@/x",
    ],
)
def test_another_form_is_refused_without_its_secrets(uri):
    with pytest.raises(InvalidValue) as caught:
        place_of(uri)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("hdfs://name:8020/user/me", ("hdfs", "hdfs://name:8020/user/me")),
        ("hdfs:///user/me", ("hdfs", "hdfs:///user/me")),
        ("fsspec:smb://host/share/x", ("smb", "smb://host/share/x")),
    ],
)
def test_the_rest_is_read_by_fsspec(uri, expected):
    assert inner_uri(uri) == expected


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("fsspec:", "names no file system"),
        ("fsspec:smb", "names no file system"),
        ("fsspec:simplecache::smb://host/x", "names no file system"),
        ("fsspec:file:///etc", "lies on this machine"),
        ("fsspec:local:///etc", "lies on this machine"),
        ("fsspec:memory://x", "lies on this machine"),
        ("fsspec:smb://host/share/../../x", "holds the part"),
    ],
)
def test_what_leads_elsewhere_than_to_a_remote_folder_is_refused(uri, said):
    with pytest.raises(InvalidValue, match=said):
        FilesystemArtifactStore(uri)


def test_a_file_system_that_fsspec_does_not_have_is_said():
    with pytest.raises(ConfigError, match="fsspec has no file system 'nosuch'"):
        FilesystemArtifactStore("fsspec:nosuch://x")


@pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow is not installed here")
def test_hdfs_without_hadoop_says_what_it_needs(monkeypatch):
    for name in ("JAVA_HOME", "HADOOP_HOME", "ARROW_LIBHDFS_DIR"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Unavailable, match=r"Cannot list hdfs://127\.0\.0\.1:9/x: .*JAVA_HOME"):
        FilesystemArtifactStore("hdfs://127.0.0.1:9/x").list()


@pytest.mark.parametrize("scheme", ["sftp", "webdav", "webdavs"])
def test_a_library_that_is_missing_is_named_with_what_to_install(scheme, monkeypatch):
    module = {"sftp": "sshfs", "webdav": "webdav4", "webdavs": "webdav4"}[scheme]
    for name in [each for each in sys.modules if each.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    own = f"hookline_artifact_fsspec.{scheme.removesuffix('s')}"
    monkeypatch.delitem(sys.modules, own, raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    extra = scheme.removesuffix("s")
    with pytest.raises(ConfigError, match=rf"needs the library.*pip install 'hookline-artifact-fsspec\[{extra}\]'"):
        FilesystemArtifactStore(f"{scheme}://host/x")


# Credentials ---------------------------------------------------------------------------------------------------------


def test_credentials_are_those_given_else_of_the_uri_else_of_netrc_for_that_host(home):
    (home / ".netrc").write_text(f"machine host login me password {SECRET}\ndefault login you password other\n")
    (home / ".netrc").chmod(0o600)
    assert signing_in(Place("ftp", "", "", "host"), None, None) == ("me", SECRET)
    assert signing_in(Place("ftp", "", "", "host", None, "me"), None, None) == ("me", SECRET)
    assert signing_in(Place("ftp", "", "", "host", None, "she"), None, None) == ("she", None)
    assert signing_in(Place("ftp", "", "", "host", None, "me", "uri"), None, None) == ("me", "uri")
    assert signing_in(Place("ftp", "", "", "host", None, "me", "uri"), "he", "given") == ("he", "given")
    assert signing_in(Place("ftp", "", "", "elsewhere"), None, None) == (None, None)


def test_a_netrc_that_cannot_be_read_is_said(home):
    (home / ".netrc").write_text("nonsense\n")
    (home / ".netrc").chmod(0o600)
    with pytest.raises(ConfigError, match=r"~/.netrc cannot be read"):
        signing_in(Place("ftp", "", "", "host"), None, None)


def test_no_text_shows_a_secret():
    shown = repr(
        [
            SftpOptions(password=SECRET, passphrase=SECRET),
            FtpOptions(password=SECRET),
            WebdavOptions(password=SECRET, token=SECRET),
            GeneralOptions(settings={"password": SECRET}),
            place_of(f"ftp://me:{SECRET}@host/x"),
            FilesystemArtifactStore(f"ftp://me:{SECRET}@host/x"),
        ]
    )
    assert SECRET not in shown


# A host that is away -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["sftp", "ftp", "ftps", "webdav", "webdavs"])
def test_a_host_that_is_away_is_said_by_every_verb(scheme, nobody, tmp_path):
    store = FilesystemArtifactStore(f"{scheme}://me:{SECRET}@{nobody}/x")
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
        with pytest.raises(Unavailable, match=rf"{scheme}://{nobody}/x: .*cannot be reached") as caught:
            verb()
        assert SECRET not in str(caught.value)
    store.close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["home", "source"]


@pytest.mark.parametrize("scheme", ["sftp", "ftp", "webdav"])
def test_a_host_that_has_no_address_is_said(scheme):
    store = FilesystemArtifactStore(f"{scheme}://no-such-host.invalid/x")
    with pytest.raises(Unavailable, match=r"no-such-host\.invalid cannot be reached"):
        store.list()
    store.close()


def test_a_local_file_that_is_missing_or_a_folder_is_said_before_anything_is_asked(nobody, tmp_path):
    store = FilesystemArtifactStore(f"ftp://{nobody}/x")
    with pytest.raises(NotFound, match="There is no local file"):
        store.put("a", tmp_path / "missing")
    with pytest.raises(InvalidValue, match="it is a folder"):
        store.put("a", tmp_path)


# In a workspace ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "options", "said"),
    [
        ("sftp", {"passwort": "x"}, "passwort.*password"),
        ("ftp", {"timeout": 0}, "timeout"),
        ("ftps", {"ca_bundle": "/no/such.pem"}, "certificates '/no/such.pem' cannot be read"),
        ("webdavs", {"ca_bundle": "/no/such.pem"}, "certificates '/no/such.pem' cannot be read"),
    ],
)
def test_options_that_are_wrong_are_said(scheme, options, said):
    given = {"artifacts.uri": f"{scheme}://host/x", "artifacts.options": options}
    with pytest.raises(HooklineError, match=said), Workspace(Config.load(given=given, environ={})) as workspace:
        workspace.artifacts.locate("artifacts:/x")
