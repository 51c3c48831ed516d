"""The example of `examples/everywhere.py` on a real engine: the same project and model by all that is installed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "plugins" / "env-conda" / "tests"))

testing = pytest.importorskip("hookline_lib_container.testing", reason="tox -e containers installs it")
channels = pytest.importorskip("channel_by_hand", reason="tox -e containers installs what writes channels")
engine_address = testing.engine_address

VIRTUAL = ("current", "uv", "virtualenv", "conda")
ANSWERS = {
    *(("backend `local`", f"`{each}`") for each in VIRTUAL),
    ("backend `container`", "`docker`"),
    ("target `local`", "the model's own"),
    ("target `container`", "the model's own"),
}
FITS_NOT = {("backend `local`", "`docker`"), *(("backend `container`", f"`{each}`") for each in VIRTUAL)}


@pytest.fixture
def settings(tmp_path, engine_address):
    """What stands in a user's hookline.yaml: where packages, images and the engine are."""
    channel = channels.Channel(tmp_path / "channel")
    channel.add_python()
    channel.add_pip()
    folder = Path(os.environ[testing.NEEDED], "wheels")
    wheels = {"find_links": [str(folder / "project"), str(folder / "model")], "no_index": True}
    images = {"engine": engine_address, "base": testing.BASE, **wheels}
    conda = {"channels": {"conda-forge": channel.url}, **wheels}
    return {
        "environments": {"uv": wheels, "virtualenv": wheels, "conda": conda, "docker": images},
        "backends": {"container": {"engine": engine_address}},
        "targets": {"container": images},
    }


@pytest.mark.skipif(not os.environ.get(testing.NEEDED), reason=f"tox -e containers sets {testing.NEEDED}")
@pytest.mark.timeout(3600)
def test_one_project_and_one_model_by_every_backend_and_at_every_target(hookline_command, settings, tmp_path):
    """Each pair that goes together answers as the model does in process; the others say why not."""
    (tmp_path / "hookline.yaml").write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "everywhere.py"), str(ROOT / "examples" / "wine")],
        cwd=tmp_path,
        env={**hookline_command.environment, "RATTLER_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
    table = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in done.stdout.splitlines()[2:]]
    found = {(by, environment): rest for by, environment, *rest in table}
    assert {key for key, (status, *_) in found.items() if status == "answered"} == ANSWERS
    assert {key for key, (status, *_) in found.items() if status == "does not fit"} == FITS_NOT
    assert len(found) == len(table) == len(ANSWERS) + len(FITS_NOT)
    for key in ANSWERS:
        assert found[key][2:] == ["yes", ""], found[key]
    for key in FITS_NOT:
        assert "leave --" in found[key][3], found[key]
