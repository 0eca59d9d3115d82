"""Seals: a file of a growing folder that somebody changed after a command ended is not replaced.

There is no seal while a command runs, so that one that was killed goes on.
"""

import json
from pathlib import Path

from experiments.ownership import hash_file, list_files
from experiments.running.drafts import write_text
from sim.errors import InputError

GROWING = ("runs", "series", "_work", "abc", "search.log", "search.log.lock")  #: is added to and never replaced


def seal(root: Path) -> None:
    """Note the SHA-256 of every file that the next command into `root` replaces."""
    names = [name for name in list_files(root) if name.partition("/")[0] not in GROWING]
    hashes = {name: hash_file(root / name) for name in names}
    write_text(json.dumps(hashes), _seal(root), root / "_work")


def unseal(root: Path, name: str) -> bool:
    """Remove the seal and return whether there was one.

    Raises:
        InputError: a file was changed after it was sealed, in one line that begins with `name`.
    """
    if not _seal(root).is_file():
        return False
    for file, digest in json.loads(_seal(root).read_text(encoding="utf-8")).items():
        if (root / file).is_file() and hash_file(root / file) != digest:
            raise InputError(f"{name} holds {file}, which was changed after it was written: move it away")
    _seal(root).unlink()
    return True


def _seal(root: Path) -> Path:
    return root / "_work" / "seal.json"
