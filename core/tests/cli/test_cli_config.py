"""`hookline config`: each value with its origin, and no secret."""

import json
from pathlib import Path

import pytest

from hookline.cli.config import without_secret_values


def settings(line, *words):
    return {row["key"]: row for row in json.loads(line(*words, "config", "show", "--json").out)}


@pytest.fixture
def loaded(hookline):
    """The command line that reads its configuration, as in a process."""
    hookline.reads_configuration = True
    return hookline


def test_each_value_says_where_it_came_from(loaded, monkeypatch):
    Path("hookline.yaml").write_text(
        "experiment: fraud\nartifacts: ${FILES:-memory:files}\nbackends:\n  slurm: {api_token: abc, queue: long}\n"
    )
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "memory://me:secret@host/db?password=abc")
    rows = settings(loaded)
    file = Path("hookline.yaml").absolute()
    assert rows["experiment"]["value"] == "fraud"
    assert rows["experiment"]["origin"] == f"{file}:1"
    assert (rows["artifacts.uri"]["value"], rows["artifacts.uri"]["origin"]) == ("memory:files", f"{file}:2")
    assert rows["tracking.uri"]["origin"] == "environment variable MLFLOW_TRACKING_URI"
    assert rows["models.pickle"] == {"key": "models.pickle", "value": "trusted", "origin": "default"}
    assert rows["backends"]["value"] == {"slurm": {"api_token": "***", "queue": "long"}}
    text = loaded("config", "show").out
    assert "secret" not in text
    assert "abc" not in text
    assert "memory://host/db?password=***" in text
    assert settings(loaded, "--tracking-uri", "memory:x")["tracking.uri"]["origin"] == "given by the caller"


def test_the_default_of_a_plugin_is_shown_and_no_store_opened(loaded, bare):
    row = settings(loaded)["tracking.uri"]
    assert row == {"key": "tracking.uri", "value": "memory://runs", "origin": "default of the installed plugin"}
    assert settings(bare)["artifacts.uri"]["origin"] == "no installed plugin has a default"
    assert loaded("config", "show").said == ""


def test_the_file_that_was_read_is_named(loaded):
    assert "none: no hookline.yaml here or above" in loaded("config", "path").out
    Path("other.yaml").write_text("experiment: x\n")
    found = json.loads(loaded("--config", "other.yaml", "config", "path", "--json").out)
    assert Path(found["file"]).samefile("other.yaml")
    assert Path(found["home"]) == Path.cwd() / ".hookline"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tracking: [broken\n", "hookline.yaml:2:1"),
        ("traking: x\n", "did you mean 'tracking'"),
        ("models:\n  pickle: sometimes\n", "hookline.yaml:2"),
    ],
)
def test_a_broken_file_names_the_place(loaded, text, said):
    Path("hookline.yaml").write_text(text)
    for words in (("config", "show"), ("runs", "search")):
        assert said in loaded(*words, code=2).said


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"password": "x", "user": "u"}, {"password": "***", "user": "u"}),
        ({"a": {"API_KEY": "x", "keys": ["k"]}}, {"a": {"API_KEY": "***", "keys": ["k"]}}),
        ({"hosts": ["https://u:p@host/x"]}, {"hosts": ["https://host/x"]}),
        ({"token": None}, {"token": None}),
        (("a", "b"), ["a", "b"]),
    ],
)
def test_secrets_are_taken_out(value, shown):
    assert without_secret_values(value) == shown
