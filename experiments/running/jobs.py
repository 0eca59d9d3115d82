"""One job: its identity, what names it to a reader, and what an engine hands to a worker."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Job:
    """One run."""

    run_id: str
    point: str  #: of a sweep: the name of its configuration; else how a reader knows it
    seed: int
    code: str  #: version of the sources
    task: Any  #: can be pickled
