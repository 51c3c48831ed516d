"""What all conformance suites share: standard tests that a plugin inherits and may not replace."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest


class Suite:
    """The base of every conformance suite.

    A plugin's test class inherits a suite and provides its fixtures. Replacing a standard test would make the suite
    prove nothing, so that defining one again fails when the class is made. A law that an implementation does not keep
    yet is named under `xfail`, with the reason; the run says so, and fails once the law is kept after all.

    A suite says `kind` and `version`; a subclass says what it runs against, for the table of `hookline plugins
    certify`::

        class TestAzure(ArtifactStoreSuite):
            component = "Azurite 3.37"
            stands_for = "Azure Blob Storage"

    Attributes:
        xfail: by name of a standard test, the reason why it is expected to fail.
        kind: what the suite is about: a kind of `hookline.plugins.KINDS`, or what else has laws.
        version: raised when a law is added or asks for more, so that who passed before may fail now.
        component: the thing behind the plugin that the tests ran against, with its version: "SeaweedFS 4.48".
        stands_for: what the component only imitates or describes, where it is an emulator or a schema.
    """

    xfail: ClassVar[Mapping[str, str]] = {}
    kind: ClassVar[str] = ""
    version: ClassVar[int] = 0
    component: ClassVar[str] = ""
    stands_for: ClassVar[str] = ""

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        standard = {
            name
            for base in cls.__mro__[1:]
            if issubclass(base, Suite)
            for name in vars(base)
            if name.startswith("test")
        }
        overridden = sorted(standard.intersection(vars(cls)))
        if overridden:
            raise TypeError(
                f"{cls.__qualname__} overrides the standard test {overridden[0]!r}; "
                "a law that is not kept yet is named under `xfail`, with the reason."
            )
        for name, reason in vars(cls).get("xfail", {}).items():
            if name not in standard:
                raise TypeError(f"{cls.__qualname__}.xfail names {name!r}, which is no standard test of its suite.")
            if not isinstance(reason, str) or not reason.strip():
                raise TypeError(f"{cls.__qualname__}.xfail gives no reason for {name!r}.")

    @pytest.fixture(autouse=True)
    def _expected_failures(self, request: pytest.FixtureRequest) -> None:
        """Mark the standard tests that are named under `xfail`."""
        name = getattr(request.node, "originalname", request.node.name)
        if name in self.xfail:
            request.applymarker(pytest.mark.xfail(reason=self.xfail[name], strict=True))


def suite_of(tests: type) -> type[Suite] | None:
    """Return the suite that a class of tests inherits: the closest one that has a version; None where there is none."""
    suites = (each for each in tests.__mro__ if issubclass(each, Suite) and "version" in vars(each))
    found = next(suites, Suite)
    return None if found is Suite else found


def laws_of(suite: type[Suite]) -> frozenset[str]:
    """Return the names of a suite's standard tests."""
    return frozenset(name for name in dir(suite) if name.startswith("test_"))
