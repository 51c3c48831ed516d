"""`hookline run`: a project is run and followed, and what comes next is said."""

import json
import re
import shlex
import signal
from pathlib import Path

import attrs
import pytest

from hookline.providers import Provider, hookimpl
from hookline.testing import ReferenceProjects
from hookline.testing.project_references import ReferenceBackend

MLPROJECT = """\
name: demo
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.5}
      name: {type: string, default: "it's"}
    command: python main.py {alpha} {name}
  fail: python fail.py
  stop: python stop.py
  shell: python main.py && echo done
"""
PROGRAMS = {
    "main.py": "import sys\nprint('to stdout', sys.argv[1:])\nprint('to stderr', file=sys.stderr)\n",
    "fail.py": "import sys\nprint('the reason', file=sys.stderr)\nsys.exit(3)\n",
    "stop.py": "import os, signal, time\ntime.sleep(1)\nos.kill(os.getppid(), signal.SIGINT)\ntime.sleep(60)\n",
}


@pytest.fixture
def project(hookline):
    """A project in the folder `demo`, and the reference plugins to run it."""
    hookline.plugins.register(ReferenceProjects(), "references")
    Path("demo").mkdir()
    for name, text in {"MLproject": MLPROJECT, **PROGRAMS}.items():
        (Path("demo") / name).write_text(text)
    return hookline


def the_run(line):
    (run,) = json.loads(line("runs", "search", "--json").out)
    return run


def test_the_finished_run_is_printed_with_what_to_do_next(project):
    done = project("run", "demo", "-P", "alpha=0.05", "--run-name", "first", "--experiment", "team/a")
    run = the_run(project)
    identifier = run["info"]["run_id"]
    assert "to stdout ['0.05', \"it's\"]\n" in done.out
    assert "to stderr\n" in done.said
    assert f"run: {identifier} (first)" in done.said
    assert f"run_id\t{identifier}\nname\tfirst\nstatus\tFINISHED\nduration\t" in done.out
    assert run["data"]["params"] == {"alpha": "0.05", "name": "it's"}
    commands = re.findall(r"^  hookline (.*)$", done.out, re.MULTILINE)
    shown, listed, found = [project(*shlex.split(command)).out for command in commands]
    assert f"run_id\t{identifier}" in shown
    assert "logs/" in listed
    assert f"\n{identifier}\tfirst\tFINISHED" in found


def test_json_has_the_run_alone_on_stdout(project):
    done = project("run", "demo", "--json")
    assert json.loads(done.out)["info"]["status"] == "FINISHED"
    assert "to stdout" in done.said
    assert "to stderr" in done.said


def test_a_failure_says_why_and_where_to_look(project):
    done = project("run", "demo", "-e", "fail", code=1)
    identifier = the_run(project)["info"]["run_id"]
    assert done.said.endswith(f"Error: The run {identifier} is FAILED. The command ended with exit code 3.\n")
    assert f"hookline artifacts show {identifier} logs/stderr.log" in done.out
    assert project("artifacts", "show", identifier, "logs/stderr.log").out == "the reason\n"
    assert json.loads(project("run", "demo", "-e", "fail", "--json", code=1).out)["info"]["status"] == "FAILED"


@pytest.mark.parametrize("waits_go_on", [False, True], ids=["plain", "a library's handler lets waits go on"])
def test_an_interrupt_kills_the_run(project, waits_go_on):
    signal.siginterrupt(signal.SIGINT, not waits_go_on)  # as it is once polars was imported
    done = project("run", "demo", "-e", "stop", code=130)
    run = the_run(project)
    assert run["info"]["status"] == "KILLED"
    assert done.said.endswith(f"The run {run['info']['run_id']} is KILLED.\nInterrupted.\n")


def test_undeclared_parameters_are_passed_on(project):
    (Path("demo") / "main.py").write_text("import sys; print(sys.argv[1:])")
    assert "--extra', 'a=b; c'" in project("run", "demo", "-P", "extra=a=b; c").out


def test_a_metric_orders_the_suggested_search(project):
    class Logging(ReferenceBackend):
        def submit(self, execution):
            with project.workspace() as workspace:
                run = workspace.start_run(run_id=execution.run_id)
                run.log_metric("train loss", 0.25)
            return super().submit(execution)

    class More:
        @hookimpl
        def project_backends(self):
            return [Provider("logging", Logging)]

    project.plugins.register(More(), "more")
    out = project("run", "demo", "--backend", "logging").out
    assert "metrics.train loss\t0.25" in out
    (command,) = re.findall(r"^  hookline (runs search .*)$", out, re.MULTILINE)
    assert "metrics.`train loss` ASC" in shlex.split(command)
    assert the_run(project)["info"]["run_id"] in project(*shlex.split(command)).out


def test_the_next_commands_find_the_same_store(project):
    project.reads_configuration = True
    Path("my conf.yaml").write_text("experiment: x\n")
    out = project("--config", "my conf.yaml", "--tracking-uri", "memory://u:p@runs", "run", "demo").out
    assert '  hookline --config "my conf.yaml" --tracking-uri memory://runs runs show ' in out


def test_the_page_is_the_last_next_command_where_a_plugin_brings_it(project):
    assert "hookline ui" not in project("run", "demo").out

    class Page:
        @hookimpl
        def commands(self):
            return [Provider("ui", "nowhere:ui")]

    project.plugins.register(Page(), "page")
    assert project("run", "demo").out.rstrip().endswith("\n  hookline ui")


@attrs.frozen
class Options:
    queue: str = "short"
    nodes: int = 1
    fast: bool = False


def backend_with(options):
    seen = []

    class Recording(ReferenceBackend):
        def __init__(self, folder, options):
            seen.append(options)
            super().__init__(folder)

    class Plugin:
        @hookimpl
        def project_backends(self):
            return [Provider("recording", Recording, options=options)]

    return Plugin(), seen


def test_options_of_the_backend_come_from_a_file_json_and_pairs(project):
    plugin, seen = backend_with(Options)
    project.plugins.register(plugin, "recording")
    Path("backend.yaml").write_text("queue: long\nnodes: 2\n")
    words = ("run", "demo", "--backend", "recording")
    project(*words)
    project(*words, "--backend-config", "backend.yaml", "-o", "nodes=3", "-o", "fast=true")
    project(*words, "--backend-config", '{"queue": "other"}')
    assert seen == [Options(), Options("long", 3, True), Options("other")]
    said = project(*words, "-o", "nodse=3", code=2).said
    assert "did you mean 'nodes'?" in said
    assert "recording" in said
    assert "nodes" in project(*words, "-o", "nodes=many", code=2).said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("demo", "-P", "alpha"), 2, "'alpha' is not of the form KEY=VALUE"),
        (("demo", "-P", "=1"), 2, "'=1' is not of the form KEY=VALUE"),
        (("demo", "-P", "alpha=1", "-P", "alpha=2"), 2, "'alpha' is given twice"),
        (("demo", "-P", "alpha=high"), 2, "'high'"),
        (("demo", "-e", "nope"), 1, "main"),
        (("demo", "-e", "shell"), 1, "--allow-shell"),
        (("demo", "--backend", "slurm"), 2, "project backend 'slurm'.\nInstalled: local."),
        (("demo", "--env", "condo"), 2, "environment 'condo'"),
        (("demo", "--backend-config", "missing.yaml"), 2, "missing.yaml"),
        (("demo", "--backend-config", '{"a": '), 2, "the given text:1"),
        (("demo", "--backend-config", "demo/main.py"), 2, "demo/main.py"),
        (("demo", "-o", "a=1"), 2, "has no options"),
        (("nowhere",), 1, "nowhere"),
        ((), 2, "Missing argument 'URI'"),
    ],
)
def test_mistakes_are_explained_and_start_nothing(project, words, code, said):
    assert said in project("run", *words, code=code).said
    assert json.loads(project("runs", "search", "--json").out) == []


def test_a_shell_is_used_where_the_user_allows_it(project):
    assert "done" in project("run", "demo", "-e", "shell", "--allow-shell").out


def test_a_file_of_the_project_is_an_entry_point(project):
    assert "to stdout []" in project("run", "demo", "-e", "main.py").out


def test_several_values_are_run_below_one_run(project):
    done = project("run", "demo", "-P", "alpha=0.1,0.2", "-P", r"name=a\,b", "--parallel", "2", "--run-name", "grid")
    assert "(grid), 2 below it, 2 at a time" in done.said
    rows = done.out.strip().splitlines()
    assert rows[0].split("\t")[:5] == ["run_id", "name", "status", "started", "params.alpha"]
    assert sorted(row.split("\t")[4] for row in rows[1:3]) == ["0.1", "0.2"]
    assert project(*shlex.split(rows[-1].strip())[1:]).out.splitlines()[0].startswith("run_id")
    shown = json.loads(project("run", "demo", "-P", "alpha=1,2", "--parallel", "1", "--json").out)
    assert [each["data"]["params"]["alpha"] for each in shown["children"]] == ["1", "2"]
    names = {
        run["data"]["params"]["name"]
        for run in json.loads(project("runs", "search", "--json").out)
        if run["data"]["params"]
    }
    assert names == {"a,b", "it's"}


def test_a_sweep_that_fails_in_part_says_so(project):
    failed = project("run", "demo", "-e", "fail", "-P", "x=1,2", "--parallel", "2", code=1)
    assert "not every run below it has finished" in failed.said


def test_several_values_without_parallel_are_told_of_it(project):
    refused = project("run", "demo", "-P", "alpha=0.1,0.2", code=2)
    assert "add --parallel N" in refused.said
