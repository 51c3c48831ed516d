"""`hookline plugins certify`, on a plugin that is installed from a folder as pip notes it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hookline.system import process_is_alive
from hookline.testing.backend_suite import until

PLUGIN = """
from hookline.interfaces import RunContext
from hookline.providers import Provider, hookimpl


@hookimpl
def run_contexts():
    return [Provider("weather", "weather:Weather", "the weather of the day")]


class Weather(RunContext):
    def tags(self):
        return {"weather": "fine"}
"""
TESTS = """
import pytest

from hookline.system import process_is_alive
from hookline.testing.backend_suite import until

from hookline.testing import PluginSuite, RunContextSuite
from weather import Weather


class TestPlugin(PluginSuite):
    plugin = "context-weather"


class TestContext(RunContextSuite):
    component = "a barometer 1.0"

    @pytest.fixture
    def context(self):
        return Weather()

    def test_of_its_own(self):
        assert not "a standard test"


def test_besides():
    assert not "a standard test"
"""
SKIPPING = """
import pytest

from hookline.system import process_is_alive
from hookline.testing.backend_suite import until


def pytest_collection_modifyitems(items):
    for each in items:
        if "TestContext" in each.nodeid:
            each.add_marker(pytest.mark.skip(reason="needs a real barometer: tox -e barometers"))
"""


class Checkout:
    """An author's folder, and a folder of installed packages that knows of it."""

    def __init__(self, place: Path) -> None:
        self.place, self.folder, self.installed = place, place / "my checkout", place / "installed"
        information = self.installed / "hookline_context_weather-1.2.dist-info"
        information.mkdir(parents=True)
        needs = "Requires-Dist: hookline-core<0.2,>=0.1.0\n"
        metadata = f"Metadata-Version: 2.1\nName: hookline-context-weather\nVersion: 1.2\n{needs}"
        (information / "METADATA").write_text(metadata)
        (information / "entry_points.txt").write_text("[hookline]\ncontext-weather = weather\n")
        self.origin = information / "direct_url.json"
        self.origin.write_text(json.dumps({"url": self.folder.as_uri(), "dir_info": {"editable": True}}))
        self.write("pyproject.toml", "[project]\nname = 'hookline-context-weather'\n")
        self.write("tests/test_weather.py", TESTS)
        (self.installed / "weather.py").write_text(PLUGIN)

    def write(self, name: str, content: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def change(self, old: str, new: str) -> None:
        assert old in TESTS
        self.write("tests/test_weather.py", TESTS.replace(old, new))

    def __call__(self, *words: str, code: int = 0, **variables: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "hookline", "plugins", "certify", *words],
            cwd=self.place,
            env={**os.environ, "PYTHONPATH": str(self.installed), "PYTHONDONTWRITEBYTECODE": "1", **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        self.said = done.stderr
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    def certificates(self, *words: str, code: int = 0, **variables: str) -> dict[str, dict]:
        found = json.loads(self("context-weather", "--json", *words, code=code, **variables))
        return {each["kind"]: each for each in found}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_standard_tests_of_the_authors_folder_run_and_no_others(checkout: Checkout) -> None:
    found = checkout.certificates()
    assert list(found) == ["plugin", "run context"]
    context = found["run context"]
    assert (context["plugin"], context["version"], context["result"]) == ("context-weather", "1.2", "passed")
    assert (context["suite"], context["suite_version"], context["component"]) == (
        "RunContextSuite",
        1,
        "a barometer 1.0",
    )
    assert (context["passed"], context["skipped"], context["failures"]) == (8, {}, [])
    assert not list(checkout.folder.rglob(".pytest_cache"))


def test_several_processes_say_the_same(checkout: Checkout) -> None:
    pytest.importorskip("xdist", reason="needs pytest-xdist")
    checkout.write("tests/test_broken.py", "import no_such_module")
    (alone, together) = (
        json.loads(checkout("context-weather", "--json", code=1, PYTEST_ADDOPTS=options))
        for options in ("", "-n 2 --dist loadfile")
    )
    assert alone == together


def test_a_law_that_is_broken_fails_and_is_named(checkout: Checkout) -> None:
    broken = PLUGIN.replace('{"weather": "fine"}', '{"weather": 7}')
    (checkout.installed / "weather.py").write_text(broken)
    failures = checkout.certificates(code=1)["run context"]["failures"]
    named = [each["where"].rpartition("::")[2] for each in failures]
    assert "test_tags_are_texts_under_keys_that_tags_may_have" in named
    assert all(each["reason"] for each in failures)
    lines = checkout("context-weather", code=1).splitlines()
    assert lines[2].split("\t")[:8] == [
        "context-weather",
        "1.2",
        "run context",
        "RunContextSuite 1",
        "failed",
        str(8 - len(failures)),
        "0",
        str(len(failures)),
    ]
    assert "tests/test_weather.py::TestContext::test_tags_are_texts" in lines[2]


def test_a_reason_is_said_once_however_many_laws_it_breaks(checkout: Checkout) -> None:
    (checkout.installed / "weather.py").write_text(PLUGIN.replace('return {"weather": "fine"}', 'raise OSError("fog")'))
    failures = checkout.certificates(code=1)["run context"]["failures"]
    assert len([each for each in failures if "fog" in each["reason"]]) > 2
    told = checkout("context-weather", code=1).splitlines()[2]
    assert told.count("OSError: fog") == 1
    assert re.search(r"tests/test_weather\.py::TestContext::test_\w+ and \d+ more: .*OSError: fog", told)


def test_a_kind_without_its_suite_is_no_certified_one(checkout: Checkout) -> None:
    checkout.change("class TestContext(RunContextSuite)", "class Unused(RunContextSuite)")
    found = checkout.certificates(code=1)["run context"]
    assert found["result"] == "failed"
    assert "inherits hookline.testing.RunContextSuite" in found["failures"][0]["reason"]


@pytest.mark.parametrize("other", ["another-plugin", ""])
def test_the_laws_of_another_plugin_do_not_count(checkout: Checkout, other: str) -> None:
    checkout.change('plugin = "context-weather"', f'plugin = "{other}"')
    found = checkout.certificates(code=1)["plugin"]
    assert "inherits hookline.testing.PluginSuite" in found["failures"][0]["reason"]


def test_what_needs_a_server_is_not_run_and_says_what_it_needs(checkout: Checkout) -> None:
    checkout.write("tests/conftest.py", SKIPPING)
    found = checkout.certificates()["run context"]
    assert (found["result"], found["passed"]) == ("not run", 0)
    assert found["skipped"] == {"needs a real barometer: tox -e barometers": 8}
    assert "8 skipped: needs a real barometer: tox -e barometers" in checkout("context-weather")


def test_a_plugin_that_is_named_and_not_tried_at_all_is_a_failure(checkout: Checkout) -> None:
    checkout.change(
        "import pytest\n", "import pytest\n\npytest.importorskip('barometer', reason='needs barometer 2')\n"
    )
    for found in checkout.certificates(code=1).values():
        assert (found["result"], found["skipped"]) == ("not run", {"needs barometer 2": 1})


def test_a_law_that_is_not_kept_yet_is_counted_as_such(checkout: Checkout) -> None:
    (checkout.installed / "weather.py").write_text(PLUGIN.replace('{"weather": "fine"}', "{}"))
    law = "test_tags_are_texts_under_keys_that_tags_may_have"
    checkout.change('component = "a barometer 1.0"', f'xfail = {{"{law}": "waits for the spring"}}')
    found = checkout.certificates()["run context"]
    assert (found["passed"], found["not_kept"]) == (7, {f"{law}: waits for the spring": 1})
    checkout.change('component = "a barometer 1.0"', 'xfail = {"test_any_thread_may_ask": "waits for the spring"}')
    (checkout.installed / "weather.py").write_text(PLUGIN)
    assert checkout.certificates(code=1)["run context"]["result"] == "failed"


def test_a_file_of_tests_that_cannot_be_read_fails(checkout: Checkout) -> None:
    checkout.write("tests/test_more.py", "import no_such_module")
    found = json.loads(checkout("context-weather", "--json", code=1))
    assert [each["result"] for each in found] == ["passed", "passed", "failed"]
    assert "no_such_module" in found[2]["failures"][0]["reason"]


def test_tests_that_pytest_cannot_run_are_shown_with_its_words(checkout: Checkout) -> None:
    checkout.write("tests/conftest.py", "import no_such_module")
    checkout("context-weather", code=1)
    assert "No module named 'no_such_module'" in checkout.said


def test_a_plugin_from_a_package_is_certified_where_its_tests_are_said_to_be(checkout: Checkout) -> None:
    checkout.origin.unlink()
    checkout("context-weather", code=1)
    assert "--tests FOLDER" in checkout.said
    assert checkout.certificates("--tests", str(checkout.folder / "tests"))["run context"]["passed"] == 8


def test_a_folder_that_is_gone_is_said(checkout: Checkout) -> None:
    checkout.folder.rename(checkout.place / "elsewhere")
    checkout("context-weather", code=1)
    assert "is gone" in checkout.said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--tests", "."), 2, "--tests is for one plugin"),
        (("context-weather", "--tests", "nowhere"), 2, "nowhere"),
        (("weather",), 1, "did you mean 'context-weather'"),
        (("context-weather", "-o", "nowhere/page.md"), 1, "no folder"),
        (("context-weather", "-o", "mine.md"), 2, "no page of certificates"),
    ],
)
def test_a_mistake_is_said_before_anything_runs(
    checkout: Checkout, words: tuple[str, ...], code: int, said: str
) -> None:
    (checkout.place / "mine.md").write_text("# Mine\n")
    checkout(*words, code=code)
    assert said in checkout.said
    assert (checkout.place / "mine.md").read_text() == "# Mine\n"


def test_a_page_keeps_the_lines_of_other_plugins(checkout: Checkout) -> None:
    page = checkout.place / "plugins.md"
    checkout.change('component = "a barometer 1.0"', 'component = "a fan | 3"\n    stands_for = "the weather"')
    checkout("context-weather", "-o", str(page.absolute()))
    first = page.read_text()
    mine = [line for line in first.splitlines() if line.startswith("| context-weather")]
    assert len(mine) == 2
    assert r"| passed | 8 | 0 | 0 | a fan \| 3 (stands for the weather) |" in mine[1]
    assert "\nhookline plugins certify -o plugins.md\n" in first
    assert str(checkout.place) not in first
    assert re.search(r"\| \d{4}-\d\d-\d\d, core \S+, Python \S+ \|$", mine[1])
    other = mine[1].replace("context-weather", "backend-sundial")
    page.write_text(first.replace(mine[0], f"{other}\n{mine[1]}"))
    checkout("context-weather", "-o", "plugins.md")
    lines = page.read_text().splitlines()
    assert [line for line in lines if line.startswith(("| context", "| backend"))] == [other, *mine]


def test_nothing_goes_on_when_it_is_ended(checkout: Checkout) -> None:
    """Pytest is asked to end first, so that it stops what its tests started."""
    wait = "import os, pathlib, time\n        pathlib.Path('pid').write_text(str(os.getpid()))\n        time.sleep(600)"
    checkout.change("return Weather()", f"{wait}\n        return Weather()")
    command = [sys.executable, "-m", "hookline", "plugins", "certify", "context-weather"]
    variables = {**os.environ, "PYTHONPATH": str(checkout.installed), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(command, cwd=checkout.place, env=variables, stderr=subprocess.DEVNULL)
    note = checkout.folder / "pid"
    assert until(lambda: note.is_file() and note.read_text() != "")
    process.terminate()
    assert process.wait(120) != 0
    assert until(lambda: not process_is_alive(int(note.read_text())))
