"""From what the user named to a folder."""

import pytest

from hookline.errors import InvalidValue, NotFound, Refused, UnknownProvider
from hookline.plugins import Plugins
from hookline.projects.fetching import fetch, find_place
from hookline.testing.project_references import ReferenceProjects


@pytest.fixture
def plugins():
    made = Plugins()
    made.register(ReferenceProjects(), "references")
    return made


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder: a project with another inside and a link that leads out, two repositories, an archive."""
    top = tmp_path / "top"
    for name in ("project/inner", "re#po/.git", "bare.git/objects", "bare.git/refs"):
        (top / name).mkdir(parents=True)
    (top / "bare.git/HEAD").touch()
    (top / "project/MLproject").write_text("name: outer\n", encoding="utf-8")
    (top / "project/inner/MLproject").write_text("name: inner\n", encoding="utf-8")
    (top / "project/out").symlink_to(tmp_path)
    (top / "archive.zip").touch()
    (top / "notes.txt").touch()
    monkeypatch.chdir(top)
    return top


@pytest.mark.parametrize(
    ("uri", "version", "source", "shown"),
    [
        ("project", None, None, "{top}/project"),
        ("./project#inner", None, None, "{top}/project#inner"),
        ("{top}/project/", None, None, "{top}/project"),
        ("file://{top}/project", None, None, "{top}/project"),
        ("re#po", None, None, "{top}/re#po"),
        ("re#po", "v1", "git", "file://{top}/re%23po"),
        ("file://{top}/re%23po#sub", None, "git", "file://{top}/re%23po#sub"),
        ("bare.git", None, "git", "file://{top}/bare.git"),
        ("git+file://{top}/bare.git#sub", None, "git", "file://{top}/bare.git#sub"),
        ("archive.zip#sub", None, "zip", "file://{top}/archive.zip#sub"),
        ("file://{top}/archive.zip", None, "zip", "file://{top}/archive.zip"),
        ("https://host/x/archive.zip?token=abcdef", None, "zip", "https://host/x/archive.zip?token=***"),
        ("https://me:secret@host/x.git#a/b", "main", "https", "https://host/x.git#a/b"),
        ("git+https://host/x", None, "https", "https://host/x"),
        ("git+ssh://git@host/x", None, "ssh", "ssh://git@host/x"),
        ("ssh://me@host:22/x", None, "ssh", "ssh://host:22/x"),
        ("git@host.org:team/x.git#sub", None, "ssh", "git@host.org:team/x.git#sub"),
        ("git://host/x", None, "git", "git://host/x"),
        ("copy:///x", None, "copy", "copy:///x"),
    ],
)
def test_places(folder, uri, version, source, shown):
    place = find_place(uri.replace("{top}", str(folder)), version)
    assert (place.source, place.shown) == (source, shown.replace("{top}", str(folder)))


@pytest.mark.parametrize(
    ("uri", "version", "error"),
    [
        ("", None, InvalidValue),
        ("  ", None, InvalidValue),
        ("#sub", None, InvalidValue),
        ("absent", None, NotFound),
        ("notes.txt", None, NotFound),
        ("file:///absent", None, NotFound),
        ("file://host/share", None, InvalidValue),
        ("project", "v1", InvalidValue),
        ("a\nb", None, InvalidValue),
        ("x" * 5000, None, NotFound),
        ("-u./payload", None, Refused),
        ("--upload-pack=touch x", None, Refused),
        ("ext::sh -c touch% x", None, Refused),
        ("EXT::x", None, Refused),
        ("git::https://host/x", None, Refused),
        ("::x", None, Refused),
    ],
)
def test_what_is_no_place(folder, uri, version, error):
    with pytest.raises(error):
        find_place(uri, version)


def test_a_local_folder_is_used_where_it_is(folder, plugins, tmp_path):
    fetched = fetch(find_place("project"), None, plugins, tmp_path / "destination")
    assert fetched.folder == folder / "project"
    assert not (tmp_path / "destination").exists()


def test_a_subdirectory(folder, plugins, tmp_path):
    assert fetch(find_place("project#inner"), None, plugins, tmp_path / "d").folder == folder / "project/inner"
    copied = fetch(find_place(f"copy://{folder}#project/inner/"), None, plugins, tmp_path / "d")
    assert copied.folder == tmp_path / "d/project/inner"


@pytest.mark.parametrize(
    ("subdirectory", "error"),
    [
        ("absent", NotFound),
        ("MLproject", NotFound),
        ("..", Refused),
        ("../project", Refused),
        ("inner/../..", Refused),
        ("%2e%2e", Refused),
        ("out", Refused),
        ("out/top", Refused),
        ("a:b", Refused),
    ],
)
def test_a_subdirectory_stays_inside(folder, plugins, tmp_path, subdirectory, error):
    for place in (find_place(f"project#{subdirectory}"), find_place(f"copy://{folder}/project#{subdirectory}")):
        with pytest.raises(error):
            fetch(place, None, plugins, tmp_path / "d" / str(place.source))


def test_the_only_folder_of_an_archive_is_stepped_into(folder, plugins, tmp_path):
    (tmp_path / "published/repo-main/steps").mkdir(parents=True)
    found = fetch(find_place(f"copy://{tmp_path}/published"), None, plugins, tmp_path / "d").folder
    assert found == tmp_path / "d/repo-main"
    (tmp_path / "published/MLproject").touch()
    found = fetch(find_place(f"copy://{tmp_path}/published"), None, plugins, tmp_path / "e").folder
    assert found == tmp_path / "e"


@pytest.mark.parametrize(
    ("uri", "names"),
    [("https://host/x.git", "hookline-source-git"), ("git@host:x", "hookline-source-git"), ("archive.zip", "-zip")],
)
def test_a_source_that_is_not_installed_says_what_to_install(folder, plugins, tmp_path, uri, names):
    with pytest.raises(UnknownProvider, match=f"(?s)Installed: copy.*pip install .*{names}"):
        fetch(find_place(uri), None, plugins, tmp_path / "d")


def test_an_unknown_scheme_lists_what_is_installed(folder, plugins, tmp_path):
    with pytest.raises(UnknownProvider, match="'ftp'"):
        fetch(find_place("ftp://host/x"), None, plugins, tmp_path / "d")
