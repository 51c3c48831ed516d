"""Models in containers of a real podman, which `tox -e containers` prepares; elsewhere these tests are skipped."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import hookline_flavor_python
import hookline_flavor_sklearn
from hookline.entities import ModelFolder
from hookline.testing import memory_workspace
from hookline_deploy_container.target import ContainerTarget
from hookline_lib_container.python_images import BuildOptions
from hookline_lib_container.testing import (
    BASE,
    NEEDED,
    engine,
    engine_address,
    private_registry,
    skip_without_engine,
    small_engine,
)

__all__ = ["engine", "engine_address", "private_registry", "small_engine"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip_without_engine(items, Path(__file__).parent)


@pytest.fixture(scope="session")
def options(engine_address):
    wheels = str(Path(os.environ[NEEDED], "wheels", "model"))
    return BuildOptions(engine=engine_address, base=BASE, find_links=(wheels,), no_index=True)


@pytest.fixture
def target(tmp_path, options):
    made = ContainerTarget(tmp_path / "target", options)
    yield made
    for each in made.list():
        made.delete(each.name)


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Models by what they multiply with; requirements are those that the wheels of the tests have."""
    place = tmp_path_factory.mktemp("models")
    data = pd.DataFrame({"x": [0.0, 1.0, 2.0]})
    with memory_workspace(place / "home", hookline_flavor_python, hookline_flavor_sklearn) as space:
        for factor in (2, 3):
            fitted = LinearRegression(fit_intercept=False).fit(data, np.array([0.0, 1.0, 2.0]) * factor)
            space.save_model(fitted, place / str(factor), input_example=data)
        space.save_model(fitted, place / "pickled", input_example=data, serialization_format="cloudpickle")
    return place


@pytest.fixture
def pickled(models):
    return models / "pickled"


@pytest.fixture
def saved(models):
    def folder(factor, **fields):
        return ModelFolder(f"models:/line/{factor}", models / str(factor), **{"trusted": True, **fields})

    return folder
