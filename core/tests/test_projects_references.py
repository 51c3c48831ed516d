"""The references around a project pass the suites, which shows that the suites can be passed without any plugin."""

import shutil

import pytest

from hookline.testing import EnvironmentSuite, ProjectBackendSuite, ProjectSourceSuite
from hookline.testing.project_references import ReferenceBackend, ReferenceEnvironment, ReferenceSource


class TestReferenceBackend(ProjectBackendSuite):
    @pytest.fixture
    def backend(self, tmp_path):
        return ReferenceBackend(tmp_path / "backend")


class TestReferenceEnvironment(EnvironmentSuite):
    @pytest.fixture
    def make_environment(self, wheels):
        return ReferenceEnvironment


class TestReferenceSource(ProjectSourceSuite):
    @pytest.fixture
    def source(self):
        return ReferenceSource()

    @pytest.fixture
    def publish(self, tmp_path):
        def write(files):
            folder = tmp_path / "published"
            shutil.rmtree(folder, ignore_errors=True)
            for key, content in files.items():
                (folder / key).parent.mkdir(parents=True, exist_ok=True)
                (folder / key).write_bytes(content)
            return f"copy://{folder}"

        return write

    @pytest.fixture
    def absent(self, tmp_path):
        return f"copy://{tmp_path}/absent"
