"""Reading URIs, and taking secrets out of them."""

import re
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from hookline.errors import InvalidValue
from hookline.uris import (
    file_path,
    file_uri,
    is_path,
    join_uri,
    looks_secret,
    scheme_of,
    split_fragment,
    without_secrets,
    without_tokens,
)


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("/a/b", "file"),
        ("a/b", "file"),
        ("", "file"),
        ("C:\\a", "file"),
        ("c:/a", "file"),
        ("git@host:a/b", "file"),
        ("file:///a", "file"),
        ("FILE:///a", "file"),
        ("sqlite:///a.db", "sqlite"),
        ("postgresql+psycopg://host/db", "postgresql+psycopg"),
        ("S3://bucket/key", "s3"),
        ("runs:/1/model", "runs"),
        ("a b:c", "file"),
    ],
)
def test_a_scheme_is_told_from_a_path(text, scheme):
    assert scheme_of(text) == scheme
    assert is_path(text) == (scheme == "file" and not text.lower().startswith("file:"))


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("/a/b", "/a/b"),
        ("a/b", "a/b"),
        ("/a b#c?d%20e", "/a b#c?d%20e"),
        ("file:///a/b", "/a/b"),
        ("file:/a/b", "/a/b"),
        ("FILE:///a/b", "/a/b"),
        ("file://localhost/a", "/a"),
        ("file:///a%20b%23c%3Fd%25", "/a b#c?d%"),
        ("file:///t%C3%A4glich", "/täglich"),
        ("file:///C:/a", "C:/a"),
        ("file:a/b", "a/b"),
    ],
)
def test_a_path_is_read(uri, path):
    assert file_path(uri) == Path(path)


def test_a_home_folder_is_expanded_in_a_plain_path_only(monkeypatch):
    monkeypatch.setenv("HOME", "/home/jane")
    assert file_path("~/a") == Path("/home/jane/a")
    assert file_path("file:///~/a") == Path("/~/a")


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("http://host/a", "is not a file: URI or a path"),
        ("file://host/a", "names the host 'host'"),
        ("file://user:secret@host/a", "names the host 'host'"),
        ("file:///a?b", "no query"),
        ("file:///a?", "no query"),
        ("file:///a#b", "no query"),
        ("file:///a%00b", "a control character"),
        ("/a\0b", "a control character"),
        ("file:///a\nb", "a control character"),
        ("file://[::1/a", "cannot be read as a path"),
        ("~no-such-user-anywhere/a", "cannot be read as a path"),
    ],
)
def test_what_is_no_local_path_is_refused(uri, says):
    with pytest.raises(InvalidValue) as caught:
        file_path(uri)
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


@given(
    st.lists(st.text(st.characters(exclude_characters="/", exclude_categories=("Cc", "Cs")), min_size=1), min_size=1)
)
def test_a_path_and_its_uri_mean_the_same(parts):
    path = Path("/", *parts)
    if ".." not in path.parts:
        assert file_path(file_uri(path)) == path


def test_a_path_whose_name_is_not_utf8_has_a_uri():
    path = Path("/a/\udcff")
    assert file_uri(path) == "file:///a/%FF"
    assert file_path("file:///a/%FF") == path


@pytest.mark.parametrize(
    ("root", "key", "joined"),
    [
        ("s3://bucket/a/", "b", "s3://bucket/a/b"),
        ("artifacts:/0/run", "a#b c", "artifacts:/0/run/a#b c"),
        ("/a", "b#c", "/a/b#c"),
        ("/", "a", "/a"),
        ("file:///a", "b#c?d e%41", "file:///a/b%23c%3Fd%20e%2541"),
        ("file:///", "a", "file:/a"),
        ("s3://bucket", "", "s3://bucket"),
    ],
)
def test_join_uri(root, key, joined):
    assert join_uri(root, key) == joined


@given(st.sampled_from(["/a b", "file:///a%20b", "file:///"]), st.text(st.characters(exclude_categories=("Cc", "Cs"))))
def test_a_key_below_a_folder_is_the_path_below_it(root, key):
    if key.strip("/.") == key != "" and "//" not in key and "/./" not in key:
        assert file_path(join_uri(root, key)) == file_path(root) / key


@pytest.mark.parametrize(
    ("uri", "parts"),
    [("a#b", ("a", "b")), ("a", ("a", "")), ("git+https://h/r.git#sub%20dir", ("git+https://h/r.git", "sub dir"))],
)
def test_split_fragment(uri, parts):
    assert split_fragment(uri) == parts


# Secrets -------------------------------------------------------------------------------------------------------------

_ANY = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7"
SECRETS = [
    ("https://user:secret@host/a", "https://host/a"),
    ("https://secret@host/a", "https://host/a"),
    ("https://:secret@host/a", "https://host/a"),
    ("https://user:se@cret@host/a", "https://host/a"),
    ("https://user:se/cret@host/a", "https://host/a"),
    ("https://user:se?cr#et@host/a", "https://host/a"),
    ("https://user:secret@host:8443/a", "https://host:8443/a"),
    ("https://user:secret@[::1]:80/a", "https://[::1]:80/a"),
    ("https://user:secret@[broken/a", "https://[broken/a"),
    ("//user:secret@host/a", "//host/a"),
    ("ssh://git:secret@host/a", "ssh://host/a"),
    ("postgresql+psycopg://user:secret@host:5432/db", "postgresql+psycopg://host:5432/db"),
    ("user:secret@host:a/b.git", "host:a/b.git"),
    ("user:se/cret@host:a/b.git", "host:a/b.git"),
    ("secret@host:a/b.git", "host:a/b.git"),
    ("https://host/a?token=secret", "https://host/a?token=***"),
    ("https://host/a?x=1&access_token=secret&y=2", "https://host/a?x=1&access_token=***&y=2"),
    ("https://host/a?password=se%20cret#x", "https://host/a?password=***#x"),
    ("https://host/a#access_token=secret", "https://host/a#access_token=***"),
    ("https://h/a?X-Amz-Signature=secret&X-Amz-Date=1", "https://h/a?X-Amz-Signature=***&X-Amz-Date=1"),
    ("https://h/a?sv=1&sig=secret", "https://h/a?sv=1&sig=***"),
    ("https://h/a?api-key=secret", "https://h/a?api-key=***"),
    ("https://h/a?AWSAccessKeyId=secret", "https://h/a?AWSAccessKeyId=***"),
    ("https://h/a?Authorization=secret", "https://h/a?Authorization=***"),
    ("sqlite:///runs.db?key=secret", "sqlite:///runs.db?key=***"),
    (f"https://host/ghp_{_ANY}{_ANY}/a", "https://host/***/a"),
    (f"https://host/a/glpat-{_ANY}", "https://host/a/***"),
    (f"https://hooks.host/xoxb-123-{_ANY}", "https://hooks.host/***"),
]


@pytest.mark.parametrize(("uri", "shown"), SECRETS)
def test_secrets_are_taken_out(uri, shown):
    assert without_secrets(uri) == shown
    assert without_secrets(shown) == shown


@pytest.mark.parametrize(
    "uri",
    [
        "https://host/a",
        "https://host:8443/a@v2",
        "https://host/a?ref=main@v2",
        "http://[::1]:80/a@v2",
        "git@host:a/b.git",
        "ssh://git@host/a",
        "host:a/b",
        "/home/jane@work/a",
        "a@b/c",
        "file:///a/jane@work",
        "sqlite:///runs.db",
        "models:/wine@champion",
        "runs:/0123456789abcdef0123456789abcdef/model",
        "https://host/a?author=jane&page=2",
        "https://host/sk-learn-experiments-of-the-whole-team",
        "https://host/pypi-mirror-of-the-whole-team",
        "https://host/npm_packages_of_the_whole_team",
        "https://host/0123456789abcdef0123456789abcdef01234567",
        "",
    ],
)
def test_what_holds_no_secret_stays_as_it_is(uri):
    assert without_secrets(uri) == uri


@example(scheme="https", user="[", password="?")
@given(
    scheme=st.sampled_from(["https", "ssh", "postgresql+psycopg", "s3"]),
    user=st.text(st.characters(codec="ascii", exclude_characters="/?#@: \t\n\r\f\v\x1c\x1d\x1e\x1f"), max_size=8),
    password=st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=20),
)
def test_no_password_is_left(scheme, user, password):
    assume(not re.match(r"\d+[/?#]", password))  # which reads as the port of a host
    assume(not re.match(r"\[[0-9a-fA-F]*:[^\]/?#@]*\]", f"{user}:{password}"))  # and this as an IPv6 address
    assert without_secrets(f"{scheme}://{user}:{password}x@host/a") in (f"{scheme}://host/a", "ssh://git@host/a")


@pytest.mark.parametrize(
    "text", ["://a:b" * 200_000 + "@", "?tokentoken" * 100_000, "eyJ-" * 250_000, "@" * 1_000_000, "?token" * 200_000]
)
def test_long_hostile_texts_are_read_in_linear_time(text):
    """Each takes a blink; where a pattern backtracks it takes hours, and the test run with it."""
    without_secrets(text)


def test_tokens_in_any_text_are_hidden():
    token = f"github_pat_11{_ANY}_{_ANY}"
    assert without_tokens(f"-TOKEN='{token}'\n+TOKEN=''") == "-TOKEN='***'\n+TOKEN=''"


@pytest.mark.parametrize("name", ["password", "api_key", "DB_PASSWORD", "token", "client-secret", "AWS_SESSION", "sas"])
def test_names_of_secrets_are_known(name):
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["uri", "timeout", "author", "journal", "sassy", "signal", ""])
def test_names_of_other_things_are_not(name):
    assert not looks_secret(name)
