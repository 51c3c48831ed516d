"""`hookline models`: inspected, registered, compared and changed."""

import json
import pickle
from pathlib import Path

import pytest

from hookline.interfaces import Flavor
from hookline.providers import FlavorProvider, hookimpl


class Factor:
    """A model that multiplies."""

    def __init__(self, factor):
        self.factor = factor


class Plain(Flavor):
    """Keeps the factor as text."""

    name = "plain"
    file = "factor.txt"

    def save(self, model, folder, options):
        (folder / self.file).write_text(str(model.factor))
        return {"data": self.file}

    def load(self, folder, block, pickles):
        return Factor(float((folder / block["data"]).read_text()))

    def predict(self, model, data, params):
        return [model.factor * each for each in data]


class Pickled(Plain):
    """Keeps it as a pickle."""

    name, file = "pickled", "model.pkl"

    def save(self, model, folder, options):
        (folder / self.file).write_bytes(pickle.dumps(pickle.PickleError))
        return {"data": self.file}

    def load(self, folder, block, pickles):
        return pickles.load(folder / block["data"])


class Flavors:
    @hookimpl
    def flavors(self):
        handles = (f"{Factor.__module__}.{Factor.__qualname__}",)
        return [FlavorProvider("plain", Plain, handles=handles), FlavorProvider("pickled", Pickled)]


@pytest.fixture
def wine(hookline):
    """Two versions of the registered model `wine`, from two runs; the runs' ids."""
    hookline.plugins.register(Flavors(), "flavors")
    ids = []
    with hookline.workspace() as workspace:
        for factor, requirements in ((2, ["numpy==1.0", "plain"]), (3, ["numpy==2.0", "plain"])):
            with workspace.start_run() as run:
                run.log_params({"factor": factor, "same": 1})
                run.log_metric("loss", 1 / factor)
                run.log_model(
                    Factor(factor),
                    requirements=requirements,
                    input_example=[1, 2],
                    registered_name="wine",
                    metadata={"note": "x\x1b[2J"},
                )
            ids.append(run.run_id)
    return ids


def pairs(text):
    return dict(line.split("\t", 1) for line in text.splitlines())


def test_a_model_is_inspected(hookline, wine):
    shown = pairs(hookline("models", "inspect", f"runs:/{wine[0]}/model").out)
    assert json.loads(shown["flavors"])[0] == "plain (.txt)"
    assert shown["run_id"] == wine[0]
    assert shown["requirements"] == '["numpy==1.0", "plain"]'
    assert shown["digest"] == shown["recorded"]
    assert shown["manifest"] == "verified"
    assert shown["trusted"] == "yes"
    assert shown["pickles"] == "none"
    assert "long" in shown["signature.inputs.0"]
    assert shown["metadata.note"] == "x\\x1b[2J"
    plain = json.loads(hookline("models", "inspect", "models:/wine/1", "--json").out)
    assert plain["digest"] == shown["digest"]


def test_a_pickle_says_what_it_would_import(hookline, wine):
    with hookline.workspace() as workspace:
        workspace.save_model(Factor(1), "saved", flavor="pickled")
    for path in Path("saved").glob("manifest*"):
        path.unlink()
    (Path("saved") / "requirements.txt").write_text("added\n")
    shown = pairs(hookline("models", "inspect", "saved").out)
    assert "PickleError" in shown["pickles.model.pkl"]
    assert shown["trusted"].startswith("no")
    assert shown["recorded"] == "no store has a record of it"


def test_changed_files_are_reported_with_exit_code_1(hookline, wine):
    with hookline.workspace() as workspace:
        workspace.save_model(Factor(1), "saved")
    (Path("saved") / "factor.txt").write_text("5")
    done = hookline("models", "inspect", "saved", code=1)
    assert "factor.txt" in pairs(done.out)["problems"]
    assert json.loads(hookline("models", "inspect", "saved", "--json", code=1).out)["manifest"] == "differs"


def test_a_model_is_registered_with_tags_and_aliases(hookline, wine):
    words = ("models", "register", f"runs:/{wine[0]}/model", "beer", "--tag", "a=b", "--description", "first")
    assert "version 1 of 'beer': models:/beer/1" in hookline(*words, "--alias", "champion", "--alias", "best").out
    second = json.loads(hookline(*words, "--alias", "best", "--json").out)
    assert (second["version"], second["aliases"], second["description"]) == (2, ["best"], "first")
    assert second["tags"]["a"] == "b"
    shown = pairs(hookline("models", "show", "beer").out)
    assert (shown["latest"], shown["aliases.champion"], shown["aliases.best"]) == ("2", "1", "2")


def test_models_and_versions_are_listed(hookline, wine):
    assert [line.split("\t")[:3] for line in hookline("models", "list").out.splitlines()[1:]] == [["wine", "2", ""]]
    assert json.loads(hookline("models", "search", "name LIKE 'beer%'", "--json").out) == []
    rows = [line.split("\t") for line in hookline("models", "versions", "wine").out.splitlines()]
    assert rows[0] == ["version", "aliases", "created", "run_id", "description", "source"]
    assert [(row[0], row[3]) for row in rows[1:]] == [("2", wine[1]), ("1", wine[0])]
    assert [each["version"] for each in json.loads(hookline("models", "versions", "wine", "--json").out)] == [2, 1]


def test_two_versions_are_compared(hookline, wine):
    hookline("models", "alias", "set", "wine", "champion", "latest")
    rows = [line.split("\t") for line in hookline("models", "diff", "wine/1", "wine@champion").out.splitlines()]
    assert rows[0] == ["what", "models:/wine/1", "models:/wine@champion"]
    found = {row[0]: row[1:] for row in rows}
    assert found["params.factor"] == ["2", "3"]
    assert found["metrics.loss"] == ["0.5", "0.3333333333333333"]
    assert found["requirements.numpy"] == ["==1.0", "==2.0"]
    assert "params.same" not in found
    assert "requirements.plain" not in found
    assert not any(key.startswith("signature") for key in found)
    assert "They do not differ. With --all" in hookline("models", "diff", "wine/1", "wine/1").said
    plain = json.loads(hookline("models", "diff", "wine/1", "models:/wine/2", "--json").out)
    assert plain["differences"]["params.factor"] == ["2", "3"]
    assert "params.same" in hookline("models", "diff", "wine/1", "wine/2", "--all").out


def test_a_local_model_is_compared_with_a_version(hookline, wine):
    with hookline.workspace() as workspace:
        workspace.save_model(Factor(2.5), "saved", requirements=["numpy==1.0"])
    rows = hookline("models", "diff", "wine/1", "saved").out
    assert "signature.inputs.0\tlong\t\n" in rows
    assert "requirements.plain\tany\t\n" in rows


def test_a_version_with_a_bad_alias_is_not_made(hookline, wine):
    before = hookline("models", "versions", "wine").out
    words = ("models", "register", f"runs:/{wine[0]}/model", "wine", "--alias", "good", "--alias", "v1")
    assert "reserved" in hookline(*words, code=2).said
    assert hookline("models", "versions", "wine").out == before


def test_aliases_move_and_go(hookline, wine):
    hookline("models", "alias", "set", "wine", "champion", "1")
    assert "models:/wine@champion is now version 2" in hookline("models", "alias", "set", "wine", "champion", "2").out
    assert pairs(hookline("models", "show", "wine").out)["aliases.champion"] == "2"
    hookline("models", "alias", "delete", "wine", "champion")
    assert hookline("models", "inspect", "models:/wine@champion", code=1).out == ""


def test_tags_and_descriptions_of_models_and_versions(hookline, wine):
    hookline("models", "tag", "set", "wine", "owner=me", "team=a")
    hookline("models", "tag", "set", "wine", "--version", "latest", "owner=you")
    hookline("models", "tag", "delete", "wine", "team")
    hookline("models", "describe", "wine", "All about wine")
    hookline("models", "describe", "wine", "The second", "--version", "2")
    model = json.loads(hookline("models", "show", "wine", "--json").out)
    versions = json.loads(hookline("models", "versions", "wine", "--json").out)
    assert (model["tags"], model["description"]) == ({"owner": "me"}, "All about wine")
    assert [each["tags"].get("owner") for each in versions] == ["you", None]
    assert [each["description"] for each in versions] == ["The second", ""]


def test_a_model_is_renamed_and_deleted(hookline, wine):
    hookline("models", "rename", "wine", "vino")
    assert "--yes" in hookline("models", "delete", "vino", code=2).said
    assert "version 1 of 'vino'" in hookline("models", "delete", "vino", "--version", "1", "--yes").out
    assert [each["version"] for each in json.loads(hookline("models", "versions", "vino", "--json").out)] == [2]
    hookline("models", "delete", "vino", "-y")
    assert json.loads(hookline("models", "list", "--json").out) == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("inspect", "no/model"), 1, "no/model"),
        (("inspect", "runs:/" + "0" * 32 + "/model"), 1, "0000"),
        (("inspect", "models:/beer/1"), 1, "beer"),
        (("inspect", "models:/wine@nobody"), 1, "nobody"),
        (("register", "no/model", "beer"), 1, "no/model"),
        (("register", "models:/wine/1", "a/b"), 2, "'/' and ':' are not allowed"),
        (("show", "beer"), 1, "beer"),
        (("versions", "beer"), 1, "beer"),
        (("alias", "set", "wine", "v1", "1"), 2, "reserved"),
        (("alias", "set", "wine", "x", "first"), 2, "'first'"),
        (("alias", "set", "wine", "x", "9"), 1, "9"),
        (("alias", "delete", "wine", "nobody"), 1, "no alias 'nobody'; it has none, so that none is left to delete."),
        (("tag", "delete", "wine", "nothing"), 1, "no tag 'nothing'; it has none, so that none is left to delete."),
        (("tag", "delete", "wine", "nothing", "--version", "1"), 1, "no tag 'nothing'; there are: hookline.manifest."),
        (("inspect", "wine"), 1, "write models:/wine/2."),
        (("register", "wine", "other"), 1, "write models:/wine/2."),
        (("show", "wnie"), 1, "Did you mean 'wine'?"),
        (("diff", "wine/1", "wine/9"), 1, "9"),
        (("delete", "beer", "--yes"), 1, "beer"),
        (("tag", "set", "wine", "novalue"), 2, "KEY=VALUE"),
        (("search", "nme = 'x'"), 2, "^"),
    ],
)
def test_mistakes_are_explained(hookline, wine, words, code, said):
    assert said in hookline("models", *words, code=code).said


def test_which_registry_was_opened_is_said_where_it_is_another(hookline, wine):
    assert hookline("models", "list").said == "store: memory://runs\n"
    hookline.reads_configuration = True
    Path("hookline.yaml").write_text("registry: memory://me:pw@models\n")
    assert hookline("models", "list").said == "registry: memory://models\n"
