"""Real repositories, made with git."""

import os
from pathlib import Path

import pytest

from hookline.system import run_process


class Repository:
    """A work tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str) -> str:
        return run_process(["git", *arguments], folder=self.folder).strip()

    def write(self, name: str, content: bytes | str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def commit(self, message: str = "work") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def _plain_git(monkeypatch, tmp_path):
    """Git without the configuration of whoever runs the tests, and no repository around them."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    variables = {
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def make_repository(tmp_path):
    def make(name: str = "project") -> Repository:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        repository = Repository(folder)
        repository.git("init", "--quiet", "--initial-branch", "main")
        return repository

    return make


@pytest.fixture
def repository(make_repository):
    """A repository with one commit of `train.py` and `data.bin`."""
    made = make_repository()
    made.write("train.py", "print('one')\n")
    made.write("data.bin", bytes(range(256)))
    made.commit()
    return made
