"""Which requirement lines are let through, and which versions of Python are meant."""

import pytest

from hookline.errors import HooklineError, Refused
from hookline_lib_requirements.installed import installed_lines
from hookline_lib_requirements.lines import check_lines
from hookline_lib_requirements.versions import same_minor, wanted_versions


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a", "a"),
        ("A_b.c[x,y] >= 1.0 , < 2", "A_b.c[x,y]<2,>=1.0"),
        ("a==1 ; python_version>'3'", 'a==1; python_version > "3"'),
        ("a==1   --hash=sha256:00ff  --hash=sha256:11", "a==1 --hash=sha256:00ff --hash=sha256:11"),
        ("a===1.0+local", "a===1.0+local"),
    ],
)
def test_lines_that_are_allowed(line, expected):
    assert check_lines([line], "file") == (expected,)


def test_direct_references_where_the_user_allows_them():
    line = "probe @ git+https://example.org/probe.git@v1"
    (found,) = check_lines([line], "file", allow_direct_references=True)
    assert found.replace(" ", "") == line.replace(" ", "")  # versions of packaging differ in the spaces
    with pytest.raises(Refused, match=r"file: .*allow_direct_references"):
        check_lines([line], "file")
    with pytest.raises(HooklineError):
        check_lines(["--index-url https://example.org"], "file", allow_direct_references=True)


@pytest.mark.parametrize(
    ("wanted", "meant", "others"),
    [("3.11", "3.11.7", "3.12.1"), ("3.11.7", "3.11.7", "3.11.8"), (">=3.11,<3.13", "3.12.9", "3.13.0")],
)
def test_versions_of_python(wanted, meant, others):
    assert wanted_versions(wanted).contains(meant)
    assert not wanted_versions(wanted).contains(others)


def test_a_close_version_is_of_the_same_minor():
    assert same_minor("3.11.7").contains("3.11.9")
    assert not same_minor("3.11.7").contains("3.12.7")
    assert same_minor("3.11") is None


def test_installed_lines(tmp_path):
    for name in ("Some_Name.x-1.0.dist-info", "some.name-x-9.dist-info", "old-2.0-py3.11.egg-info", "no.egg-link", "b"):
        (tmp_path / name).mkdir()
    assert installed_lines([tmp_path, tmp_path / "absent"]) == ("old==2.0", "some-name-x==1.0")
