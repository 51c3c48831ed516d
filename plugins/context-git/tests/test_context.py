"""What is noted about a repository: tags, the patch, and which repository it is."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hookline_context_git.context as module
from hookline.plugins import Plugins
from hookline.system import run_process
from hookline.testing import PluginSuite, RunContextSuite
from hookline_context_git.context import GitContext, program_folder

PATIENCE = 60.0


def look(repository_or_folder, **options):
    folder = getattr(repository_or_folder, "folder", repository_or_folder)
    return GitContext(folder, **{"patience": PATIENCE, **options})


def patch_of(repository):
    return look(repository).artifacts()["uncommitted.patch"]


class TestPlugin(PluginSuite):
    plugin = "context-git"


class TestContext(RunContextSuite):
    component = run_process(["git", "--version"]).strip().replace("version ", "")

    @pytest.fixture
    def context(self, repository):
        repository.git("remote", "add", "origin", "https://user:" + "ghp_" + "aB3" * 12 + "@example.org/a/b.git")
        repository.write("train.py", "print('two')\n")
        return look(repository)


# Tags ----------------------------------------------------------------------------------------------------------------


def test_a_clean_repository(repository):
    context = look(repository)
    assert context.tags() == {
        "mlflow.source.git.commit": repository.git("rev-parse", "HEAD"),
        "mlflow.source.git.branch": "main",
        "hookline.git.dirty": "false",
    }
    assert context.artifacts() == {}


def test_any_folder_of_the_work_tree_will_do(repository):
    (repository.folder / "a/b").mkdir(parents=True)
    repository.write("train.py", "print('two')\n")
    assert look(repository.folder / "a/b").tags() == look(repository).tags()
    assert look(repository.folder / "a/b").artifacts() == look(repository).artifacts() != {}


@pytest.mark.parametrize(
    ("change", "dirty"),
    [
        (lambda r: r.write("train.py", "print('two')\n"), "true"),
        (lambda r: (r.write("train.py", "x"), r.git("add", "train.py")), "true"),
        (lambda r: (r.folder / "train.py").unlink(), "true"),
        (lambda r: (r.write("new.py", "x"), r.git("add", "new.py")), "true"),
        (lambda r: r.git("mv", "train.py", "fit.py"), "true"),
        (lambda r: r.write("untracked.py", "x"), "false"),
        (lambda r: r.write(".hookline/artifacts/0/a", "x"), "false"),
        (lambda r: os.utime(r.folder / "train.py", (1, 1)), "false"),
    ],
    ids=["changed", "staged", "removed", "added", "renamed", "untracked", "our own store", "touched"],
)
def test_dirty_means_that_tracked_files_differ_from_the_commit(repository, change, dirty):
    change(repository)
    context = look(repository)
    assert context.tags()["hookline.git.dirty"] == dirty
    assert list(context.artifacts()) == (["uncommitted.patch"] if dirty == "true" else [])


def test_a_detached_head_has_no_branch(repository):
    repository.git("checkout", "--quiet", "--detach")
    assert set(look(repository).tags()) == {"mlflow.source.git.commit", "hookline.git.dirty"}


def test_a_repository_without_a_commit_has_only_a_branch(make_repository):
    repository = make_repository()
    repository.write("a", "x")
    repository.git("add", "a")
    assert look(repository).tags() == {"mlflow.source.git.branch": "main", "hookline.git.dirty": "true"}
    assert look(repository).artifacts() == {}


def test_a_second_work_tree_is_told_apart(repository, tmp_path):
    repository.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    (tmp_path / "other/train.py").write_text("print('other')\n")
    assert look(tmp_path / "other").tags()["mlflow.source.git.branch"] == "other"
    assert look(tmp_path / "other").tags()["hookline.git.dirty"] == "true"
    assert look(repository).tags()["hookline.git.dirty"] == "false"


def test_the_remote_is_that_of_the_branch_else_origin_else_the_first(repository):
    def url():
        return look(repository).tags().get("mlflow.source.git.repoURL")

    repository.git("remote", "add", "a-mirror", "https://example.org/mirror")
    assert url() == "https://example.org/mirror"
    repository.git("remote", "add", "origin", "https://example.org/origin")
    assert url() == "https://example.org/origin"
    repository.git("config", "branch.main.remote", "a-mirror")
    assert url() == "https://example.org/mirror"
    repository.git("config", "branch.main.remote", "gone")
    assert url() == "https://example.org/origin"


def test_it_is_looked_at_once(repository):
    context = look(repository)
    before = context.tags()
    repository.write("train.py", "print('two')\n")
    repository.commit()
    assert context.tags() == before
    assert look(repository).tags() != before


# The patch -----------------------------------------------------------------------------------------------------------


def test_the_patch_brings_the_changes_back(repository, make_repository):
    repository.write("kept.txt", "".join(f"line {number}\n" for number in range(50)))
    repository.write("müll/größe.txt", "alt\n")
    commit = repository.commit()
    repository.write("train.py", b"print('two')\r\n# no newline at the end \xff")
    repository.write("data.bin", bytes(reversed(range(256))))
    repository.write("müll/größe.txt", "neu\n")
    repository.write("staged.py", "staged\n")
    repository.git("add", "staged.py")
    repository.git("mv", "kept.txt", "moved.txt")
    (repository.folder / "staged.py").chmod(0o755)
    patch = patch_of(repository)
    assert patch.startswith(f"# Uncommitted changes on top of {commit};".encode())

    clone = make_repository("clone/of it")
    clone.git("pull", "--quiet", str(repository.folder), "main")
    clone.write("../uncommitted.patch", patch)
    clone.git("apply", "--index", "../uncommitted.patch")
    assert clone.git("write-tree") == _tree_of_everything(repository)


def _tree_of_everything(repository):
    repository.git("add", "--all")
    return repository.git("write-tree")


@pytest.mark.parametrize(
    "settings",
    [
        {"color.ui": "always"},
        {"diff.noprefix": "true"},
        {"diff.mnemonicPrefix": "true"},
        {"diff.relative": "true"},
        {"diff.external": "false"},
        {"core.pager": "false"},
        {"diff.interHunkContext": "9", "diff.renames": "copies"},
    ],
    ids=lambda settings: " ".join(settings),
)
def test_no_taste_of_the_user_spoils_the_patch(repository, settings):
    for key, value in settings.items():
        repository.git("config", "--global", key, value)
    repository.write("train.py", "print('two')\n")
    repository.write("patch", patch_of(repository))
    repository.git("-c", "diff.external=", "checkout", "--quiet", "train.py")
    repository.git("apply", "patch")
    assert (repository.folder / "train.py").read_text() == "print('two')\n"


def test_the_patch_names_untracked_files_and_does_not_read_them(repository):
    repository.write(".gitignore", "ignored\n")
    repository.commit()
    repository.write("train.py", "print('two')\n")
    for name in ("new.py", "line\nbreak.py", "folder/a", "folder/b", "ignored"):
        repository.write(name, "secret content")
    (repository.folder / "empty").mkdir()
    lines = patch_of(repository).decode().splitlines()
    untracked = [line for line in lines if line.startswith("# Not tracked")]
    assert untracked == ["# Not tracked: folder/", "# Not tracked: line?break.py", "# Not tracked: new.py"]
    assert not any("secret content" in line for line in lines)


def test_many_untracked_files_are_not_all_named(repository, monkeypatch):
    monkeypatch.setattr(module, "MAX_UNTRACKED_NAMES", 3)
    repository.write("train.py", "print('two')\n")
    for number in range(5):
        repository.write(f"new{number}", "")
    lines = patch_of(repository).decode().splitlines()
    assert [line for line in lines if line.startswith("# Not tracked")] == [
        *(f"# Not tracked: new{number}" for number in range(3)),
        "# Not tracked: and more",
    ]


def test_a_patch_that_is_too_large_is_cut_after_a_whole_file(repository, monkeypatch):
    monkeypatch.setattr(module, "MAX_PATCH_BYTES", 20_000)
    repository.write("a.txt", "1\n")
    repository.write("b.txt", "1\n")
    repository.commit()
    repository.write("a.txt", "2\n")
    repository.write("b.txt", "".join(f"{number}\n" for number in range(10_000)))
    patch = patch_of(repository)
    assert b"# Cut: the changes have more than 20000 bytes" in patch
    assert len(patch) < 21_000
    repository.git("checkout", "--quiet", ".")
    repository.write("patch", patch)
    repository.git("apply", "patch")
    assert (repository.folder / "a.txt").read_text() == "2\n"
    assert (repository.folder / "b.txt").read_text() == "1\n"


def test_a_patch_of_one_file_that_is_too_large_says_so(repository, monkeypatch):
    monkeypatch.setattr(module, "MAX_PATCH_BYTES", 1000)
    repository.write("train.py", "x\n" * 10_000)
    patch = patch_of(repository).decode()
    assert "# Cut:" in patch
    assert "diff --git" not in patch


def test_tokens_in_the_changes_are_hidden(repository):
    token = "glpat-" + "x1Y2z3" * 4
    repository.write("train.py", f"TOKEN = '{token}'\nprint('two')\n")
    patch = patch_of(repository).decode()
    assert token not in patch
    assert "+TOKEN = '***'" in patch
    assert "# What looks like an access token was replaced by ***." in patch
    assert "+print('two')" in patch


# Where there is nothing to say ---------------------------------------------------------------------------------------


def test_outside_a_repository_nothing_is_said_and_nothing_is_run(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(_recorder(tmp_path)))
    assert look(tmp_path).tags() == {}
    assert look(tmp_path).artifacts() == {}
    assert not (tmp_path / "called").exists()


def test_inside_one_the_program_is_asked(repository, tmp_path, monkeypatch):
    """The counterpart of the test above: it sees what is run."""
    monkeypatch.setenv("PATH", f"{_recorder(tmp_path)}:/usr/bin:/bin")
    assert look(repository).tags() == {}
    assert (tmp_path / "called").exists()


def _recorder(folder):
    """A `git` that only notes that it was called."""
    program = folder / "bin/git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n/usr/bin/env touch {folder}/called\nexit 1\n")
    program.chmod(0o755)
    return program.parent


def test_without_git_nothing_is_said(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert look(repository).tags() == {}
    assert look(repository).artifacts() == {}


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.write_text("gitdir: /nowhere\n")])
def test_what_only_looks_like_a_repository_is_none(repository, make):
    """Not even the repository around it is meant."""
    inner = repository.folder / "inner"
    inner.mkdir()
    make(inner / ".git")
    assert look(inner).tags() == {}


def test_a_repository_that_answers_too_slowly_gets_its_commit(repository):
    tags = look(repository, patience=0.000001).tags()
    assert tags == {"mlflow.source.git.commit": repository.git("rev-parse", "HEAD")}


def test_a_hook_of_another_repository_does_not_mislead(repository, make_repository, monkeypatch):
    other = make_repository("other")
    other.commit()
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.folder / ".git/index"))
    found = look(repository).tags()["mlflow.source.git.commit"]
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name)
    assert found == repository.git("rev-parse", "HEAD") != other.git("rev-parse", "HEAD")


# Which folder --------------------------------------------------------------------------------------------------------

_SHOW = "from hookline_context_git.context import program_folder; print(program_folder())"


def _said_by(*command, folder):
    done = subprocess.run([sys.executable, *map(str, command)], cwd=folder, capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def test_a_script_is_looked_for_where_it_lies(tmp_path):
    (tmp_path / "project").mkdir()
    script = tmp_path / "project/train.py"
    script.write_text(_SHOW)
    assert _said_by(script, folder="/") == tmp_path / "project"
    assert _said_by("train.py", folder=tmp_path / "project") == tmp_path / "project"
    assert _said_by("-m", "project.train", folder=tmp_path) == tmp_path / "project"


def test_a_program_in_a_zip_file_is_looked_for_beside_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "program.pyz", "w") as archive:
        archive.writestr("__main__.py", _SHOW)
    assert _said_by(tmp_path / "program.pyz", folder="/") == tmp_path


def test_without_a_script_the_working_folder_counts(tmp_path):
    assert _said_by("-c", _SHOW, folder=tmp_path) == tmp_path


def test_for_an_installed_program_the_working_folder_counts(tmp_path, monkeypatch):
    """Such as the one that runs this test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(Path(sys.prefix) / "bin/program"), raising=False)
    assert program_folder() == tmp_path


def test_a_workspace_uses_it(tmp_path):
    plugins = Plugins.discover(allow=["context-git"])
    (provider,) = plugins.providers("run_contexts")
    assert isinstance(plugins.load("run_contexts", provider)(), GitContext)
    assert run_process(["git", "--version"]).startswith("git version")
