"""A folder for one process alone: a lock that the system drops when its holder ends, however it ends."""

import os
import sys
from pathlib import Path

from sim.errors import InputError


def lock(path: Path, out: str, what: str = "sweep") -> int:
    """Return an open file that this process alone holds; closing it lets it go.

    Its holder may remove the file: whoever opened it before that tries again.

    Raises:
        InputError: another process holds it.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        _hold(handle)
    except (BlockingIOError, PermissionError):  # as POSIX and as Windows say it
        os.close(handle)
        raise InputError(f"out={out} is in use by another {what}: wait for it, or name another folder") from None
    if path.is_file() and os.path.samestat(os.fstat(handle), path.stat()):
        return handle
    os.close(handle)
    return lock(path, out, what)


def _hold(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
