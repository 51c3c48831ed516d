"""README's way, as written: a project is run, found, looked at, served and scored."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run_id(command) -> str:
    (run,) = json.loads(command("runs", "search", "--json"))
    return run["info"]["run_id"]


def test_a_project_run_prints_the_run_and_what_to_do_next(trained):
    assert re.search(r"rmse\s+\d+\.\d+", trained.printed)
    identifier = run_id(trained)
    for line in (f"hookline runs show {identifier[:8]}", "hookline models serve runs:/"):
        assert line in trained.printed
    assert "FINISHED" in trained.printed


def test_the_run_is_found_by_its_metric_and_its_param(trained):
    found = json.loads(
        trained(
            "runs", "search", "metrics.rmse < 80 and params.alpha = '0.05'", "--order-by", "metrics.rmse ASC", "--json"
        )
    )
    assert [run["info"]["status"] for run in found] == ["FINISHED"]
    assert found[0]["data"]["params"]["alpha"] == "0.05"
    assert found[0]["data"]["metrics"]["rmse"] < 80
    assert json.loads(trained("runs", "search", "metrics.rmse > 80", "--json")) == []
    assert run_id(trained)[:8] in trained("runs", "search", "params.alpha = '0.05'")


def test_the_run_shows_what_was_logged(trained):
    identifier = run_id(trained)
    shown = json.loads(trained("runs", "show", identifier, "--json"))
    assert shown["data"]["params"] == {"alpha": "0.05", "l1_ratio": "0.5", "epochs": "20"}
    assert shown["inputs"]["datasets"][0]["dataset"]["digest"]
    assert "mlflow.source.name" in shown["data"]["tags"]
    assert len(json.loads(trained("runs", "history", identifier, "rmse", "--json"))) == 20
    text = trained("runs", "show", identifier[:10])
    assert "rmse" in text
    assert "alpha" in text


def test_the_artifacts_are_there(trained, tmp_path):
    identifier = run_id(trained)
    top = trained("artifacts", "list", identifier)
    for name in ("model", "plots", "logs"):
        assert name in top
    assert "plots/predicted.png" in trained("artifacts", "list", identifier, "plots")
    assert "model/MLmodel" in trained("artifacts", "list", identifier, "model")
    trained("artifacts", "download", identifier, "plots", "-d", str(tmp_path / "got"))
    (picture,) = (tmp_path / "got").rglob("predicted.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_model_is_inspected_without_opening_it(trained):
    shown = trained("models", "inspect", f"runs:/{run_id(trained)}/model")
    for word in ("sklearn", "skops", "bmi", "scikit-learn==", "sha256:"):
        assert word in shown


def patients(folder, rows: int):
    from sklearn.datasets import load_diabetes

    data = load_diabetes(as_frame=True, scaled=False).data.head(rows)
    data.to_csv(folder / "patients.csv", index=False)
    return data


def test_files_are_scored(trained, tmp_path):
    patients(tmp_path, 50)
    target = tmp_path / "predictions.csv"
    trained(
        "models", "score", f"runs:/{run_id(trained)}/model", "-i", str(tmp_path / "patients.csv"), "-o", str(target)
    )
    lines = target.read_text().splitlines()
    assert len(lines) == 51
    assert all(0 < float(line) < 400 for line in lines[1:])


def test_a_row_that_breaks_the_signature_is_named_and_nothing_is_written(trained, tmp_path):
    patients(tmp_path, 5)
    file = tmp_path / "patients.csv"
    lines = file.read_text().splitlines()
    lines[3] = lines[3].replace(lines[3].split(",")[2], "heavy", 1)
    file.write_text("\n".join(lines) + "\n")
    target = tmp_path / "out.csv"
    trained("models", "score", f"runs:/{run_id(trained)}/model", "-i", str(file), "-o", str(target), code=2)
    assert "bmi" in trained.said
    assert "row 2" in trained.said  # the first is 0
    assert not target.exists()


def test_the_model_is_served(trained, tmp_path):
    frame = patients(tmp_path, 3)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "hookline", "models", "serve", f"runs:/{run_id(trained)}/model", "--port", str(port)],
        cwd=trained.folder,
        env=trained.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        answer = ask_when_up(process, port, {"dataframe_split": frame.to_dict(orient="split")})
        assert len(answer["predictions"]) == 3
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(port, {"dataframe_split": {"columns": ["age"], "data": [[1]]}})
        with refused.value:
            assert refused.value.code == 400
            assert "bmi" in json.loads(refused.value.read())["message"]
    finally:
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=20)[0].decode()
    assert "Traceback" not in output


def ask(port: int, body: object) -> dict:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/invocations", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def ask_when_up(process: subprocess.Popen, port: int, body: object) -> dict:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return ask(port, body)
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the server did not answer: {process.poll()}")


def test_the_wine_example_logs_by_itself(hookline_command):
    hookline_command("run", str(ROOT / "examples" / "wine"), "-P", "trees=20")
    (run,) = json.loads(hookline_command("runs", "search", "metrics.test_accuracy > 0.8", "--json"))
    assert run["data"]["params"]["n_estimators"] == "20"
    assert "model" in hookline_command("artifacts", "list", run["info"]["run_id"])


def test_ctrl_c_ends_the_command_and_the_run_is_killed(hookline_command):
    (hookline_command.folder / "MLproject").write_text(
        'name: slow\nentry_points:\n  main:\n    command: python -c \'import time; open("up", "w"); time.sleep(60)\'\n',
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "hookline", "run", "."],
        cwd=hookline_command.folder,
        env=hookline_command.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not (hookline_command.folder / "up").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    (run,) = json.loads(hookline_command("runs", "search", "--json"))
    assert run["info"]["status"] == "KILLED"
