"""`docs/plugins.md`, which `hookline plugins certify` writes, holds every plugin of this repository."""

import re
import tomllib
from pathlib import Path

import pytest

from hookline.cli.certifying import COLUMNS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "plugins.md"
PLUGINS = [
    path.parent.name
    for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))
    if "entry-points" in tomllib.loads(path.read_text(encoding="utf-8"))["project"]
]


def rows() -> list[dict[str, str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [re.split(r" (?<!\\)\| ", line.removeprefix("| ").removesuffix(" |")) for line in lines]
    assert cells[0] == [*COLUMNS, "why", "certified"]
    return [dict(zip(cells[0], each, strict=True)) for each in cells[1:]]


@pytest.mark.parametrize("name", PLUGINS)
def test_every_plugin_is_certified(name: str) -> None:
    mine = [row for row in rows() if row["plugin"] == name]
    how = f"hookline plugins certify {name} -o docs/plugins.md (tox -e certify has what most need)"
    assert mine, f"{name} is not on the page; {how}"
    assert {row["result"] for row in mine} == {"passed"}, how
    assert mine[0]["suite"].startswith("PluginSuite ")


def test_every_row_but_that_of_the_package_says_against_what() -> None:
    assert [row for row in rows() if row["kind"] != "plugin" and not row["against"].strip()] == []


def test_what_an_emulator_stands_for_is_marked() -> None:
    emulated = {row["against"] for row in rows() if row["against"].startswith("Azurite")}
    assert emulated
    assert all(each.endswith("(stands for Azure Blob Storage)") for each in emulated)
