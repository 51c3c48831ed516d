"""Law 1: the core imports nothing concrete, data flows down, and plugins do not import each other."""

import ast
import sys
import tomllib

import pytest
from deferred import DEFERRED
from sources import CORE, ROOT, core_sources, functions, imported, name, runtime_imports, sources

ALLOWED_IN_CORE = {"attr", "attrs", "cattrs", "click", "hookline", "pluggy", "yaml"}
TESTING_ONLY = {"hypothesis", "pytest"}
LAYERS = [
    "errors uris tables",
    "entities paths system catalogue providers outputs",
    "search pages store_rules charts bands pairs samples",
    "interfaces hookspecs",
    "discovery strictness progress",
    "plugins documents media",
    "config artifacts run_list finding liveness",
    "journal",
    "models experiments registry",
    "datasets run_files deployments scoring sampling staging housekeeping",
    "verification",
    "run run_objects",
    "runs surroundings autologging",
    "projects",
    "workspace",
    "fluent",
    "cli testing",
    "__main__",
]


@pytest.mark.parametrize("path", core_sources(), ids=name)
def test_the_core_imports_only_its_five_libraries(path):
    allowed = ALLOWED_IN_CORE | set(sys.stdlib_module_names)
    if "testing" in path.relative_to(CORE).parts:
        allowed |= TESTING_ONLY
    for node in ast.walk(sources()[path]):
        for module in imported(node):
            assert module.partition(".")[0] in allowed, f"{name(path)}:{node.lineno} imports {module}"


def test_the_core_declares_only_its_five_libraries():
    project = tomllib.loads((ROOT / "core" / "pyproject.toml").read_text())["project"]
    names = {requirement.partition(">")[0] for requirement in project["dependencies"]}
    assert names == {"attrs", "cattrs", "click", "pluggy", "pyyaml"}


@pytest.mark.parametrize("path", core_sources(), ids=name)
def test_imports_in_the_core_point_down(path):
    level = {part: number for number, layer in enumerate(LAYERS) for part in layer.split()}
    own = path.relative_to(CORE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    assert own in level, f"give {own!r} a place in LAYERS"
    for module in runtime_imports(sources()[path]):
        parts = module.split(".")
        if parts[0] == "hookline" and len(parts) > 1 and parts[1] != own:
            assert level[parts[1]] <= level[own], f"{name(path)} imports {module}, which lies above it"


@pytest.mark.parametrize("path", core_sources(), ids=name)
def test_the_core_imports_at_the_top_of_files(path):
    inside = [
        node.lineno
        for function in functions(sources()[path])
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not inside or name(path) in DEFERRED, f"{name(path)} imports inside of functions: lines {inside}"


def test_deferred_imports_are_few_and_in_use():
    assert len(DEFERRED) <= 10
    assert all((ROOT / path).exists() and reason for path, reason in DEFERRED.items())


EXTENDS = {"auth-basic": "server", "ui": "server", "panel-confusion": "ui"}
"""A plugin that implements the hooks of another one imports what those speak of, and depends on it."""


def test_plugins_do_not_import_each_other():
    modules = {path.name: path.parents[1].name for path in ROOT.glob("plugins/*/src/*") if path.is_dir()}
    for path, tree in sources().items():
        if path.is_relative_to(CORE):
            continue
        own = path.relative_to(ROOT).parts[1]
        for node in ast.walk(tree):
            for module in imported(node):
                other = modules.get(module.partition(".")[0])
                allowed = (None, own, EXTENDS.get(own))
                assert other in allowed or other.startswith("lib-"), f"{name(path)} imports {module}"
