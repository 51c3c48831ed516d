"""What every plugin keeps to, whatever it provides: light to import, complete in what it declares, alone if need be."""

import json
import re
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar

import attrs
import pytest

from hookline.documents import strict, structure_strictly
from hookline.errors import ConfigError
from hookline.plugins import ENTRY_POINT_GROUP, Plugins, PluginStatus
from hookline.providers import FlavorProvider, Provider, resolve
from hookline.system import run_process
from hookline.testing.suite import Suite

LIGHT = frozenset({"attr", "attrs", "hookline", "pluggy"})
"""What an entry module may load beside itself and the standard library."""

EVENTS = ("run_started", "batch_logged", "run_ended", "artifacts_logged", "model_logged", "version_created")
"""The hooks through which a plugin listens."""

_NEW_MODULES = """
import json, sys
from importlib import import_module
before = set(sys.modules)
import_module(sys.argv[1])
print(json.dumps(sorted(set(sys.modules) - before)))
"""


class PluginSuite(Suite):
    """Laws of an installed plugin.

    Attributes:
        plugin: the name of its entry point in the group `hookline`.
    """

    kind = "plugin"
    version = 1

    plugin: ClassVar[str] = ""

    @pytest.fixture
    def entry(self) -> EntryPoint:
        """The plugin's entry point, as the installed distribution declares it."""
        found = [each for each in entry_points(group=ENTRY_POINT_GROUP) if each.name == self.plugin]
        assert len(found) == 1, (
            f"{len(found)} installed distributions declare the plugin {self.plugin!r}; there must be one, with "
            f'`{self.plugin or "NAME"} = "your_module"` under [project.entry-points.{ENTRY_POINT_GROUP}], installed.'
        )
        return found[0]

    @pytest.fixture
    def alone(self, entry: EntryPoint) -> Plugins:
        """A workspace's plugins with this one and no other."""
        plugins = Plugins()
        plugins.register(entry.load(), self.plugin)
        return plugins

    @pytest.fixture
    def status(self, alone: Plugins) -> PluginStatus:
        """How the plugin stands after it was loaded alone."""
        return alone.report()[0]

    @pytest.fixture
    def providers(self, status: PluginStatus) -> list[Provider]:
        """All that the plugin provides."""
        return [provider for _hook, provider in status.provides]

    def test_it_is_found_by_its_entry_point(self, entry: EntryPoint) -> None:
        """`Plugins.discover` loads the plugin alone and finds nothing to complain about."""
        report = {each.name: each for each in Plugins.discover(allow=[self.plugin]).report()}
        assert (report[self.plugin].state, report[self.plugin].problems) == ("ok", ())
        assert ":" not in entry.value, f"the entry point names a module, not {entry.value!r}"

    def test_its_module_is_light(self, entry: EntryPoint) -> None:
        """Importing the entry module loads the standard library, `hookline`, attrs and pluggy, and nothing else."""
        output = run_process([sys.executable, "-c", _NEW_MODULES, entry.module])
        loaded = {name.partition(".")[0] for name in json.loads(output)}
        own = entry.module.partition(".")[0]
        heavy = {
            name for name in loaded - LIGHT - {own} - sys.stdlib_module_names if not name.startswith("__editable__")
        }
        assert heavy == set(), (
            f"{entry.module} imports {sorted(heavy)}; move those into a module behind a string target"
        )

    def test_it_depends_on_a_range_of_the_core(self, entry: EntryPoint) -> None:
        """The distribution requires `hookline-core` with a lower and an upper bound: that is the version contract."""
        assert entry.dist is not None
        needs = [each for each in entry.dist.requires or () if "extra ==" not in each]
        ranges = [each for each in needs if re.match(r"hookline[-_.]core\b", each, re.IGNORECASE)]
        assert ranges, f"{entry.dist.name} does not depend on hookline-core"
        assert all("<" in each and ">=" in each for each in ranges), f"no lower and upper bound: {ranges}"

    def test_it_registers_in_an_empty_workspace(self, alone: Plugins, status: PluginStatus) -> None:
        """It needs no other plugin, implements hooks that exist, and does something."""
        assert (status.state, status.problems) == ("ok", ())
        listens = any(alone.listens(event) for event in EVENTS)
        assert status.provides or listens, "the plugin provides nothing and listens to nothing"

    def test_it_registers_in_a_second_workspace(self, entry: EntryPoint, status: PluginStatus) -> None:
        """It is the same for every workspace of a process: a submodule named like a hook would take its place."""
        plugins = Plugins()
        plugins.register(entry.load(), self.plugin)
        [again] = plugins.report()
        assert (again.state, again.problems, again.provides) == (status.state, status.problems, status.provides)

    def test_no_name_is_offered_twice(self, status: PluginStatus) -> None:
        """Within one kind, every provider has a name of its own."""
        names = [(hook, provider.name) for hook, provider in status.provides]
        assert sorted(set(names)) == sorted(names)

    def test_every_provider_has_a_summary(self, providers: list[Provider]) -> None:
        """Each provider says in one line what it is."""
        poor = [each.name for each in providers if not each.summary.strip() or len(each.summary.splitlines()) != 1]
        assert poor == [], f"without a summary of one line: {poor}"

    def test_every_target_resolves(self, providers: list[Provider]) -> None:
        """Targets are strings, so that listing loads nothing, and lead to something that can be called."""
        for provider in providers:
            for target in _targets(provider):
                assert isinstance(target, str), f"{provider.name}: the target {target!r} is no string"
                assert callable(resolve(target)), f"{provider.name}: {target} cannot be called"

    def test_no_submodule_takes_a_hook_s_place(self, entry: EntryPoint, providers: list[Provider]) -> None:
        """A submodule `commands`, once imported, would replace the function `commands` of its package."""
        module = entry.load()
        before = {name: getattr(module, name) for name in Plugins.discover().kinds if hasattr(module, name)}
        for provider in providers:
            for target in _targets(provider):
                resolve(target)
        replaced = [name for name, function in before.items() if getattr(module, name) is not function]
        assert replaced == [], f"submodules are named like hooks: {replaced}"

    def test_every_options_class_structures(self, providers: list[Provider]) -> None:
        """Options are attrs classes that plain values fill, and that refuse a key they do not know."""
        for provider in providers:
            if provider.options is not None:
                options = resolve(provider.options) if isinstance(provider.options, str) else provider.options
                assert attrs.has(options), f"{provider.name}: the options {options!r} are no attrs class"
                _check_options(options)


def _targets(provider: Provider) -> list[Any]:
    autolog = provider.autolog if isinstance(provider, FlavorProvider) else None
    return [provider.target, *([autolog] if autolog is not None else [])]


def _check_options(options: type) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        structure_strictly({"no such option": 1}, options)
    required = [each.name for each in attrs.fields(options) if each.default is attrs.NOTHING and each.init]
    if not required:
        defaults: Any = structure_strictly({}, options)
        assert structure_strictly(strict.unstructure(defaults), options) == defaults
