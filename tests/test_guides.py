"""A stranger who follows `docs/guides/write-a-flavor.md` to the letter ends with a tested package."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "guides" / "write-a-flavor.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)
PREPARED = {
    "mkdir hookline-flavor-statistics",
    "cd hookline-flavor-statistics",
    "python -m venv .venv",
    ". .venv/bin/activate",
    'pip install "hookline-core[testing]"',
    "pip install hookline",
}
"""What the fixture `place` does in its own way: the environment sees this interpreter's packages, and no index."""

TEXT = GUIDE.read_text(encoding="utf-8")
FILES = {name: content for _language, name, content in BLOCK.findall(TEXT) if name}
COMMANDS = [
    line for language, name, content in BLOCK.findall(TEXT) if language == "sh" for line in content.splitlines()
]


class Place:
    """The stranger's folder and environment."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.installed = folder, False
        self.bin = folder / ".venv" / ("Scripts" if os.name == "nt" else "bin")

    def __call__(self, *words: str) -> str:
        done = subprocess.run(
            words, cwd=self.folder, capture_output=True, text=True, check=False, timeout=300, env=self._environment()
        )
        assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HOOKLINE_", "MLFLOW_"))}
        return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120"}

    def python(self, *words: str) -> str:
        return self(str(self.bin / "python"), *words)

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
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("guide") / "hookline-flavor-statistics"
    folder.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / ".venv")], check=True, timeout=120)
    made = Place(folder)
    target = made.python("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    here = next(path for path in sys.path if path.endswith("site-packages") and Path(path).is_dir())
    Path(target, "of-the-tests.pth").write_text(f"import site; site.addsitedir({here!r})\n", encoding="utf-8")
    return made


def test_the_guide_has_three_files_and_a_program() -> None:
    assert list(FILES) == ["pyproject.toml", "hookline_flavor_statistics.py", "test_flavor.py", "use.py"]
    assert len([line for line in FILES["hookline_flavor_statistics.py"].splitlines() if line.strip()]) <= 80


def test_following_the_guide_ends_with_a_tested_package(place: Place) -> None:
    assert set(COMMANDS) > PREPARED
    for name, content in FILES.items():
        (place.folder / name).write_text(content, encoding="utf-8")
    said = {command: place.run(command) for command in COMMANDS if command not in PREPARED}
    assert list(said) == [
        "pip install -e .",
        "hookline plugins check flavor-statistics",
        "pytest",
        "python use.py",
        "hookline models inspect line",
    ]
    assert re.search(r"statistics.*ok", said["hookline plugins check flavor-statistics"])
    assert re.search(r"\d{2} passed", said["pytest"])
    assert not re.search(r"failed|skipped|xfailed|error", said["pytest"])
    assert "statistics" in said["hookline models inspect line"]


@pytest.mark.parametrize(
    ("honest", "broken", "law"),
    [
        ('"slope": model.slope', '"slope": model.slope + 1', "test_what_was_saved_predicts_the_same"),
        ("raise InvalidValue", "print", "test_an_unknown_option_is_refused"),
        ('"data": "line.json"', '"data": str(folder / "line.json")', "test_paths_are_relative"),
        ("import json\n", "import json\nimport numpy\n", "test_its_module_is_light"),
        ('("statistics.LinearRegression",)', '("statistics.NormalDist",)', "test_it_is_chosen_by_the_models_type"),
    ],
)
def test_a_flavor_that_breaks_a_law_fails_it(place: Place, honest: str, broken: str, law: str) -> None:
    """The guide's test is worth something: each of these slips is caught."""
    source = FILES["hookline_flavor_statistics.py"]
    assert honest in source
    for name, content in {**FILES, "hookline_flavor_statistics.py": source.replace(honest, broken)}.items():
        (place.folder / name).write_text(content, encoding="utf-8")
    place.install()
    done = subprocess.run(
        [str(place.bin / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", law],
        cwd=place.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "1 failed" in done.stdout, done.stdout + done.stderr
