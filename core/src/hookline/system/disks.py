"""What is on the disk, and which file systems lie behind a network."""

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

if sys.platform == "darwin":
    import fcntl

NETWORK_FILESYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "davfs"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.gcsfuse", "fuse.rclone", "fuse.davfs"}
)


def sync_file(file: int | Path) -> None:
    """Return when a file's bytes are on the disk, not in its cache; a folder's entries where the system allows that.

    Raises:
        OSError: they are not, and will not be: what was written since the last success may be lost.
    """
    descriptor = os.open(file, os.O_RDONLY) if isinstance(file, Path) else file
    try:
        if sys.platform == "darwin":  # where fsync leaves the bytes in the drive's own cache
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fsync(descriptor)
    except OSError as error:
        # Some file systems know no such thing as a folder that waits for the disk.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP) or not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise
    finally:
        if isinstance(file, Path):
            os.close(descriptor)


def filesystem_type(path: Path) -> str | None:
    """Return the type of the file system that holds `path` (or its nearest existing parent), where it can be told."""
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: links in a circle
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
        real = str(path.absolute().resolve())
        best: tuple[str, str | None] = ("", None)
        for fields in (line.split() for line in mounts if len(line.split()) > 2):
            point = fields[1].replace("\\040", " ")
            if (real == point or real.startswith(point.rstrip("/") + "/")) and len(point) >= len(best[0]):
                best = (point, fields[2])
        return best[1]
    return None


def is_network_filesystem(path: Path) -> bool:
    """Return whether `path` lies on a file system over a network, where locks and shared memory cannot be relied on."""
    return filesystem_type(path) in NETWORK_FILESYSTEMS


def can_make(folder: Path) -> bool:
    """Return whether this user may write into a folder, or make it where it is not there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
