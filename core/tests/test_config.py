"""Configuration: where each value comes from, which one wins, and what is said about wrong ones."""

from pathlib import Path

import pytest

from hookline.config import VARIABLES, Config, JournalSettings
from hookline.errors import ConfigError


@pytest.fixture
def project(tmp_path):
    """A folder in which `hookline.yaml` is written."""

    def write(text, where=""):
        folder = tmp_path / "project" / where
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hookline.yaml").write_text(text)
        return folder

    return write


def load(folder, environ=None, **options):
    return Config.load(folder, environ=environ or {}, **options)


def problem(text, project, environ=None, **options):
    with pytest.raises(ConfigError) as caught:
        load(project(text), environ, **options)
    return str(caught.value)


# Which file ----------------------------------------------------------------------------------------------------------


def test_without_a_file_there_are_defaults(tmp_path):
    config = load(tmp_path)
    assert (config.home, config.file, config.origins) == (tmp_path / ".hookline", None, {})
    assert config.settings.tracking.uri is None
    assert config.settings.experiment == "Default"
    assert config.settings.models.pickle == "trusted"
    assert {origin for _key, _value, origin in config.explain()} == {"default"}
    assert list(tmp_path.iterdir()) == []


def test_the_nearest_file_upwards_holds_and_the_state_lies_beside_it(project, tmp_path):
    outer = project("experiment: outer\n")
    inner = project("experiment: inner\n", "a/b")
    (inner / "c" / "d").mkdir(parents=True)
    assert load(inner / "c" / "d").settings.experiment == "inner"
    assert load(inner / "c" / "d").home == inner / ".hookline"
    assert load(outer / "a").settings.experiment == "outer"
    assert load(outer / "a").file == outer / "hookline.yaml"


def test_the_working_folder_is_where_it_starts(project, monkeypatch):
    monkeypatch.chdir(project("experiment: here\n"))
    assert load(None).settings.experiment == "here"


def test_a_folder_with_the_name_of_the_file_is_passed_over(project):
    folder = project("experiment: outer\n")
    (folder / "a" / "hookline.yaml").mkdir(parents=True)
    assert load(folder / "a").settings.experiment == "outer"


def test_a_file_may_be_named(project, tmp_path):
    folder = project("experiment: near\n")
    named = tmp_path / "elsewhere" / "other.yaml"
    named.parent.mkdir()
    named.write_text("experiment: named\n")
    assert load(folder, file=named).settings.experiment == "named"
    config = load(folder, {"HOOKLINE_CONFIG": str(named)})
    assert (config.settings.experiment, config.home) == ("named", named.parent / ".hookline")


def test_a_named_file_that_is_not_there_is_said_with_the_variable(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, {"HOOKLINE_CONFIG": "/no/such.yaml"})
    assert str(caught.value) == (
        "Cannot read /no/such.yaml: No such file or directory. "
        "(The environment variable HOOKLINE_CONFIG names this file.)"
    )


# Which value wins ----------------------------------------------------------------------------------------------------

BOTH = {"HOOKLINE_TRACKING_URI": "hookline", "MLFLOW_TRACKING_URI": "mlflow"}
LAYERS = [
    ({}, {}, "file", "project/hookline.yaml:2"),
    ({"MLFLOW_TRACKING_URI": "mlflow"}, {}, "mlflow", "environment variable MLFLOW_TRACKING_URI"),
    (BOTH, {}, "hookline", "environment variable HOOKLINE_TRACKING_URI"),
    (BOTH, {"tracking.uri": "caller"}, "caller", "given by the caller"),
    (BOTH, {"tracking": "caller"}, "caller", "given by the caller"),
]


@pytest.mark.parametrize(("environ", "given", "wins", "origin"), LAYERS)
def test_the_layers_are_in_order(project, environ, given, wins, origin):
    config = load(project("\ntracking: file\n"), environ, given=given)
    assert config.settings.tracking.uri == wins
    (shown,) = [row for row in config.explain() if row[0] == "tracking.uri"]
    assert shown[1] == wins
    assert shown[2].endswith(origin)


@pytest.mark.parametrize(("key", "name"), [(key, name) for key, names in VARIABLES.items() for name in names])
def test_each_variable_sets_its_key(tmp_path, key, name):
    value = "deny" if key == "models.pickle" else "some value"
    config = load(tmp_path, {name: value})
    rows = {row[0]: row for row in config.explain()}
    assert rows[key][1] == (["some value"] if key == "plugins.disable" else value)
    assert rows[key][2] == f"environment variable {name}"
    assert [row[0] for row in rows.values() if row[2] != "default"] == [key]


def test_an_empty_variable_is_none(tmp_path):
    assert load(tmp_path, {"HOOKLINE_TRACKING_URI": "", "MLFLOW_TRACKING_URI": "x"}).settings.tracking.uri == "x"
    assert load(tmp_path, {"HOOKLINE_CONFIG": "", "HOOKLINE_EXPERIMENT_NAME": ""}).settings.experiment == "Default"


def test_a_value_of_the_caller_that_is_none_counts_as_not_given(project):
    assert load(project("tracking: file\n"), given={"tracking.uri": None}).settings.tracking.uri == "file"


def test_plugins_to_disable_are_a_list_in_a_variable(tmp_path):
    config = load(tmp_path, {"HOOKLINE_PLUGINS_DISABLE": "a, b,,c "})
    assert config.settings.plugins.disable == ("a", "b", "c")


def test_layers_above_change_one_key_of_a_section(project):
    text = "tracking:\n  uri: sqlite:///a.db\n  options: {journal: wal}\n"
    settings = load(project(text), {"HOOKLINE_TRACKING_URI": "sqlite:///b.db"}).settings
    assert (settings.tracking.uri, settings.tracking.options) == ("sqlite:///b.db", {"journal": "wal"})


EXPERIMENTS = [
    # file, environment, given -> experiment, experiment_id
    ("experiment: a\nexperiment_id: '1'", {}, {}, ("a", "1")),
    ("experiment: a", {"MLFLOW_EXPERIMENT_ID": "2"}, {}, ("a", "2")),
    ("experiment_id: '1'", {"HOOKLINE_EXPERIMENT_NAME": "b"}, {}, ("b", None)),
    ("experiment_id: '1'", {"MLFLOW_EXPERIMENT_NAME": "b"}, {}, ("b", None)),
    ("", {"HOOKLINE_EXPERIMENT_NAME": "b", "MLFLOW_EXPERIMENT_ID": "2"}, {}, ("b", None)),
    ("", {"HOOKLINE_EXPERIMENT_NAME": "b", "HOOKLINE_EXPERIMENT_ID": "2"}, {}, ("b", "2")),
    ("experiment_id: '1'", {"HOOKLINE_EXPERIMENT_ID": "2"}, {"experiment": "c"}, ("c", None)),
    ("experiment: a", {}, {"experiment_id": "3"}, ("a", "3")),
]


@pytest.mark.parametrize(("text", "environ", "given", "wanted"), EXPERIMENTS)
def test_a_name_wins_over_an_id_of_a_lower_layer(project, text, environ, given, wanted):
    config = load(project(text), environ, given=given)
    assert (config.settings.experiment, config.settings.experiment_id) == wanted
    assert ("experiment_id" in config.origins) == (wanted[1] is not None)


# The file ------------------------------------------------------------------------------------------------------------

FULL = """\
version: 1
tracking:
  uri: sqlite:///runs.db
  options:
    journal: wal
registry: sqlite:///registry.db
artifacts: s3://bucket/a
experiment: wine
run_id: '0123'
models:
  pickle: deny
plugins:
  allow: [a, b]
  disable: []
backends:
  local: {workers: 2}
environments:
  uv: {offline: true}
targets:
  local: {port: 5001}
journal:
  folder: /var/journals
  max_bytes: 1000000
  fsync_seconds: 0
  ship_seconds: 0.5
"""


def test_every_key_is_read(project):
    config = load(project(FULL))
    settings = config.settings
    assert (settings.tracking.uri, settings.tracking.options) == ("sqlite:///runs.db", {"journal": "wal"})
    assert (settings.registry.uri, settings.artifacts.uri) == ("sqlite:///registry.db", "s3://bucket/a")
    assert (settings.experiment, settings.models.pickle) == ("wine", "deny")
    assert (settings.plugins.allow, settings.plugins.disable) == (("a", "b"), ())
    assert settings.backends == {"local": {"workers": 2}}
    assert settings.environments == {"uv": {"offline": True}}
    assert settings.targets == {"local": {"port": 5001}}
    assert settings.journal == JournalSettings("/var/journals", 1_000_000, 0, 0.5)
    lines = {key: origin.rpartition(":")[2] for key, _value, origin in config.explain()}
    assert lines == {
        "tracking.uri": "3",
        "tracking.options": "4",
        "tracking.mirrors": "default",
        "registry.uri": "6",
        "registry.options": "default",
        "artifacts.uri": "7",
        "artifacts.options": "default",
        "experiment": "8",
        "experiment_id": "default",
        "run_id": "9",
        "models.pickle": "11",
        "journal.folder": "22",
        "journal.max_bytes": "23",
        "journal.fsync_seconds": "24",
        "journal.ship_seconds": "25",
        "plugins.allow": "13",
        "plugins.disable": "14",
        "backends": "15",
        "environments": "17",
        "targets": "19",
        "engines": "default",
    }


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "plugins:\ntracking:\n"])
def test_a_file_may_say_nothing(project, text):
    config = load(project(text))
    assert config.settings == Config.from_mapping({}, home=Path("x")).settings
    assert config.file is not None


def test_a_list_of_tracking_stores_is_a_primary_and_its_mirrors(project):
    settings = load(project("tracking: [sqlite:///a.db, sqlite:///b.db]\n")).settings
    assert (settings.tracking.uri, settings.tracking.mirrors) == ("sqlite:///a.db", ("sqlite:///b.db",))


@pytest.mark.parametrize("uri", ["data", "./data", "../data"])
def test_a_relative_folder_of_artifacts_is_relative_to_the_file(project, uri, tmp_path):
    folder = project(f"artifacts: {uri}\n")
    (folder / "deep").mkdir()
    found = load(folder / "deep").settings.artifacts.uri
    assert Path(found).resolve() == (folder / uri).resolve()
    assert load(folder, {"HOOKLINE_ARTIFACTS_URI": uri}).settings.artifacts.uri == uri


@pytest.mark.parametrize("uri", ["/srv/data", "~/data", "s3://bucket", "file:///srv/data"])
def test_other_places_of_artifacts_stay_as_they_are(project, uri):
    assert load(project(f"artifacts: {uri}\n")).settings.artifacts.uri == uri


PROBLEMS = [
    ("trackin: x\n", "FILE:1: unknown key 'trackin' (did you mean 'tracking'?); allowed: version, tracking, registry,"),
    (
        "\nplugins:\n  alow: [a]\n",
        "FILE:3: plugins: unknown key 'alow' (did you mean 'allow'?); allowed: allow, disable",
    ),
    ("tracking:\n  urii: x\n", "FILE:2: tracking: unknown key 'urii' (did you mean 'uri'?); allowed: uri, options"),
    ("version: 2\n", "FILE:1: version: expected 1, not 2"),
    ("models:\n  pickle: always\n", "FILE:2: models.pickle: expected 'trusted' or 'allow' or 'deny', not 'always'"),
    ("plugins:\n  disable: a\n", "FILE:2: plugins.disable: expected a list such as [a, b], not 'a'"),
    ("plugins:\n  allow: [a, [b]]\n", "FILE:2: plugins.allow.1: expected a text, not ['b']"),
    ("experiment: null\n", "FILE:1: experiment: expected a text, not None"),
    ("experiment: [a]\n", "FILE:1: experiment: expected a text, not ['a']"),
    ("tracking:\n  options: [a]\n", "FILE:2: tracking.options: expected keys and values, not ['a']"),
    ("backends:\n  local: fast\n", "FILE:2: backends.local: expected keys and values, not 'fast'"),
    ("tracking: 5\n", "FILE:1: tracking: expected keys and values, not 5"),
    ("plugins: [a]\n", "FILE:1: plugins: expected keys and values, not ['a']"),
    ("1: x\n", "FILE:1: unknown key '1'; allowed: version,"),
    ("just a text\n", "FILE: expected keys and values such as 'tracking: sqlite:///runs.db'."),
    ("- a\n", "FILE: expected keys and values such as"),
    ("experiment: a\nversion: 1\nexperiment: b\n", "FILE:3: the key 'experiment' is given twice; keep one of them."),
    ("tracking:\n  uri: a\n  uri: b\n", "FILE:3: the key 'tracking.uri' is given twice; keep one of them."),
    ("experiment: [a\n", "FILE:2:1: this is not valid YAML: while parsing a flow sequence, expected ',' or ']'"),
    ("experiment: !!python/name:os.system\n", "FILE:1:13: this is not valid YAML: could not determine a constructor"),
]


@pytest.mark.parametrize(("text", "says"), PROBLEMS, ids=[text[:20] for text, _says in PROBLEMS])
def test_a_wrong_file_is_told_with_its_line_and_key(project, text, says):
    told = problem(text, project)
    assert told.startswith(says.replace("FILE", str(project(text) / "hookline.yaml")))


def test_an_alias_bomb_is_refused(project):
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    assert "its aliases stand for more than" in problem(text, project)


# Variables inside the file -------------------------------------------------------------------------------------------

EXPANDED = [
    ("${USER_NAME}", {"USER_NAME": "jane"}, "jane"),
    ("a-${A}-${B}-z", {"A": "1", "B": "2"}, "a-1-2-z"),
    ("${A:-fallback}", {}, "fallback"),
    ("${A:-fallback}", {"A": ""}, "fallback"),
    ("${A:-fallback}", {"A": "x"}, "x"),
    ("${A:-}", {}, ""),
    ("${A}", {"A": ""}, ""),
    ("${A}", {"A": "${B}", "B": "never"}, "${B}"),
    ("$A ${a b} ${} $${A}", {"A": "x"}, "$A ${a b} ${} $x"),
]


@pytest.mark.parametrize(("text", "environ", "wanted"), EXPANDED)
def test_variables_are_expanded_once(project, text, environ, wanted):
    assert load(project(f"experiment: '{text}'\n"), environ).settings.experiment == wanted


def test_variables_are_expanded_at_any_depth_and_only_in_values(project):
    text = "targets:\n  local:\n    ${A}: ['${A}', {b: '${A}'}, 1]\nplugins:\n  disable: ['${A}']\n"
    settings = load(project(text), {"A": "x"}).settings
    assert settings.targets == {"local": {"${A}": ["x", {"b": "x"}, 1]}}
    assert settings.plugins.disable == ("x",)


def test_a_number_may_come_from_a_variable(project):
    text = "targets:\n  local:\n    port: ${PORT}\n"
    assert load(project(text), {"PORT": "5001"}).settings.targets == {"local": {"port": "5001"}}


def test_a_variable_that_is_not_set_is_told_with_its_place(project):
    assert problem("\ntracking:\n  uri: ${DB}\n", project) == (
        f"{project('tracking:') / 'hookline.yaml'}:3: tracking.uri: the environment variable 'DB' is not set; "
        "set it, or give a default with ${DB:-VALUE}."
    )


def test_text_from_elsewhere_is_never_expanded(project):
    environ = {"SECRET": "s3cret", "HOOKLINE_EXPERIMENT_NAME": "${SECRET}", "MLFLOW_TRACKING_URI": "${SECRET}"}
    settings = load(project("version: 1\n"), environ, given={"registry.uri": "${SECRET}"}).settings
    assert (settings.experiment, settings.tracking.uri, settings.registry.uri) == ("${SECRET}",) * 3
    mapped = Config.from_mapping({"experiment": "${HOME}"}, home=Path("x"))
    assert mapped.settings.experiment == "${HOME}"


# Wrong values from elsewhere -----------------------------------------------------------------------------------------


def test_a_wrong_variable_is_named(project):
    told = problem("models:\n  pickle: deny\n", project, {"HOOKLINE_MODELS_PICKLE": "always"})
    assert told == (
        "environment variable HOOKLINE_MODELS_PICKLE: models.pickle: "
        "expected 'trusted' or 'allow' or 'deny', not 'always'"
    )


def test_a_wrong_value_of_the_caller_is_named(project):
    told = problem("models:\n  pickle: deny\n", project, given={"models.pickle": 1, "no.such": 2})
    assert "given by the caller: models.pickle: expected 'trusted' or 'allow' or 'deny', not 1" in told.splitlines()
    assert "given by the caller: unknown key 'no'; allowed: version," in told


def test_each_of_several_problems_has_its_place(project):
    told = problem("experiment: []\nmodels: {pikle: x}\n", project, {"HOOKLINE_MODELS_PICKLE": "x"}).splitlines()
    file = project("experiment: []\nmodels: {pikle: x}\n") / "hookline.yaml"
    assert sorted(line.partition(": ")[0] for line in told) == [
        f"{file}:1",
        f"{file}:2",
        "environment variable HOOKLINE_MODELS_PICKLE",
    ]


# Values of a program -------------------------------------------------------------------------------------------------


def test_a_mapping_is_read_and_nothing_else(project, monkeypatch):
    monkeypatch.chdir(project("experiment: of the file\n"))
    for names in VARIABLES.values():
        for name in names:
            monkeypatch.setenv(name, "of the environment")
    monkeypatch.setenv("HOOKLINE_CONFIG", "/no/such.yaml")
    values = {"tracking": "sqlite:///a.db", "models": {"pickle": "deny"}, "backends": {"local": {"workers": 2}}}
    config = Config.from_mapping(values, home=Path("/state"))
    assert (config.home, config.file) == (Path("/state"), None)
    assert config.settings.tracking.uri == "sqlite:///a.db"
    assert config.settings.experiment == "Default"
    assert config.origins == dict.fromkeys(("tracking.uri", "models.pickle", "backends"), "given by the caller")
    assert values == {
        "tracking": "sqlite:///a.db",
        "models": {"pickle": "deny"},
        "backends": {"local": {"workers": 2}},
    }


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"trackin": 1}, "given by the caller: unknown key 'trackin' (did you mean 'tracking'?)"),
        ({"models": {"pickle": "x"}}, "given by the caller: models.pickle: expected 'trusted'"),
        ({"plugins": []}, "given by the caller: plugins: expected keys and values, not []"),
    ],
)
def test_a_wrong_mapping_is_told(values, says):
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping(values, home=Path("x"))
    assert str(caught.value).startswith(says)


def test_one_value_is_replaced(project):
    config = load(project("experiment_id: '1'\ntracking:\n  uri: a:x\n  options: {o: 1}\nbackends: {local: {w: 1}}\n"))
    changed = config.with_given("tracking.uri", "b:x")
    assert (changed.settings.tracking.uri, changed.settings.tracking.options) == ("b:x", {"o": 1})
    assert changed.origins["tracking.uri"] == "given by the caller"
    assert changed.with_given("tracking.uri", None).settings.tracking.uri is None
    assert config.settings.tracking.uri == "a:x"
    named = config.with_given("experiment", "wine")
    assert (named.settings.experiment, named.settings.experiment_id) == ("wine", None)
    assert "experiment_id" not in named.origins
    other = config.with_given("backends.slurm", {"q": 1})
    assert other.settings.backends == {"local": {"w": 1}, "slurm": {"q": 1}}


@pytest.mark.parametrize(
    ("key", "value"),
    [("tracking.urii", "x"), ("nothing", "x"), ("models.pickle", "x"), ("tracking.uri", 1.5), ("experiment", None)],
)
def test_a_value_that_is_not_allowed_replaces_nothing(tmp_path, key, value):
    with pytest.raises(ConfigError):
        load(tmp_path).with_given(key, value)


# What is shown -------------------------------------------------------------------------------------------------------


def test_no_secret_is_shown(project):
    text = (
        "tracking:\n  uri: postgresql://jane:s3cret@host/db\n  options: {password: s3cret, ssl: {client_key: s3cret}}\n"
        "artifacts: s3://bucket?token=s3cret\n"
        "backends:\n  remote: {url: 'https://s3cret@host', args: ['https://a:s3cret@host'], api-key: s3cret, port: 1}\n"
        "targets: {cloud: {auth_token: s3cret}}\n"
    )
    rows = {key: value for key, value, _origin in load(project(text)).explain()}
    assert "s3cret" not in str(rows)
    assert rows["tracking.uri"] == "postgresql://host/db"
    assert rows["tracking.options"] == {"password": "***", "ssl": {"client_key": "***"}}
    assert rows["backends"]["remote"] == {"url": "https://host", "args": ["https://host"], "api-key": "***", "port": 1}
