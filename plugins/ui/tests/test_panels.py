"""Panels of other plugins: listed, served, and left out where they are broken."""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest

import hookline_server
import hookline_ui
from hookline.testing import memory_workspace

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs/guides/write-a-panel.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write the package of the guide with some of its files changed, and import it."""

    def write(**changes):
        for name, content in FILES.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            for old, new in changes.items():
                content = content.replace(old, new)
            (tmp_path / name).write_text(content, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        for name in [each for each in sys.modules if each.startswith("hookline_panel_hello")]:
            monkeypatch.delitem(sys.modules, name)
        return importlib.import_module("hookline_panel_hello")

    return write


@pytest.fixture
def asked(tmp_path_factory, served_over):
    def ask(path, plugin, **headers):
        folder = tmp_path_factory.mktemp("home")
        with (
            memory_workspace(folder, hookline_server, hookline_ui, plugin) as workspace,
            served_over(workspace) as found,
        ):
            return found(path, **headers)

    return ask


def test_the_panel_of_the_guide_is_listed_and_served(package, asked):
    plugin = package()
    status, _, body = asked("/ui/panels", plugin)
    assert status == 200
    [panel] = json.loads(body)["panels"]
    assert {name: panel[name] for name in ("name", "title", "place")} == {
        "name": "hello-run",
        "title": "Hello",
        "place": "run",
    }
    status, headers, body = asked(f"/{panel['module']}", plugin)
    assert (status, headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert body.decode() == FILES["hookline_panel_hello/hello-run.js"]
    assert asked(f"/{panel['module']}", plugin, if_none_match=headers["etag"])[0] == 304


def test_without_panels_there_are_none(ask):
    assert json.loads(ask("/ui/panels")[2])["panels"] == []
    assert ask("/ui/panels/hello-run")[0] == 404


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({'name="hello-run"': 'name="Hello"'}, "small letters and a hyphen"),
        ({'with_name("hello-run.js")': 'with_name("away.js")'}, "away.js"),
        ({'with_name("hello-run.js")': 'with_name("panel.py")'}, "ending .js"),
        ({'"run")': '"elsewhere")'}, "elsewhere"),
        ({"def panel(": "def other("}, "panel"),
    ],
)
def test_a_broken_panel_is_left_out_and_the_page_is_there(package, asked, caplog, change, reason):
    plugin = package(**change)
    status, _, body = asked("/ui/panels", plugin)
    assert (status, json.loads(body)["panels"]) == (200, [])
    [said] = [each.getMessage() for each in caplog.records if "is left out" in each.getMessage()]
    assert reason in said
