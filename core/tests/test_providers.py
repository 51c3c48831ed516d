"""Descriptors, targets, and the catalogue of who offers what."""

import subprocess
import sys
import tomllib
from collections import OrderedDict
from pathlib import Path

import pytest
from attrs.exceptions import FrozenInstanceError

from hookline.catalogue import known_names, what_to_install
from hookline.plugins import KINDS
from hookline.providers import FlavorProvider, Provider, StoreProvider, resolve

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("collections:OrderedDict", OrderedDict),
        ("collections:OrderedDict.fromkeys", OrderedDict.fromkeys),
        ("os.path", sys.modules["os.path"]),
        (len, len),
        (OrderedDict, OrderedDict),
    ],
)
def test_a_target_is_resolved(target, found):
    assert resolve(target) == found


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("no_such_module_anywhere:X", ModuleNotFoundError),
        ("collections:NoSuchName", AttributeError),
        ("collections:OrderedDict.no_such", AttributeError),
        (":X", ValueError),
        ("", ValueError),
    ],
)
def test_a_target_that_leads_nowhere_raises_what_the_import_raises(target, error):
    with pytest.raises(error):
        resolve(target)


def test_descriptors_are_frozen_and_have_defaults():
    provider = Provider("a", "m:A")
    assert (provider.summary, provider.options) == ("", None)
    assert StoreProvider("a", "m:A").default_uri is None
    flavor = FlavorProvider("a", "m:A", handles=["x.Y", "z.W"])
    assert (flavor.handles, flavor.autolog, flavor.library) == (("x.Y", "z.W"), None, "")
    for each in (provider, flavor):
        with pytest.raises(FrozenInstanceError):
            each.name = "b"
    assert Provider("a", "m:A") == provider
    assert isinstance(flavor, Provider)


def test_what_plugins_import_is_light():
    code = "import sys; before = set(sys.modules); import hookline.providers; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()} - sys.stdlib_module_names
    assert loaded <= {"hookline", "attr", "attrs", "pluggy"}


@pytest.mark.parametrize(
    ("kind", "name", "distribution"),
    [
        ("tracking_stores", "sqlite", "hookline-tracking-sql"),
        ("artifact_stores", "", "hookline-artifact-file"),
        ("flavors", "sklearn", "hookline-flavor-sklearn"),
        ("commands", "models serve", "hookline-deploy-local"),
        ("environments", "uv", "hookline-env-venv"),
        ("flavors", "no such flavor", None),
        ("no such kind", "", None),
    ],
)
def test_the_catalogue_says_what_to_install(kind, name, distribution):
    assert what_to_install(kind, name) == distribution


def test_every_kind_is_offered_by_someone():
    assert [kind for kind in KINDS if not known_names(kind)] == []
    assert known_names("no such kind") == ()
    for kind in KINDS:
        for name in known_names(kind):
            assert what_to_install(kind, name)


def test_the_catalogue_names_distributions_of_this_repository():
    projects = list(ROOT.glob("plugins/*/pyproject.toml"))
    if not projects:
        pytest.skip("the core alone: the plugins are not beside it")
    names = {tomllib.loads(path.read_text())["project"]["name"] for path in projects}
    offered = {what_to_install(kind, name) for kind in KINDS for name in known_names(kind)}
    assert offered <= names
