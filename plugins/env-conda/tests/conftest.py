"""A channel with Python, pip and modules. These tests are there where the plugin is."""

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = "hookline_env_conda"
collect_ignore_glob = ["*"] if find_spec(HERE) is None else []
"""It is not among the plugins that are installed with every clone."""

if find_spec(HERE) is not None:
    sys.path.insert(0, str(Path(__file__).parent))
    from channel_by_hand import Channel


@pytest.fixture(scope="session")
def shared_channel(tmp_path_factory: pytest.TempPathFactory) -> "Channel":
    """A channel for tests that do not change it: Python, pip, and `probe` 1.0 and 2.0."""
    channel = Channel(tmp_path_factory.mktemp("channel"))
    channel.add_python()
    channel.add_pip()
    for version in ("1.0", "2.0"):
        channel.add_module("conda_probe", version)
    return channel


@pytest.fixture
def channel(tmp_path: Path) -> "Channel":
    """A channel for one test, without Python."""
    return Channel(tmp_path / "channel")


@pytest.fixture(autouse=True, scope="session")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of packages of these tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RATTLER_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield
