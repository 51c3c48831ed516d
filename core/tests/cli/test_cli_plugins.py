"""`hookline plugins`: what is installed, what it offers, whether it works."""

import json
from enum import Enum

import attrs
import click
import pytest

from hookline.interfaces import Flavor, ProjectBackend, RunContext
from hookline.providers import FlavorProvider, Provider, StoreProvider, hookimpl


class Speed(Enum):
    SLOW = "slow"
    FAST = "fast"


@attrs.frozen
class Options:
    queue: str
    speed: Speed = Speed.FAST
    tags: list[str] = attrs.field(factory=list)
    limit: int | None = None


class Backend(ProjectBackend):
    def submit(self, execution): ...


class Lacking(ProjectBackend):
    pass


class Odd(Flavor):
    name = "odd"

    def save(self, model, folder, options): ...

    def load(self, folder, block, pickles): ...

    def predict(self, model, data, params): ...


class Context(RunContext):
    def tags(self):
        return {}


def plugin(hook, *providers):
    def offer(self):
        return list(providers)

    offer.__name__ = hook
    return type("Offering", (), {hook: hookimpl(offer)})()


def test_plugins_are_listed_with_what_they_provide(hookline):
    hookline.plugins.register(plugin("project_backends", Provider("slurm", Backend, "A \x1b cluster")), "cluster")
    lines = [line.split("\t") for line in hookline("plugins", "list").out.splitlines()]
    assert lines[0] == ["name", "state", "version", "distribution", "provides", "problems"]
    assert lines[1][0] == "cluster"
    assert lines[1][4] == "project backend slurm"
    (found, _memory) = json.loads(hookline("plugins", "list", "--json").out)
    assert found["provides"] == [{"kind": "project_backends", "name": "slurm", "summary": "A \x1b cluster"}]
    assert "\x1b" not in hookline("plugins", "show", "cluster").out


def test_a_plugin_shows_its_options_with_types_and_defaults(hookline):
    hookline.plugins.register(plugin("project_backends", Provider("slurm", Backend, "Jobs", Options)), "cluster")
    (found,) = json.loads(hookline("plugins", "show", "cluster", "--json").out)["provides"]
    assert [(each["option"], each["type"], each["default"]) for each in found["options"]] == [
        ("queue", "str", "required"),
        ("speed", "slow | fast", "fast"),
        ("tags", "list[str]", "[]"),
        ("limit", "int | None", "None"),
    ]
    assert "limit\tint | None\tNone" in hookline("plugins", "show", "cluster").out


def test_a_store_and_a_flavor_show_what_selects_them(hookline):
    hookline.plugins.register(plugin("flavors", FlavorProvider("odd", Odd, handles=("odd.Model",))), "odd")
    assert "odd.Model" in hookline("plugins", "show", "odd").out
    assert "default_uri\tmemory:" in hookline("plugins", "show", "memory").out


def test_a_plugin_that_is_not_there_is_named_with_those_that_are(hookline, bare):
    assert "(did you mean 'memory'?)" in hookline("plugins", "show", "hookline-memory", code=1).said
    for command in ("show", "check"):
        said = hookline("plugins", command, "nope", code=1).said
        assert "'nope'" in said
        assert "memory" in said
        assert "pip install hookline" in bare("plugins", command, "nope", code=1).said


@pytest.mark.parametrize(
    ("hook", "provider"),
    [
        ("project_backends", Provider("slurm", Backend, options=Options)),
        ("project_backends", Provider("slurm", lambda folder, options: Backend())),
        ("flavors", FlavorProvider("odd", Odd, autolog=print)),
        ("run_contexts", Provider("job", Context)),
        ("commands", Provider("go", click.Command("go"))),
    ],
)
def test_what_works_passes_the_check(hookline, hook, provider):
    hookline.plugins.register(plugin(hook, provider), "extra")
    checks = json.loads(hookline("plugins", "check", "extra", "--json").out)
    assert [(each["name"], each["problem"]) for each in checks] == [(provider.name, "")]
    assert hookline("plugins", "check", "extra").out.splitlines()[1].endswith("\tok")


@pytest.mark.parametrize(
    ("hook", "provider", "problem"),
    [
        ("project_backends", Provider("x", "not_there:X"), "No module named 'not_there'"),
        ("project_backends", Provider("x", "json:nothing"), "AttributeError"),
        ("project_backends", Provider("x", "json:__name__"), "cannot be called"),
        ("project_backends", Provider("x", Lacking), "Lacking lacks submit"),
        ("project_backends", Provider("x", Context), "Context is no hookline.interfaces.ProjectBackend"),
        ("project_backends", Provider("x", Backend, options="not_there:Options"), "No module named 'not_there'"),
        ("project_backends", Provider("x", Backend, options=dict), "are no attrs class"),
        ("flavors", FlavorProvider("x", Odd), "its class calls itself 'odd'"),
        ("flavors", FlavorProvider("odd", Odd, autolog="json:nothing"), "AttributeError"),
        ("commands", Provider("go", "json:dumps"), "no click command"),
    ],
)
def test_what_does_not_work_fails_the_check_with_the_reason(hookline, hook, provider, problem):
    hookline.plugins.register(plugin(hook, provider), "extra")
    (check,) = json.loads(hookline("plugins", "check", "extra", "--json", code=1).out)
    assert problem in check["problem"]
    assert check["name"] == provider.name


def test_the_kind_of_a_plugin_may_be_forgotten_and_is_suggested(hookline):
    hookline.plugins.register(plugin("flavors", FlavorProvider("odd", Odd)), "flavor-odd")
    assert "(did you mean 'flavor-odd'?)" in hookline("plugins", "check", "odd", code=1).said


def test_without_a_name_all_plugins_are_checked(hookline, bare):
    hookline.plugins.register(plugin("run_contexts", Provider("job", Context)), "job")
    checks = json.loads(hookline("plugins", "check", "--json").out)
    assert {each["plugin"] for each in checks} == {"memory", "job"}
    assert not any(each["problem"] for each in checks)
    hookline.plugins.register(plugin("project_backends", Provider("x", Lacking)), "bad")
    lines = hookline("plugins", "check", code=1).out.splitlines()
    assert [line.split("\t")[0] for line in lines if "lacks submit" in line] == ["bad"]
    assert hookline("plugins", "check", "job", "memory").out.count("\tok") == len(checks)
    assert "pip install hookline" in bare("plugins", "check", code=1).said


def test_a_plugin_that_is_not_in_use_fails_the_check(hookline):
    hookline.plugins.register(plugin("artifact_stores", StoreProvider("memory", "nowhere:X")), "again")
    out = hookline("plugins", "check", "again", code=1).out
    assert "the artifact store 'memory' is offered by 'memory' as well" in out
