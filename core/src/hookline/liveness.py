"""Whether a run that goes on really does: its status as it is seen at the moment of reading."""

from attrs import evolve

from hookline.entities import Lease, RunInfo, RunRecord, RunStatus, now_ms
from hookline.system import machine_identity, process_identity

VALID_MS = 30_000
"""How long a lease counts after it was renewed, which happens every ten seconds."""
PROCESS_GONE, LOST_CONTACT = "process gone", "lost contact"


def observed(info: RunInfo) -> RunInfo:
    """Return a run's info with the status that its lease allows.

    A run whose process was on this machine and is gone is FAILED, "process gone". One from another machine that has not
    renewed its lease is still RUNNING, "lost contact", and comes back when it renews. A run without a lease, such as
    one that came over MLflow's API, stays what it says it is.
    """
    lease = info.lease
    if lease is None or info.status.is_final:
        return info
    host, boot_id = machine_identity()
    if (lease.host, lease.boot_id) == (host, boot_id):
        if _lives(lease.process):
            return info
        return _gone(info, lease)
    if now_ms() - lease.renewed_at <= VALID_MS:  # also on a machine that happens to have this one's name
        return info
    restarted = lease.host == host and lease.boot_id.partition(" ")[0] != boot_id.partition(" ")[0]
    return _gone(info, lease) if restarted else evolve(info, status_reason=LOST_CONTACT)


def _lives(process: str) -> bool:
    pid = process.partition(" ")[0]
    return pid.isdigit() and process_identity(int(pid)) == process


def _gone(info: RunInfo, lease: Lease) -> RunInfo:
    return evolve(info, status=RunStatus.FAILED, end_time=lease.renewed_at, status_reason=PROCESS_GONE)


def is_led(info: RunInfo) -> bool:
    """Return whether a process that lives, as far as can be told, decides over a run's status."""
    seen = observed(info)
    return seen.lease is not None and not seen.status.is_final and not seen.status_reason


def observed_record(record: RunRecord) -> RunRecord:
    """Return a record with its info as it is seen now, and the reason for its status."""
    info = observed(record.info)
    reason = record.data.tags.get("hookline.status_reason", "")
    if not info.status_reason and info.status is RunStatus.FAILED and reason:
        info = evolve(info, status_reason=reason)
    return record if info is record.info else evolve(record, info=info)
