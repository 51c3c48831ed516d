"""Exit codes are what `docs/guides/command-line.md` says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from hookline import errors

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "guides" / "command-line.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| .* \| (.*) \|$", PAGE, re.MULTILINE)
EXAMPLES = [(command, int(code)) for code, cell in ROWS for command in re.findall(r"`hookline (.+?)`", cell)]
UNEVEN_BEFORE = [
    ("models alias delete wine nobody", 1),
    ("models score models:/wine/1 -i none.csv", 2),
    ("models score models:/wine/1", 2),
    ("models tag delete wine nothing", 1),
    ("run . --backend-config none.yaml", 2),
    ("deployments predict wine -i none.csv", 2),
    ("artifacts log 0123abcd none.csv", 2),
    ("plugins check nothing", 1),
    ("plugins check", 0),
    ("deployments list", 0),
    ("models list", 0),
]


def test_the_page_has_every_code():
    assert [int(code) for code, _examples in ROWS] == [0, 1, 2, 130]
    assert {code for _command, code in EXAMPLES} == {0, 1, 2}


@pytest.mark.parametrize(("command", "code"), [*EXAMPLES, *UNEVEN_BEFORE])
def test_a_command_ends_with_the_code_of_its_kind(hookline_command, command, code):
    hookline_command(*shlex.split(command), code=code)


def test_what_is_wrong_with_the_words_is_2_and_all_else_is_1():
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    assert len(kinds) > 10
    for each in kinds:
        assert each.exit_code == (2 if issubclass(each, errors.InvalidValue) else 1), each


@pytest.mark.parametrize("script", ["find_links.py", "peers/environment.py", "peers/environment.py . mlflaw"])
def test_a_script_of_these_tests_that_is_told_too_little_says_what_it_needs(script):
    folder = Path(__file__).parent
    done = subprocess.run([sys.executable, *script.split()], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
