"""Reading `MLproject`, `pyproject.toml`, environment files and requirement files."""

import pytest

from hookline.entities import EnvironmentSpec, Fetched
from hookline.errors import ConfigError, InvalidValue, NotFound, Refused
from hookline.projects.entry_points import find_entry_point
from hookline.projects.reading import read_project
from hookline.projects.requirement_files import logical_lines, read_requirements

FULL = """\
name: full
some_future_key: [1, 2]
python_env: envs/python_env.yaml
entry_points:
  main:
    note: not known, passed over
    parameters:
      alpha: float
      data: {type: path, default: data.csv}
      where: {type: uri}
      epochs: {type: int, default: 5}
      plain: {default: true}
    command: >-
      python train.py
      --alpha {alpha}
  short: python short.py
"""


@pytest.fixture
def project(tmp_path):
    """A function that writes files and reads them as a project."""

    def make(**files):
        folder = tmp_path / "my-folder"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return read_project(Fetched(folder), "my-folder")

    return make


def test_everything_an_mlproject_may_say(project):
    found = project(**{"MLproject": FULL, "envs/python_env.yaml": "python: '3.11'\ndependencies: [numpy]\n"})
    main = found.entry_points["main"]
    assert found.name == "full"
    assert main.command == "python train.py --alpha {alpha}"
    assert {name: (each.type, each.default) for name, each in main.parameters.items()} == {
        "alpha": ("float", None),
        "data": ("path", "data.csv"),
        "where": ("uri", None),
        "epochs": ("string", "5"),
        "plain": ("string", "True"),
    }
    assert found.entry_points["short"].command == "python short.py"
    assert (found.environment.python, found.environment.dependencies) == ("3.11", ("numpy",))


@pytest.mark.parametrize("name", ["MLproject", "mlproject", "MLPROJECT", "MlProject"])
def test_the_name_of_the_file_is_matched_in_any_case(project, name):
    assert project(**{name: "name: x\n"}).name == "x"


@pytest.mark.parametrize("content", ["", "# nothing\n", "name:\n", "entry_points:\n"])
def test_a_project_that_says_nothing_is_named_by_its_folder(project, content):
    assert project(MLproject=content) == read_project(Fetched(project(MLproject=content).folder), "my-folder")
    assert project(MLproject=content).name == "my-folder"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("- a list\n", ["MLproject: expected keys and values"]),
        ("name: [1]\n", ["MLproject:1: name: expected a text"]),
        ("name: x\nentry_points: [main]\n", ["MLproject:2: entry_points: expected keys and values"]),
        (
            "entry_points:\n  main:\n    comand: x\n",
            ["MLproject:2: entry_points.main", "'command' is missing (did"],
        ),
        (
            "entry_points:\n  main:\n    command: [python, x]\n",
            ["MLproject:3: entry_points.main.command: expected"],
        ),
        ("entry_points:\n  main: {command: ''}\n", ["MLproject:2", "expected a text"]),
        (
            "entry_points:\n  main:\n    parameters:\n      a: flaot\n    command: x\n",
            ["MLproject:4", "unknown type 'flaot' (did you mean 'float'?)", "allowed: string, float, path, uri"],
        ),
        (
            "entry_points:\n  main:\n    parameters:\n      a: {default: [1]}\n    command: x\n",
            ["MLproject:4", "entry_points.main.parameters.a.default: expected a text or a number"],
        ),
        ("entry_points:\n  main:\n    parameters: [a]\n    command: x\n", ["MLproject:3", "parameters: expected keys"]),
        ("name: x\nconda_env: a.yaml\npython_env: b.yaml\n", ["MLproject:2", "at most one environment", "python_env"]),
        ("python_env: absent.yaml\n", ["MLproject:1: python_env: there is no file 'absent.yaml'"]),
        ("python_env: ../outside.yaml\n", ["MLproject:1: python_env: the file must lie inside the project"]),
        ("conda_env: /etc/hostname\n", ["MLproject:1: conda_env: the file must lie inside the project"]),
        ("docker_env: {volumes: []}\n", ["MLproject:1: docker_env.image: expected a text"]),
        ("docker_env: image\n", ["MLproject:1: docker_env: expected keys and values"]),
        ("name: 'x\n", ["MLproject:", "not valid YAML"]),
    ],
)
def test_a_wrong_mlproject_names_file_line_and_key(project, content, expected):
    with pytest.raises(ConfigError) as caught:
        project(MLproject=content)
    assert [each for each in expected if each not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, EnvironmentSpec()),
        ({"python_env.yaml": "dependencies: [a]", "conda.yaml": "dependencies: [b]"}, "python_env"),
        ({"conda.yaml": "dependencies: [b]"}, "conda_env"),
    ],
)
def test_the_environment_of_a_project_that_names_none(project, files, expected):
    found = project(MLproject="name: x\n", **files).environment
    assert found == expected if isinstance(expected, EnvironmentSpec) else found.kind == expected


def test_a_docker_env_is_kept_as_written(project):
    found = project(MLproject="docker_env:\n  image: img:1\n  volumes: ['/a:/b']\n  environment: [X, [Y, z]]\n")
    assert found.environment.kind == "docker_env"
    assert found.environment.settings == {"image": "img:1", "volumes": ["/a:/b"], "environment": ["X", ["Y", "z"]]}


@pytest.mark.parametrize(
    ("content", "python"),
    [
        *[("python: '3.10'", "3.10"), ("python: 3.10", "3.10"), ("python: 3.11", "3.11"), ("python: 3.11.7", "3.11.7")],
        *[("python:", None), ("dependencies: []", None), ("future: 1", None)],
    ],
)
def test_the_python_of_a_python_env(project, content, python):
    assert project(**{"python_env.yaml": content}).environment.python == python


def test_requirement_files_of_a_python_env_are_read_in(project):
    found = project(
        **{
            "python_env.yaml": "build_dependencies: [pip]\ndependencies:\n- -r reqs/base.txt\n- c\n- -c limits.txt\n",
            "reqs/base.txt": "# base\na>=1 \\\n   ; python_version > '3'\n-r more.txt\n\n",
            "reqs/more.txt": "b[extra]  # why\r\n",
            "limits.txt": "a<9\n",
        }
    ).environment
    assert found.dependencies == ("a>=1 ; python_version > '3'", "b[extra]", "c")
    assert (found.build_dependencies, found.constraints) == (("pip",), ("a<9",))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("-r ../outside.txt", "outside|leads|'\\.\\.'"),
        ("--requirement=/etc/hostname", "inside the project"),
        ("-r https://example.org/x.txt", "inside the project"),
        ("-rabsent.txt", "no requirements file 'absent.txt'"),
        ("-c", "need the name"),
        ("-r circle.txt", "more than 10 deep"),
    ],
)
def test_a_requirement_file_that_is_not_there_or_outside_is_an_error(tmp_path, line, problem):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside.txt").write_text("x\n", encoding="utf-8")
    (root / "circle.txt").write_text("-r circle.txt\n", encoding="utf-8")
    with pytest.raises(InvalidValue, match=problem):
        read_requirements([line], root, root)


def test_a_requirement_file_behind_a_link_is_not_read(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("x\n", encoding="utf-8")
    (root / "link.txt").symlink_to(tmp_path / "secret")
    with pytest.raises(Refused, match="symbolic link"):
        read_requirements(["-r link.txt"], root, root)


def test_a_wrong_line_in_an_environment_file_names_the_file(project):
    with pytest.raises(ConfigError, match=r"python_env\.yaml:1: dependencies: .*no requirements file"):
        project(**{"python_env.yaml": "dependencies: ['-r absent.txt']\n"})


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a\n\n  # comment\nb # why\nc#not", ["a", "b", "c#not"]),
        ("a==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n", ["a==1 --hash=sha256:00 --hash=sha256:11"]),
        ("a @ https://x.org/y#egg=a", ["a @ https://x.org/y#egg=a"]),
    ],
)
def test_logical_lines(text, lines):
    assert logical_lines(text) == lines


@pytest.mark.parametrize(
    ("dependency", "python"),
    [
        *[("python=3.11", "3.11"), ("python==3.11.4", "3.11.4"), ("python=3.10.2=h1_0", "3.10.2"), ("python", None)],
        *[("python>=3.9,<3.13", ">=3.9,<3.13"), ("conda-forge::python=3.12", "3.12"), ("python 3.11.*", "3.11")],
    ],
)
def test_conda_environments(project, dependency, python):
    content = f"name: x\nchannels: [defaults]\ndependencies:\n- {dependency}\n- python-dateutil\n- pip:\n  - a==1\n"
    found = project(MLproject="conda_env: c.yaml\n", **{"c.yaml": content}).environment
    assert (found.python, found.dependencies) == (python, ("a==1",))
    assert found.settings == {"conda": ("python-dateutil",), "channels": ("defaults",)}


@pytest.mark.parametrize("channels", ["conda-forge", "[1]", "[' ']", "{a: b}"])
def test_channels_that_are_no_names_are_said(project, channels):
    files = {"c.yaml": f"name: x\nchannels: {channels}\ndependencies: [python]\n"}
    with pytest.raises(ConfigError, match=r"c\.yaml:2: channels: "):
        project(MLproject="conda_env: c.yaml\n", **files)


# pyproject.toml ------------------------------------------------------------------------------------------------------

PYPROJECT = """\
[project]
name = "packaged"
requires-python = ">=3.11"
dependencies = ["numpy>=1"]
"""


def test_a_pyproject_gives_name_and_environment(project):
    found = project(**{"pyproject.toml": PYPROJECT, "main.py": ""})
    assert (found.name, found.entry_points["main"].command) == ("packaged", "python main.py")
    assert found.environment == EnvironmentSpec(
        "pyproject", found.folder / "pyproject.toml", ">=3.11", (), ("numpy>=1",)
    )


@pytest.mark.parametrize(
    ("added", "files", "main"),
    [
        ("[tool.hookline.entry_points]\nmain = 'python own.py'\n", {"main.py": ""}, "python own.py"),
        ("[tool.hookline.entry_points.main]\ncommand = 'python {p}'\nparameters.p = 'path'\n", {}, "python {p}"),
        ("", {"main.py": "", "__main__.py": ""}, "python main.py"),
        ("", {"__main__.py": ""}, "python __main__.py"),
        ("[project.scripts]\nother = 'm:f'\n", {}, "from m import f; sys.argv[0] = "),
        ("[project.scripts]\nother = 'm:f'\npackaged = 'p.q:g.h'\n", {}, "from p.q import g; sys.argv[0] = "),
        ("[project.scripts]\none = 'm:f'\ntwo = 'm:g'\n", {}, None),
        ("", {}, None),
    ],
)
def test_what_main_is_without_an_mlproject(project, added, files, main):
    entries = project(**{"pyproject.toml": PYPROJECT + added, **files}).entry_points
    assert (main is None and "main" not in entries) or main in entries["main"].command


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[project\n", "not valid TOML"),
        ("project = 1\n", "pyproject.toml: project: expected keys and values"),
        ("[project]\nname = 3\n", "project.name: expected a text"),
        ("[project]\ndependencies = 'numpy'\n", "project.dependencies: expected a list of texts"),
        ("[project]\nrequires-python = 3\n", "project.requires-python: expected a text"),
        ("[project.scripts]\nx = 'import os; os.remove()'\n", "project.scripts.x: expected 'module:function'"),
        ("[tool.hookline.entry_points.main]\ncomand = 'x'\n", "tool.hookline.entry_points.main: the key 'command'"),
    ],
)
def test_a_wrong_pyproject_names_file_and_key(project, content, problem):
    with pytest.raises(ConfigError) as caught:
        project(**{"pyproject.toml": content})
    assert problem in str(caught.value)
    assert "pyproject.toml" in str(caught.value)


def test_an_mlproject_goes_before_a_pyproject(project):
    assert project(**{"pyproject.toml": PYPROJECT, "MLproject": "name: described\n"}).name == "described"


# Entry points that need no declaration -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "command"),
    [
        *[("train.py", "python train.py"), ("steps/a b.py", "python 'steps/a b.py'"), ("run.sh", "bash run.sh")],
        *[("odd{x}.py", "python 'odd{{x}}.py'")],
    ],
)
def test_a_file_is_an_entry_point(project, name, command):
    assert find_entry_point(project(**{name: ""}), name).command == command


@pytest.mark.parametrize("name", ["absent.py", "-c.py", "../outside.py", "main", "mian", "notes.txt", "/etc/x.py", ""])
def test_an_unknown_entry_point_lists_what_is_declared(project, tmp_path, name):
    (tmp_path / "outside.py").touch()
    found = project(MLproject="entry_points: {train: python x.py}\n", **{"notes.txt": "", "-c.py": ""})
    with pytest.raises(NotFound, match="declared: train"):
        find_entry_point(found, name)
