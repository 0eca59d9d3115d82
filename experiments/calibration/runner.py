"""Simulate the points of a calibration on the engine of sweeps; runs that are kept are not simulated again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import pandas as pd
from rich.console import Console

from experiments.calibration import measuring
from experiments.running import scheduler
from experiments.running.jobs import Job
from experiments.running.outcomes import OK
from experiments.running.player import make_engine
from experiments.running.progress import show_progress
from experiments.sweeps import plan
from experiments.sweeps.design import Axis, Point, map_points
from experiments.sweeps.files import read_table
from experiments.sweeps.store import Store

#: sources that measure, beside those of a sweep
SOURCES = ("experiments/facts/*.py", "experiments/calibration/measuring.py", "experiments/analysis/losses.py")


@dataclass(frozen=True)
class PointRunner:
    """Simulates points and remembers them in the folder of a calibration."""

    composer: plan.Composer
    store: Store
    workers: int
    code: str  #: version of the sources
    engine: str = "local"  #: as the key of every app
    address: str = "auto"

    def __call__(self, points: Sequence[Point], seeds: Sequence[int], wanted: Sequence[str]) -> pd.DataFrame:
        """Return a row a point and seed: `point` (place in `points`), `seed`, and what is wanted, nan if it failed."""
        cells = [self.composer.compose(point) for point in points]
        different = list({cell.name: cell for cell in cells}.values())
        jobs = [self._add_wanted(job, wanted) for job in plan.make_jobs(different, seeds, self.code)]
        missing = self.store.find_missing(jobs)
        if missing:
            engine = make_engine(
                self.engine, self.address, measuring.measure, measuring.prepare, self.workers, self.store.work
            )
            with show_progress(Console(stderr=True)) as show:
                scheduler.schedule_jobs(self.store, engine, missing, show)
        found = self._read_results(jobs, wanted)
        rows = [
            {"point": number, "seed": seed} | found.get((cell.name, seed), {})
            for number, cell in enumerate(cells)
            for seed in seeds
        ]
        return pd.DataFrame(rows, columns=["point", "seed", *wanted]).astype(dict.fromkeys(wanted, float))

    def run_here(self, point: Point, seeds: Sequence[int], wanted: Sequence[str]) -> dict[str, float]:
        """Return the mean over seeds of what is wanted, played in this process and not kept."""
        cell = self.composer.compose(point)
        found = pd.DataFrame([measuring.measure_seed(cell.setting, seed, cell.ticks, wanted) for seed in seeds])
        return {str(name): float(value) for name, value in found.mean().items()}

    def _add_wanted(self, job: Job, wanted: Sequence[str]) -> Job:
        return replace(job, run_id=f"{job.run_id}-{hash_value(list(wanted))}", task=(*job.task, tuple(wanted)))

    def _read_results(self, jobs: Sequence[Job], wanted: Sequence[str]) -> dict[tuple[str, int], dict[str, float]]:
        table = read_table(self.store.runs, ["run_id", "status", *wanted])
        if table is None:
            return {}
        kept = {row["run_id"]: row for row in table.to_pylist() if row["status"] == OK}
        both = [(job, kept[job.run_id]) for job in jobs if job.run_id in kept]
        return {(job.point, job.seed): {name: row[name] for name in wanted} for job, row in both}


def make_points(axes: Mapping[str, Axis], places: Sequence[Mapping[str, float]]) -> list[Point]:
    """Return the points at places between 0 and 1."""
    import numpy as np

    return map_points(axes, np.array([[place[key] for key in axes] for place in places]))


def hash_value(value: Any) -> str:
    """Return a short hash of a value that JSON can hold."""
    return blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=6).hexdigest()
