"""`hookline experiments`: made, found, changed."""

import json

import pytest


def names(line, *words):
    return [each["name"] for each in json.loads(line("experiments", "search", *words, "--json").out)]


@pytest.fixture
def team(hookline):
    """The id of an experiment `team/a`."""
    return json.loads(hookline("experiments", "create", "team/a", "--tag", "owner=me", "--json").out)["experiment_id"]


def test_an_experiment_is_made_and_shown(hookline, team):
    assert "team/b" in hookline("experiments", "create", "team/b", "--artifact-location", "memory:/files").out
    for given in ("team/a", team):
        shown = dict(line.split("\t", 1) for line in hookline("experiments", "show", given).out.splitlines())
        assert (shown["name"], shown["stage"], shown["tags.owner"]) == ("team/a", "active", "me")
    assert json.loads(hookline("experiments", "show", "team/b", "--json").out)["artifact_location"] == "memory:/files"


def test_experiments_are_found(hookline, team):
    assert set(names(hookline)) == {"Default", "team/a"}
    assert names(hookline, "name LIKE 'team/%'") == ["team/a"]
    assert names(hookline, "--order-by", "name ASC") == ["Default", "team/a"]
    lines = hookline("experiments", "list", "--order-by", "name ASC").out.splitlines()
    assert lines[0].split("\t") == ["experiment_id", "name", "stage", "created", "artifact_location"]
    assert [line.split("\t")[1] for line in lines[1:]] == ["Default", "team/a"]
    assert "There are more than the 1 shown" in hookline("experiments", "list", "--max-results", "1").said


def test_a_name_goes_before_an_id(hookline, team):
    hookline("experiments", "create", "0")
    assert json.loads(hookline("experiments", "show", "0", "--json").out)["experiment_id"] not in ("0", team)


def test_an_experiment_is_deleted_and_restored(hookline, team):
    assert f"hookline experiments restore {team}" in hookline("experiments", "delete", "team/a").out
    assert names(hookline) == ["Default"]
    assert names(hookline, "--view", "deleted") == ["team/a"]
    assert json.loads(hookline("experiments", "restore", team, "--json").out)["lifecycle_stage"] == "active"
    assert "team/a" in names(hookline)


def test_an_experiment_is_renamed_and_tagged(hookline, team):
    hookline("experiments", "rename", "team/a", "team/z")
    hookline("experiments", "tag", "set", "team/z", "owner=you", "note=a=b")
    found = json.loads(hookline("experiments", "show", team, "--json").out)
    assert (found["name"], found["tags"]) == ("team/z", {"owner": "you", "note": "a=b"})
    assert (
        "Removed from the experiment 'team/z': note" in hookline("experiments", "tag", "delete", "team/z", "note").out
    )
    assert json.loads(hookline("experiments", "show", "team/z", "--json").out)["tags"] == {"owner": "you"}
    assert "no tag 'note'; there are: owner." in hookline("experiments", "tag", "delete", "team/z", "note", code=1).said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("create", "team/a"), 1, "team/a"),
        (("create", " "), 2, "not empty"),
        (("create", "x", "--tag", "novalue"), 2, "KEY=VALUE"),
        (("create", "x", "--tag", "a=1", "--tag", "a=2"), 2, "'a' is given twice"),
        (("show", "nope"), 1, "'team/a'"),
        (("rename", "nope", "x"), 1, "There is no experiment 'nope'"),
        (("delete", "nope"), 1, "There is no experiment 'nope'"),
        (("rename", "team/a", "Default"), 1, "Default"),
        (("search", "nme = 'x'"), 2, "^"),
    ],
)
def test_mistakes_are_explained(hookline, team, words, code, said):
    assert said in hookline("experiments", *words, code=code).said
