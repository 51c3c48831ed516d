"""Parameters: defaults, checks, conversions, and problems that are all named at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.entities import EntryPoint, Parameter
from hookline.errors import InvalidValue
from hookline.projects.parameters import resolve_parameters


def entry(**parameters):
    return EntryPoint("main", "python x.py", {name: Parameter(name, *spec) for name, spec in parameters.items()})


def resolve(entry_point, given, folder, download=None):
    def refuse(uri, name):
        raise AssertionError(f"{uri} was downloaded for {name}")

    return resolve_parameters(entry_point, given, project_folder=folder, download=download or refuse)


def test_defaults_values_and_extra_ones(tmp_path):
    values = resolve(entry(a=("string", "x"), b=("float",)), {"b": 0.5, "c": True, "d-e.f": "-1"}, tmp_path)
    assert values.declared == {"a": "x", "b": "0.5"}
    assert values.extra == {"c": "True", "d-e.f": "-1"}
    assert values.logged == {"a": "x", "b": "0.5", "c": "True", "d-e.f": "-1"}


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    declared = entry(one=("float",), two=("path",), three=("float", "1"), four=("uri", "s3://x/y"), five=("path", "p"))
    with pytest.raises(InvalidValue) as caught:
        resolve(declared, {"three": "much", "four": "no", "bad name!": "1"}, tmp_path)
    said = str(caught.value).splitlines()
    assert "'one' (float), 'two' (path)" in said[0]
    assert "-P one=VALUE -P two=VALUE" in said[0]
    assert [next(name for name in ("three", "four", "five", "bad name!") if name in line) for line in said[1:]] == [
        "three",
        "four",
        "five",
        "bad name!",
    ]


@pytest.mark.parametrize("value", ["0.05", "-1e-3", "1", "nan", "inf", "-Infinity", " 2.5 ", "1_000"])
def test_floats(tmp_path, value):
    assert resolve(entry(x=("float",)), {"x": value}, tmp_path).declared == {"x": value.strip()}


@pytest.mark.parametrize("value", ["", "abc", "1,5", "0x10", "1e", "--1", "1e999", "$(echo 1)", "1; rm"])
def test_what_is_no_float_names_parameter_value_and_type(tmp_path, value):
    with pytest.raises(InvalidValue) as caught:
        resolve(entry(alpha=("float",)), {"alpha": value}, tmp_path)
    assert "'alpha'" in str(caught.value)
    assert repr(value) in str(caught.value)
    assert "float" in str(caught.value)


@pytest.mark.parametrize("value", ["s3://bucket/key", "file:///x", "runs:/abc/model", "https://host/x?y=1"])
def test_uris(tmp_path, value):
    assert resolve(entry(x=("uri",)), {"x": value}, tmp_path).declared == {"x": value}


@pytest.mark.parametrize("value", ["data.csv", "/data", "", "s3:", "C:\\data"])
def test_what_is_no_uri(tmp_path, value):
    with pytest.raises(InvalidValue, match="'x' is a uri"):
        resolve(entry(x=("uri",)), {"x": value}, tmp_path)


def test_paths_become_absolute(tmp_path, monkeypatch):
    project, here = tmp_path / "project", tmp_path / "here"
    for folder in (project, here):
        folder.mkdir()
        (folder / "both.csv").touch()
    (project / "inner.csv").touch()
    monkeypatch.chdir(here)
    declared = entry(given=("path",), inner=("path",), default=("path", "both.csv"), uri=("path",))
    values = resolve(
        declared, {"given": "both.csv", "inner": "inner.csv", "uri": (here / "both.csv").as_uri()}, project
    )
    assert values.declared == {
        "given": str(here / "both.csv"),
        "inner": str(project / "inner.csv"),
        "default": str(project / "both.csv"),
        "uri": str(here / "both.csv"),
    }
    assert values.logged["given"] == "both.csv"


@pytest.mark.parametrize("value", ["absent.csv", "", "/no/such/path", "a\nb", "~nobody-at-all/x"])
def test_a_path_that_is_not_there(tmp_path, value):
    with pytest.raises(InvalidValue):
        resolve(entry(x=("path",)), {"x": value}, tmp_path)


def test_a_path_elsewhere_is_downloaded_after_all_checks(tmp_path):
    asked = []

    def download(uri, name):
        asked.append((uri, name))
        return tmp_path / "downloaded"

    declared = entry(data=("path",), n=("float",))
    with pytest.raises(InvalidValue):
        resolve(declared, {"data": "s3://bucket/x", "n": "no"}, tmp_path, download)
    assert asked == []
    values = resolve(declared, {"data": "s3://bucket/x", "n": "1"}, tmp_path, download)
    assert asked == [("s3://bucket/x", "data")]
    assert values.declared["data"] == str(tmp_path / "downloaded")
    assert values.logged["data"] == "s3://bucket/x"


def test_secrets_in_uris_are_not_logged(tmp_path):
    given_uri = "https://me:hunter2@host/x?token=abc"
    values = resolve(entry(x=("uri",)), {"x": given_uri, "other": given_uri}, tmp_path)
    assert values.declared["x"] == given_uri
    assert "hunter2" not in str(values.logged)
    assert "abc" not in str(values.logged)


@pytest.mark.parametrize("name", ["-c", "--x", "a b", "a=b", "", "é", "a;b", "$x"])
def test_an_extra_name_that_is_no_option_is_refused(tmp_path, name):
    with pytest.raises(InvalidValue):
        resolve(entry(), {name: "1"}, tmp_path)


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_what_no_command_can_be_given_is_refused(tmp_path, value):
    with pytest.raises(InvalidValue, match="'x'"):
        resolve(entry(x=("string",)), {"x": value}, tmp_path)


@given(value=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_string_arrives_as_it_was_given(tmp_path_factory, value):
    values = resolve(entry(x=("string",)), {"x": value, "y": value}, tmp_path_factory.getbasetemp())
    assert (values.declared, values.extra) == ({"x": value}, {"y": value})


def test_a_name_like_a_declared_one_is_passed_on_with_a_warning(tmp_path, caplog):
    entry = EntryPoint("main", "python x.py {alpha}", {"alpha": Parameter("alpha", default="1")})
    values = resolve_parameters(
        entry, {"alhpa": "2", "other": "3"}, project_folder=tmp_path, download=lambda _uri, _name: tmp_path
    )
    assert values.extra == {"alhpa": "2", "other": "3"}
    assert "did you mean 'alpha'" in caplog.text
    assert "other" not in caplog.text
