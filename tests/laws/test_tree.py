"""Laws 5 and 7: every plugin has its parts and its suites, and nothing generated is committed."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from sources import ROOT

import hookline.testing as kit
from hookline.plugins import KINDS

DISTRIBUTIONS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
PLUGINS = [folder for folder in DISTRIBUTIONS if not folder.name.startswith("lib-")]
SUITES = [getattr(kit, name) for name in dir(kit) if name.endswith("Suite")]


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


@pytest.mark.parametrize("folder", DISTRIBUTIONS, ids=lambda path: path.name)
def test_a_plugin_has_its_parts(folder: Path):
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module = "hookline_" + folder.name.replace("-", "_")
    assert project["name"] == f"hookline-{folder.name}"
    if folder in PLUGINS:
        assert project["entry-points"]["hookline"] == {folder.name: module}
    else:  # what plugins share offers nothing by itself
        assert "entry-points" not in project
    assert (folder / "src" / module / "__init__.py").is_file()
    assert len((folder / "README.md").read_text(encoding="utf-8").splitlines()) > 10
    assert list(folder.glob("tests/test_*.py"))


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_inherits_the_suite_of_every_hook_it_implements(folder: Path):
    entry = next(folder.glob("src/*/__init__.py")).read_text(encoding="utf-8")
    tests = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("tests/**/*.py"))
    for hook, kind in KINDS.items():
        suites = "|".join(suite.__name__ for suite in SUITES if suite.kind == kind)
        if suites and re.search(rf"^def {hook}\(", entry, re.MULTILINE):
            assert re.search(rf"class \w+\(.*\b({suites})\b.*\)", tests), (
                f"{folder.name} implements {hook} without {suites}"
            )
    assert re.search(r"class \w+\(.*\bPluginSuite\b.*\)", tests), f"{folder.name} has no PluginSuite"


ASKED_FOR = {
    "ui",
    "artifact-fsspec",
    "artifact-object",
    "env-conda",
    "flavor-xgboost",
    "flavor-lightgbm",
    "flavor-onnx",
    "flavor-pytorch",
    "flavor-transformers",
    "flavor-keras",
    "flavor-tensorflow",
    "lib-keras",
    "lib-container",
    "env-docker",
    "backend-container",
    "deploy-container",
    "score-spark",
}
"""Plugins that a person installs by name: built with libraries from another registry, or of use to some only."""


def test_every_laptop_plugin_is_listed_once_everywhere():
    names = {folder.name for folder in DISTRIBUTIONS} - ASKED_FOR
    listed = re.findall(r"^\./plugins/(\S+)$", (ROOT / "requirements-no-ui.txt").read_text(), re.MULTILINE)
    meta = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert set(listed) == names
    whole = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert whole == ["-r requirements-no-ui.txt", "./plugins/ui"]
    offered = {folder.name for folder in PLUGINS} - ASKED_FOR
    assert {each.partition(">")[0].removeprefix("hookline-") for each in meta} == offered | {"core"}


def test_nothing_generated_is_committed():
    forbidden = re.compile(
        r"(^|/)(uv\.lock|poetry\.lock|Pipfile\.lock|node_modules/.*|dist/.*|plugins/ui/src/hookline_ui/static/.*|.*\.gen\.ts|.*\.egg-info/.*|.*\.pyc)$"
    )
    assert not [path for path in tracked() if forbidden.search(path)]
