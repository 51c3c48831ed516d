"""`hookline deployments`: created, looked at, asked, replaced and deleted."""

import json

import pytest
from attrs import evolve

from hookline.entities import Deployment, DeploymentStatus, now_ms
from hookline.errors import AlreadyExists, InvalidValue, NotFound, Unavailable
from hookline.interfaces import DeploymentTarget, Flavor
from hookline.providers import FlavorProvider, Provider, hookimpl

PLACE: dict[str, Deployment] = {}


class Constant(Flavor):
    name = "constant"

    def save(self, model, folder, options):
        (folder / "value.txt").write_text(str(model))
        return {"data": "value.txt"}

    def load(self, folder, block, pickles):
        return (folder / "value.txt").read_text()

    def predict(self, model, data, params):
        return [model]


class Target(DeploymentTarget):
    """Keeps deployments in a dict; a model that is called `broken` fails."""

    def __init__(self, folder, options):
        self.folder = folder

    def create(self, name, model, config):
        if name in PLACE:
            raise AlreadyExists(f"There is a deployment {name!r} already.")
        if unknown := set(config) - {"port"}:
            raise InvalidValue(f"Unknown key {unknown}; allowed: port.")
        failed = (model.path / "value.txt").read_text() == "broken"
        status = DeploymentStatus.FAILED if failed else DeploymentStatus.RUNNING
        message = "it is \x1b[31mbroken" if failed else ""
        PLACE[name] = Deployment(name, "local", model.uri, status, "here:1", message, now_ms(), config)
        return PLACE[name]

    def update(self, name, model, config):
        found = self.get(name)
        PLACE[name] = evolve(found, model_uri=model.uri if model else found.model_uri, config=config or found.config)
        return PLACE[name]

    def delete(self, name):
        PLACE.pop(name, None)

    def list(self):
        return [PLACE[name] for name in sorted(PLACE)]

    def get(self, name):
        if name not in PLACE:
            raise NotFound(f"There is no deployment {name!r}.")
        return PLACE[name]

    def predict(self, name, inputs):
        return {"predictions": [self.get(name).name, inputs]}

    def predict_body(self, name, body, media_type):
        return {"predictions": [self.get(name).name, media_type, len(body)]}


class OnlyJson(Target):
    predict_body = DeploymentTarget.predict_body

    def list(self):
        return []


class Plugin:
    @hookimpl
    def deployment_targets(self):
        return [Provider("local", Target), Provider("json-only", OnlyJson)]

    @hookimpl
    def flavors(self):
        return [FlavorProvider("constant", Constant, handles=("builtins.str",))]


@pytest.fixture
def deployed(hookline):
    """A deployment `one` of the model in the folder `good`; another model is `broken`."""
    PLACE.clear()
    hookline.plugins.register(Plugin(), "target")
    with hookline.workspace() as workspace:
        workspace.save_model("fine", "good")
        workspace.save_model("broken", "bad")
    hookline("deployments", "create", "one", "-m", "good", "-c", "port=5001")
    return hookline


def test_a_deployment_is_shown_and_listed(deployed):
    shown = dict(line.split("\t", 1) for line in deployed("deployments", "show", "one").out.splitlines())
    assert (shown["status"], shown["endpoint"], shown["config.port"]) == ("RUNNING", "here:1", "5001")
    (listed,) = json.loads(deployed("deployments", "list", "--json").out)
    assert (listed["name"], listed["model_uri"]) == ("one", "good")
    assert deployed("deployments", "list", "-t", "local").out.splitlines()[1].split("\t")[:3] == [
        "one",
        "local",
        "RUNNING",
    ]


def test_a_deployment_that_fails_says_why(deployed):
    done = deployed("deployments", "create", "two", "-m", "bad", code=1)
    assert "status\tFAILED" in done.out
    assert done.said == "store: memory://runs\nError: The deployment 'two' failed: it is \\x1b[31mbroken\n"


def test_a_deployment_is_replaced(deployed):
    changed = json.loads(deployed("deployments", "update", "one", "-c", "port=5002", "--json").out)
    assert (changed["model_uri"], changed["config"]) == ("good", {"port": "5002"})
    assert json.loads(deployed("deployments", "update", "one", "-m", "bad", "--json").out)["model_uri"] == "bad"


def test_a_deployment_is_asked_with_text_a_file_or_stdin(deployed, tmp_path):
    (tmp_path / "rows.json").write_text('{"inputs": [1, 2]}')
    answer = {"predictions": ["one", {"inputs": [1, 2]}]}
    assert json.loads(deployed("deployments", "predict", "one", "-i", "rows.json").out) == answer
    assert json.loads(deployed("deployments", "predict", "one", "--body", '{"inputs": [1, 2]}').out) == answer
    assert json.loads(deployed("deployments", "predict", "one", "-i", "-", stdin='{"inputs": [1, 2]}').out) == answer


CSV = b"x,y\n1,2\n"
PARQUET = b"PAR1 and so on"


@pytest.mark.parametrize(
    ("file", "content", "media_type"),
    [
        ("rows.csv", CSV, "text/csv"),
        ("rows.CSV", b"x\n", "text/csv"),
        ("rows.txt", b"\xef\xbb\xbf" + CSV, "text/csv"),
        ("rows", b"\n" + CSV, "text/csv"),
        ("rows.parquet", b"whatever", "application/vnd.apache.parquet"),
        ("rows.pq", b"whatever", "application/vnd.apache.parquet"),
        ("rows", PARQUET, "application/vnd.apache.parquet"),
        ("-", CSV, "text/csv"),
    ],
)
def test_a_deployment_is_asked_with_a_table(deployed, tmp_path, file, content, media_type):
    (tmp_path / file).write_bytes(content)
    stdin = content.decode() if file == "-" else None
    answer = json.loads(deployed("deployments", "predict", "one", "-i", file, stdin=stdin).out)
    assert answer == {"predictions": ["one", media_type, len(content)]}


@pytest.mark.parametrize(
    ("file", "content"), [("x.json", b' {"inputs": []}'), ("x", b'\n{"inputs": []}'), ("x", b"[]")]
)
def test_json_is_known_by_its_ending_or_its_first_letter(deployed, tmp_path, file, content):
    (tmp_path / file).write_bytes(content)
    answer = json.loads(deployed("deployments", "predict", "one", "-i", file).out)
    assert answer == {"predictions": ["one", json.loads(content)]}


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("in", b"", "in is empty"),
        ("in.csv", b" \n", "in.csv is empty"),
        ("in.json", CSV, "in.json is no JSON"),
        ("in.jsonl", b"{}\n{}\n", "JSON lines, which the scoring protocol does not know. For files of rows"),
        ("in", b"{", "in is no JSON"),
        ("in", b"hello", "in is nothing that a deployment takes: JSON of the scoring protocol, CSV with a header"),
        ("in", b"a,b\n\xff,\xfe\n", "in is nothing that a deployment takes"),
        ("in", b"a\n\0\n", "(.json, .csv, .parquet)"),
        ("in.json", b"[" * 100_000, "in.json is no JSON"),
    ],
)
def test_what_no_deployment_takes_is_refused(deployed, tmp_path, file, content, said):
    (tmp_path / file).write_bytes(content)
    assert said in deployed("deployments", "predict", "one", "-i", file, code=2).said


def test_an_input_that_is_too_large_is_refused(deployed, tmp_path, monkeypatch):
    monkeypatch.setattr("hookline.cli.scoring_input.LARGEST_BODY", 4)
    (tmp_path / "in.csv").write_bytes(CSV)
    said = deployed("deployments", "predict", "one", "-i", "in.csv", code=2).said
    assert "more than 4 bytes. For files of rows of any size: hookline models score" in said


def test_a_target_that_takes_json_only_says_so(deployed, tmp_path):
    (tmp_path / "rows.csv").write_bytes(CSV)
    said = deployed("deployments", "predict", "one", "-t", "json-only", "-i", "rows.csv", code=1).said
    assert "'one' takes JSON only, not text/csv" in said


def test_a_deployment_is_deleted_when_that_is_confirmed(deployed):
    assert "--yes" in deployed("deployments", "delete", "one", code=2).said
    assert list(PLACE) == ["one"]
    assert "'one'" in deployed("deployments", "delete", "one", "--yes").out
    assert json.loads(deployed("deployments", "list", "--json").out) == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("create", "one", "-m", "good"), 1, "already"),
        (("create", "two"), 2, "--model"),
        (("create", "two", "-m", "no/model"), 1, "no/model"),
        (("create", "two", "-m", "good", "-t", "mars"), 2, "deployment target 'mars'.\nInstalled: json-only, local."),
        (("create", "two", "-m", "good", "-c", "prot=1"), 2, "allowed: port"),
        (("create", "two", "-m", "good", "-c", "port"), 2, "KEY=VALUE"),
        (("list", "-t", "mars"), 2, "Installed: json-only, local."),
        (("show", "two"), 1, "'two'"),
        (("update", "two"), 1, "'two'"),
        (("delete", "two", "--yes"), 1, "'two'"),
        (("predict", "one"), 2, "--input FILE or as --body JSON"),
        (("predict", "one", "--body", "{}", "-i", "-"), 2, "--input FILE or as --body JSON"),
        (("predict", "one", "--body", "{inputs}"), 2, "no JSON"),
        (("predict", "one", "-i", "missing.json"), 2, "missing.json"),
        (("predict", "two", "--body", "{}"), 1, "'two'"),
    ],
)
def test_mistakes_are_explained(deployed, words, code, said):
    assert said in deployed("deployments", *words, code=code).said


class Away(Target):
    def list(self):
        raise Unavailable("Nobody answers there.")


class AwayPlugin:
    @hookimpl
    def deployment_targets(self):
        return [Provider("away", Away)]


def test_a_target_that_is_away_hides_no_other(deployed):
    """The others are listed, and it is said, also to scripts, that the list is not whole."""
    deployed.plugins.register(AwayPlugin(), "away")
    listed = deployed("deployments", "list", "--json", code=1)
    assert [each["name"] for each in json.loads(listed.out)] == ["one"]
    assert "The target 'away' cannot be asked: Nobody answers there." in listed.said
    assert "The target 'away' cannot be asked: Nobody answers there." in deployed("deployments", "list", code=1).said
    assert "Nobody answers there." in deployed("deployments", "list", "-t", "away", code=1).said
