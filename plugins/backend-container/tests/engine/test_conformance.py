"""The backend keeps the laws of every backend, in containers of a real engine."""

import pytest

from hookline.entities import ContainerImage, PreparedEnvironment
from hookline.testing import ProjectBackendSuite
from hookline_backend_container.backend import ContainerBackend
from hookline_backend_container.options import ContainerOptions
from hookline_lib_container.testing import BASE, engine_name


class TestContainerBackend(ProjectBackendSuite):
    component = engine_name()

    @pytest.fixture
    def backend(self, engine_address, tmp_path):
        return ContainerBackend(tmp_path / "backend", ContainerOptions(engine=engine_address, patience=1))

    @pytest.fixture
    def python(self):
        return "python"

    @pytest.fixture
    def environment(self):
        return PreparedEnvironment(image=ContainerImage(BASE))
