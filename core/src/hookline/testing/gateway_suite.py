"""The conformance suite of `ProjectGateway`."""

from collections.abc import Callable, Mapping

import pytest

from hookline.entities import NewRun
from hookline.interfaces import ProjectGateway
from hookline.testing.suite import Suite
from hookline.workspace import Workspace


class ProjectGatewaySuite(Suite):
    """The laws of a project gateway: those of `hookline.interfaces.projects`, each as a test.

    A subclass gives the fixtures `workspace`, `gateway` (over that workspace), and `tag`: a function that sets a tag of
    the run which the variables name, as the project's library does, and raises where there is no way (any more).
    """

    kind = "project gateway"
    version = 1

    @pytest.fixture
    def workspace(self) -> Workspace:
        """A workspace with an empty store."""
        raise NotImplementedError("a subclass of ProjectGatewaySuite gives the fixture `workspace`")

    @pytest.fixture
    def gateway(self, workspace: Workspace) -> ProjectGateway:
        """A gateway over the workspace."""
        raise NotImplementedError("a subclass of ProjectGatewaySuite gives the fixture `gateway`")

    @pytest.fixture
    def tag(self) -> Callable[[Mapping[str, str], str, str], object]:
        """`tag(variables, key, value)` sets a tag of the run that the variables name."""
        raise NotImplementedError("a subclass of ProjectGatewaySuite gives the fixture `tag`")

    @pytest.fixture
    def run_id(self, workspace: Workspace) -> str:
        """The id of a run in the store."""
        return workspace.tracking.create_run(NewRun("0")).info.run_id

    def test_the_variables_lead_to_the_run(
        self, workspace: Workspace, gateway: ProjectGateway, tag: Callable[..., object], run_id: str
    ) -> None:
        """What the project's library says through the gateway is said of the run."""
        with gateway.open(run_id, "0") as variables:
            assert all(isinstance(key, str) and isinstance(value, str) for key, value in variables.items())
            tag(variables, "a", "b")
        assert workspace.tracking.get_run(run_id).data.tags["a"] == "b"

    def test_what_was_closed_leads_nowhere(
        self, workspace: Workspace, gateway: ProjectGateway, tag: Callable[..., object], run_id: str
    ) -> None:
        """Also where another way is open to the same stores."""
        with gateway.open(run_id, "0") as before:
            pass
        with gateway.open(run_id, "0"), pytest.raises(Exception):  # noqa: B017 - whatever the library raises
            tag(before, "a", "b")
        assert "a" not in workspace.tracking.get_run(run_id).data.tags

    def test_runs_have_ways_of_their_own(
        self, workspace: Workspace, gateway: ProjectGateway, tag: Callable[..., object], run_id: str
    ) -> None:
        """Several projects may run at once."""
        other = workspace.tracking.create_run(NewRun("0")).info.run_id
        with gateway.open(run_id, "0") as one, gateway.open(other, "0") as two:
            tag(one, "a", "1")
            tag(two, "a", "2")
        assert workspace.tracking.get_run(run_id).data.tags["a"] == "1"
        assert workspace.tracking.get_run(other).data.tags["a"] == "2"

    def test_somebody_without_the_variables_has_no_way(
        self, workspace: Workspace, gateway: ProjectGateway, tag: Callable[..., object], run_id: str
    ) -> None:
        """Each of the values is needed: a neighbour on this machine who guesses the place gets nothing."""
        with gateway.open(run_id, "0") as variables:
            secret = {
                key: "x" * len(value)
                for key, value in variables.items()
                if len(value) >= 20 and "://" not in value and value != run_id
            }
            assert secret, "no variable is long enough to be a secret"
            with pytest.raises(Exception):  # noqa: B017 - the same
                tag({**variables, **secret}, "a", "b")
        assert "a" not in workspace.tracking.get_run(run_id).data.tags
