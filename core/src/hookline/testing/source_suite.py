"""The laws of a project source."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from hookline.entities import Fetched
from hookline.errors import HooklineError, InvalidValue, NotFound
from hookline.interfaces import ProjectSource
from hookline.testing.suite import Suite


class ProjectSourceSuite(Suite):
    """Laws of a project source. A subclass gives `source`, `publish` and `absent`.

    Attributes:
        versioned: whether a place has several versions.
    """

    kind = "project source"
    version = 1

    versioned: ClassVar[bool] = False

    FILES: ClassVar[Mapping[str, bytes]] = {
        "MLproject": b"name: published\n",
        "data/numbers.csv": b"1,2\r\n",
        "data/deep/er/binary": bytes(range(256)),
        "with space/\u00fc.txt": b"text\n",
        "empty": b"",
    }

    @pytest.fixture
    def source(self) -> ProjectSource:
        """The source under test."""
        raise NotImplementedError("Give the fixture `source`: a ProjectSource.")

    @pytest.fixture
    def publish(self, tmp_path: Path) -> Callable[[Mapping[str, bytes]], str]:
        """A function that puts files (content by path) where the source fetches from, and returns the URI."""
        raise NotImplementedError("Give the fixture `publish`: a function from files to a URI.")

    @pytest.fixture
    def absent(self, tmp_path: Path) -> str:
        """A well-formed URI of a place that is not there."""
        raise NotImplementedError("Give the fixture `absent`: a URI at which there is nothing.")

    @pytest.fixture
    def destination(self, tmp_path: Path) -> Path:
        """An empty folder."""
        folder = tmp_path / "fetched"
        folder.mkdir()
        return folder

    def test_the_files_arrive(
        self, source: ProjectSource, publish: Callable[[Mapping[str, bytes]], str], destination: Path
    ) -> None:
        """Every file arrives with its bytes, below `destination`, and nothing else but a source's own `.git`."""
        fetched = source.fetch(publish(self.FILES), None, destination)
        assert fetched.folder == destination or destination in fetched.folder.parents
        assert _files(fetched.folder) == dict(self.FILES)

    def test_fetching_twice_gives_the_same(
        self, source: ProjectSource, publish: Callable[[Mapping[str, bytes]], str], tmp_path: Path
    ) -> None:
        """A place that has not changed is fetched alike."""
        uri, found = publish(self.FILES), []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            fetched = source.fetch(uri, None, tmp_path / name)
            found.append((_files(fetched.folder), fetched.commit, fetched.repository, fetched.branch))
        assert found[0] == found[1]

    def test_an_absent_place_is_not_found(self, source: ProjectSource, absent: str, destination: Path) -> None:
        """A place that is not there is a `NotFound`."""
        with pytest.raises(NotFound):
            source.fetch(absent, None, destination)

    @pytest.mark.parametrize(
        "version", ["no-such-version", "--upload-pack=touch canary", "-x", "HEAD:../..", "a b", ""]
    )
    def test_an_unknown_version_is_an_error(
        self,
        source: ProjectSource,
        publish: Callable[[Mapping[str, bytes]], str],
        destination: Path,
        monkeypatch: pytest.MonkeyPatch,
        version: str,
    ) -> None:
        """A version that is not there is a `NotFound`; where there are none at all, an `InvalidValue`."""
        uri = publish(self.FILES)
        monkeypatch.chdir(destination)
        with pytest.raises(NotFound if self.versioned else InvalidValue):
            source.fetch(uri, version, destination)
        assert not (destination / "canary").exists()

    @pytest.mark.parametrize(
        "uri",
        [
            "ext::sh -c touch% {canary}",
            "ext::touch {canary}",
            "foo::bar",
            "--upload-pack=touch {canary}",
            "-u./payload",
            "ssh://-oProxyCommand=touch {canary}/x",
            "ssh://user@-oProxyCommand=touch {canary}/x",
            "git@-oProxyCommand=touch {canary}:x",
            "javascript:alert(1)",
        ],
    )
    def test_a_dangerous_uri_is_refused(
        self, source: ProjectSource, destination: Path, tmp_path: Path, uri: str
    ) -> None:
        """A URI that would run a program, or be read as an option, is an error, and nothing has happened."""
        with pytest.raises(HooklineError):
            source.fetch(uri.replace("{canary}", str(tmp_path / "canary")), None, destination)
        assert not (tmp_path / "canary").exists()
        assert list(destination.iterdir()) == []

    def test_describing_any_folder_raises_nothing(self, source: ProjectSource, tmp_path: Path) -> None:
        """A folder of which nothing is known is described by itself."""
        folder = tmp_path / "plain"
        folder.mkdir()
        assert source.describe(folder) == Fetched(folder)


def _files(folder: Path) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {key: path.read_bytes() for key, path in found.items() if not key.startswith(".git/")}
