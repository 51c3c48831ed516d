"""`docs/guides/failures.md`: every cell names a test that is there, or says why there is none."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "guides" / "failures.md").read_text(encoding="utf-8")
LINES = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("|")]
CELLS = {
    (row[0].strip(), drill.strip()): cell.strip()
    for row in LINES[2:]
    for drill, cell in zip(LINES[0][1:], row[1:], strict=True)
}
TESTS = {
    name
    for folder in (ROOT / "plugins", ROOT / "tests", ROOT / "core")
    for path in folder.rglob("*.py")
    if "node_modules" not in path.parts
    for name in re.findall(r"^ *def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
}


@pytest.mark.parametrize("cell", CELLS, ids=" - ".join)
def test_a_cell_names_a_test_that_is_there_or_a_reason(cell):
    text = CELLS[cell]
    assert not set(re.findall(r"`(test_\w+)`", text)) - TESTS
    assert len(re.sub(r"`test_\w+`", "", text)) > 10 or "`test_" in text


def test_every_backend_target_and_engine_has_a_row():
    kinds = {"backend": "backend", "target": "deploy", "engine": "score"}
    there = {
        f"{word} `{folder.name.removeprefix(f'{kind}-')}`"
        for word, kind in kinds.items()
        for folder in ROOT.glob(f"plugins/{kind}-*")
    }
    assert {row for row, _drill in CELLS} == there
