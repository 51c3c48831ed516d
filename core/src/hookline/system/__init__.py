"""The only code that locks a file, starts a process or asks the operating system about itself."""

from hookline.system.children import at_exit_of_child, exit_code_of_child, tell_of_forks
from hookline.system.disks import can_make, filesystem_type, is_network_filesystem, sync_file
from hookline.system.locks import HeldLock, file_lock, try_lock
from hookline.system.machine import current_user, machine_identity, state_folder
from hookline.system.processes import (
    end_process_group,
    end_process_tree,
    process_identity,
    process_is_alive,
    terminations_interrupt,
)
from hookline.system.running import how_it_ended, run_process, start_process

__all__ = [
    "HeldLock",
    "at_exit_of_child",
    "can_make",
    "current_user",
    "end_process_group",
    "end_process_tree",
    "exit_code_of_child",
    "file_lock",
    "filesystem_type",
    "how_it_ended",
    "is_network_filesystem",
    "machine_identity",
    "process_identity",
    "process_is_alive",
    "run_process",
    "start_process",
    "state_folder",
    "sync_file",
    "tell_of_forks",
    "terminations_interrupt",
    "try_lock",
]
