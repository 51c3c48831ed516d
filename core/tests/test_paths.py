"""Joining paths with text that came from somewhere else."""

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.errors import InvalidValue, Refused
from hookline.paths import check_key_path, files_below, inside, join_key
from hookline.testing.laws_artifacts import GOOD_KEYS, HOSTILE_KEYS


@pytest.mark.parametrize("key", HOSTILE_KEYS, ids=lambda key: ascii(key)[:40])
def test_a_key_that_could_lead_elsewhere_is_refused(key):
    with pytest.raises(InvalidValue, match="Invalid path"):
        check_key_path(key)


@pytest.mark.parametrize(
    "key", [*GOOD_KEYS, "结果\uff1a1.txt", "何\uff1f.txt", "a;b", "..a", "a..b", "...a/b", "%20", "a%41"]
)
def test_a_harmless_key_is_kept_as_it_is(key):
    assert check_key_path(key) == key


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "it is empty"),
        ("/x", "it is not relative"),
        ("~x", "it is not relative"),
        ("a//b", "an empty, '.' or '..' part"),
        ("a/./b", "an empty, '.' or '..' part"),
        ("..;v=1/b", "an empty, '.' or '..' part"),
        ("a\\b", "it holds one of"),
        ("a:b", "it holds one of"),
        ("a\tb", "a control character"),
        ("a\u2029b", "a line separator"),
        ("a%2Fb", "percent-encoded"),
        ("a\uff0fb", "stands for a separator or a dot"),
        ("x\u2100", "stands for a separator or a dot"),
        ("wait\u2026", "stands for a separator or a dot"),
        ("a ", "starts with a space, or ends with a dot or a space"),
        ("a\u00a0", "starts with a space, or ends with a dot or a space"),
        ("x" * 256, "it is too long"),
        ("ü" * 128, "it is too long"),
        ("a/" * 100 + "a", "more than 100 folders deep"),
        (None, "it is no text"),
        (b"a", "it is no text"),
        (7, "it is no text"),
    ],
    ids=lambda given: ascii(given)[:40],
)
def test_a_refusal_says_why_and_what_is_allowed(key, says):
    with pytest.raises(InvalidValue) as caught:
        check_key_path(key)
    assert says in str(caught.value)
    assert "such as 'plots/loss.png'" in str(caught.value)
    assert len(str(caught.value)) < 500


def test_the_root_is_a_key_only_where_that_is_said():
    assert check_key_path("", allow_root=True) == ""
    with pytest.raises(InvalidValue):
        check_key_path("")
    with pytest.raises(InvalidValue):
        check_key_path(".", allow_root=True)


_texts = st.text(st.one_of(st.sampled_from("./\\~%:;. 2eEfF"), st.characters()), max_size=20)


@given(_texts)
def test_what_is_allowed_stays_below_the_root_however_it_is_read(key):
    """Also by a reader that normalises Unicode, and by one that decodes percent signs once or twice."""
    try:
        check_key_path(key)
    except InvalidValue:
        return
    for form in (key, unicodedata.normalize("NFKC", key), unicodedata.normalize("NFD", key)):
        assert os.path.normpath(form) == form
        assert not form.startswith(("/", "~", "../"))
        assert not {".", "..", ""}.intersection(form.split("/"))
        assert "\\" not in form
    assert key.count("/") == unicodedata.normalize("NFKC", key).count("/")
    assert key.isprintable() or any(unicodedata.category(each) in ("Cf", "Co", "Cn", "Zs") for each in key)


@given(st.lists(st.sampled_from(["a", "b.c", "d e", "é"]), min_size=1, max_size=5))
def test_parts_that_are_allowed_join_to_a_key_that_is(parts):
    assert check_key_path("/".join(parts)) == "/".join(parts)
    assert join_key(parts[0], "/".join(parts[1:])) == "/".join(parts)


@pytest.mark.parametrize(
    ("prefix", "key", "joined"),
    [("a", "b", "a/b"), ("", "b", "b"), ("a", "", "a"), ("", "", ""), ("a/b", "c", "a/b/c")],
)
def test_join_key(prefix, key, joined):
    assert join_key(prefix, key) == joined


def test_inside_gives_a_path_below_the_root(tmp_path):
    assert inside(tmp_path, "a/b") == tmp_path / "a" / "b"
    assert inside(tmp_path, "") == tmp_path
    with pytest.raises(InvalidValue):
        inside(tmp_path, "../x")


def test_inside_follows_a_link_only_where_it_stays_inside(tmp_path):
    root = tmp_path / "root"
    (root / "real").mkdir(parents=True)
    (root / "near").symlink_to("real")
    (root / "far").symlink_to(tmp_path)
    (root / "up").symlink_to("..")
    (root / "gone").symlink_to(tmp_path / "missing")
    assert inside(root, "near/x") == root / "near" / "x"
    for key in ("far", "far/x", "up/other", "gone"):
        with pytest.raises(Refused, match="leads out of its folder"):
            inside(root, key)


def test_inside_follows_a_link_to_the_root_itself(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to("real")
    assert inside(tmp_path / "root", "a") == tmp_path / "root" / "a"


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(Refused):
        inside(tmp_path, "a/x")


def test_a_name_that_begins_like_the_root_is_not_inside(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "root2").mkdir()
    (tmp_path / "root/link").symlink_to(tmp_path / "root2")
    with pytest.raises(Refused):
        inside(tmp_path / "root", "link")


def test_the_files_below_a_folder_come_in_order_with_links_to_files_inside_of_it(tmp_path):
    root = tmp_path / "root"
    for key in ("b/c.txt", "b.txt", "a/z/y", "ü"):
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_text(key)
    (root / "near").symlink_to("b/c.txt")
    (root / "folder").symlink_to("b")
    (root / "gone").symlink_to("nowhere")
    os.mkfifo(root / "pipe")
    found = dict(files_below(root))
    assert list(found) == ["a/z/y", "b/c.txt", "b.txt", "near", "ü"]
    assert {key: path.read_text() for key, path in found.items() if key != "near"} == {
        key: key for key in found if key != "near"
    }


@pytest.mark.parametrize(("name", "error"), [("far", Refused), ("a\nb", InvalidValue), ("b ", InvalidValue)])
def test_a_name_that_is_no_key_and_a_link_out_of_the_folder_are_refused(tmp_path, name, error):
    root = tmp_path / "root" / "sub"
    root.mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    if name == "far":
        (root / name).symlink_to(tmp_path / "secret")
    else:
        (root / name).write_text("x")
    with pytest.raises(error):
        list(files_below(tmp_path / "root"))
