"""Whole projects from archives."""

import zipfile

import pytest

import hookline_source_zip
from hookline.entities import RunStatus
from hookline.errors import InvalidValue, Refused
from hookline.testing import memory_workspace
from hookline.testing.project_references import ReferenceProjects

FILES = {"MLproject": "entry_points: {main: python main.py}\n", "main.py": "print('from the archive')\n"}


@pytest.fixture
def space(tmp_path):
    with memory_workspace(tmp_path / "home", ReferenceProjects(), hookline_source_zip) as made:
        yield made


@pytest.mark.parametrize(
    ("top", "fragment"), [("", ""), ("repo-main/", ""), ("repo-main/", "#repo-main"), ("a/b/", "#a/b")]
)
def test_a_project_in_an_archive(space, tmp_path, top, fragment):
    path = tmp_path / "project.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for key, content in FILES.items():
            archive.writestr(top + key, content)
    started = space.projects.run(f"{path}{fragment}", stream=False)
    assert started.wait() is RunStatus.FINISHED
    log = space.runs.download_artifacts(started.run_id, "logs/stdout.log", tmp_path / "logs")
    assert log.read_text(encoding="utf-8") == "from the archive\n"
    assert list((tmp_path / "home" / "projects").iterdir()) == []


@pytest.mark.parametrize(("content", "error"), [("no zip", InvalidValue), (None, Refused)])
def test_an_archive_that_is_refused_leaves_nothing_behind(space, tmp_path, content, error):
    path = tmp_path / "project.zip"
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("../outside", "x")
    else:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(error):
        space.projects.run(path)
    assert list(space.runs.search()) == []
    assert list((tmp_path / "home" / "projects").iterdir()) == []
