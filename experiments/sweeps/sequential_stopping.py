"""Sequential stopping: add seeds where intervals are too wide."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.analysis.sweeps import average_by_point, estimate_seeds_needed
from experiments.running.jobs import Job
from experiments.sweeps.plan import Configuration, PlanRow, list_configurations
from experiments.sweeps.reading import find_effect_column, tidy

SeedsAsked = dict[tuple[str, str], int]
JobMaker = Callable[[Sequence[Configuration], int], list[Job]]


@dataclass(frozen=True)
class PrecisionTarget:
    """When the seeds of a point are enough."""

    outcome: str
    half_width: float  #: of its 95% interval, in its unit
    max_seeds: int


def plan_more_seeds(
    folder: Path, table: Sequence[PlanRow], wanted: PrecisionTarget, make_jobs: JobMaker, asked: SeedsAsked
) -> list[Job]:
    """Return runs for more seeds of the points whose intervals are too wide, and of their baselines.

    A point at which every run failed gets no more of them.

    Args:
        folder: of the sweep, whose runs so far are read.
        table: the plan.
        wanted: what is narrow enough.
        make_jobs: from cells and a number of seeds to their runs.
        asked: how many seeds each point has been asked for, by its `name_point`; brought up to date.
    """
    frame = tidy(folder)
    outcome = find_effect_column(frame, wanted.outcome)
    told = {
        (row["point"], row["baseline"]): row
        for row in average_by_point(frame.fillna({"baseline": ""}), ["point", "baseline"], outcome).to_dict("records")
    }
    found: list[Job] = []
    for point in table:
        name = name_point(point)
        row = told[name]
        half = (row["hi"] - row["lo"]) / 2
        needed = estimate_seeds_needed(half, row["seeds"], wanted.half_width) + row["failed"]
        if not row["seeds"] or needed <= asked[name] or asked[name] >= wanted.max_seeds:
            continue
        asked[name] = min(needed, wanted.max_seeds)
        found += make_jobs(list_configurations([point]), asked[name])
    return found


def name_point(row: PlanRow) -> tuple[str, str]:
    """Return what tells a point of the plan from others in the tables: its name and its baseline's."""
    return row.cell.name, row.baseline.name if row.baseline else ""
