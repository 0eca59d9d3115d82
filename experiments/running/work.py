"""What an app has done before its result is whole: the results of its jobs, each a file, in a folder beside it.

    _NAME-work/results/IDENTITY.pickle    what a job returned; it appears only when it is whole and on the disk
    _NAME-work/lock                       held while an app works here; the number of its process

The folder goes when the result NAME stands. After a crash it stays, and the same command goes on from it.
"""

import logging
import os
import pickle
import shutil
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Self
from uuid import uuid4

from experiments.running.drafts import guard_disk, open_draft, remove, remove_draft
from experiments.running.locking import lock
from experiments.running.outcomes import OK, Outcome
from sim.errors import InputError

LOGGER = logging.getLogger(__name__)
RESULTS = "results"
BEGUN_AGAIN = "the run into %s that was killed had kept nothing: it begins again"


class Work:
    """The folder of what is done; made when the first jobs are asked for.

    Args:
        target: folder of the result; None: nothing is to outlive this process.

    Attributes:
        failed: jobs that failed, by identity.
        place: its name in messages.
    """

    def __init__(self, target: Path | None = None) -> None:
        self.target, self.failed = target, dict[str, Outcome]()
        self.root = (
            target.with_name(f"_{target.name}-work") if target else Path(gettempdir()) / f"infowar-{uuid4().hex}"
        )
        self.place = str(self.root)
        self._lock: int | None = None
        self._found = set[str]()  # what is done when this process begins
        self._made = list[Path]()  # folders above that were not there, innermost first

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if self._lock is None:
            return
        is_over = self.target is None or kind is None or not self.holds_any()
        with suppress(OSError):
            os.truncate(self._lock, 0)  # no draft is left
        if is_over:
            self._clear(f"{RESULTS}/*.pickle", f"{RESULTS}/_*.draft", "*.jsonl")
            shutil.rmtree(self.root / "graphs", ignore_errors=True)
        if is_over and os.name == "posix":  # while it is held; Windows removes no file that is open
            self._clear("lock")
        os.close(self._lock)
        self._lock = None
        if is_over and os.name != "posix":
            self._clear("lock")
        if is_over:
            self._remove_empty()

    def begin(self) -> None:
        """Make the folder, be the only process that works in it, and remove what a process left that was killed here.

        Raises:
            InputError: it cannot be written, or another process works in it.
        """
        if self._lock is not None:
            return
        self._made = [folder for folder in self.root.parents if not folder.exists()]
        try:
            with guard_disk(self.place):
                self._lock = self._hold()
                if self.target is not None and (former := os.read(self._lock, 20)).isdigit():
                    is_killed = remove_draft(self.target, int(former))
                    if is_killed and not self.holds_any():
                        LOGGER.info(BEGUN_AGAIN, self.target.name)
                self._found = {path.stem for path in self.root.glob(f"{RESULTS}/*.pickle")}
                os.truncate(self._lock, 0)
                os.lseek(self._lock, 0, os.SEEK_SET)
                os.write(self._lock, str(os.getpid()).encode())
                self._clear("*.jsonl", f"{RESULTS}/_*.draft")
        except BaseException:
            if self._lock is None:
                self._remove_empty()
            raise

    def _hold(self) -> int:
        """Return the lock; a command that ends may remove the folder meanwhile."""
        for left in (2, 1, 0):
            try:
                (self.root / RESULTS).mkdir(parents=True, exist_ok=True)
                return lock(self.root / "lock", str(self.target), "run")
            except FileNotFoundError:
                if not left:
                    raise
        raise AssertionError

    def count_kept(self, identities: Collection[str]) -> int:
        """Return how many of these jobs an earlier command did."""
        return len(self._found.intersection(identities))

    def holds(self, identity: str) -> bool:
        """Return whether a job is done."""
        return self._find(identity).is_file()

    def holds_any(self) -> bool:
        """Return whether any job is done."""
        return any(self.root.glob(f"{RESULTS}/*.pickle"))

    def read(self, identity: str) -> Any:
        """Return what a job returned."""
        with self._find(identity).open("rb") as file:
            return pickle.load(file)

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Keep what machines of a cluster sent, and note what failed.

        Raises:
            InputError: a job found a mistake of the user's.
        """
        for outcome in outcomes:
            if outcome.result is not None:
                write_file(outcome.result, self._find(outcome.run_id))
            if outcome.mistake:
                raise InputError(outcome.mistake)
            if outcome.status != OK:
                self.failed[outcome.run_id] = outcome
            else:
                self.failed.pop(outcome.run_id, None)

    def _find(self, identity: str) -> Path:
        return self.root / RESULTS / f"{identity}.pickle"

    def _remove_empty(self) -> None:
        """Remove the folder, and those above that this process made, if nothing is in them."""
        for folder in (self.root / RESULTS, self.root, *self._made):
            with suppress(OSError):
                folder.rmdir()

    def _clear(self, *patterns: str) -> None:
        for pattern in patterns:
            for path in self.root.glob(pattern):
                with suppress(OSError):
                    remove(path)


@dataclass(frozen=True)
class KeepResult:
    """A measure, as engines call it, that keeps what a job returns."""

    simulate: Callable[[Any], Any]

    def __call__(self, task: tuple[str, Any], folder: Path) -> tuple[dict[str, float], None]:
        """Play `task`, an identity and a value, and write what it returns into `folder`."""
        identity, value = task
        found = pickle.dumps(self.simulate(value), protocol=5)
        write_file(found, folder / RESULTS / f"{identity}.pickle")
        return {}, None


def prepare_nothing(tasks: Sequence[Any], folder: Path) -> None:
    """Make ready what jobs need: nothing."""


def attach_result(outcome: Outcome, folder: Path) -> Outcome:
    """Return an outcome with the result that a machine of a cluster kept in `folder`, if there is one."""
    path = folder / RESULTS / f"{outcome.run_id}.pickle"
    if not path.is_file():
        return outcome
    sent = replace(outcome, result=path.read_bytes())
    remove(path)
    return sent


def write_file(content: bytes, path: Path) -> None:
    """Have a file appear whole, on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_draft(path, path.parent) as draft:
        draft.write_bytes(content)
