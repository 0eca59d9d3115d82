"""Outcomes of runs, in memory and in the journals of workers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

OK, ERROR, DIED, TIMEOUT = "ok", "error", "died", "timeout"


@dataclass(frozen=True)
class Outcome:
    """The outcome of one run."""

    run_id: str
    point: str
    seed: int
    code: str  #: version of the sources that measured it
    status: str
    error: str  #: "" where there is none
    wall_time: float  #: s
    metrics: Mapping[str, float]
    series: Mapping[str, Sequence[float]] | None = None
    mistake: str = ""  #: what an `InputError` said, as one line; "" for any other error
    result: bytes | None = None  #: that a machine of a cluster sends, as a file holds it

    def to_table(self) -> pa.Table:
        """Return the series as a table, a row an hour."""
        columns = {name: pa.array(values, pa.float64()) for name, values in (self.series or {}).items()}
        length = len(next(iter(columns.values())))
        return pa.table({"run_id": pa.array([self.run_id] * length), **columns})


def read_events(data: bytes) -> tuple[list[dict[str, Any]], int]:
    """Return the whole lines of a journal and how many bytes they are; a torn last line is left."""
    whole = data.rfind(b"\n") + 1
    return [json.loads(line) for line in data[:whole].splitlines()], whole
