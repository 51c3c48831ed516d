"""Finding plugins, isolating the broken ones, choosing providers: with real distributions on a path of their own."""

import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from attrs import frozen

import hookline.documents  # noqa: F401 - before `install` takes away the path that its libraries lie on
from hookline import hookspecs
from hookline.errors import ConfigError, InvalidValue, PluginError, UnknownProvider
from hookline.plugins import KINDS, Plugins, describe
from hookline.providers import FlavorProvider, Provider, StoreProvider, hookimpl

HEADER = "from hookline.providers import FlavorProvider, Provider, StoreProvider, hookimpl\n"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Make distributions that are installed for this test, and nothing else."""
    site = tmp_path / "site"
    site.mkdir()
    others = [entry for entry in sys.path if not list(Path(entry).glob("hookline*.dist-info"))]
    monkeypatch.setattr(sys, "path", [str(site), *others])
    before = set(sys.modules)

    def make(name, code, *, distribution=None, module=None, entry_points=None, metadata=True):
        distribution = distribution or f"hookline-{name}"
        module = module or distribution.replace("-", "_")
        (site / f"{module}.py").write_text(HEADER + code)
        monkeypatch.delitem(sys.modules, module, raising=False)  # the real one, which another test may have imported
        information = site / f"{distribution.replace('-', '_')}-1.2.dist-info"
        information.mkdir()
        if metadata:
            text = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
            (information / "METADATA").write_text(text)
        (information / "entry_points.txt").write_text(entry_points or f"[hookline]\n{name} = {module}\n")
        return distribution

    yield make
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(site):
            del sys.modules[name]


BACKEND = """
@hookimpl
def project_backends():
    return [Provider("{name}", "collections:OrderedDict", "A backend")]
"""


def report(plugins):
    return {each.name: each for each in plugins.report()}


def problem(plugins, name):
    (found,) = report(plugins)[name].problems
    return found


# Loading -------------------------------------------------------------------------------------------------------------


def test_an_empty_collection_offers_nothing():
    assert Plugins().report() == []
    assert all(Plugins().providers(kind) == [] for kind in KINDS)


def test_installed_plugins_are_found(install):
    install("backend-a", BACKEND.format(name="a"))
    install("backend-b", BACKEND.format(name="b"))
    plugins = Plugins.discover()
    assert [(each.name, each.distribution, each.version, each.state) for each in plugins.report()] == [
        ("backend-a", "hookline-backend-a", "1.2", "ok"),
        ("backend-b", "hookline-backend-b", "1.2", "ok"),
    ]
    assert [each.name for each in plugins.providers("project_backends")] == ["a", "b"]
    assert report(plugins)["backend-a"].provides == (
        ("project_backends", Provider("a", "collections:OrderedDict", "A backend")),
    )
    assert plugins.find("project_backends", "a").summary == "A backend"


def test_plugins_are_allowed_and_disabled_by_name(install):
    for name in ("backend-a", "backend-b", "backend-c"):
        install(name, BACKEND.format(name=name[-1]))
    plugins = Plugins.discover(allow=["backend-a", "backend-b"], disable=["backend-b"])
    assert [(each.name, each.state) for each in plugins.report()] == [
        ("backend-a", "ok"),
        ("backend-b", "disabled"),
        ("backend-c", "not allowed"),
    ]
    assert [each.name for each in plugins.providers("project_backends")] == ["a"]
    assert [each.state for each in Plugins.discover(allow=[]).report()] == ["not allowed"] * 3


def test_what_is_disabled_or_not_allowed_is_not_imported(install):
    install("backend-a", "raise AssertionError('imported')")
    assert report(Plugins.discover(disable=["backend-a"]))["backend-a"].problems == ()
    assert report(Plugins.discover(allow=[]))["backend-a"].problems == ()
    assert "hookline_backend_a" not in sys.modules


BROKEN = {
    "raises on import": (
        "raise ImportError('no\\n  such library')",
        "importing MODULE failed: ImportError: no such library",
    ),
    "has a mistake": ("def (:", "importing MODULE failed: SyntaxError: invalid syntax"),
    "exits on import": ("raise SystemExit(3)", "importing MODULE failed: SystemExit: 3"),
    "panics on import": (
        "class PanicException(BaseException): pass\nraise PanicException('rust')",
        "importing MODULE failed: PanicException: rust",
    ),
    "has an error without a text": (
        "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\nraise Odd",
        "importing MODULE failed: Odd",
    ),
    "raises in a hook": ("@hookimpl\ndef flavors():\n    raise KeyError('x')", "flavors() failed: KeyError: 'x'"),
    "exits in a hook": ("@hookimpl\ndef flavors():\n    raise SystemExit", "flavors() failed: SystemExit"),
    "raises halfway": (
        "@hookimpl\ndef commands():\n    yield Provider('a', 'm:a')\n    raise OSError('disk')",
        "commands() failed: OSError: disk",
    ),
    "returns nothing": ("@hookimpl\ndef flavors():\n    pass", "flavors() returned None, not a list"),
    "returns a number": ("@hookimpl\ndef flavors():\n    return 7", "flavors() returned 7, not a list"),
    "returns a text": ("@hookimpl\ndef commands():\n    return 'serve'", "commands() returned 'serve', not a list"),
    "returns a provider": (
        "@hookimpl\ndef commands():\n    return Provider('a', 'm:a')",
        "commands() returned Provider(name='a', target='m:a', summary='', options=None), not a list",
    ),
    "returns rubbish": (
        "@hookimpl\ndef commands():\n    return ['a']",
        "commands() returned 'a', which is no Provider",
    ),
    "returns the wrong kind": (
        "@hookimpl\ndef tracking_stores():\n    return [Provider('a', 'm:a')]",
        "tracking_stores() returned Provider(name='a', target='m:a', summary='', options=None), "
        "which is no StoreProvider",
    ),
    "gives no flavor": (
        "@hookimpl\ndef flavors():\n    return [StoreProvider('a', 'm:a')]",
        "flavors() returned StoreProvider(name='a', target='m:a', summary='', options=None, default_uri=None, "
        "file=None, artifac, which is no FlavorProvider",
    ),
    "has a number for a name": (
        "@hookimpl\ndef commands():\n    return [Provider(7, 'm:a')]",
        "commands() returned a provider whose name or summary is no text: "
        "Provider(name=7, target='m:a', summary='', options=None)",
    ),
    "has no target": (
        "@hookimpl\ndef commands():\n    return [Provider('a', None)]",
        "commands() returned a provider without a target: Provider(name='a', target=None, summary='', options=None)",
    ),
    "takes an argument that no hook has": (
        "@hookimpl\ndef flavors(config):\n    return []",
        "PluginValidationError: ",
    ),
    "wraps hooks": (
        "@hookimpl(wrapper=True)\ndef run_ended(run):\n    yield",
        "run_ended() is a hook wrapper; Hookline has none",
    ),
    "brings specs that are none": (
        "@hookimpl\ndef hookspecs():\n    return ['json']",
        "ValueError: did not find any 'hookline' hooks in",
    ),
    "brings specs that are not there": (
        "@hookimpl\ndef hookspecs():\n    return ['no_such_module_anywhere']",
        "ModuleNotFoundError: No module named 'no_such_module_anywhere'",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_reported_and_harms_nobody(install, case):
    code, says = BROKEN[case]
    install("a-sound-one", BACKEND.format(name="sound"))
    install("broken", code)
    install("z-sound-one", BACKEND.format(name="also-sound"))
    plugins = Plugins.discover()
    found = report(plugins)
    assert {name: each.state for name, each in found.items()} == {
        "a-sound-one": "ok",
        "broken": "failed",
        "z-sound-one": "ok",
    }
    (told,) = found["broken"].problems
    assert told.startswith(says.replace("MODULE", "hookline_broken"))
    assert "\n" not in told
    assert found["broken"].provides == ()
    assert (found["broken"].distribution, found["broken"].version) == ("hookline-broken", "1.2")
    assert [each.name for each in plugins.providers("project_backends")] == ["also-sound", "sound"]
    for event in ("run_ended", "run_started"):
        assert not plugins.listens(event)


@pytest.mark.parametrize(
    ("entry_points", "says"),
    [
        ("[hookline]\nbroken = no_such_module_anywhere\n", "ModuleNotFoundError"),
        ("[hookline]\nbroken = hookline_broken:nothing\n", "AttributeError"),
        ("[hookline]\nbroken = hookline_broken:NONE\n", "it is None, not a module"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_reported(install, entry_points, says):
    install("broken", "NONE = None", entry_points=entry_points)
    assert says in problem(Plugins.discover(), "broken")


def test_a_malformed_file_of_some_distribution_hides_no_plugin(install, caplog):
    install("backend-a", BACKEND.format(name="a"))
    install("unrelated", "", entry_points="[hookline]\nthis line is no entry point\n")
    assert [each.name for each in Plugins.discover().providers("project_backends")] == ["a"]
    assert "The entry points of an installed distribution cannot be read" in caplog.text


def test_a_distribution_without_metadata_is_no_obstacle(install):
    install("backend-a", BACKEND.format(name="a"), metadata=False)
    (found,) = Plugins.discover().report()
    assert (found.name, found.state) == ("backend-a", "ok")


def test_ctrl_c_while_plugins_load_is_ctrl_c(install):
    install("slow", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        Plugins.discover()


def test_a_plugin_without_hooks_is_told_so(install):
    install("forgetful", "def flavors():\n    return []")
    assert problem(Plugins.discover(), "forgetful") == (
        "it implements no hook; mark its functions with @hookline.hookimpl"
    )


def test_an_unknown_hook_is_a_warning(install, caplog):
    install("backend-a", BACKEND.format(name="a") + "\n@hookimpl\ndef run_startet(run):\n    pass\n")
    plugins = Plugins.discover()
    found = report(plugins)["backend-a"]
    assert found.state == "ok"
    assert found.problems == ("unknown hook 'run_startet' (did you mean 'run_started'?): it is never called",)
    assert "The plugin 'backend-a': unknown hook 'run_startet'" in caplog.text
    assert [each.name for each in plugins.providers("project_backends")] == ["a"]


def test_two_names_of_one_module_are_one_plugin(install):
    install("a", BACKEND.format(name="a"), entry_points="[hookline]\na = hookline_a\nb = hookline_a\n")
    plugins = Plugins.discover()
    assert report(plugins)["a"].state == "ok"
    assert problem(plugins, "b") == "it is the same object as the plugin 'a'"
    assert [each.name for each in plugins.providers("project_backends")] == ["a"]
    heard = []
    plugins.register(SimpleNamespace(run_ended=hookimpl(lambda run: heard.append(run))), "listener")
    plugins.announce("run_ended", run=1)
    assert heard == [1]


# Names that are taken ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("intruder", ["aaa-plugins", "zzz-plugins"])
def test_a_plugin_with_a_taken_name_does_not_shadow_the_one_that_is_named_after_it(install, intruder):
    install("backend-a", BACKEND.format(name="mine"))
    install("backend-a", BACKEND.format(name="theirs"), distribution=intruder)
    plugins = Plugins.discover()
    assert report(plugins)["backend-a"].distribution == "hookline-backend-a"
    shadow = report(plugins)[f"backend-a ({intruder})"]
    assert (shadow.state, shadow.distribution) == ("failed", intruder)
    assert shadow.problems == ("the name 'backend-a' is taken by hookline-backend-a",)
    assert [each.name for each in plugins.providers("project_backends")] == ["mine"]
    assert intruder.replace("-", "_") not in sys.modules


def test_among_strangers_the_order_is_by_distribution(install):
    install("x", BACKEND.format(name="second"), distribution="bbb")
    install("x", BACKEND.format(name="first"), distribution="aaa")
    assert [each.name for each in Plugins.discover().providers("project_backends")] == ["first"]


def test_disabling_a_name_disables_all_that_have_it(install):
    install("x", BACKEND.format(name="first"), distribution="aaa")
    install("x", BACKEND.format(name="second"), distribution="bbb")
    assert [each.state for each in Plugins.discover(disable=["x"]).report()] == ["disabled", "disabled"]


def test_a_provider_that_two_plugins_offer_is_an_error_on_use_that_names_both(install):
    install("backend-a", BACKEND.format(name="taken"))
    install("backend-b", BACKEND.format(name="taken"))
    install("backend-c", BACKEND.format(name="free"))
    plugins = Plugins.discover()
    assert plugins.find("project_backends", "free").name == "free"
    with pytest.raises(PluginError) as caught:
        plugins.find("project_backends", "taken")
    assert str(caught.value) == (
        "The project backend 'taken' is offered by the plugins 'backend-a' and 'backend-b'. "
        "Name the one to leave out under plugins.disable in hookline.yaml."
    )
    assert report(plugins)["backend-a"].state == "ok"
    assert problem(plugins, "backend-a") == "the project backend 'taken' is offered by 'backend-b' as well"
    assert report(plugins)["backend-c"].problems == ()
    assert Plugins.discover(disable=["backend-b"]).find("project_backends", "taken").name == "taken"


def test_a_provider_that_one_plugin_offers_twice_is_an_error_on_use(install):
    install("backend-a", BACKEND.format(name="a").replace("]", ", Provider('a', 'm:a')]"))
    plugins = Plugins.discover()
    assert problem(plugins, "backend-a") == "the project backend 'a' is offered twice"
    with pytest.raises(PluginError, match="offered twice by the plugin 'backend-a'"):
        plugins.find("project_backends", "a")


def test_one_name_of_two_kinds_is_no_clash(install):
    install(
        "a", BACKEND.format(name="local") + BACKEND.format(name="local").replace("project_backends", "environments")
    )
    plugins = Plugins.discover()
    assert report(plugins)["a"].problems == ()
    assert plugins.find("environments", "local").name == plugins.find("project_backends", "local").name == "local"


# Names that nobody offers --------------------------------------------------------------------------------------------


def unknown(plugins, kind, name):
    with pytest.raises(UnknownProvider) as caught:
        plugins.find(kind, name)
    assert isinstance(caught.value, InvalidValue)
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


def test_an_unknown_name_lists_what_is_installed_and_what_was_meant(install):
    install("backend-a", BACKEND.format(name="slurm"))
    install("backend-b", BACKEND.format(name="kubernetes"))
    assert unknown(Plugins.discover(), "project_backends", "slrum") == [
        "No installed plugin offers the project backend 'slrum' (did you mean 'slurm'?).",
        "Installed: kubernetes, slurm.",
    ]


def test_a_known_name_that_is_not_installed_says_what_to_install():
    assert unknown(Plugins(), "environments", "uv") == [
        "No installed plugin offers the environment 'uv'.",
        "No environment is installed.",
        "To get it: pip install hookline-env-venv",
    ]


def test_a_mistyped_name_of_what_is_not_installed_says_what_to_install():
    assert unknown(Plugins(), "environments", "virtualen") == [
        "No installed plugin offers the environment 'virtualen' (did you mean 'virtualenv'?).",
        "No environment is installed.",
        "To get it: pip install hookline-env-venv",
    ]


def test_a_name_that_nobody_knows_says_how_to_get_any():
    assert unknown(Plugins(), "flavors", "prophecy")[1:] == [
        "No model flavor is installed.",
        "To get it: pip install hookline-flavor-python",
    ]


def test_plugins_that_are_not_in_use_are_named(install):
    install("backend-local", "raise ImportError('No module named libfoo')")
    install("backend-other", BACKEND.format(name="other"))
    install("backend-third", BACKEND.format(name="third"))
    plugins = Plugins.discover(disable=["backend-other"])
    assert unknown(plugins, "project_backends", "local") == [
        "No installed plugin offers the project backend 'local'.",
        "Installed: third.",
        "The plugin 'backend-local' is installed and not in use: "
        "importing hookline_backend_local failed: ImportError: No module named libfoo.",
        "The plugin 'backend-other' is installed and not in use: it is disabled.",
    ]


# Making --------------------------------------------------------------------------------------------------------------


@frozen
class Options:
    """Options of a test."""

    port: int = 1
    host: str = "here"


class Thing:
    """What a target makes."""

    def __init__(self, place, options):
        if options and options.host == "nowhere":
            raise InvalidValue("There is no nowhere.")
        if options and options.host == "broken":
            raise OSError("broken")
        self.place, self.options = place, options


def offering(**hooks):
    """A plugin that is no module."""
    return SimpleNamespace(**{name: hookimpl(lambda given=given: given) for name, given in hooks.items()})


def test_a_thing_is_made_with_its_folder_and_typed_options(tmp_path):
    plugins = Plugins()
    plugins.register(offering(project_backends=[Provider("a", Thing, options=Options)]), "mine")
    made = plugins.make("project_backends", "a", tmp_path, {"port": "8080"})
    assert (made.place, made.options) == (tmp_path, Options(8080))
    assert plugins.make("project_backends", "a", tmp_path, {}).options == Options()


def test_targets_and_options_may_be_named(tmp_path):
    plugins = Plugins()
    named = Provider("a", f"{__name__}:Thing", options=f"{__name__}:Options")
    sys.modules.setdefault(__name__, sys.modules[Thing.__module__])
    plugins.register(offering(project_backends=[named]), "mine")
    assert plugins.make("project_backends", "a", tmp_path, {"host": "there"}).options.host == "there"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"prot": 1}, "configuration: a: unknown key 'prot' (did you mean 'port'?); allowed: port, host"),
        ({"port": "many"}, "configuration: a.port: expected a whole number, not 'many'"),
        ({"host": ["x"]}, "configuration: a.host: expected a text, not ['x']"),
    ],
)
def test_wrong_options_are_named(tmp_path, settings, says):
    plugins = Plugins()
    plugins.register(offering(project_backends=[Provider("a", Thing, options=Options)]), "mine")
    with pytest.raises(ConfigError) as caught:
        plugins.make("project_backends", "a", tmp_path, settings)
    assert str(caught.value) == says


def test_options_of_what_has_none_are_refused(tmp_path):
    plugins = Plugins()
    plugins.register(offering(project_backends=[Provider("a", Thing)]), "mine")
    assert plugins.make("project_backends", "a", tmp_path, {}).options is None
    with pytest.raises(ConfigError, match="The project backend 'a' has no options, but got: port, host"):
        plugins.make("project_backends", "a", tmp_path, {"port": 1, "host": 2})


@pytest.mark.parametrize("target", ["no_such_module_anywhere:X", "json:NoSuchName", "antigravity_exit:X"])
def test_a_target_that_cannot_be_loaded_is_a_plugin_error(tmp_path, monkeypatch, target):
    (tmp_path / "antigravity_exit.py").write_text("raise SystemExit(9)")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = Plugins()
    plugins.register(offering(project_backends=[Provider("a", target)]), "mine")
    with pytest.raises(PluginError, match="The project backend 'a' cannot be loaded: "):
        plugins.make("project_backends", "a", tmp_path, {})


def test_options_that_cannot_be_loaded_are_a_plugin_error(tmp_path):
    plugins = Plugins()
    plugins.register(offering(project_backends=[Provider("a", Thing, options="json:NoSuchName")]), "mine")
    with pytest.raises(PluginError, match="The project backend 'a' cannot be loaded: AttributeError"):
        plugins.make("project_backends", "a", tmp_path, {})


def test_errors_of_a_target_are_clear(tmp_path):
    plugins = Plugins()
    plugins.register(offering(project_backends=[Provider("a", Thing, options=Options)]), "mine")
    with pytest.raises(InvalidValue, match="no nowhere"):
        plugins.make("project_backends", "a", tmp_path, {"host": "nowhere"})
    with pytest.raises(PluginError, match="The project backend 'a' cannot be opened: OSError: broken"):
        plugins.make("project_backends", "a", tmp_path, {"host": "broken"})


def test_a_store_is_chosen_by_the_scheme_of_its_uri():
    plugins = Plugins()
    stores = [StoreProvider("file", Thing), StoreProvider("s3", Thing, options=Options)]
    plugins.register(offering(artifact_stores=stores), "mine")
    assert plugins.make_store("artifact_stores", "/a/b", {}).options is None
    assert plugins.make_store("artifact_stores", "S3://bucket", {"port": 2}).place == "S3://bucket"
    with pytest.raises(UnknownProvider, match="artifact store 'gs'"):
        plugins.make_store("artifact_stores", "gs://bucket", {})
    assert plugins.find_store("artifact_stores", "s3").name == "s3"


def test_a_path_where_a_uri_is_needed_is_answered_with_the_form():
    plugins = Plugins()
    plugins.register(offering(tracking_stores=[StoreProvider("db", Thing, default_uri="db:///{home}/runs")]), "mine")
    with pytest.raises(UnknownProvider, match="A path alone names no tracking store; write a URI such as db:///FOLDER"):
        plugins.make_store("tracking_stores", "some/runs.db", {})
    with pytest.raises(UnknownProvider) as caught:
        plugins.make_store("tracking_stores", "http://x", {})
    assert "path" not in str(caught.value)


def test_a_flavor_is_found_by_its_name():
    plugins = Plugins()
    plugins.register(offering(flavors=[FlavorProvider("mine", Thing, handles=("a.B",))]), "mine")
    assert plugins.find_flavor("mine").handles == ("a.B",)


def test_the_default_store_lies_in_the_workspace(tmp_path):
    plugins = Plugins()
    stores = [StoreProvider("a", Thing, default_uri="a:///{home}/x{1}"), StoreProvider("b", Thing)]
    plugins.register(offering(tracking_stores=stores), "mine")
    assert plugins.default_uri("tracking_stores", tmp_path / "{home}") == f"a:///{tmp_path}/{{home}}/x{{1}}"


def test_two_defaults_are_an_error_that_names_them(tmp_path):
    plugins = Plugins()
    for name in ("a", "b"):
        plugins.register(offering(tracking_stores=[StoreProvider(name, Thing, default_uri=f"{name}:x")]), name)
    with pytest.raises(PluginError, match="Several plugins offer a default tracking store: 'a', 'b'"):
        plugins.default_uri("tracking_stores", tmp_path)


def test_without_a_default_the_text_says_what_to_do(install, tmp_path):
    with pytest.raises(UnknownProvider) as caught:
        Plugins().default_uri("tracking_stores", tmp_path)
    assert str(caught.value) == "No tracking store is installed.\nTo get it: pip install hookline-tracking-sql"
    install("tracking-sql", "raise ImportError('No module named sqlalchemy')")
    plugins = Plugins.discover()
    plugins.register(offering(tracking_stores=[StoreProvider("http", Thing)]), "mine")
    with pytest.raises(UnknownProvider) as caught:
        plugins.default_uri("tracking_stores", tmp_path)
    assert str(caught.value).splitlines() == [
        "No tracking store has a default: choose one by a URI.",
        "The plugin 'tracking-sql' is installed and not in use: "
        "importing hookline_tracking_sql failed: ImportError: No module named sqlalchemy.",
    ]


# Registering by hand -------------------------------------------------------------------------------------------------


def test_a_registered_plugin_is_as_good_as_an_installed_one():
    plugins = Plugins()
    plugins.register(offering(project_backends=[Provider("a", Thing)]), "mine")
    (found,) = plugins.report()
    assert (found.name, found.state, found.distribution) == ("mine", "ok", "")


def test_a_registered_plugin_that_is_broken_raises_and_is_forgotten():
    plugins = Plugins()
    with pytest.raises(PluginError, match=r"The plugin 'mine' cannot be used: flavors\(\) returned 7, not a list"):
        plugins.register(offering(flavors=7), "mine")
    assert plugins.report() == []
    plugins.register(offering(flavors=[]), "mine")
    with pytest.raises(PluginError, match="A plugin named 'mine' is already registered"):
        plugins.register(offering(flavors=[]), "mine")
    assert [each.state for each in plugins.report()] == ["ok"]


def test_collections_share_nothing():
    one, two = Plugins(), Plugins()
    one.register(offering(project_backends=[Provider("a", Thing)]), "mine")
    assert two.report() == []
    assert two.providers("project_backends") == []


# Listeners -----------------------------------------------------------------------------------------------------------


def test_listeners_hear_what_they_ask_for():
    plugins, heard = Plugins(), []

    class Listener:
        @hookimpl
        def run_ended(self, run):
            heard.append(("run_ended", run))

        @hookimpl
        def artifacts_logged(self, paths):
            heard.append(("artifacts_logged", paths))

        @hookimpl
        def run_started(self):
            heard.append(("run_started",))

    assert not plugins.listens("run_ended")
    plugins.register(Listener(), "mine")
    assert plugins.listens("run_ended")
    assert not plugins.listens("model_logged")
    plugins.announce("run_ended", run="R")
    plugins.announce("artifacts_logged", run_id="R", paths=("a",))
    plugins.announce("run_started", run="R")
    plugins.announce("model_logged", model="M")
    assert heard == [("run_ended", "R"), ("artifacts_logged", ("a",)), ("run_started",)]


@pytest.mark.parametrize("error", [ValueError("mine"), SystemExit(3), BaseException("odd")], ids=repr)
def test_a_listener_that_fails_is_logged_and_hinders_nobody(caplog, error):
    plugins, heard = Plugins(), []

    class Broken:
        @hookimpl
        def run_ended(self, run):
            heard.append("before")
            raise error

    plugins.register(Broken(), "a-broken")
    plugins.register(SimpleNamespace(run_ended=hookimpl(lambda run: heard.append(run))), "b-sound")
    plugins.register(Broken(), "c-broken")
    with caplog.at_level(logging.WARNING, "hookline"):
        plugins.announce("run_ended", run="R")
    assert sorted(heard) == ["R", "before", "before"]
    assert sorted(record.getMessage() for record in caplog.records) == [
        "The plugin 'a-broken' failed in run_ended().",
        "The plugin 'c-broken' failed in run_ended().",
    ]
    assert all(record.exc_info[1] is error for record in caplog.records)


def test_ctrl_c_in_a_listener_is_ctrl_c():
    plugins = Plugins()

    def interrupted(run):
        raise KeyboardInterrupt

    plugins.register(SimpleNamespace(run_ended=hookimpl(interrupted)), "mine")
    with pytest.raises(KeyboardInterrupt):
        plugins.announce("run_ended", run="R")


def test_a_plugin_may_bring_hooks_that_one_before_it_implements(install, tmp_path):
    install("a-user", "@hookimpl\ndef routes():\n    return []\n")
    code = "@hookimpl\ndef hookspecs():\n    return ['my_specs']\n"
    install("z-server", code)
    (tmp_path / "site/my_specs.py").write_text(
        "from pluggy import HookspecMarker\n@HookspecMarker('hookline')\ndef routes():\n    'Routes.'\n"
    )
    plugins = Plugins.discover()
    assert {name: (each.state, each.problems) for name, each in report(plugins).items()} == {
        "a-user": ("ok", ()),
        "z-server": ("ok", ()),
    }
    assert plugins.listens("routes")


def test_two_plugins_may_bring_the_same_hooks(install, tmp_path):
    """One that implements another one's hooks brings them too, so that it stands alone."""
    both = "@hookimpl\ndef hookspecs():\n    return ['panel_specs']\n"
    provider = "Provider(name='p', target='builtins:dict', summary='A panel.')"
    install("a-server", both)
    install("z-user", f"from hookline import Provider\n{both}@hookimpl\ndef panels():\n    return [{provider}]\n")
    (tmp_path / "site/panel_specs.py").write_text(
        "from pluggy import HookspecMarker\nKINDS = {'panels': 'panel'}\n"
        "@HookspecMarker('hookline')\ndef panels():\n    'Panels.'\n"
    )
    for found in (Plugins.discover(), Plugins.discover(allow=["z-user"])):
        assert report(found)["z-user"].problems == ()
        assert [each.name for each in found.providers("panels")] == ["p"]


def test_providers_of_a_plugin_s_own_noun_hook_are_found_by_name(install, tmp_path):
    provider = "Provider(name='p', target='builtins:dict', summary='A panel.')"
    install("a-user", f"from hookline import Provider\n@hookimpl\ndef panels():\n    return [{provider}]\n")
    install("b-user", "@hookimpl\ndef panels():\n    return ['rubbish']\n")
    install("z-server", "@hookimpl\ndef hookspecs():\n    return ['panel_specs']\n")
    (tmp_path / "site/panel_specs.py").write_text(
        "from pluggy import HookspecMarker\nKINDS = {'panels': 'panel', 'commands': 'not this'}\n"
        "@HookspecMarker('hookline')\ndef panels():\n    'Panels.'\n"
    )
    plugins = Plugins.discover()
    assert [each.name for each in plugins.providers("panels")] == ["p"]
    assert plugins.find("panels", "p").summary == "A panel."
    assert plugins.kinds["commands"] == "command"
    assert report(plugins)["b-user"].state == "failed"
    with pytest.raises(UnknownProvider, match="No installed plugin offers the panel 'q'"):
        plugins.find("panels", "q")


def test_a_plugin_that_misuses_the_hook_of_another_one_is_the_broken_one(install, tmp_path):
    install("a-user", "@hookimpl\ndef routes(no_such_argument):\n    return []\n")
    install("z-server", "@hookimpl\ndef hookspecs():\n    return ['my_specs']\n")
    (tmp_path / "site/my_specs.py").write_text(
        "from pluggy import HookspecMarker\n@HookspecMarker('hookline')\ndef routes():\n    'Routes.'\n"
    )
    assert {name: each.state for name, each in report(Plugins.discover()).items()} == {
        "a-user": "failed",
        "z-server": "ok",
    }


# The contract --------------------------------------------------------------------------------------------------------


def test_every_noun_hook_has_a_name_for_messages():
    events = {"run_started", "batch_logged", "run_ended", "artifacts_logged", "model_logged", "version_created"}
    hooks = {name for name, each in vars(hookspecs).items() if hasattr(each, "hookline_spec")}
    assert hooks - events - {"hookspecs"} == set(KINDS)


@pytest.mark.parametrize(
    ("error", "text"),
    [(ValueError("a\n  b"), "ValueError: a b"), (ValueError(), "ValueError"), (KeyError("a"), "KeyError: 'a'")],
)
def test_an_error_is_described_in_one_line(error, text):
    assert describe(error) == text


def test_loading_plugins_loads_no_documents():
    code = "import sys; from hookline.plugins import Plugins; Plugins.discover(); print('cattrs' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
