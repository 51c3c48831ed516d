"""From URIs to artifact stores, and whole folders up and down; the store in memory is the reference."""

import os
from types import SimpleNamespace

import pytest
from attrs import frozen

from hookline.artifacts import Artifacts, check_artifact_path
from hookline.entities import FileInfo
from hookline.errors import InvalidValue, NotFound, Refused, UnknownProvider
from hookline.interfaces import ArtifactStore
from hookline.plugins import Plugins
from hookline.providers import StoreProvider, hookimpl
from hookline.testing import ArtifactStoreSuite, MemoryArtifactStore
from hookline.testing.store_suite import at_once


class TestMemory(ArtifactStoreSuite):
    memory_limit = None

    @pytest.fixture
    def store(self):
        return MemoryArtifactStore()


class FolderStore(MemoryArtifactStore):
    """A store that has its files on disk as well."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def put(self, key, source):
        super().put(key, source)
        (self.folder / key).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / key).write_bytes(source.read_bytes())

    def local_path(self, key):
        return self.folder / key


@frozen
class Options:
    """Options of the store in memory."""

    speed: int = 0


@pytest.fixture
def opened():
    """The URIs and options with which stores were opened."""
    return []


@pytest.fixture
def make(opened, tmp_path):
    """Artifacts whose own store is the one that is given."""

    def made(store=None):
        def memory(uri, options):
            opened.append((uri, options))
            return store or MemoryArtifactStore()

        stores = [
            StoreProvider("memory", memory, options=Options),
            StoreProvider("disk", lambda _uri, _options: FolderStore(tmp_path / "disk")),
        ]
        plugins = Plugins()
        plugins.register(SimpleNamespace(artifact_stores=hookimpl(lambda: stores)), "stores")
        return Artifacts(plugins, lambda: "memory://root", {"speed": 1})

    return made


@pytest.fixture
def artifacts(make):
    return make()


@pytest.fixture
def tree(tmp_path):
    """A local folder with files in it."""
    folder = tmp_path / "tree"
    for name in ("a.txt", "sub/b.txt", "sub/deep/c.txt", "größe.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "empty").mkdir()
    return folder


def content(location):
    with location.store.open(location.key) as stream:
        return stream.read()


# Locating ------------------------------------------------------------------------------------------------------------


def test_the_own_scheme_is_the_workspaces_store(artifacts, opened):
    location = artifacts.locate("artifacts:/0/run", "plots/a.png")
    assert (location.key, location.uri) == ("0/run/plots/a.png", "artifacts:/0/run/plots/a.png")
    assert artifacts.locate("artifacts:/").key == ""
    assert artifacts.locate("artifacts:/0/").store is location.store
    assert opened == [("memory://root", Options(1))]


def test_threads_that_ask_at_once_get_one_store(artifacts, opened):
    stores = at_once(*([lambda: artifacts.locate("artifacts:/0").store] * 8))
    assert set(map(id, stores)) == {id(stores[0])}
    assert len(opened) == 1


def test_another_uri_is_a_store_of_its_own_without_the_options(artifacts, opened):
    first = artifacts.locate("memory://other", "a")
    assert (first.key, first.uri) == ("a", "memory://other/a")
    assert artifacts.locate("memory://other").store is first.store
    assert opened == [("memory://other", Options())]


def test_messages_hold_no_secret(artifacts, tmp_path):
    location = artifacts.locate("memory://user:secret@host", "missing")
    assert location.uri == "memory://host/missing"
    with pytest.raises(NotFound, match=r"There is no artifact at 'memory://host/missing'"):
        artifacts.download(location, tmp_path / "never")


@pytest.mark.parametrize("uri", ["artifacts:/../x", "artifacts:/0/..", "artifacts:/a//b", "artifacts:/%2e%2e/x"])
def test_a_uri_cannot_lead_out_of_the_store(artifacts, uri):
    with pytest.raises(InvalidValue, match=r"Invalid path"):
        artifacts.locate(uri)


@pytest.mark.parametrize("key", ["../x", "/x", "a/../b", "a\\b"])
def test_a_key_cannot_lead_out_of_its_folder(artifacts, key):
    with pytest.raises(InvalidValue, match=r"Invalid path"):
        artifacts.locate("artifacts:/0/run", key)
    with pytest.raises(InvalidValue, match=r"Invalid path"):
        artifacts.locate("artifacts:/0/run").below(key)


def test_an_unknown_scheme_says_what_there_is(artifacts):
    with pytest.raises(UnknownProvider, match=r"artifact store 'gs'"):
        artifacts.locate("gs://bucket/a")


# Up ------------------------------------------------------------------------------------------------------------------


def test_a_folder_goes_up_with_its_files(artifacts, tree):
    location = artifacts.locate("artifacts:/0/run")
    keys = artifacts.upload(tree, location)
    assert sorted(keys) == ["a.txt", "größe.txt", "sub/b.txt", "sub/deep/c.txt"]
    assert content(location.below("sub/deep/c.txt")) == b"sub/deep/c.txt"
    assert [each.path for each in artifacts.list(location)] == ["a.txt", "größe.txt", "sub"]
    assert [each.path for each in artifacts.list(location.below("sub"))] == ["b.txt", "deep"]
    assert sorted(each.path for each in artifacts.walk(location)) == sorted(keys)


def test_a_file_goes_up_under_its_name(artifacts, tree):
    location = artifacts.locate("artifacts:/0/run/plots")
    assert list(artifacts.upload(tree / "a.txt", location)) == ["a.txt"]
    assert content(location.below("a.txt")) == b"a.txt"


def test_a_missing_file_is_not_found(artifacts, tmp_path):
    with pytest.raises(NotFound, match=r"There is no local file or folder '.*missing'"):
        artifacts.upload(tmp_path / "missing", artifacts.locate("artifacts:/0"))


def test_a_name_that_is_no_key_stops_everything_before_anything_is_stored(artifacts, tree):
    (tree / "zz:zz").write_text("x")
    location = artifacts.locate("artifacts:/0")
    with pytest.raises(InvalidValue, match=r"zz:zz"):
        artifacts.upload(tree, location)
    assert list(artifacts.list(location)) == []


def test_a_link_inside_the_folder_goes_up_and_one_out_of_it_does_not(artifacts, tree, tmp_path):
    (tree / "near").symlink_to("a.txt")
    location = artifacts.locate("artifacts:/0")
    assert "near" in artifacts.upload(tree, location)
    assert content(location.below("near")) == b"a.txt"
    (tmp_path / "secret").write_text("secret")
    (tree / "far").symlink_to(tmp_path / "secret")
    with pytest.raises(Refused, match=r"'far' leads out of its folder"):
        artifacts.upload(tree, artifacts.locate("artifacts:/1"))
    assert list(artifacts.list(artifacts.locate("artifacts:/1"))) == []


def test_what_is_no_file_does_not_go_up(artifacts, tree):
    os.mkfifo(tree / "pipe")
    assert "pipe" not in artifacts.upload(tree, artifacts.locate("artifacts:/0"))


def test_an_error_of_one_file_is_the_error_of_all(make, tree):
    class Full(MemoryArtifactStore):
        def put(self, key, source):
            if key.endswith("b.txt"):
                raise Refused("full")
            super().put(key, source)

    artifacts = make(Full())
    with pytest.raises(Refused, match=r"full"):
        artifacts.upload(tree, artifacts.locate("artifacts:/0"))


# Down ----------------------------------------------------------------------------------------------------------------


def test_a_folder_comes_down_as_it_went_up(artifacts, tree, tmp_path):
    location = artifacts.locate("artifacts:/0/run")
    artifacts.upload(tree, location)
    target = tmp_path / "new" / "target"
    assert artifacts.download(location, target) == target
    found = {path.relative_to(target).as_posix(): path.read_text() for path in target.rglob("*") if path.is_file()}
    assert found == {name: name for name in ("a.txt", "größe.txt", "sub/b.txt", "sub/deep/c.txt")}


def test_a_file_comes_down_under_its_name(artifacts, tree, tmp_path):
    location = artifacts.locate("artifacts:/0/run")
    artifacts.upload(tree, location)
    assert artifacts.download(location.below("sub/b.txt"), tmp_path / "target") == tmp_path / "target" / "b.txt"
    assert (tmp_path / "target/b.txt").read_text() == "sub/b.txt"


def test_nothing_is_not_found(artifacts, tmp_path):
    with pytest.raises(NotFound, match=r"There is no artifact at 'artifacts:/0/run/x'"):
        artifacts.download(artifacts.locate("artifacts:/0/run", "x"), tmp_path / "target")


@pytest.mark.parametrize("name", ["b.txt", "sub"])
def test_nothing_is_written_through_a_local_link(artifacts, tree, tmp_path, name):
    location = artifacts.locate("artifacts:/0/run")
    artifacts.upload(tree, location)
    outside, target = tmp_path / "outside", tmp_path / "target"
    outside.mkdir()
    target.mkdir()
    (target / name).symlink_to(outside / "new" if name == "b.txt" else outside)
    with pytest.raises(Refused, match=r"leads out of its folder"):
        artifacts.download(location.below("sub/b.txt") if name == "b.txt" else location, target)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "a/../../escaped"])
def test_a_hostile_store_writes_nowhere_else(make, tmp_path, name):
    class Hostile(ArtifactStore):
        def put(self, key, source):
            raise NotImplementedError

        def get(self, key, destination):
            destination.write_text("escaped")

        def open(self, key):
            raise NotImplementedError

        def list(self, prefix=""):
            return [FileInfo(f"{prefix}/x", False, 1), FileInfo(name, False, 1)]

        def delete(self, key):
            raise NotImplementedError

    artifacts = make(Hostile())
    target = tmp_path / "a" / "b" / "target"
    try:
        artifacts.download(artifacts.locate("artifacts:/0"), target)
    except InvalidValue:
        assert list(target.iterdir()) == []
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} <= {"x", "escaped"}
    assert all(path.is_relative_to(target) for path in tmp_path.rglob("*") if path.is_file())


# In place ------------------------------------------------------------------------------------------------------------


def test_a_local_path_is_a_private_copy_that_goes_away(artifacts, tree):
    location = artifacts.locate("artifacts:/0/run")
    artifacts.upload(tree, location)
    with artifacts.as_local(location) as folder:
        assert (folder / "sub/b.txt").read_text() == "sub/b.txt"
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
    with artifacts.as_local(location.below("a.txt")) as file:
        assert file.read_text() == "a.txt"
    assert not file.exists()


def test_a_local_path_is_given_in_place_where_the_store_has_one(artifacts, tree, tmp_path):
    location = artifacts.locate("disk:x", "run")
    artifacts.upload(tree, location)
    with artifacts.as_local(location) as folder:
        assert folder == tmp_path / "disk/run"
    assert folder.exists()
    with pytest.raises(NotFound), artifacts.as_local(location.below("missing")):
        pass


@pytest.mark.parametrize(
    ("given", "path"), [(None, ""), ("", ""), (".", ""), ("/", ""), ("a", "a"), ("a/b/", "a/b"), ("a/b//", "a/b")]
)
def test_an_artifact_path_of_a_user(given, path):
    assert check_artifact_path(given) == path


@pytest.mark.parametrize("given", ["..", "../a", "/a", "a//b", 5, b"a", "//"])
def test_an_artifact_path_that_is_refused(given):
    with pytest.raises(InvalidValue):
        check_artifact_path(given)
