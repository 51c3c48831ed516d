"""Requirements: found from what a model is made of, pinned as they are installed."""

import functools
import importlib.metadata
import json
import logging
import sys

import attrs
import click
import pytest

from hookline.models.distributions import Distributions, installed, requirement
from hookline.models.modules import modules_of
from hookline.models.requirements import find_requirements, read_requirements


def pinned(*names):
    return [f"{name}=={importlib.metadata.version(name)}" for name in names]


@pytest.fixture(scope="module")
def found():
    return Distributions()


class Plain:
    def __init__(self, **parts):
        vars(self).update(parts)


def uses_a_module(rows):
    return click.style(rows)


def imports_inside(rows):
    import pluggy

    return pluggy.HookimplMarker(rows)


def calls_another(rows):
    return uses_a_module(rows)


class HasMethods:
    @staticmethod
    def helper(rows):
        return click.echo(rows)

    @property
    def made(self):
        return attrs.asdict(self)

    def predict(self, rows):
        return [imports_inside(row) for row in rows]


def make_closure():
    style = click.style
    return lambda rows: style(rows)


def make_default():
    return lambda rows, style=click.style: style(rows)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (Plain(), []),
        ([1, "x", None, {"k": (1.5,)}], []),
        (uses_a_module, ["click"]),
        (calls_another, ["click"]),
        (imports_inside, ["pluggy"]),
        (lambda rows: [click.style(row) for row in rows], ["click"]),
        (lambda rows: (lambda row: click.style(row))(rows), ["click"]),
        (make_closure(), ["click"]),
        (make_default(), ["click"]),
        (functools.partial(print, file=click.Path()), ["click"]),
        (click.Path().convert, ["click"]),
        (Plain(step=[{"inner": click.Path()}]), ["click"]),
        (HasMethods(), ["attrs", "click", "pluggy"]),
        (attrs.define(type("Made", (), {"__annotations__": {}}))(), ["attrs"]),
        (json.dumps, []),
    ],
)
def test_what_a_model_refers_to_is_found(found, model, names):
    assert find_requirements([model], [], found) == pinned(*names)


def test_objects_that_hold_themselves_end(found):
    ring = Plain(path=click.Path())
    ring.me = ring
    assert find_requirements([ring], [], found) == pinned("click")


def test_large_models_are_walked_in_part():
    large = Plain(many=[Plain(more=[Plain() for _ in range(200)]) for _ in range(200)])
    assert modules_of([large], lambda name: False) >= {__name__}


def test_no_code_of_the_model_is_run(found):
    class Trap:
        def __getattr__(self, name):
            raise AssertionError(name)

        def __iter__(self):
            raise AssertionError

        @property
        def value(self):
            raise AssertionError

    assert find_requirements([Trap()], [], found) == []


def test_names_are_pinned_and_lines_kept(found):
    assert find_requirements([], ["attrs", "torch>=2", "no-such-tool"], found) == [
        *pinned("attrs"),
        "no-such-tool",
        "torch>=2",
    ]
    assert find_requirements([uses_a_module], ["click>=8"], found) == ["click>=8"]


def test_a_module_of_the_users_own_is_named_in_a_warning(found, tmp_path, monkeypatch, caplog):
    (tmp_path / "own_helpers.py").write_text("import click\ndef helper(rows):\n    return click.style(rows)\n")
    monkeypatch.syspath_prepend(tmp_path)
    import own_helpers

    with caplog.at_level(logging.WARNING, "hookline"):
        assert find_requirements([lambda rows: own_helpers.helper(rows)], [], found) == pinned("click")
    assert "'own_helpers'" in caplog.text
    monkeypatch.delitem(sys.modules, "own_helpers")


def test_code_that_goes_into_the_pickle_needs_no_module(found, caplog):
    class Local:
        def predict(self, rows):
            return click.style(rows)

    with caplog.at_level(logging.WARNING, "hookline"):
        for model in (Local(), lambda rows: click.style(rows), make_closure()):
            assert find_requirements([model], [], found) == pinned("click")
    assert not caplog.records


# How distributions are named -----------------------------------------------------------------------------------------


def install(folder, name, record="", **files):
    """Write the metadata of a distribution as an installer does."""
    info = folder / f"{name.replace('-', '_')}-1.0+local.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0+local\n")
    (info / "RECORD").write_text(record)
    for file, content in files.items():
        (info / file.replace("__", ".")).write_text(content)
    return importlib.metadata.Distribution.at(info)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, "tool==1.0"),
        ({"url": "file:///home/me/tool", "dir_info": {"editable": True}}, None),
        ({"url": "file:///home/me/tool", "dir_info": {}}, None),
        ({"url": "file:///home/me/tool.whl", "archive_info": {}}, None),
        ({"url": "https://host.example/tool.whl", "archive_info": {}}, "tool @ https://host.example/tool.whl"),
        (
            {"url": "https://me:secret@host.example/r.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "tool @ git+https://host.example/r.git@abc",
        ),
    ],
)
def test_a_distribution_is_named_by_where_it_came_from(tmp_path, origin, expected):
    files = {} if origin is None else {"direct_url__json": json.dumps(origin)}
    assert requirement(install(tmp_path, "tool", **files)) == expected


def test_modules_lead_to_their_distributions(tmp_path, monkeypatch):
    install(tmp_path, "scikit-thing", "skthing/__init__.py,,\nskthing/core.py,,\nscikit_thing-1.0.dist-info/RECORD,,\n")
    install(tmp_path, "single", "single_module.py,,\n")
    install(tmp_path, "compiled", "fast.cpython-311-x86_64-linux-gnu.so,,\n")
    install(tmp_path, "declared", "", top_level__txt="old_style\n")
    install(tmp_path, "space-a", "space/a/__init__.py,,\n")
    install(tmp_path, "space-b", "space/b.py,,\n")
    monkeypatch.syspath_prepend(tmp_path)
    distributions = Distributions()
    expected = {
        "skthing.core": "scikit-thing",
        "single_module": "single",
        "fast": "compiled",
        "old_style.x": "declared",
        "space.a": "space-a",
        "space.b": "space-b",
    }
    assert {module: distributions.owner(module).metadata["Name"] for module in expected} == expected
    assert distributions.owner("json") is None
    assert distributions.owner("no_such_module") is None


def test_what_is_installed_from_a_folder_is_left_out(tmp_path, monkeypatch):
    origin = json.dumps({"url": "file:///src", "dir_info": {"editable": True}})
    install(tmp_path, "in-development", direct_url__json=origin)
    monkeypatch.syspath_prepend(tmp_path)
    assert list(installed(["in-development", "attrs"])) == pinned("attrs")


def test_requirements_are_read_without_comments(tmp_path):
    assert read_requirements(tmp_path) == []
    (tmp_path / "requirements.txt").write_text("# made by hand\n\nnumpy==1.0\n  pandas\n")
    assert read_requirements(tmp_path) == ["numpy==1.0", "pandas"]
