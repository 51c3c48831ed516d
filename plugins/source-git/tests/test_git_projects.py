"""Whole projects from repositories: the run says where its code came from."""

import pytest

import hookline_source_git
from hookline.entities import RunStatus
from hookline.errors import Refused
from hookline.testing import memory_workspace
from hookline.testing.project_references import ReferenceProjects

MLPROJECT = "name: demo\nentry_points: {main: python main.py, shell: 'true && python main.py'}\nallow_shell: true\n"
FILES = {"steps/MLproject": MLPROJECT, "steps/main.py": "print(open('data').read())", "steps/data": "one"}


@pytest.fixture
def space(tmp_path):
    with memory_workspace(tmp_path / "home", ReferenceProjects(), hookline_source_git) as made:
        yield made


def tags_of(space, started):
    return {
        key.removeprefix("mlflow."): value for key, value in space.runs.get(started.run_id).data.tags.items() if value
    }


def said(space, started, tmp_path):
    return space.runs.download_artifacts(started.run_id, "logs/stdout.log", tmp_path / started.run_id).read_text(
        encoding="utf-8"
    )


def test_a_version_of_a_project_in_a_subdirectory(space, origin, daemon, tmp_path):
    first = origin.commit(FILES)
    origin.git("tag", "v1")
    origin.commit({**FILES, "steps/data": "two"})
    started = space.projects.run(f"{daemon}/origin#steps", version="v1", stream=False)
    assert started.wait() is RunStatus.FINISHED
    assert said(space, started, tmp_path) == "one\n"
    tags = tags_of(space, started)
    assert tags["source.name"] == f"{daemon}/origin#steps"
    assert (tags["source.git.commit"], tags["source.git.repoURL"]) == (first, f"{daemon}/origin")
    assert tags["gitRepoURL"] == f"{daemon}/origin"
    assert "source.git.branch" not in tags
    assert list((tmp_path / "home" / "projects").iterdir()) == []


def test_the_default_branch_is_kept(space, origin):
    commit = origin.commit(FILES)
    started = space.projects.run(f"{origin.folder.as_uri()}#steps", stream=False)
    started.wait()
    tags = tags_of(space, started)
    assert (tags["source.git.commit"], tags["source.git.branch"], tags["gitBranchName"]) == (commit, "main", "main")


def test_a_local_folder_of_a_repository_says_its_commit(space, origin):
    commit = origin.commit(FILES)
    origin.git("remote", "add", "origin", "https://me:hunter2@host/team/x.git")
    started = space.projects.run(origin.folder / "steps", stream=False)
    started.wait()
    tags = tags_of(space, started)
    assert (tags["source.git.commit"], tags["source.git.branch"]) == (commit, "main")
    assert tags["source.git.repoURL"] == "https://host/team/x.git"


def test_the_working_tree_is_used_where_it_is_and_a_version_as_it_was_committed(space, origin, tmp_path):
    origin.commit(FILES)
    (origin.folder / "steps" / "data").write_text("uncommitted", encoding="utf-8")
    here = space.projects.run(origin.folder / "steps", stream=False)
    here.wait()
    then = space.projects.run(f"{origin.folder}#steps", version="main", stream=False)
    then.wait()
    assert (said(space, here, tmp_path), said(space, then, tmp_path)) == ("uncommitted\n", "one\n")


def test_a_fetched_project_cannot_allow_itself_a_shell(space, origin, tmp_path):
    origin.commit({**FILES, "steps/hookline.yaml": "allow_shell: true\n"})
    with pytest.raises(Refused, match="--allow-shell"):
        space.projects.run(f"{origin.folder.as_uri()}#steps", entry_point="shell")
    assert list((tmp_path / "home" / "projects").iterdir()) == []


def test_a_link_in_a_repository_leads_nowhere(space, origin, tmp_path):
    """Its files may be links; what names a file of the project does not follow them out."""
    origin.commit(FILES)
    (origin.folder / "out").symlink_to(tmp_path)
    origin.git("add", "out")
    origin.git("commit", "-q", "-m", "a link")
    with pytest.raises(Refused, match="symbolic link"):
        space.projects.run(f"{origin.folder.as_uri()}#out")
