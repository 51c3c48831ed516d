"""Which process this is, as journals and leases name it."""

import os
from functools import lru_cache
from typing import Any

from attrs import frozen

from hookline.entities import Lease, now_ms
from hookline.system import machine_identity, process_identity


@frozen
class ProcessName:
    """What tells a process from all others, on all machines."""

    host: str
    boot_id: str
    process: str

    def header(self, primary: bool) -> dict[str, Any]:
        """Return what a journal's header says of its writer."""
        return {"host": self.host, "boot_id": self.boot_id, "process": self.process, "primary": primary}

    def lease(self, primary: bool) -> Lease:
        """Return a lease of this moment."""
        return Lease(self.host, self.boot_id, self.process, now_ms(), primary)


def this_process() -> ProcessName:
    """Return the name of this process."""
    return _named(os.getpid())


@lru_cache(maxsize=1)
def _named(pid: int) -> ProcessName:
    host, boot_id = machine_identity()
    return ProcessName(host, boot_id, process_identity(pid) or str(pid))
