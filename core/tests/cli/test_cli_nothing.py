"""Where a command finds nothing: stdout stays clean, and stderr says what to try next."""

import pytest

from hookline.cli import cli
from hookline.entities import NewRun


@pytest.fixture
def known(hookline):
    """Ids of two runs, the first with a metric, and a registered model without versions."""
    with hookline.workspace() as workspace:
        with workspace.start_run(run_name="one") as run:
            run.log_metric("loss", 1.0)
        twin = workspace.tracking.create_run(NewRun("0", run_name="twin")).info.run_id
        workspace.registry.create("bare")
    return {"run": run.run_id, "twin": twin}


ALL_RUNS = "No runs match. To see all: hookline runs list --view all"
FINDS_NOTHING = [
    (("runs", "search", "metrics.loss > 5"), ALL_RUNS),
    (("runs", "search", "--experiment", "empty"), ALL_RUNS),
    (("runs", "list", "--view", "deleted"), ALL_RUNS),
    (("runs", "search", "metrics.loss > 5", "--csv"), ALL_RUNS),
    (("runs", "history", "{run}", "lost"), "The run has no metric 'lost'; it has: loss."),
    (("runs", "history", "{twin}", "lost"), "The run has no metric 'lost'; it has: none."),
    (("experiments", "search", "name = 'x'"), "To see all: hookline experiments list --view all"),
    (("models", "search", "name = 'x'"), "No registered models match. To see all: hookline models list"),
    (("models", "versions", "bare"), "'bare' has no versions. To make one: hookline models register URI bare"),
    (("artifacts", "list", "{run}", "nope"), "No files match. To see all: hookline artifacts list {run} -r"),
    (("artifacts", "list", "{run}"), "There are no files here. To make one: hookline artifacts log {run} FILE"),
    (("deployments", "list"), "There are no deployments here. To make one: hookline deployments create NAME -m"),
]


@pytest.mark.parametrize(("words", "said"), FINDS_NOTHING)
def test_a_person_is_told_what_to_try(hookline, known, words, said):
    if "empty" in words:
        hookline("experiments", "create", "empty")
    words = [word.format(**known) for word in words]
    found = hookline(*words)
    assert said.format(**known) in found.said
    assert len(found.out.splitlines()) == 1  # the headings
    assert hookline("--quiet", *words).said == ""
    if "--csv" not in words:
        scripted = hookline(*words, "--json")
        assert (scripted.out, scripted.said) == ("[]\n", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("runs", "list"), "There are no runs here. To make one: hookline run PROJECT"),
        (("models", "list"), "hookline models register runs:/RUN_ID/NAME NAME"),
    ],
)
def test_in_a_new_workspace_the_first_one_is_suggested(hookline, words, said):
    assert said in hookline(*words).said


def test_the_suggestion_finds_the_same_store(hookline, tmp_path):
    (tmp_path / "other.yaml").write_text("version: 1\n", encoding="utf-8")
    said = hookline("--config", "other.yaml", "runs", "search", "metrics.loss > 5").said
    assert "To see all: hookline --config other.yaml runs list" in said


@pytest.mark.parametrize(
    ("called", "on_path", "program"),
    [
        (".venv/bin/hookline", False, ".venv/bin/hookline"),
        ("my env/bin/hookline", False, '"my env/bin/hookline"'),
        (".venv/bin/hookline", True, "hookline"),
        ("hookline/__main__.py", False, "hookline"),
    ],
)
def test_a_suggestion_can_be_pasted(hookline, monkeypatch, called, on_path, program):
    monkeypatch.setattr("sys.argv", [called])
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}" if on_path else None)
    assert f"To make one: {program} run PROJECT" in hookline("runs", "list").said


def test_a_terminal_shows_no_heading_over_nothing(hookline, known, terminal):
    def show():
        cli.main(["runs", "search", "metrics.loss > 5"], obj=hookline.context(), standalone_mode=False)

    assert terminal(show) == ""
