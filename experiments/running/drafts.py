"""Files that appear whole: written as a draft, brought to the disk, and renamed; and errors of the disk in one line."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from experiments.retrying import retry_while_open
from sim.errors import InputError


@contextmanager
def guard_disk(place: str) -> Iterator[None]:
    """Turn an error of the disk inside this block into one line; `place` names what is written."""
    try:
        yield
    except (ConnectionError, ChildProcessError):  # of a pipe or a process
        raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(
            f"{place} cannot be written ({reason}): what is there is whole; free space, or name a folder that you may "
            "write by out=DIR, and the same command continues"
        ) from error


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    retry_while_open(partial(path.unlink, missing_ok=True))


def write_text(text: str, target: Path, drafts: Path) -> None:
    """Have `target` hold the text."""
    with open_draft(target, drafts) as draft:
        draft.write_text(text, encoding="utf-8")


@contextmanager
def open_draft(target: Path, drafts: Path) -> Iterator[Path]:
    """Write the file that this yields; it is then brought to the disk and renamed, or removed after an error.

    It lies in `drafts`, not beside `target`: polars refuses a folder in which a file has another ending.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = drafts / f"_{target.stem}.draft"
    try:
        yield draft
        _sync(draft)
        retry_while_open(partial(draft.replace, target))
        if os.name == "posix":
            _sync(target.parent)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY if path.is_dir() or os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def name_draft(target: Path, process: int) -> Path:
    """Return the folder in which a process makes what becomes the folder `target`."""
    return target.with_name(f"_{target.name}-{process}")


def name_former(draft: Path) -> Path:
    """Return where the former result waits while a draft takes its name."""
    return draft.with_name(f"{draft.name}-former")


def remove_draft(target: Path, process: int) -> bool:
    """Remove what a process that was killed left of `target`, and return whether it left anything.

    A former result gets its name back.
    """
    draft = name_draft(target, process)
    is_left = draft.is_dir()
    former = name_former(draft)
    if former.is_dir() and not target.exists():
        retry_while_open(partial(former.rename, target))
    for folder in (draft, former):
        shutil.rmtree(folder, ignore_errors=True)
    return is_left
