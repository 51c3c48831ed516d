"""Every Python example of README and the guides runs as it stands."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "core" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES += sorted(ROOT.glob("plugins/*/README.md"))
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")

OTHERS = {"plugins/flavor-keras/README.md": "ignore:__array__ implementation"}  # numpy 2 of Keras's variables
"""Warnings that a page's library is told by another, and that are no concern of the page."""


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


BY_ITSELF = {
    **{name(page): "tests/test_guides.py runs it file by file" for page in PAGES if page.name.startswith("write-")},
    "plugins/tracking-sql/README.md": "its own tests run it on a filled store",
}


@pytest.mark.parametrize("page", [page for page in PAGES if name(page) not in BY_ITSELF], ids=name)
def test_the_python_of_a_page_runs(page, tmp_path, hookline_command):
    code = "\n\n".join(BLOCK.findall(page.read_text(encoding="utf-8")))
    if not code:
        return
    if page.parent.parent.name == "plugins" and find_spec(f"hookline_{page.parent.name.replace('-', '_')}") is None:
        pytest.skip(f"hookline-{page.parent.name} is not installed here; its own environment runs this")
    done = subprocess.run(
        [sys.executable, "-W", "error", *(["-W", OTHERS[name(page)]] if name(page) in OTHERS else []), "-c", code],
        cwd=tmp_path,
        env=hookline_command.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    missing = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert not missing
