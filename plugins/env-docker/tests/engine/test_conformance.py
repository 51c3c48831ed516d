"""The environment keeps the laws of environments that install what is asked for, in images of a real engine."""

import pytest

from hookline.entities import EnvironmentSpec
from hookline.testing import InstallingEnvironmentSuite
from hookline_env_docker.environment import DockerEnvironment
from hookline_env_docker.options import DockerOptions
from hookline_lib_container.containers import ContainerSpec
from hookline_lib_container.testing import BASE, engine_name


class TestDocker(InstallingEnvironmentSuite):
    component = engine_name()

    @pytest.fixture
    def make_environment(self, wheels, engine_address):
        options = DockerOptions(engine=engine_address, base=BASE, find_links=(str(wheels),), no_index=True)
        return lambda folder: DockerEnvironment(folder, options)

    @pytest.fixture
    def run_in(self, engine):
        def run(prepared, *argv):
            return engine.run(ContainerSpec(prepared.image.reference, argv, variables=prepared.variables)).decode()

        return run

    @pytest.fixture
    def own_specs(self):
        return {"docker_env": EnvironmentSpec("docker_env", settings={"image": BASE})}
