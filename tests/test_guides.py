"""A stranger who follows a guide of `docs/guides/write-*.md` to the letter ends with a certified plugin."""

import ast
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)
PREPARED = re.compile(r"mkdir |cd |python -m venv |\. \.venv/|pip install (?!-e \.$)")
"""What the fixture `place` does in its own way: the environment sees this interpreter's packages, and no index."""
MOST_LINES = 100
NEEDS = {"write-a-panel": "hookline_ui"}
"""What the laptop set does not have; the environment that has it runs these tests too."""

WITHOUT_SUITE = ("write-a-command", "write-a-panel")
"""Kinds that have the laws of every plugin alone."""


class Guide:
    """What a guide says: files, by name, and commands, in order."""

    def __init__(self, path: Path) -> None:
        blocks = BLOCK.findall(path.read_text(encoding="utf-8"))
        self.name = path.stem
        self.files = {name: content for _language, name, content in blocks if name}
        commands = [line for language, _name, content in blocks if language == "sh" for line in content.splitlines()]
        self.commands = [each for each in commands if not PREPARED.match(each)]
        self.plugin = re.findall(
            r"^(\S+) = ", self.files["pyproject.toml"].partition("entry-points.hookline]")[2], re.M
        )[0]

    def lines(self) -> int:
        """Lines of code of the plugin and its test: without docstrings, comments and what only uses it."""
        spec = importlib.util.spec_from_file_location("sources_of_laws", ROOT / "tests" / "laws" / "sources.py")
        sources = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sources)
        own = [text for name, text in self.files.items() if re.match(r"(test|hookline)_.*\.py$", name)]
        return sum(sources.code_lines(ast.parse(text), text) for text in own)


GUIDES = {path.stem: Guide(path) for path in sorted((ROOT / "docs" / "guides").glob("write-*.md"))}


class Place:
    """The stranger's folder and environment."""

    def __init__(self, folder: Path, guide: Guide) -> None:
        self.folder, self.guide, self.installed = folder, guide, False
        self.bin = folder / ".venv" / ("Scripts" if os.name == "nt" else "bin")

    def __call__(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            words, cwd=self.folder, capture_output=True, text=True, check=False, timeout=500, env=self._environment()
        )
        assert done.returncode == code, f"{shlex.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HOOKLINE_", "MLFLOW_"))}
        return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120"}

    def python(self, *words: str, code: int = 0) -> str:
        return self(str(self.bin / "python"), *words, code=code)

    def write(self, **replaced: str) -> None:
        """Write the guide's files; an argument replaces a text that one of them has."""
        for name, content in self.guide.files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content.replace(replaced.get("old", "\0"), replaced.get("new", "")), encoding="utf-8")

    def install(self) -> None:
        """`pip install -e .`, but for the dependencies, which are here already."""
        if not self.installed:
            uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
            there, what = ("--python", str(self.bin / "python")), ("-q", "--no-deps", "-e", ".")
            if Path(uv).exists():
                self(uv, "pip", "install", *there, *what)
            else:
                self(sys.executable, "-m", "pip", *there, "install", *what)
            self.installed = True

    def run(self, command: str) -> str:
        """Run a command of the guide with the environment's interpreter; an unknown kind of command is an error."""
        program, *words = shlex.split(command)
        if command == "pip install -e .":
            self.install()
            return ""
        if program == "python":
            return self.python(*words)
        assert program in ("hookline", "pytest"), f"the guide has a command that this test cannot run: {command}"
        extra = ["-p", "no:cacheprovider", "-W", "error"] if program == "pytest" else []
        return self.python("-m", program, *words, *extra)


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    guide = GUIDES[request.param]
    if guide.name in NEEDS and importlib.util.find_spec(NEEDS[guide.name]) is None:
        pytest.skip(f"needs {NEEDS[guide.name]}; its own environment runs this")
    folder = tmp_path_factory.mktemp("guide") / f"hookline-{guide.plugin}"
    folder.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / ".venv")], check=True, timeout=120)
    made = Place(folder, guide)
    target = made.python("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    here = next(path for path in sys.path if path.endswith("site-packages") and Path(path).is_dir())
    Path(target, "of-the-tests.pth").write_text(f"import site; site.addsitedir({here!r})\n", encoding="utf-8")
    return made


every_guide = pytest.mark.parametrize("place", GUIDES, indirect=True)


@pytest.mark.parametrize("guide", GUIDES.values(), ids=GUIDES)
def test_a_guide_is_short_and_ends_with_a_certificate(guide: Guide) -> None:
    assert guide.lines() <= MOST_LINES
    assert f"hookline plugins certify {guide.plugin}" in guide.commands
    assert any(name.startswith("test_") for name in guide.files)


@every_guide
def test_following_a_guide_ends_with_a_certified_plugin(place: Place) -> None:
    place.write()
    said = {command: place.run(command) for command in place.guide.commands}
    assert re.search(r"\d+ passed", said["pytest"])
    assert not re.search(r"\b(failed|errors?)\b", said["pytest"])
    rows = [line.split("\t") for line in said[f"hookline plugins certify {place.guide.plugin}"].splitlines()]
    results = {row[2]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}
    assert {row["result"] for row in results.values()} == {"passed"}
    assert len(results) == (1 if place.guide.name in WITHOUT_SUITE else 2)
    assert all(row["against"] for kind, row in results.items() if kind != "plugin")
    for command, shown in SHOWN.get(place.guide.name, {}).items():
        assert re.search(shown, said[command]), said[command]


SHOWN = {
    "write-a-flavor": {
        "hookline plugins check flavor-statistics": r"statistics.*ok",
        "hookline models inspect line": "statistics",
    },
    "write-a-backend": {'hookline runs search "metrics.priority = 15"': r"FINISHED.*\b15\b"},
    "write-a-command": {"hookline runs best loss": "run 0.1"},
    "write-a-deployment-target": {
        "hookline deployments list --target shelf": "double.*RUNNING",
        """hookline deployments predict double --target shelf --body '{"instances": [3, 4]}'""": r"6,\s+8",
    },
    "write-a-project-source": {"hookline run tar:example.tar#example": "from an archive"},
    "write-a-run-context": {"python use.py": platform.system()},
    "write-a-tracking-store": {'hookline runs search "metrics.loss < 0.5"': "first"},
    "write-a-scoring-engine": {
        "hookline models score ./double --engine threads -i rows.csv -o doubled.csv --allow-pickle": "2 predictions"
    },
    "write-an-artifact-store": {"python use.py": "BoxArtifactStore has a note"},
    "write-an-environment": {"hookline run example --env layer": "FINISHED"},
}
"""What the commands print that use what was made."""
SLIPS = [
    ("a-flavor", '"slope": model.slope', '"slope": model.slope + 1', "test_what_was_saved_predicts_the_same"),
    ("a-flavor", "raise InvalidValue", "print", "test_an_unknown_option_is_refused"),
    ("a-flavor", '"data": "line.json"', '"data": str(folder / "line.json")', "test_paths_are_relative"),
    ("a-flavor", "import json\n", "import json\nimport numpy\n", "test_its_module_is_light"),
    ("a-flavor", '"statistics.LinearRegression"', '"statistics.NormalDist"', "test_it_is_chosen_by_the_models_type"),
    ("an-artifact-store", "PART = 1 << 20", "PART = 1 << 25", "test_a_large_file_takes_little_memory"),
    ("an-artifact-store", "check_key_path(key)\n", "pass\n", "test_a_key_never_leads_out_of_the_root"),
    ("an-artifact-store", "in sorted(found)", "in found", "test_a_listing_shows_one_level"),
    ("a-backend", "self._cancelled = True", "self._cancelled = False", "test_a_command_that_will_not_end_is_made_to"),
    (
        "a-backend",
        "execution.variables_on(os.environ)",
        "execution.variables",
        "test_the_environments_programs_go_first",
    ),
    ("an-environment", "raise Refused(", "print(", "test_a_line_that_chooses_where_to_install_from_is_refused"),
    ("an-environment", "wanted and not layer.is_dir()", "wanted", "test_it_is_made_once"),
    ("a-deployment-target", 'present["made"]', "now_ms()", "test_an_update_replaces_the_model"),
    ("a-deployment-target", "if why := _problem(model):", "if why := '':", "test_an_update_that_fails_leaves_the_old"),
    ("a-scoring-engine", "unfinished.replace(job.target)", "pass", "test_each_row_has_its_prediction"),
    ("a-scoring-engine", 'Path(f"{job.target}.part")', "Path(job.target)", "test_a_row_that_does_not_fit_is_told"),
    ("a-run-context", '"system/load"', '"load"', "test_samples_are_numbers_under_keys_of_the_system"),
    ("a-project-source", "if version is not None:", "if version == '?':", "test_an_unknown_version_is_an_error"),
    ("a-tracking-store", 'changing("create_run")', 'reading("create_run")', "test_what_was_stored_is_there_when"),
    (
        "a-tracking-store",
        "        self.end += len(line)\n        return",
        "        return",
        "test_threads_on_one_run_lose",
    ),
]


@pytest.mark.parametrize(
    ("place", "honest", "broken", "law"), [(f"write-{guide}", *slip) for guide, *slip in SLIPS], indirect=["place"]
)
def test_a_plugin_that_breaks_a_law_fails_it(place: Place, honest: str, broken: str, law: str) -> None:
    """The guides' tests are worth something: each of these slips is caught."""
    assert any(honest in content for content in place.guide.files.values())
    place.write(old=honest, new=broken)
    place.install()
    said = place.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", law, code=1)
    assert re.search(r"\d+ failed", said), said
