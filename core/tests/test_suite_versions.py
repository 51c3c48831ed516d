"""A suite whose laws change gets another version: a certificate says by which laws a plugin was measured.

`python core/tests/test_suite_versions.py` writes the list anew, once the version is raised.
"""

import sys
from pathlib import Path

import pytest

import hookline.testing as kit
from hookline.plugins import KINDS
from hookline.testing.suite import laws_of, suite_of

LIST = Path(__file__).with_name("suites.txt")
SUITES = {name: getattr(kit, name) for name in dir(kit) if name.endswith("Suite") and getattr(kit, name).version}


def now(name: str) -> tuple[int, list[str]]:
    return SUITES[name].version, sorted(laws_of(SUITES[name]))


def recorded() -> dict[str, tuple[int, list[str]]]:
    found: dict[str, tuple[int, list[str]]] = {}
    for line in LIST.read_text(encoding="utf-8").splitlines():
        name, version, law = line.split()
        found.setdefault(name, (int(version), []))[1].append(law)
    return found


@pytest.mark.parametrize("name", sorted(SUITES))
def test_a_suite_whose_laws_changed_has_another_version(name: str) -> None:
    version, laws = recorded().get(name, (0, []))
    changed = set(laws).symmetric_difference(now(name)[1])
    assert not changed or now(name)[0] > version, f"raise {name}.version above {version}: {sorted(changed)} changed"
    assert now(name) == (version, laws), f"write the list anew: python {Path(__file__).name}"


def test_no_suite_of_the_list_is_gone() -> None:
    assert set(recorded()) == set(SUITES)


def test_every_kind_of_plugin_but_commands_has_a_suite() -> None:
    about = {suite.kind for suite in SUITES.values()}
    assert set(KINDS.values()) - about == {"command"}
    assert about - set(KINDS.values()) == {"plugin", "logged models", "documents"}


def test_a_class_of_tests_belongs_to_the_closest_suite() -> None:
    class Mine(kit.InstallingEnvironmentSuite):
        component = "here"

    assert suite_of(Mine) is kit.InstallingEnvironmentSuite
    assert suite_of(type("Part", (kit.StoreSuite,), {})) is None
    assert suite_of(object) is None


def main() -> int:
    present = recorded() if LIST.is_file() else {}
    for name, (version, laws) in present.items():
        if name in SUITES and now(name)[1] != laws and now(name)[0] <= version:
            print(f"The laws of {name} changed: raise its version above {version}.")
            return 1
    lines = [f"{name} {now(name)[0]} {law}\n" for name in sorted(SUITES) for law in now(name)[1]]
    LIST.write_text("".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
