"""Who writes a run: what a store says of the process behind a journal."""

from attrs import frozen


@frozen
class Lease:
    """Which process writes a run, and when it was last heard of.

    Attributes:
        host: the name of its machine; `boot_id` tells one start of that machine from another.
        process: what tells it from all other processes of its machine, as `system.process_identity` writes it.
        renewed_at: milliseconds since the Unix epoch.
        primary: whether the run's status follows this writer. Others, such as ranks of a training, only add to the run.
    """

    host: str
    boot_id: str
    process: str
    renewed_at: int
    primary: bool
