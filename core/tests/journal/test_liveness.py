"""Whether a run goes on, as it is seen from here: by its status, its lease and this machine."""

import pytest
from attrs import evolve

from hookline import liveness
from hookline.entities import Lease, NewRun, RunInfo, RunStatus
from hookline.liveness import LOST_CONTACT, PROCESS_GONE, is_led, observed
from hookline.testing.memory_tracking import MemoryTrackingStore

NOW = 1_700_000_100_000
FRESH, OLD = NOW - 29_000, NOW - 31_000
HERE, BOOT, NAMESPACE = "here", "boot-1", "pid:[1]"
ALIVE, DEAD = "17 4711 boot-1", "18 4711 boot-1"
RUNNING, FAILED = RunStatus.RUNNING, RunStatus.FAILED


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """This machine, on which the process 17 lives."""
    monkeypatch.setattr(liveness, "machine_identity", lambda: (HERE, f"{BOOT} {NAMESPACE}"))
    monkeypatch.setattr(liveness, "process_identity", lambda pid: ALIVE if pid == 17 else None)
    monkeypatch.setattr(liveness, "now_ms", lambda: NOW)


def info_of(lease: Lease | None, status: RunStatus = RUNNING) -> RunInfo:
    return evolve(MemoryTrackingStore().create_run(NewRun("0", start_time=1, status=status)).info, lease=lease)


@pytest.mark.parametrize(
    ("host", "boot_id", "process", "renewed_at", "status", "reason"),
    [
        pytest.param(HERE, f"{BOOT} {NAMESPACE}", ALIVE, FRESH, RUNNING, "", id="lives here"),
        pytest.param(HERE, f"{BOOT} {NAMESPACE}", ALIVE, OLD, RUNNING, "", id="lives here, and does not renew"),
        pytest.param(HERE, f"{BOOT} {NAMESPACE}", DEAD, FRESH, FAILED, PROCESS_GONE, id="gone from here"),
        pytest.param(HERE, f"{BOOT} {NAMESPACE}", DEAD, OLD, FAILED, PROCESS_GONE, id="long gone from here"),
        pytest.param(
            HERE, f"{BOOT} {NAMESPACE}", "17 99 boot-1", FRESH, FAILED, PROCESS_GONE, id="another with its number"
        ),
        pytest.param(HERE, f"{BOOT} {NAMESPACE}", "", FRESH, FAILED, PROCESS_GONE, id="no process"),
        pytest.param(HERE, f"{BOOT} {NAMESPACE}", "x", FRESH, FAILED, PROCESS_GONE, id="no number"),
        pytest.param("there", "boot-9 pid:[9]", DEAD, FRESH, RUNNING, "", id="elsewhere"),
        pytest.param("there", "boot-9 pid:[9]", DEAD, OLD, RUNNING, LOST_CONTACT, id="elsewhere, silent"),
        pytest.param("there", "boot-9 pid:[9]", ALIVE, OLD, RUNNING, LOST_CONTACT, id="elsewhere, a number of ours"),
        pytest.param("there", "boot-9 pid:[9]", DEAD, NOW + 3_600_000, RUNNING, "", id="elsewhere, our clock is late"),
        pytest.param("there", "", DEAD, OLD, RUNNING, LOST_CONTACT, id="elsewhere, no boot id"),
        pytest.param(HERE, f"boot-0 {NAMESPACE}", ALIVE, OLD, FAILED, PROCESS_GONE, id="before a restart of this one"),
        pytest.param(HERE, f"boot-0 {NAMESPACE}", ALIVE, FRESH, RUNNING, "", id="one with our name, or a restart"),
        pytest.param(HERE, f"{BOOT} pid:[2]", ALIVE, FRESH, RUNNING, "", id="another container"),
        pytest.param(HERE, f"{BOOT} pid:[2]", ALIVE, OLD, RUNNING, LOST_CONTACT, id="another container, silent"),
    ],
)
def test_what_a_lease_says(host, boot_id, process, renewed_at, status, reason):
    info = info_of(Lease(host, boot_id, process, renewed_at, primary=True))
    seen = observed(info)
    assert (seen.status, seen.status_reason) == (status, reason)
    assert seen.end_time == (renewed_at if status is FAILED else None)
    assert is_led(info) == (reason == "")


@pytest.mark.parametrize("status", [each for each in RunStatus if each.is_final])
def test_a_run_that_ended_stays_so(status):
    info = info_of(Lease(HERE, f"{BOOT} {NAMESPACE}", DEAD, OLD, primary=True), status)
    assert observed(info) == info
    assert not is_led(info)


def test_a_run_without_a_lease_stays_what_it_says():
    """It came over MLflow's API, say, where nobody can tell."""
    info = info_of(None)
    assert observed(info) == info
    assert not is_led(info)


def test_a_silent_run_comes_back_when_it_renews():
    lease = Lease("there", "boot-9", DEAD, OLD, primary=True)
    assert observed(info_of(lease)).status_reason == LOST_CONTACT
    assert observed(info_of(Lease("there", "boot-9", DEAD, FRESH, primary=True))).status_reason == ""
